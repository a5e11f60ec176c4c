//! The account's own jobs: drafts, publishing, invitations (reference: api-reference/job-drafts and api-reference/jobs).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

use super::error::InvalidArgument;
use super::evidence::{Evidence, Status};
use super::types::{Field, FreelancerId, JobId, List};
use super::{Effect, Gate, Operation};

/// Make a job draft from a description. Returns what is missing before it can be published, with the question to ask
/// for each; fill it by changing the draft.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateJobDraft {
    /// What is to be labeled, by whom, how much, for what pay; plain text.
    #[serde(rename(serialize = "rawJobDescription", deserialize = "jobDescription"), alias = "rawJobDescription")]
    #[schemars(length(min = 1, max = 60_000))]
    pub job_description: String,
    /// Your own id for it, if you have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The same key gives the same draft: repeating is safe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

impl Operation for CreateJobDraft {
    type Output = Draft;
    const NAME: &'static str = "create_job_draft";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/job-drafts";
    const EFFECT: Effect = Effect::Create;
    const EVIDENCE: Evidence = Evidence::Id(&["/jobId"]);
    const GATE: Gate = Gate::scopes(&["jobs:write"]).feature("public_api_job_drafting");
}

/// Change fields of a draft. Returns what is still missing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateJobDraft {
    pub job_id: JobId,
    /// New values by key; other keys are accepted, too. The account's capabilities list all keys and their values.
    #[schemars(schema_with = "fields_schema")]
    pub fields: Map<String, Value>,
}

impl Operation for UpdateJobDraft {
    type Output = Draft;
    const NAME: &'static str = "update_job_draft";
    const METHOD: Method = Method::PATCH;
    const PATH: &'static str = "/job-drafts/{jobId}";
    const BODY: Option<&'static str> = Some("fields");
    const EFFECT: Effect = Effect::Replace;
    const EVIDENCE: Evidence = Evidence::Field(&["/jobId", "/status", "/validation", "/ok"], Status::None);
    const GATE: Gate = Gate::scopes(&["jobs:write"]).feature("public_api_job_drafting");

    fn check(&self) -> Result<(), InvalidArgument> {
        something_to_change(&self.fields)
    }
}

/// OpenTrain accepts an empty change and replies as if something had changed.
fn something_to_change(fields: &Map<String, Value>) -> Result<(), InvalidArgument> {
    if fields.is_empty() {
        return Err(InvalidArgument::new("fields", "there is nothing to change: fields is empty"));
    }
    Ok(())
}

/// The schema of a job's documented fields. Other fields are accepted, too.
fn fields_schema(_: &mut SchemaGenerator) -> Schema {
    let texts = [
        "jobTitle",
        "jobDescription",
        "labelingOverview",
        "datasetDescription",
        "dataType",
        "subjectMatter",
        "dataVolumeUnit",
        "labelingSoftware",
        "experienceLevel",
    ];
    let numbers = ["dataVolume", "headcount", "pricePerHour", "pricePerLabel", "fixedPrice"];
    let lists = ["countries", "languages", "labelTypes"];
    let payment = json!({ "type": "string", "enum": ["FIXED_PRICE", "PAY_PER_HOUR", "PAY_PER_LABEL"] });
    let texts = texts.map(|key| (key.to_owned(), json!({ "type": "string" })));
    let numbers = numbers.map(|key| (key.to_owned(), json!({ "type": "number" })));
    let lists = lists.map(|key| (key.to_owned(), json!({ "type": "array", "items": { "type": "string" } })));
    let properties: Map<String, Value> =
        texts.into_iter().chain([("paymentType".to_owned(), payment)]).chain(numbers).chain(lists).collect();
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": true })
}

/// A draft and the fields that it lacks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// The jobId of other tools.
    #[serde(default)]
    pub job_id: Field<String>,
    /// DRAFT
    #[serde(default)]
    pub status: Field<String>,
    /// The page where a person edits the draft.
    #[serde(default)]
    pub draft_url: Field<String>,
    /// The page where a person reviews the draft.
    #[serde(default)]
    pub review_url: Field<String>,
    /// The result of the check before publishing.
    #[serde(default)]
    pub validation: Field<Validation>,
    /// The missing fields, each with a question to ask.
    #[serde(default)]
    pub missing_fields: List<MissingField>,
    /// Points that OpenTrain was unsure of.
    #[serde(default)]
    pub warnings: List<Value>,
}

/// The result of the check before publishing.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Validation {
    /// True if the draft can be published.
    pub publish_ready: Field<bool>,
    /// The number of issues.
    pub issue_count: Field<Number>,
    /// The number of missing fields.
    pub missing_field_count: Field<Number>,
    /// The missing fields.
    pub missing_fields: List<Value>,
    /// The issues.
    pub issues: List<Value>,
}

/// A field that a draft lacks.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MissingField {
    /// The field's name.
    pub field: Field<String>,
    /// The field's label for people.
    pub label: Field<String>,
    /// The problem.
    pub message: Field<String>,
    /// The question to ask the user.
    pub prompt: Field<String>,
    /// The values that are possible.
    pub enum_values: Field<Vec<Value>>,
    /// The keys that set it.
    pub update_keys: List<Field<String>>,
    /// A value that would do.
    pub example: Field<Value>,
}

/// Publish a draft: from then on trainers see it and apply. Publishing again changes nothing. Limits: 3 a day before the
/// account is claimed, 20 after.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishJob {
    pub job_id: JobId,
}

