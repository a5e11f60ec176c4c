//! The public marketplace, readable without a token (reference: api-reference/jobs/search, get, facets and changes).
//! Limit: 120 requests a minute per IP address.

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::types::{Field, JobId, List};
use super::{Effect, Gate, Operation};

/// Search the public job market: what others offer and pay. Not your own jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchJobs {
    /// Words to look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Language name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Country name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// How it pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_type: Option<PayType>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// nextCursor of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How a job pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayType {
    PayPerHour,
    FixedPrice,
    PayPerLabel,
}

impl Operation for SearchJobs {
    type Output = PublicJobs;
    const NAME: &'static str = "search_jobs";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/jobs";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "a smaller limit";
    const GATE: Gate = Gate::OPEN;
}

/// `{"jobs", "nextCursor", "generatedAt"}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicJobs {
    /// What was found.
    pub jobs: Vec<PublicJob>,
    /// Pass it as cursor for what follows.
    #[serde(default)]
    pub next_cursor: Field<String>,
    /// ISO 8601.
    #[serde(default)]
    pub generated_at: Field<String>,
}

/// A public job.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PublicJob {
    /// Job id.
    pub id: Field<String>,
    /// Title.
    pub title: Field<String>,
    /// Who offers it.
    pub company_name: Field<String>,
    /// In short.
    pub summary: Field<String>,
    /// As plain text.
    pub description_text: Field<String>,
    /// Such as OPEN.
    pub status: Field<String>,
    /// ISO 8601.
    pub date_posted: Field<String>,
    /// ISO 8601.
    pub valid_through: Field<String>,
    /// Where trainers may be.
    pub countries: List<Field<String>>,
    /// What they speak.
    pub languages: List<Field<String>>,
    /// Category.
    pub category: Field<String>,
    /// Such as TEXT.
    pub data_type: Field<String>,
    /// Such as SENTIMENT.
    pub label_types: List<Field<String>>,
    /// Such as EXPERT.
    pub experience_level: Field<String>,
    /// What it pays.
    pub pay: Field<Pay>,
    /// Where it is seen.
    pub url: Field<String>,
}

/// What a public job pays; amounts in `currency`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Pay {
    /// PAY_PER_HOUR, FIXED_PRICE or PAY_PER_LABEL.
    pub payment_type: Field<String>,
    /// Such as USD.
    pub currency: Field<String>,
    /// An hour.
    pub hourly_rate: Field<Number>,
    /// An hour, at least.
    pub hourly_min: Field<Number>,
    /// An hour, at most.
    pub hourly_max: Field<Number>,
    /// All of it.
    pub fixed_price: Field<Number>,
    /// A label.
    pub per_label_rate: Field<Number>,
}

/// Get one public job in full: what is to be done, by whom, for what pay. Drafts of your own are not there.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetJob {
    /// The job's id, as the market lists it.
    pub job_id: JobId,
}

impl Operation for GetJob {
    type Output = PublicJob;
    const NAME: &'static str = "get_job";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/jobs/{jobId}";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::OPEN;
}

/// Count the public jobs by category, language, country and pay.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetJobFacets {}

impl Operation for GetJobFacets {
    type Output = Facets;
    const NAME: &'static str = "get_job_facets";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/jobs/facets";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::OPEN;
}

/// Counts of public jobs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Facets {
    /// In all.
    pub total_jobs: Number,
    /// By category.
    #[serde(default)]
    pub categories: List<Facet>,
    /// By language.
    #[serde(default)]
    pub languages: List<Facet>,
    /// By country.
    #[serde(default)]
    pub countries: List<Facet>,
    /// By pay.
    #[serde(default)]
    pub pay_types: List<Facet>,
}

/// How many jobs have a value.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Facet {
    /// The value.
    pub value: Field<String>,
    /// How many.
    pub count: Field<Number>,
}

/// List what changed on the public job market since a moment: published, updated, closed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListJobChanges {
    /// ISO 8601 date-time; later on, until of the last answer.
    #[schemars(length(min = 1))]
    pub since: String,
}

impl Operation for ListJobChanges {
    type Output = JobChanges;
    const NAME: &'static str = "list_job_changes";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/jobs/changes";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::OPEN;
}

/// `{"since", "until", "changes"}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct JobChanges {
    /// At most 5,000.
    pub changes: Vec<JobChange>,
    /// ISO 8601.
    #[serde(default)]
    pub since: Field<String>,
    /// ISO 8601: the since of the next call.
    #[serde(default)]
    pub until: Field<String>,
}

/// A change on the market.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct JobChange {
    /// Job id.
    pub job_id: Field<String>,
    /// PUBLISHED, UPDATED or CLOSED.
    pub event_type: Field<String>,
    /// ISO 8601.
    pub occurred_at: Field<String>,
}
