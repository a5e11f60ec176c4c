//! Events of the account (reference: api-reference/updates/poll).

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::types::{Field, List};
use super::{Effect, Gate, Operation};

/// Read what happened since a cursor, oldest first: proposals, messages, contracts, milestones, payments, approvals,
/// budgets. Keep nextCursor and pass it next time; without one it begins with the oldest. "approval.confirmed" comes for
/// every decision: read its status.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PollUpdates {
    /// nextCursor of the last poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The most events per page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

impl Operation for PollUpdates {
    type Output = Updates;
    const NAME: &'static str = "poll_updates";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/updates";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "a smaller limit";
    const GATE: Gate = Gate::scopes(&["proposals:read", "messages:read", "payments:read"]);
}

/// `{"events", "nextCursor", "hasMore"}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Updates {
    /// Oldest first.
    pub events: List<Event>,
    /// The cursor of the next poll.
    #[serde(default)]
    pub next_cursor: Field<String>,
    /// There is more now.
    #[serde(default)]
    pub has_more: Field<bool>,
}

/// An event.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// A rising number.
    pub id: Field<String>,
    /// Such as proposal.received.
    #[serde(rename = "type")]
    pub kind: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// The id of the object that the event is about.
    pub resource_id: Field<String>,
    /// The job.
    pub job_id: Field<String>,
    /// Ids and states.
    pub data: Field<Map<String, Value>>,
}
