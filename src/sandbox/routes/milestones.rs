//! Milestones: made without money behind them; a person is asked to fund them and to release what was funded.

use serde_json::json;

use super::approvals;
use crate::api::milestones::{CreateMilestone, NOT_FUNDED, RequestMilestoneApproval, RequestMilestoneFunding};
use crate::api::types::Positive;
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::routes::contracts::must_be_active;
use crate::sandbox::rules::decide::{Asked, Request};
use crate::sandbox::world::contract::{Contract, Milestone, PaymentType};
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::{Exact, Moment};

/// What answers which operation.
pub(crate) fn routes() -> [Route; 3] {
    [
        route(create).claimed_to("create milestones"),
        route(fund).claimed_to("fund milestones"),
        route(release).claimed_to("approve milestones"),
    ]
}

fn create(world: &mut World, caller: &Caller, wanted: &CreateMilestone) -> Answered {
    let now = world.now();
    let contract = world.contract(caller.owner, &wanted.contract_id)?;
    let price = price(contract, wanted)?;
    let highest = contract.milestones.iter().map(|milestone| milestone.number).max();
    let milestone = Milestone {
        id: world.ids.next("ms"),
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        status: NOT_FUNDED.into(),
        amount_usd: price.amount,
        volume: price.volume,
        number: highest.unwrap_or(0) + 1,
        due_date: wanted.due_date.as_deref().and_then(Moment::parse),
        pending_approval: false,
        needs_review: false,
        invoice_id: None,
        created_at: now,
        withdrawn: false,
    };
    let body = json!({ "milestone": milestone });
    let id = milestone.id.clone();
    world.contract(caller.owner, &wanted.contract_id)?.milestones.push(milestone);
    world.tell_of_milestone(&id);
    Ok(Answer::created(body))
}

/// What a milestone costs, and what it is measured in.
struct Price {
    amount: Exact,
    volume: Option<Exact>,
}

/// Fits the wanted amount and volume to how `contract` pays (reference: api-reference/contracts/create-milestone).
fn price(contract: &Contract, wanted: &CreateMilestone) -> Result<Price, Refused> {
    must_be_active(contract)?;
    let amount = exact("amountUsd", wanted.amount_usd.as_ref())?;
    let volume = exact("volume", wanted.volume.as_ref())?;
    if contract.payment_type == PaymentType::FixedPrice {
        let missing = || Refused::field("amountUsd", "amountUsd is required for fixed-price contracts.");
        return Ok(Price { amount: amount.ok_or_else(missing)?, volume: None });
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
        _ => Ok(Price { amount: amount.unwrap_or(product), volume: Some(volume) }),
    }
}

/// The number as it is reckoned with.
fn exact(field: &str, number: Option<&Positive>) -> Result<Option<Exact>, Refused> {
    let unusable = || Refused::field(field, format!("{field} has more digits than an amount can have."));
    number.map(|number| number.exact().map(Exact).ok_or_else(unusable)).transpose()
}

/// Asks a person for the money (reference: api-reference/milestones/fund).
fn fund(world: &mut World, caller: &Caller, wanted: &RequestMilestoneFunding) -> Answered {
    let (contract, milestone) = world.milestone(caller.owner, &wanted.milestone_id.0)?;
    if milestone.withdrawn || !milestone.is_unfunded() {
        return Err(Refused::conflict("milestone_not_fundable", "Only a milestone that is not funded can be funded."));
    }
    must_be_active(contract)?;
    world.must_have_card(caller.owner)?;
    let request = Request::new(Asked::Fund, contract, Some(milestone));
    Ok(approvals::ask(world, caller, request))
}

/// Asks a person to pay the trainer (reference: api-reference/milestones/approve).
fn release(world: &mut World, caller: &Caller, wanted: &RequestMilestoneApproval) -> Answered {
    let (contract, milestone) = world.milestone(caller.owner, &wanted.milestone_id.0)?;
    if milestone.withdrawn || !milestone.is_funded() {
        return Err(Refused::conflict("milestone_not_funded", "Only a funded milestone can be approved."));
    }
    must_be_active(contract)?;
    let request = Request::new(Asked::Release, contract, Some(milestone));
    Ok(approvals::ask(world, caller, request))
}
