//! Milestones: made without money, then funded and released by a person. `creation` holds how one is made once.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::approvals::OneApproval;
use crate::api::contracts::{Contract, GetContract, ListContracts};
use crate::api::milestones::{Milestone, RequestMilestoneApproval, RequestMilestoneFunding};
use crate::api::types::{ContractId, MilestoneId};
use crate::api::{Effect, Gate, Operation};

use super::answer::Answer;
use super::approvals::{Asked, Subject, asked};
use super::audit::Figure;
use super::creation::CreateMilestoneOnce;
use super::failure::{Denial, Trouble};
use super::{Context, Entry, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<CreateMilestoneOnce>(), Entry::of::<Funding>(), Entry::of::<Release>()];

/// Where milestone ids come from.
const MILESTONE_IDS: &str = "milestoneId comes from list_contracts; a contract id does not work here.";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Funding {
    #[serde(flatten)]
    request: RequestMilestoneFunding,
    /// The contract that holds it, if known: saves a search.
    contract_id: Option<ContractId>,
}

impl Tool for Funding {
    type Output = OneApproval;
    const NAME: &'static str = <RequestMilestoneFunding as Operation>::NAME;
    const TITLE: &'static str = "Ask to fund a milestone";
    const EFFECT: Effect = <RequestMilestoneFunding as Operation>::EFFECT;
    const GATE: Gate = <RequestMilestoneFunding as Operation>::GATE;
    const IDS: &'static str = MILESTONE_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        ask(&self.request, &self.request.milestone_id, self.contract_id, context).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Release {
    #[serde(flatten)]
    request: RequestMilestoneApproval,
    /// The contract that holds it, if known: saves a search.
    contract_id: Option<ContractId>,
}

impl Tool for Release {
    type Output = OneApproval;
    const NAME: &'static str = <RequestMilestoneApproval as Operation>::NAME;
    /// The API's word "approve" misleads: what is asked for is the payment.
    const TITLE: &'static str = "Ask to release payment";
    const EFFECT: Effect = <RequestMilestoneApproval as Operation>::EFFECT;
    const GATE: Gate = <RequestMilestoneApproval as Operation>::GATE;
    const IDS: &'static str = MILESTONE_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        ask(&self.request, &self.request.milestone_id, self.contract_id, context).await
    }
}

/// Asks a person to fund or to release. The milestone is looked up first where a limit has to be held against it, or
/// where the caller says which contract holds it.
async fn ask<O: Operation<Output = OneApproval>>(
    operation: &O,
    milestone: &MilestoneId,
    contract: Option<ContractId>,
    context: &Context,
) -> Result<Answer, Trouble> {
    let subject = match (contract, context.policy().has_caps()) {
        (Some(contract), _) => Some(in_contract(milestone, contract, context).await?),
        (None, true) => Some(somewhere(milestone, context).await?),
        (None, false) => None,
    };
    let amount = subject.as_ref().and_then(Subject::amount);
    let figure = Figure { amount, milestone_id: Some(milestone.0.clone()) };
    let written = context.write(operation, Some(figure)).await?;
    asked(Asked::of(written, subject), context).await
}

/// The milestone in the contract that the caller named.
async fn in_contract(milestone: &MilestoneId, contract_id: ContractId, context: &Context) -> Result<Subject, Trouble> {
    let (_, read) = context.read(&GetContract { contract_id }).await.map_err(Trouble::Unsent)?;
    Ok(held(read.output.contract, milestone).ok_or_else(|| not_there(milestone, "this contract"))?)
}

/// The milestone in whichever contract holds it.
async fn somewhere(milestone: &MilestoneId, context: &Context) -> Result<Subject, Trouble> {
    let (_, read) = context.read(&ListContracts::default()).await.map_err(Trouble::Unsent)?;
    let found = read.output.contracts.into_iter().filter_map(|contract| held(contract, milestone));
    let most = found.max_by_key(|subject| subject.milestone.as_ref().map(cautious));
    Ok(most.ok_or_else(|| not_there(milestone, "any contract of this account"))?)
}

/// The milestone in `contract`. Where its id stands twice, the larger amount counts.
fn held(contract: Contract, milestone: &MilestoneId) -> Option<Subject> {
    let is_it = |listed: &&Milestone| listed.id.text() == Some(milestone.0.as_str());
    let found = contract.milestones.items().iter().filter(is_it).max_by_key(|listed| cautious(listed)).cloned()?;
    Some(Subject { contract, milestone: Some(found) })
}

/// The order of caution: an unknown amount is more than any.
fn cautious(milestone: &Milestone) -> (bool, Option<Decimal>) {
    let amount = milestone.amount_usd.decimal();
    (amount.is_none(), amount)
}

fn not_there(milestone: &MilestoneId, place: &str) -> Denial {
    Denial::not_found(format!("Milestone {} is not listed in {place}", super::text::word(&milestone.0)))
}
