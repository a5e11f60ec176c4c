//! Handlers for milestones. A new milestone is not funded; a person has to confirm funding and release.

use serde_json::json;

use super::answer::{Answer, Answered};
use super::approvals;
use super::contracts::must_be_active;
use crate::api::milestones::{CreateMilestone, RequestMilestoneApproval, RequestMilestoneFunding};
use crate::api::types::Positive;
use crate::sandbox::rules::tell;
use crate::sandbox::world::{Asked, Caller, Contract, Exact, Milestone, Moment, PaymentType, Refused, Request, World};

pub(crate) fn create(world: &mut World, caller: &Caller, wanted: &CreateMilestone) -> Answered {
    let now = world.now();
    let contract = world.contract(caller.owner, &wanted.contract_id.0)?;
    let (amount, volume) = price(contract, wanted)?;
    let number = contract.milestones.iter().map(|milestone| milestone.number).max().unwrap_or(0) + 1;
    let milestone = Milestone {
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        volume,
        due_date: wanted.due_date.as_deref().and_then(Moment::parse),
        ..Milestone::unfunded(world.ids.next("ms"), number, amount, now)
    };
    let body = json!({ "milestone": milestone });
    let id = milestone.id.clone();
    world.contract(caller.owner, &wanted.contract_id.0)?.milestones.push(milestone);
    tell::milestone(world, &id);
    Ok(Answer::created(body))
}

/// The amount and volume, by the contract's payment type (reference: api-reference/contracts/create-milestone).
fn price(contract: &Contract, wanted: &CreateMilestone) -> Result<(Exact, Option<Exact>), Refused> {
    must_be_active(contract)?;
    let amount = exact("amountUsd", wanted.amount_usd.as_ref())?;
    let volume = exact("volume", wanted.volume.as_ref())?;
    if contract.payment_type == PaymentType::FixedPrice {
        let missing = || Refused::field("amountUsd", "amountUsd is required for fixed-price contracts.");
        return Ok((amount.ok_or_else(missing)?, None));
    }
    let missing = || Refused::field("volume", "volume is required for hourly and per-label contracts.");
    let volume = volume.ok_or_else(missing)?;
    let no_rate = || Refused::conflict("contract_rate_missing", "This contract has no rate to validate against.");
    let rate = contract.rate_usd.ok_or_else(no_rate)?;
    let product = rate.0.checked_mul(volume.0).map(|product| Exact(product.normalize()));
    let product = product.ok_or_else(|| Refused::field("volume", "volume is too large."))?;
    match amount {
        Some(amount) if amount != product => Err(Refused::field(
            "amountUsd",
            format!("amountUsd must equal the contract rate × volume: {rate} × {volume} = {product}, not {amount}."),
        )),
        _ => Ok((amount.unwrap_or(product), Some(volume))),
    }
}

fn exact(field: &str, number: Option<&Positive>) -> Result<Option<Exact>, Refused> {
    let unusable = || Refused::field(field, format!("{field} has more digits than an amount can have."));
    number.map(|number| number.exact().map(Exact).ok_or_else(unusable)).transpose()
}

/// Reference: api-reference/milestones/fund.
pub(crate) fn fund(world: &mut World, caller: &Caller, wanted: &RequestMilestoneFunding) -> Answered {
    let (contract, milestone) = world.milestone(caller.owner, &wanted.milestone_id.0)?;
    if milestone.withdrawn || !milestone.is_unfunded() {
        return Err(Refused::conflict("milestone_not_fundable", "Only a milestone that is not funded can be funded."));
    }
    must_be_active(contract)?;
    world.must_have_card(caller.owner)?;
    let request = Request::new(Asked::Fund, contract, Some(milestone));
    Ok(approvals::ask(world, caller, request))
}

/// Reference: api-reference/milestones/approve.
pub(crate) fn release(world: &mut World, caller: &Caller, wanted: &RequestMilestoneApproval) -> Answered {
    let (contract, milestone) = world.milestone(caller.owner, &wanted.milestone_id.0)?;
    if milestone.withdrawn || !milestone.is_funded() {
        return Err(Refused::conflict("milestone_not_funded", "Only a funded milestone can be approved."));
    }
    must_be_active(contract)?;
    let request = Request::new(Asked::Release, contract, Some(milestone));
    Ok(approvals::ask(world, caller, request))
}
