//! Contracts: listed, and one by itself.

use serde_json::json;

use super::answer::{Answer, Answered};
use super::model::Contract;
use super::roles::Role;
use super::routes::{Route, route};
use super::world::World;
use crate::api::contracts::{GetContract, ListContracts};

/// What answers which operation.
pub(super) fn routes() -> [Route; 2] {
    [route(list), route(get)]
}

fn list(world: &mut World, _: &Role, wanted: &ListContracts) -> Answered {
    if let Some(job) = &wanted.job_id {
        world.may_see_job(job)?;
    }
    let mut contracts = world.our_contracts();
    contracts.retain(|contract| wanted.status.is_none_or(|status| contract.status() == status));
    contracts.retain(|contract| wanted.job_id.as_ref().is_none_or(|job| contract.job_id == job.0));
    let listed: Vec<_> = contracts.into_iter().map(Contract::listed).collect();
    Ok(Answer::ok(json!({ "contracts": listed })))
}

fn get(world: &mut World, _: &Role, wanted: &GetContract) -> Answered {
    let contract = world.contract(&wanted.contract_id)?;
    Ok(Answer::ok(json!({ "contract": contract.whole() })))
}
