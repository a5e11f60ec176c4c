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
use super::wording::wording;
use super::{Effect, Gate, Operation};

/// List who applied for a job of yours, newest first, with scores and price.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListProposals {
    pub job_id: JobId,
    /// Only proposals with this status.
    #[schemars(extend("enum" = ["UNREVIEWED", "SHORTLISTED", "MAYBE", "HIRED", "DECLINED", "NOT_A_FIT", "RESUME_SENT"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The most proposals per page.
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
    /// The cursor of the next page.
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
    /// The job's title.
    pub job_title: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// The status of the proposal.
    pub status: Field<ProposalStatus>,
    /// The candidate's price.
    pub bid: Field<Bid>,
    /// The candidate.
    pub candidate: Field<Candidate>,
    /// The candidate's scores.
    pub metrics: Field<Metrics>,
    /// A summary of the interview; only in a single proposal.
    pub ai_interview: Field<InterviewFacts>,
    /// The checks by OpenTrain; only in a single proposal.
    pub verification: Field<Map<String, Value>>,
    /// The contract after a hire; only in a single proposal.
    pub contract: Field<Map<String, Value>>,
}

/// The status of a proposal.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProposalStatus {
    /// Such as UNREVIEWED.
    pub raw: Field<String>,
    /// The label for people.
    pub label: Field<String>,
}

/// A candidate's price.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Bid {
    /// USD.
    pub amount_usd: Field<Number>,
    /// The unit of the price: an hour, a label, the whole job.
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
    /// The candidate's headline.
    pub profile_title: Field<String>,
    /// Country name.
    pub country: Field<String>,
    /// The number of reviews.
    pub review_count: Field<Number>,
    /// USD.
    pub highest_earnings_usd: Field<Number>,
}

/// A candidate's scores.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Metrics {
    /// The score of the interview.
    pub interview_score: Field<Number>,
    /// The score for the match with the job.
    pub match_score: Field<Number>,
}

/// An interview in short.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct InterviewFacts {
    /// The score.
    pub score: Field<Number>,
    /// A summary in words.
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
    /// A summary in words.
    pub summary: Field<String>,
    /// The messages.
    pub messages: List<InterviewMessage>,
}

/// A message of an interview.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct InterviewMessage {
    /// interviewer or candidate.
    pub role: Field<String>,
    /// The text of the message.
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
    /// True if the conversation is new.
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
                    wording!("milestone.dueDate must be a date that exists, such as 2026-07-15 (it was \"{}\")", date);
                Err(InvalidArgument::new("milestone.dueDate", message))
            }
            _ => self.milestone.amount.check("milestone.amount"),
        }
    }
}
