//! Proposals and interviews, and how the API shows them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::job::Job;
use super::trainer::Trainer;
use super::values::{Exact, Moment, extended};

/// How long before the proposal its interview began, and how long one message took.
const INTERVIEW_BEFORE: u64 = 1_800;
const MESSAGE: u64 = 90;

/// The states of a proposal (reference: api-reference/jobs/list-proposals).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ProposalStatus {
    Unreviewed,
    Shortlisted,
    Maybe,
    Hired,
    Declined,
    NotAFit,
    ResumeSent,
}

impl ProposalStatus {
    const fn label(self) -> &'static str {
        match self {
            Self::Unreviewed => "Unreviewed",
            Self::Shortlisted => "Shortlisted",
            Self::Maybe => "Maybe",
            Self::Hired => "Hired",
            Self::Declined => "Declined",
            Self::NotAFit => "Not a fit",
            Self::ResumeSent => "Resume sent",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) id: String,
    pub(crate) job_id: String,
    pub(crate) trainer: Arc<Trainer>,
    pub(crate) status: ProposalStatus,
    pub(crate) interview: Option<Interview>,
    /// How well the trainer fits, of 100.
    pub(crate) fit: i64,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    pub(crate) contract_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Interview {
    pub(crate) score: u32,
    summary: String,
    /// Questions, each with its answer.
    exchanges: Vec<(String, String)>,
}

impl Interview {
    /// The interview that any candidate has about `job`.
    pub(crate) fn about(job: &Job, who: &Trainer, score: u32) -> Self {
        let languages: Vec<_> = who.languages.iter().map(|(language, level)| format!("{language} ({level})")).collect();
        Self {
            score,
            summary: format!("{} answers to the point and knows this kind of data.", who.first_name),
            exchanges: vec![
                (format!("What have you done that is like \"{}\"?", job.title()), who.bio.clone()),
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
    pub(crate) fn new(id: &str, job_id: &str, trainer: Arc<Trainer>, fit: i64, now: Moment) -> Self {
        Self {
            id: id.into(),
            job_id: job_id.into(),
            trainer,
            status: ProposalStatus::Unreviewed,
            interview: None,
            fit,
            created_at: now,
            updated_at: now,
            contract_id: None,
        }
    }

    pub(crate) fn listed(&self, job: &Job) -> Value {
        let (amount, unit) = bid(job);
        json!({
            "id": self.id,
            "jobId": self.job_id,
            "jobTitle": job.title(),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "status": { "raw": self.status, "label": self.status.label() },
            "bid": { "amountUsd": amount, "unit": unit, "labelerHourlyRateUsd": self.trainer.hourly_rate },
            "candidate": self.trainer.candidate(),
            "metrics": {
                "interviewScore": self.interview.as_ref().map(|interview| interview.score),
                "matchScore": Exact::new(self.fit, 2),
            },
        })
    }

    /// The proposal alone: four more fields.
    pub(crate) fn whole(&self, job: &Job) -> Value {
        let interview = self.interview.as_ref().map(
            |interview| json!({ "score": interview.score, "summary": interview.summary, "transcriptAvailable": true }),
        );
        let more = json!({
            "aiInterview": interview,
            "verification": {
                "location": { "status": "PASSED", "method": "GPS", "checkedAt": self.created_at },
                "identity": { "verified": self.trainer.verified },
            },
            "openLabel": null,
            "contract": self.contract_id.as_ref().map(|id| json!({ "id": id })),
        });
        extended(self.listed(job), more)
    }

    /// The interview, oldest message first.
    pub(crate) fn transcript(&self) -> Option<Value> {
        let interview = self.interview.as_ref()?;
        let exchanges = interview.exchanges.iter();
        let turns = exchanges.flat_map(|(question, answer)| [("interviewer", question), ("candidate", answer)]);
        let start = self.created_at.minus_seconds(INTERVIEW_BEFORE);
        let messages = turns.zip(0_u64..).map(|((role, content), place)| {
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

/// The price that candidates ask for: what the job offers.
fn bid(job: &Job) -> (Value, &'static str) {
    let (key, unit) = match job.text("paymentType") {
        Some("PAY_PER_HOUR") => ("pricePerHour", "PER_HOUR"),
        Some("PAY_PER_LABEL") => ("pricePerLabel", "PER_LABEL"),
        _ => ("fixedPrice", "FIXED_PRICE"),
    };
    (job.fields.get(key).cloned().unwrap_or_default(), unit)
}
