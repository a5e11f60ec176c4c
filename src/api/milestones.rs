//! Milestones, the parts in which a contract is paid (reference: api-reference/contracts/create-milestone,
//! milestones/fund and milestones/approve).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::approvals::OneApproval;
use super::error::InvalidArgument;
use super::evidence::Evidence;
use super::types::{ContractId, Field, MilestoneId, Positive, is_iso8601, wrapper};
use super::wording::wording;
use super::{Effect, Gate, Operation};

/// Add one unfunded milestone to an active contract. No money moves, but it cannot be edited or deleted here, so
/// confirm terms with the user first. FIXED_PRICE: give amountUsd. PAY_PER_HOUR or PAY_PER_LABEL: give volume
/// (amountUsd, if given, must equal rate × volume). One just made with the same terms is given back, not made twice, so
/// give parts different names.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateMilestone {
    pub contract_id: ContractId,
    /// The work to deliver.
    #[schemars(length(min = 1))]
    pub description: String,
    /// Short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// USD, such as 300 or 12.50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_usd: Option<Positive>,
    /// Hours or labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Positive>,
    /// ISO 8601 date or date-time, such as 2026-07-15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<String>,
}

impl Operation for CreateMilestone {
    type Output = OneMilestone;
    const NAME: &'static str = "create_milestone";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/contracts/{contractId}/milestones";
    const EFFECT: Effect = Effect::Create;
    const EVIDENCE: Evidence = Evidence::Id(&["/milestone/id"]);
    const GATE: Gate = Gate::scopes(&["payments:write"]).feature("public_api_payments_write").claimed();

    fn check(&self) -> Result<(), InvalidArgument> {
        if self.description.trim().is_empty() {
            return Err(InvalidArgument::new("description", "description must say what work is to be delivered"));
        }
        if let Some(amount) = &self.amount_usd {
            amount.check("amountUsd")?;
        }
        if let Some(volume) = &self.volume {
            volume.check("volume")?;
        }
        match &self.due_date {
            Some(date) if !is_iso8601(date) => Err(InvalidArgument::new(
                "dueDate",
                wording!(
                    "dueDate must be a date that exists, as ISO 8601 writes it, such as 2026-07-15 (it was \"{}\")",
                    date
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Ask the user to fund a NOT_FUNDED milestone. Charges nothing: returns an approval with approvalUrl. Show that full
/// URL with amount and trainer, then wait for the decision. Repeating it returns the same pending approval, so use it
/// too when you lost the id. Not for paying out finished work: that is a release.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestMilestoneFunding {
    pub milestone_id: MilestoneId,
}

impl Operation for RequestMilestoneFunding {
    type Output = OneApproval;
    const NAME: &'static str = "request_milestone_funding";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/milestones/{milestoneId}/fund";
    const EFFECT: Effect = Effect::CoSigned;
    const EVIDENCE: Evidence = Evidence::Id(&["/approval/id"]);
    const GATE: Gate = Gate::scopes(&["payments:write"]).feature("public_api_payments_write").claimed();
}

/// Ask the user to release the money of an ACTIVE_FUNDED milestone to the trainer, once its work is accepted. Moves
/// nothing: returns an approval with approvalUrl. Show that full URL with amount and trainer,
/// then wait for the decision. Repeating it returns the same pending approval, so use it too when you lost the id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestMilestoneApproval {
    pub milestone_id: MilestoneId,
}

impl Operation for RequestMilestoneApproval {
    type Output = OneApproval;
    const NAME: &'static str = "request_milestone_approval";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/milestones/{milestoneId}/approve";
    const EFFECT: Effect = Effect::CoSigned;
    const EVIDENCE: Evidence = Evidence::Id(&["/approval/id"]);
    const GATE: Gate = Gate::scopes(&["payments:write"]).feature("public_api_payments_write").claimed();
}

/// `{"milestone": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneMilestone {
    /// The milestone.
    #[serde(deserialize_with = "wrapper")]
    pub milestone: Milestone,
}

/// A milestone.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Milestone {
    /// Milestone id: the milestoneId of other tools.
    pub id: Field<String>,
    /// Short name.
    pub name: Field<String>,
    /// The work to deliver.
    pub description: Field<String>,
    /// NOT_FUNDED, ACTIVE_FUNDED, or another: the set is open.
    pub status: Field<String>,
    /// USD, before fees.
    pub amount_usd: Field<Number>,
    /// Hours or labels; null for FIXED_PRICE.
    pub volume: Field<Number>,
    /// The milestone's position in the contract, from 1.
    pub milestone_number: Field<Number>,
    /// ISO 8601.
    pub due_date: Field<String>,
    /// A flag of the API; its meaning is not documented.
    pub pending_approval: Field<bool>,
    /// A flag of the API; its meaning is not documented.
    pub needs_review: Field<bool>,
    /// The invoice, once there is one.
    pub invoice_id: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
}

/// The status of a milestone without money.
pub const NOT_FUNDED: &str = "NOT_FUNDED";
/// The status of a milestone whose money is held until release.
pub const ACTIVE_FUNDED: &str = "ACTIVE_FUNDED";
