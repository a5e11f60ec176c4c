//! Proposals as they are kept, and as the API shows them.

use serde_json::{Value, json};

use crate::sandbox::world::job::Job;
use crate::sandbox::world::state::World;
use crate::sandbox::world::trainer::{Trainer, trainer};
use crate::sandbox::world::values::Moment;

/// The states of a proposal, and what people call them (reference: api-reference/jobs/list-proposals).
pub(crate) const STATUSES: [(&str, &str); 7] = [
    ("UNREVIEWED", "Unreviewed"),
    (SHORTLISTED, "Shortlisted"),
    ("MAYBE", "Maybe"),
    (HIRED, "Hired"),
    ("DECLINED", "Declined"),
    (NOT_A_FIT, "Not a fit"),
    ("RESUME_SENT", "Resume sent"),
];
pub(crate) const UNREVIEWED: &str = "UNREVIEWED";
pub(crate) const SHORTLISTED: &str = "SHORTLISTED";
pub(crate) const HIRED: &str = "HIRED";
pub(crate) const NOT_A_FIT: &str = "NOT_A_FIT";
/// How long an interview was over when the proposal came, and how long one message took.
const INTERVIEW_BEFORE: u64 = 1_800;
const MESSAGE: u64 = 90;

/// Somebody who wants a job.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) id: String,
    pub(crate) job_id: String,
    pub(crate) freelancer_id: String,
    pub(crate) status: &'static str,
    /// Questions and answers, where there was an interview.
    pub(crate) interview: Option<Interview>,
    /// Of 100.
    pub(crate) fit: i64,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    pub(crate) contract_id: Option<String>,
}

/// How an interview went.
#[derive(Debug)]
pub(crate) struct Interview {
    pub(crate) score: u32,
    pub(crate) summary: String,
    /// The interviewer's question, and the candidate's answer.
    pub(crate) exchanges: Vec<(String, String)>,
}

impl Interview {
    /// What any candidate is asked about `job`.
    pub(crate) fn about(job: &Job, who: &Trainer, score: u32) -> Self {
        let languages: Vec<_> = who.languages.iter().map(|(language, level)| format!("{language} ({level})")).collect();
        Self {
            score,
            summary: format!("{} answers to the point and knows this kind of data.", who.first_name),
            exchanges: vec![
                (format!("What have you done that is like \"{}\"?", job.title()), who.bio.into()),
                ("Which languages do you work in?".into(), languages.join(", ")),
                (
                    "What do you do when the guide does not cover a case?".into(),
                    "I mark it, go on, and ask about all such cases once a day.".into(),
                ),
            ],
        }
    }
}

impl Proposal {
    /// A proposal that nobody has looked at.
    pub(crate) fn new(id: &str, job_id: &str, freelancer_id: &str, fit: i64, now: Moment) -> Self {
        Self {
            id: id.into(),
            job_id: job_id.into(),
            freelancer_id: freelancer_id.into(),
            status: UNREVIEWED,
            interview: None,
            fit,
            created_at: now,
            updated_at: now,
            contract_id: None,
        }
    }

    /// Who wants it.
    pub(crate) fn trainer(&self) -> Option<&'static Trainer> {
        trainer(&self.freelancer_id)
    }

    /// As a listing has it.
    pub(crate) fn listed(&self, job: &Job) -> Value {
        let label = STATUSES.iter().find(|(raw, _)| *raw == self.status).map(|(_, label)| label);
        let (amount, unit) = bid(job);
        let rate = self.trainer().map(|trainer| trainer.hourly_rate);
        json!({
            "id": self.id,
            "jobId": self.job_id,
            "jobTitle": job.title(),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "status": { "raw": self.status, "label": label },
            "bid": { "amountUsd": amount, "unit": unit, "labelerHourlyRateUsd": rate },
            "candidate": self.trainer().map(Trainer::candidate),
            "metrics": {
                "interviewScore": self.interview.as_ref().map(|interview| interview.score),
                "matchScore": crate::sandbox::world::values::Exact::new(self.fit, 2),
            },
        })
    }

    /// By itself: four more fields.
    pub(crate) fn whole(&self, job: &Job) -> Value {
        let interview = self.interview.as_ref().map(
            |interview| json!({ "score": interview.score, "summary": interview.summary, "transcriptAvailable": true }),
        );
        let verified = self.trainer().is_some_and(|trainer| trainer.verified);
        let mut whole = self.listed(job);
        if let Value::Object(fields) = &mut whole {
            fields.insert("aiInterview".into(), interview.unwrap_or_default());
            fields.insert(
                "verification".into(),
                json!({
                    "location": { "status": "PASSED", "method": "GPS", "checkedAt": self.created_at },
                    "identity": { "verified": verified },
                }),
            );
            fields.insert("openLabel".into(), Value::Null);
            fields
                .insert("contract".into(), self.contract_id.as_ref().map(|id| json!({ "id": id })).unwrap_or_default());
        }
        whole
    }

    /// The interview, oldest message first.
    pub(crate) fn transcript(&self) -> Option<Value> {
        let interview = self.interview.as_ref()?;
        let said = interview
            .exchanges
            .iter()
            .flat_map(|(question, answer)| [("interviewer", question), ("candidate", answer)]);
        let start = self.created_at.minus_seconds(INTERVIEW_BEFORE);
        let messages = said.zip(0_u64..).map(|((role, content), place)| {
            json!({
                "id": format!("{}_m{place}", self.id),
                "role": role,
                "content": content,
                "sentAt": start.plus_seconds(place * MESSAGE),
            })
        });
        Some(json!({
            "proposalId": self.id,
            "interviewId": format!("int_{}", self.id),
            "score": interview.score,
            "summary": interview.summary,
            "messages": messages.collect::<Vec<_>>(),
        }))
    }
}

/// What candidates ask for: what the job offers.
fn bid(job: &Job) -> (Value, &'static str) {
    let (key, unit) = match job.text("paymentType") {
        Some("PAY_PER_HOUR") => ("pricePerHour", "PER_HOUR"),
        Some("PAY_PER_LABEL") => ("pricePerLabel", "PER_LABEL"),
        _ => ("fixedPrice", "FIXED_PRICE"),
    };
    (job.fields.get(key).cloned().unwrap_or_default(), unit)
}

impl World {
    /// How many proposals a job has, and how many of them nobody has looked at.
    pub(crate) fn proposal_counts(&self, job: &str) -> (usize, usize) {
        let all = || self.proposals.iter().filter(|proposal| proposal.job_id == job);
        (all().count(), all().filter(|proposal| proposal.status == UNREVIEWED).count())
    }
}
