//! Approvals: decisions of a signed-in person before money moves (reference: concepts/human-approvals and
//! api-reference/approvals/get).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::types::{ApprovalId, Field, wrapper};
use super::{Effect, Gate, Operation};

/// Look at an approval once: pending, confirmed, declined or expired. It does not wait.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetApproval {
    pub approval_id: ApprovalId,
}

impl Operation for GetApproval {
    type Output = OneApproval;
    const NAME: &'static str = "get_approval";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/approvals/{approvalId}";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["payments:read"]);
}

/// `{"approval": {…}}`, with a `message` where it was just asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneApproval {
    /// The approval.
    #[serde(deserialize_with = "wrapper")]
    pub approval: Approval,
    /// OpenTrain's own words.
    #[serde(default)]
    pub message: Field<String>,
}

/// An approval. Only a signed-in person can decide it, at `approvalUrl`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Approval {
    /// Approval id: the approvalId of other tools.
    pub id: Field<String>,
    /// proposal_hire, milestone_fund, milestone_approve or contract_end.
    #[serde(rename = "type")]
    pub kind: Field<String>,
    /// pending, confirmed, declined or expired.
    pub status: Field<String>,
    /// The contract it is about.
    pub contract_id: Field<String>,
    /// The milestone it is about.
    pub milestone_id: Field<String>,
    /// The job it is about.
    pub job_id: Field<String>,
    /// The proposal it is about.
    pub proposal_id: Field<String>,
    /// The page where a person decides.
    pub approval_url: Field<String>,
    /// ISO 8601; the approval expires then, without effect.
    pub expires_at: Field<String>,
    /// ISO 8601; null while pending.
    pub resolved_at: Field<String>,
    /// The result, such as invoiceId; null until confirmed.
    pub result: Field<Map<String, Value>>,
    /// ISO 8601.
    pub created_at: Field<String>,
}

impl Approval {
    /// The decision as the record names it: confirmed, declined, expired or replaced; `None` while nobody has decided.
    #[must_use]
    pub fn decision(&self, now: Timestamp) -> Option<&'static str> {
        match self.status.text()? {
            CONFIRMED => Some(CONFIRMED),
            DECLINED => Some(DECLINED),
            EXPIRED if self.ended_early(now) => Some("replaced"),
            EXPIRED => Some(EXPIRED),
            _ => None,
        }
    }

    /// True if the approval ended before its time. A newer request has probably replaced it.
    #[must_use]
    pub fn ended_early(&self, now: Timestamp) -> bool {
        let ended = self.resolved_at.timestamp().unwrap_or(now);
        self.expires_at.timestamp().is_some_and(|at| ended < at)
    }
}

/// An approval that was looked up.
#[derive(Clone, Debug)]
pub enum Looked {
    /// As OpenTrain has it.
    Found(Box<Approval>),
    /// OpenTrain knows none with this id on this account.
    Missing,
    /// It could not be read, and why.
    Unread(String),
}

impl Looked {
    /// The approval, if it was found.
    #[must_use]
    pub fn found(&self) -> Option<&Approval> {
        if let Self::Found(approval) = self { Some(approval) } else { None }
    }
}

/// The status of an undecided approval.
pub const PENDING: &str = "pending";
/// The status of a confirmed approval. Only this status means "done".
pub const CONFIRMED: &str = "confirmed";
/// The status of a declined approval.
pub const DECLINED: &str = "declined";
/// The status of an approval that ended undecided.
pub const EXPIRED: &str = "expired";
