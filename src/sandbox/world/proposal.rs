//! Proposals and interviews, and how the API shows them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::contract::PaymentType;
use super::job::Job;
use super::trainer::Trainer;
use super::values::{Exact, Moment, extended};

/// How many seconds before the proposal its interview began, and how many seconds one message took.
const INTERVIEW_BEFORE: u64 = 1_800;
const MESSAGE: u64 = 90;

/// The states of a proposal (reference: api-reference/jobs/list-proposals).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ProposalStatus {
    #[default]
    Unreviewed,
    Shortlisted,
    Maybe,
    Hired,
    Declined,
    NotAFit,
    ResumeSent,
}

impl ProposalStatus {
    /// `NOT_A_FIT` is "Not a fit".
    fn label(self) -> String {
        let name = json!(self).as_str().unwrap_or_default().replace('_', " ");
        let mut letters = name.chars();
        letters.next().into_iter().chain(letters.flat_map(char::to_lowercase)).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proposal {
    pub(crate) id: String,
    pub(crate) job_id: String,
    pub(crate) freelancer_id: String,
    /// The story's files name the trainer by id only.
    #[serde(skip)]
    pub(crate) trainer: Arc<Trainer>,
    pub(crate) status: ProposalStatus,
    pub(crate) interview: Option<Interview>,
    /// How well the trainer fits, from 0 to 100.
    pub(crate) fit: i64,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    pub(crate) contract_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Interview {
    pub(crate) score: u32,
    summary: String,
    /// Questions with their answers.
    exchanges: Vec<(String, String)>,
}

impl Interview {
    /// An invented interview about `job`.
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
    pub(crate) fn new(id: &str, job_id: &str, trainer: Arc<Trainer>, fit: i64, now: Moment) -> Self {
        let (id, job_id, freelancer_id) = (id.into(), job_id.into(), trainer.id.clone());
        Self { id, job_id, freelancer_id, trainer, fit, created_at: now, updated_at: now, ..Self::default() }
    }

    pub(crate) fn listed(&self, job: &Job) -> Value {
        let payment_type = job.text("paymentType").unwrap_or("FIXED_PRICE");
        // Candidates ask for what the job offers.
        let amount = job.fields.get(PaymentType::read(payment_type).1);
        json!({
            "id": self.id,
            "jobId": self.job_id,
            "jobTitle": job.title(),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "status": { "raw": self.status, "label": self.status.label() },
            "bid": {
                "amountUsd": amount,
                "unit": payment_type.trim_start_matches("PAY_"),
                "labelerHourlyRateUsd": self.trainer.hourly_rate,
            },
            "candidate": self.trainer.candidate(),
            "metrics": {
                "interviewScore": self.interview.as_ref().map(|interview| interview.score),
                "matchScore": Exact::new(self.fit, 2),
            },
        })
    }

    /// Adds the fields that only a single proposal has.
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

    /// Starts with the oldest message.
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