impl Operation for PublishJob {
    type Output = Published;
    const NAME: &'static str = "publish_job";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/jobs/{jobId}/publish";
    const EFFECT: Effect = Effect::Replace;
    const EVIDENCE: Evidence =
        Evidence::Field(&["/jobId", "/status", "/jobUrl", "/ok"], Status::NoneOf("/status", &["DRAFT"]));
    const GATE: Gate = Gate::scopes(&["jobs:write"]).feature("public_api_job_publishing");
}

/// A published job.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// The job.
    #[serde(default)]
    pub job_id: Field<String>,
    /// OPEN
    #[serde(default)]
    pub status: Field<String>,
    /// True if the job was already published.
    #[serde(default)]
    pub already_published: Field<bool>,
    /// The job's public page.
    #[serde(default)]
    pub job_url: Field<String>,
    /// Warnings by OpenTrain.
    #[serde(default)]
    pub warnings: List<Value>,
}

/// Change fields of an OPEN job. If moderation blocks the change, the change stays and the job is taken down: it is a
/// DRAFT again.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateJob {
    pub job_id: JobId,
    /// New values by key; other keys are accepted, too. The account's capabilities list all keys and their values.
    #[schemars(schema_with = "fields_schema")]
    pub fields: Map<String, Value>,
}

impl Operation for UpdateJob {
    type Output = Updated;
    const NAME: &'static str = "update_job";
    const METHOD: Method = Method::PATCH;
    const PATH: &'static str = "/jobs/{jobId}";
    const BODY: Option<&'static str> = Some("fields");
    const EFFECT: Effect = Effect::Replace;
    const EVIDENCE: Evidence = Evidence::Field(&["/jobId", "/status", "/moderation", "/ok"], Status::None);
    const GATE: Gate = Gate::scopes(&["jobs:write"]).feature("public_api_job_publishing");

    fn check(&self) -> Result<(), InvalidArgument> {
        something_to_change(&self.fields)
    }
}

/// A changed job.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Updated {
    /// The job.
    #[serde(default)]
    pub job_id: Field<String>,
    /// OPEN
    #[serde(default)]
    pub status: Field<String>,
    /// The moderation's decision: `decision` and `reasons`.
    #[serde(default)]
    pub moderation: Field<Map<String, Value>>,
}

/// Close a job to new applicants. It cannot be opened again here; contracts go on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloseJob {
    pub job_id: JobId,
}

impl Operation for CloseJob {
    type Output = Closed;
    const NAME: &'static str = "close_job";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/jobs/{jobId}/close";
    const EFFECT: Effect = Effect::Irreversible;
    const EVIDENCE: Evidence = Evidence::Success(Status::NoneOf("/status", &["DRAFT", "OPEN", "PENDING_APPROVAL"]));
    const GATE: Gate = Gate::scopes(&["jobs:write"]).feature("public_api_job_publishing");
}

/// A closed job.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Closed {
    /// The job.
    #[serde(default)]
    pub job_id: Field<String>,
    /// ARCHIVED
    #[serde(default)]
    pub status: Field<String>,
    /// True if the job was already closed.
    #[serde(default)]
    pub already_closed: Field<bool>,
}

/// Invite a trainer to apply for a job of yours. Inviting again changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InviteFreelancer {
    pub job_id: JobId,
    pub freelancer_id: FreelancerId,
}

impl Operation for InviteFreelancer {
    type Output = Invited;
    const NAME: &'static str = "invite_freelancer";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/jobs/{jobId}/invites";
    const EFFECT: Effect = Effect::Replace;
    const EVIDENCE: Evidence = Evidence::Field(&["/proposalId", "/alreadyInvited", "/ok"], Status::None);
    const GATE: Gate = Gate::scopes(&["proposals:write"]).feature("public_api_hiring").claimed();
}

/// An invitation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invited {
    /// The proposal that it opened.
    #[serde(default)]
    pub proposal_id: Field<String>,
    /// The job.
    #[serde(default)]
    pub job_id: Field<String>,
    /// The trainer.
    #[serde(default)]
    pub freelancer_id: Field<String>,
    /// True if the trainer was already invited.
    #[serde(default)]
    pub already_invited: Field<bool>,
}

/// List your own jobs, newest first, with how many proposals wait.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListJobs {
    /// Only jobs with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<JobStatus>,
    /// Default 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// nextCursor of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The states of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    Draft,
    Open,
    Ongoing,
    Completed,
    Archived,
    PendingApproval,
}

impl Operation for ListJobs {
    type Output = OwnJobs;
    const NAME: &'static str = "list_jobs";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/jobs/mine";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "status or a smaller limit";
    const GATE: Gate = Gate::scopes(&["jobs:read"]);
}

/// `{"jobs", "nextCursor"}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnJobs {
    /// Newest first.
    pub jobs: Vec<OwnJob>,
    /// The cursor of the next page.
    #[serde(default)]
    pub next_cursor: Field<String>,
}

/// A job of the account.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnJob {
    /// The jobId of other tools.
    pub id: Field<String>,
    /// Title.
    pub title: Field<String>,
    /// DRAFT, OPEN, ONGOING, COMPLETED, ARCHIVED or PENDING_APPROVAL.
    pub status: Field<String>,
    /// Trainers see it.
    pub published: Field<bool>,
    /// Trainers can apply.
    pub accepting_applicants: Field<bool>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// The job's public page.
    pub job_url: Field<String>,
    /// The numbers of proposals.
    pub proposal_counts: Field<ProposalCounts>,
}

/// The numbers of a job's proposals.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProposalCounts {
    /// All proposals.
    pub total: Field<Number>,
    /// Unread proposals.
    pub unreviewed: Field<Number>,
}
