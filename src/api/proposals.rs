//! Proposals: applications, interviews and hires (reference: api-reference/jobs/list-proposals and
//! api-reference/proposals).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::approvals::OneApproval;
use super::error::InvalidArgument;
use super::evidence::Evidence;
use super::types::{Field, JobId, List, Positive, ProposalId, is_iso8601, wrapper};
use super::{Effect, Gate, Operation};

/// List who applied for a job of yours, newest first, with scores and price.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListProposals {
    pub job_id: JobId,
    /// Only these.
    #[schemars(extend("enum" = ["UNREVIEWED", "SHORTLISTED", "MAYBE", "HIRED", "DECLINED", "NOT_A_FIT", "RESUME_SENT"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// nextCursor of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Operation for ListProposals {
    type Output = Proposals;
    const NAME: &'static str = "list_proposals";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/jobs/{jobId}/proposals";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "a smaller limit";
    const GATE: Gate = Gate::scopes(&["proposals:read"]);
}

/// `{"proposals", "nextCursor"}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposals {
    /// Newest first.
    pub proposals: Vec<Proposal>,
    /// Pass it as cursor for what follows.
    #[serde(default)]
    pub next_cursor: Field<String>,
}

/// A proposal. The reference's pages give its scores on different scales, so they are shown as they come.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Proposal {
    /// The proposalId of other tools.
    pub id: Field<String>,
    /// The job.
    pub job_id: Field<String>,
    /// Its title.
    pub job_title: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// Where it stands.
    pub status: Field<ProposalStatus>,
    /// What they ask for.
    pub bid: Field<Bid>,
    /// Who.
    pub candidate: Field<Candidate>,
    /// How they did.
    pub metrics: Field<Metrics>,
    /// Only of a single one: the interview in short.
    pub ai_interview: Field<InterviewFacts>,
    /// Only of a single one: what was checked.
    pub verification: Field<Map<String, Value>>,
    /// Only of a single one: the contract, once hired.
    pub contract: Field<Map<String, Value>>,
}

/// Where a proposal stands.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProposalStatus {
    /// Such as UNREVIEWED.
    pub raw: Field<String>,
    /// For people.
    pub label: Field<String>,
}

/// What a candidate asks for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Bid {
    /// USD.
    pub amount_usd: Field<Number>,
    /// Of what: an hour, a label, all of it.
    pub unit: Field<String>,
    /// USD.
    pub labeler_hourly_rate_usd: Field<Number>,
}

/// A candidate, masked: first name and last initial.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Candidate {
    /// The freelancerId of other tools.
    pub id: Field<String>,
    /// Such as "Maria G.".
    pub display_name: Field<String>,
    /// How they call themselves.
    pub profile_title: Field<String>,
    /// Country name.
    pub country: Field<String>,
    /// How often they were reviewed.
    pub review_count: Field<Number>,
    /// USD.
    pub highest_earnings_usd: Field<Number>,
}

/// How a candidate did.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Metrics {
    /// Of the interview.
    pub interview_score: Field<Number>,
    /// How well they fit the job.
    pub match_score: Field<Number>,
}

/// An interview in short.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct InterviewFacts {
    /// The score.
    pub score: Field<Number>,
    /// In words.
    pub summary: Field<String>,
    /// The whole interview can be read.
    pub transcript_available: Field<bool>,
}

/// Get one proposal: scores, price, the interview in short, and what OpenTrain has checked.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetProposal {
    pub proposal_id: ProposalId,
}

impl Operation for GetProposal {
    type Output = OneProposal;
    const NAME: &'static str = "get_proposal";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/proposals/{proposalId}";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["proposals:read"]);
}

/// `{"proposal": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneProposal {
    /// The proposal.
    #[serde(deserialize_with = "wrapper")]
    pub proposal: Proposal,
}

/// Read a candidate's interview with OpenTrain as a conversation, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetProposalInterview {
    pub proposal_id: ProposalId,
}

impl Operation for GetProposalInterview {
    type Output = OneInterview;
    const NAME: &'static str = "get_proposal_interview";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/proposals/{proposalId}/interview";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["proposals:read"]);
}

/// `{"interview": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneInterview {
    /// The interview.
    #[serde(deserialize_with = "wrapper")]
    pub interview: Interview,
}

/// An interview, oldest message first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Interview {
    /// The proposal.
    pub proposal_id: Field<String>,
    /// The score.
    pub score: Field<Number>,
    /// In words.
    pub summary: Field<String>,
    /// What was said.
    pub messages: List<InterviewMessage>,
}

/// A message of an interview.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct InterviewMessage {
    /// interviewer or candidate.
    pub role: Field<String>,
    /// What was said.
    pub content: Field<String>,
    /// ISO 8601.
    pub sent_at: Field<String>,
}

/// Open the conversation with a candidate, or get the one there is. Sends nothing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartProposalConversation {
    pub proposal_id: ProposalId,
}

impl Operation for StartProposalConversation {
    type Output = Conversation;
    const NAME: &'static str = "start_proposal_conversation";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/proposals/{proposalId}/conversation";
    const EFFECT: Effect = Effect::Replace;
    const EVIDENCE: Evidence = Evidence::Id(&["/conversationId"]);
    const GATE: Gate = Gate::scopes(&["messages:write"]).feature("public_api_messaging_writes").claimed();
}

/// A conversation with a candidate.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// The conversationId of other tools.
    pub conversation_id: String,
    /// The proposal.
    #[serde(default)]
    pub proposal_id: Field<String>,
    /// The job.
    #[serde(default)]
    pub job_id: Field<String>,
    /// It is new.
    #[serde(default)]
    pub created: Field<bool>,
}

/// Ask the user to hire a candidate, with a first milestone that is funded in the same step. Charges nothing: returns
/// an approval with approvalUrl. Show that full URL with name and amount, then wait for the decision; they may change the
/// terms there. On top of the amount come 10 % and $9.95. Repeating it returns the same pending approval; other terms
/// supersede it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HireProposal {
    pub proposal_id: ProposalId,
    /// The first part of the work; name or description must be there.
    pub milestone: FirstMilestone,
}

/// The first milestone of a hire.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FirstMilestone {
    /// Short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The work to deliver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// USD before fees. Here it is amount, not amountUsd.
    pub amount: Positive,
    /// ISO 8601 date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<String>,
}

impl Operation for HireProposal {
    type Output = OneApproval;
    const NAME: &'static str = "hire_proposal";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/proposals/{proposalId}/hire";
    const EFFECT: Effect = Effect::CoSigned;
    const EVIDENCE: Evidence = Evidence::Id(&["/approval/id"]);
    const GATE: Gate = Gate::scopes(&["proposals:write"]).feature("public_api_hiring").claimed();

    fn check(&self) -> Result<(), InvalidArgument> {
        let says = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        if !says(&self.milestone.name) && !says(&self.milestone.description) {
            let message = "milestone needs a name or a description that says what is to be delivered";
            return Err(InvalidArgument::new("milestone.description", message));
        }
        match &self.milestone.due_date {
            Some(date) if !is_iso8601(date) => {
                let message =
                    format!("milestone.dueDate must be a date that exists, such as 2026-07-15 (it was \"{date}\")");
                Err(InvalidArgument::new("milestone.dueDate", message))
            }
            _ => self.milestone.amount.check("milestone.amount"),
        }
    }
}
