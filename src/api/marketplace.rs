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
    /// The payment model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_type: Option<PayType>,
    /// The most jobs per page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// nextCursor of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The payment model of a job.
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
    /// The matching jobs.
    pub jobs: Vec<PublicJob>,
    /// The cursor of the next page.
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
    /// The company that offers the job.
    pub company_name: Field<String>,
    /// A summary.
    pub summary: Field<String>,
    /// The description as plain text.
    pub description_text: Field<String>,
    /// Such as OPEN.
    pub status: Field<String>,
    /// ISO 8601.
    pub date_posted: Field<String>,
    /// ISO 8601.
    pub valid_through: Field<String>,
    /// The countries where trainers may live.
    pub countries: List<Field<String>>,
    /// The languages that trainers need.
    pub languages: List<Field<String>>,
    /// Category.
    pub category: Field<String>,
    /// Such as TEXT.
    pub data_type: Field<String>,
    /// Such as SENTIMENT.
    pub label_types: List<Field<String>>,
    /// Such as EXPERT.
    pub experience_level: Field<String>,
    /// The pay.
    pub pay: Field<Pay>,
    /// The job's public page.
    pub url: Field<String>,
}

/// The pay of a public job, in `currency`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Pay {
    /// PAY_PER_HOUR, FIXED_PRICE or PAY_PER_LABEL.
    pub payment_type: Field<String>,
    /// Such as USD.
    pub currency: Field<String>,
    /// The pay for an hour.
    pub hourly_rate: Field<Number>,
    /// The lowest pay for an hour.
    pub hourly_min: Field<Number>,
    /// The highest pay for an hour.
    pub hourly_max: Field<Number>,
    /// The pay for the whole job.
    pub fixed_price: Field<Number>,
    /// The pay for a label.
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
    /// The number of all jobs.
    pub total_jobs: Number,
    /// Counts by category.
    #[serde(default)]
    pub categories: List<Facet>,
    /// Counts by language.
    #[serde(default)]
    pub languages: List<Facet>,
    /// Counts by country.
    #[serde(default)]
    pub countries: List<Facet>,
    /// Counts by payment model.
    #[serde(default)]
    pub pay_types: List<Facet>,
}

/// The number of jobs with a value.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Facet {
    /// The value.
    pub value: Field<String>,
    /// The number of jobs.
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
