//! Contracts, one for each hired trainer of a job, with milestones (reference: api-reference/contracts/list, /get and
//! /end).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::approvals::Approval;
use super::evidence::{Evidence, Status};
use super::milestones::Milestone;
use super::types::{ContractId, Field, JobId, List, wrapper};
use super::{Effect, Gate, Operation};

/// List your contracts (one per hired trainer per job), newest first, with milestones. Start here: it gives the
/// contractId and milestoneId other tools need, and whether a milestone wants amountUsd or volume. Totals cover all
/// matches; items are paged: pass nextCursor as cursor. Refunded and cancelled milestones never appear.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListContracts {
    /// Only contracts with this status; omit for both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ContractStatus>,
    /// Only contracts on this job of yours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// The cursor of the next page. Not documented; used if the list begins to be paged.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub cursor: Option<String>,
}

/// The states that contracts can be listed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContractStatus {
    /// Work can go on.
    Active,
    /// Over.
    Ended,
}

impl Operation for ListContracts {
    type Output = Contracts;
    const NAME: &'static str = "list_contracts";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/contracts";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "status or jobId";
    const GATE: Gate = Gate::scopes(&["payments:read"]);
}

/// Get one contract with its milestones, what is used of its budget (hours or labels), and the id of the conversation
/// with the trainer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetContract {
    pub contract_id: ContractId,
}

impl Operation for GetContract {
    type Output = OneContract;
    const NAME: &'static str = "get_contract";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/contracts/{contractId}";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["payments:read"]);
}

/// End a contract. Without a funded milestone it ends at once and cannot be reopened; with one, the user has to
/// confirm it: show them approvalUrl.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndContract {
    pub contract_id: ContractId,
}

impl Operation for EndContract {
    type Output = Ending;
    const NAME: &'static str = "end_contract";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/contracts/{contractId}/end";
    const EFFECT: Effect = Effect::Irreversible;
    const EVIDENCE: Evidence = Evidence::Success(Status::OneOf("/status", &["ended"]));
    const GATE: Gate = Gate::scopes(&["payments:write"]).feature("public_api_payments_write").claimed();
}

/// `{"ok", "contractId", "status"}` when it ended at once (200); `{"approval", "message"}` when a person has to confirm
/// it (202).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Ending {
    /// The contract that has ended.
    pub contract_id: Field<String>,
    /// ended
    pub status: Field<String>,
    /// The decision that a person must make first.
    pub approval: Field<Approval>,
    /// OpenTrain's own words.
    pub message: Field<String>,
}

/// `{"contracts": […]}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Contracts {
    /// Newest first.
    pub contracts: Vec<Contract>,
}

/// `{"contract": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneContract {
    /// The contract.
    #[serde(deserialize_with = "wrapper")]
    pub contract: Contract,
}

/// A contract, as listed; `jobDmConversationId` and `budget` come only with a single one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Contract {
    /// Contract id: the contractId of other tools.
    pub id: Field<String>,
    /// active or ended.
    pub status: Field<String>,
    /// Title.
    pub title: Field<String>,
    /// The job that was hired for.
    pub job_id: Field<String>,
    /// The proposal that was hired.
    pub proposal_id: Field<String>,
    /// FIXED_PRICE (milestones want amountUsd), PAY_PER_HOUR or PAY_PER_LABEL (they want volume).
    pub payment_type: Field<String>,
    /// USD: the fixed price, or the price of an hour or a label.
    pub rate_usd: Field<Number>,
    /// USD.
    pub estimated_total_usd: Field<Number>,
    /// Hours or labels.
    pub estimated_volume: Field<Number>,
    /// A milestone is funded now.
    pub has_active_milestone: Field<bool>,
    /// ISO 8601.
    pub start_date: Field<String>,
    /// ISO 8601; null while active.
    pub end_date: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// ISO 8601.
    pub updated_at: Field<String>,
    /// The hired trainer.
    pub freelancer: Field<Freelancer>,
    /// The timeline, without refunded and cancelled ones.
    pub milestones: List<Milestone>,
    /// The conversation with the trainer after the hire.
    pub job_dm_conversation_id: Field<String>,
    /// The use of the funded volume.
    pub budget: Field<Budget>,
}

/// A trainer, masked: first name and last initial (reference: concepts/privacy-and-work-email).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Freelancer {
    /// User id; names repeat, ids do not.
    pub user_id: Field<String>,
    /// Such as "Maria G.".
    pub display_name: Field<String>,
    /// Country name.
    pub country: Field<String>,
    /// Path of the public profile.
    pub profile_path: Field<String>,
}

/// The use of a contract's funded volume.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Budget {
    /// OK, LOW (from 80 % used) or DEPLETED; always OK for FIXED_PRICE.
    pub state: Field<String>,
    /// Hours or labels.
    pub funded_volume: Field<Number>,
    /// USD.
    pub funded_amount_usd: Field<Number>,
    /// Hours or labels.
    pub consumed_volume: Field<Number>,
    /// Hours or labels.
    pub remaining_volume: Field<Number>,
    /// 0 to 1.
    pub consumed_fraction: Field<Number>,
    /// ISO 8601.
    pub last_usage_at: Field<String>,
}
