//! Events, which are polled and sent to webhooks.

use serde_json::{Value, json};

use super::account::Owner;
use super::values::Moment;

/// Kinds of events (reference: api-reference/updates/poll).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    ProposalReceived,
    ProposalStatus,
    MessageReceived,
    ContractCreated,
    MilestoneStatus,
    PaymentPending,
    ApprovalConfirmed,
    BudgetState,
}

/// The API's names.
const NAMES: [(EventKind, &str); 8] = [
    (EventKind::ProposalReceived, "proposal.received"),
    (EventKind::ProposalStatus, "proposal.status_changed"),
    (EventKind::MessageReceived, "message.received"),
    (EventKind::ContractCreated, "contract.created"),
    (EventKind::MilestoneStatus, "milestone.status_changed"),
    (EventKind::PaymentPending, "payment.pending"),
    (EventKind::ApprovalConfirmed, "approval.confirmed"),
    (EventKind::BudgetState, "contract.budget_state_changed"),
];

impl EventKind {
    pub(crate) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// A token needs one of these scopes to see it.
    pub(crate) const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::ProposalReceived | Self::ProposalStatus => &["proposals:read"],
            Self::MessageReceived => &["messages:read"],
            _ => &["payments:read"],
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) owner: Owner,
    pub(crate) kind: EventKind,
    pub(crate) created_at: Moment,
    pub(crate) resource_id: String,
    pub(crate) job_id: Option<String>,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "type": self.kind.name(),
            "apiVersion": "v1",
            "createdAt": self.created_at,
            "resourceId": self.resource_id,
            "jobId": self.job_id,
            "data": self.data,
        })
    }
}
