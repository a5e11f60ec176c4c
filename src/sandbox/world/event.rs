//! What happened, as events that are polled and sent to webhooks.

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

impl EventKind {
    const ALL: [Self; 8] = [
        Self::ProposalReceived,
        Self::ProposalStatus,
        Self::MessageReceived,
        Self::ContractCreated,
        Self::MilestoneStatus,
        Self::PaymentPending,
        Self::ApprovalConfirmed,
        Self::BudgetState,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The API's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ProposalReceived => "proposal.received",
            Self::ProposalStatus => "proposal.status_changed",
            Self::MessageReceived => "message.received",
            Self::ContractCreated => "contract.created",
            Self::MilestoneStatus => "milestone.status_changed",
            Self::PaymentPending => "payment.pending",
            Self::ApprovalConfirmed => "approval.confirmed",
            Self::BudgetState => "contract.budget_state_changed",
        }
    }

    /// The scopes of which a token needs one to see it.
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
    pub(crate) fn shown(&self) -> Value {
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
