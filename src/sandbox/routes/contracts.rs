//! Contracts: listed, one by itself, and ended.

use serde_json::json;

use super::approvals;
use crate::api::contracts::{ContractStatus, EndContract, GetContract, ListContracts};
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::rules::decide::{Asked, Request};
use crate::sandbox::world::contract::Contract;
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;

/// What answers which operation.
pub(crate) fn routes() -> [Route; 3] {
    [route(list), route(get), route(end).claimed_to("end contracts")]
}

fn list(world: &mut World, caller: &Caller, wanted: &ListContracts) -> Answered {
    if let Some(job) = &wanted.job_id {
        world.may_see_job(caller.owner, job)?;
    }
    let mut contracts = world.contracts_of(caller.owner);
    contracts.retain(|contract| wanted.status.is_none_or(|status| contract.status() == status));
    contracts.retain(|contract| wanted.job_id.as_ref().is_none_or(|job| contract.job_id == job.0));
    let listed: Vec<_> = contracts.into_iter().map(Contract::listed).collect();
    Ok(Answer::ok(json!({ "contracts": listed })))
}

fn get(world: &mut World, caller: &Caller, wanted: &GetContract) -> Answered {
    let contract = world.contract(caller.owner, &wanted.contract_id)?;
    Ok(Answer::ok(json!({ "contract": contract.whole() })))
}

/// Ends it at once, unless money is behind one of its milestones: then a person has to confirm it.
fn end(world: &mut World, caller: &Caller, wanted: &EndContract) -> Answered {
    let now = world.now();
    let contract = world.contract(caller.owner, &wanted.contract_id)?;
    must_be_active(contract)?;
    if contract.active_milestone().is_some() {
        let request = Request::new(Asked::End, contract, None);
        return Ok(approvals::ask(world, caller, request));
    }
    contract.end(now);
    Ok(Answer::ok(json!({ "ok": true, "contractId": contract.id, "status": contract.status() })))
}

/// Refuses what is asked of a contract that is over.
pub(crate) fn must_be_active(contract: &Contract) -> Result<(), Refused> {
    match contract.status() {
        ContractStatus::Active => Ok(()),
        ContractStatus::Ended => Err(Refused::conflict("contract_ended", "This contract has already ended.")),
    }
}
