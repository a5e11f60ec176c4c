//! Handlers for contracts.

use serde_json::json;

use super::answer::{Answer, Answered};
use super::approvals;
use crate::api::contracts::{ContractStatus, EndContract, GetContract, ListContracts};
use crate::sandbox::world::{Asked, Caller, Contract, Refused, Request, World};

pub(crate) fn list(world: &mut World, caller: &Caller, wanted: &ListContracts) -> Answered {
    if let Some(job) = &wanted.job_id {
        world.may_see_job(caller.owner, job)?;
    }
    let mut contracts = world.contracts_of(caller.owner);
    contracts.retain(|contract| wanted.status.is_none_or(|status| contract.status() == status));
    contracts.retain(|contract| wanted.job_id.as_ref().is_none_or(|job| contract.job_id == job.0));
    let listed: Vec<_> = contracts.into_iter().map(Contract::listed).collect();
    Ok(Answer::ok(json!({ "contracts": listed })))
}

pub(crate) fn get(world: &mut World, caller: &Caller, wanted: &GetContract) -> Answered {
    let contract = world.contract(caller.owner, &wanted.contract_id.0)?;
    Ok(Answer::ok(json!({ "contract": contract.whole() })))
}

/// A person has to confirm it if a milestone is funded.
pub(crate) fn end(world: &mut World, caller: &Caller, wanted: &EndContract) -> Answered {
    let now = world.now();
    let contract = world.contract(caller.owner, &wanted.contract_id.0)?;
    must_be_active(contract)?;
    if contract.active_milestone().is_some() {
        let request = Request::new(Asked::End, contract, None);
        return Ok(approvals::ask(world, caller, request));
    }
    contract.end(now);
    Ok(Answer::ok(json!({ "ok": true, "contractId": contract.id, "status": contract.status() })))
}

pub(crate) fn must_be_active(contract: &Contract) -> Result<(), Refused> {
    match contract.status() {
        ContractStatus::Active => Ok(()),
        ContractStatus::Ended => Err(Refused::conflict("contract_ended", "This contract has already ended.")),
    }
}
