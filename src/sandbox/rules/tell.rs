//! Records events about changes in the world.

use crate::sandbox::world::{Contract, EventKind, Moment, Owner, Request, World};
use serde_json::{Map, Value, json};

/// The fields of a budget that are in its event.
const BUDGET: [&str; 6] =
    ["state", "paymentType", "fundedVolume", "consumedVolume", "remainingVolume", "consumedFraction"];

pub(crate) fn milestone(world: &mut World, id: &str) {
    let mut contracts = world.contracts.iter();
    let Some((contract, milestone)) = contracts.find_map(|contract| Some((contract, contract.milestone(id)?))) else {
        return;
    };
    let data = json!({ "milestoneId": id, "contractId": contract.id, "status": milestone.status });
    let (owner, job) = (contract.owner, contract.job_id.clone());
    world.record_event(owner, EventKind::MilestoneStatus, world.now(), id, Some(&job), data);
}

/// Records an event if the budget's state is not that of `before`.
pub(crate) fn budget(world: &mut World, id: &str, before: &Value) {
    let Some(contract) = world.contracts.iter().find(|contract| contract.id == id) else { return };
    let now = contract.budget();
    let of = |budget: &Value, name: &str| budget.get(name).cloned().unwrap_or_default();
    if of(&now, "state") == of(before, "state") {
        return;
    }
    let mut data = Map::new();
    data.insert("contractId".into(), id.into());
    data.insert("previousState".into(), of(before, "state"));
    for name in BUDGET {
        data.insert(name.into(), of(&now, name));
    }
    let (owner, job, data) = (contract.owner, contract.job_id.clone(), Value::Object(data));
    world.record_event(owner, EventKind::BudgetState, world.now(), id, Some(&job), data);
}

/// An invoice waits for a person.
pub(crate) fn payment(world: &mut World, owner: Owner, request: &Request, invoice: &str) {
    let data = json!({
        "invoiceId": invoice, "milestoneId": request.milestone_id, "contractId": request.contract_id,
    });
    world.record_event(owner, EventKind::PaymentPending, world.now(), invoice, Some(&request.job_id), data);
}

pub(crate) fn decision(world: &mut World, id: &str, status: &str, at: Moment) {
    let Some(approval) = world.approval(id) else { return };
    let (owner, job) = (approval.owner, approval.request.job_id.clone());
    let data = json!({ "approvalId": id, "status": status });
    world.record_event(owner, EventKind::ApprovalConfirmed, at, id, Some(&job), data);
}

pub(crate) fn hired(world: &mut World, contract: &Contract) {
    let (owner, now, job) = (contract.owner, world.now(), Some(contract.job_id.as_str()));
    let proposal = contract.proposal_id.as_str();
    let data = json!({ "proposalId": proposal, "status": "HIRED" });
    world.record_event(owner, EventKind::ProposalStatus, now, proposal, job, data);
    let data = json!({ "contractId": contract.id, "jobId": job, "proposalId": proposal });
    world.record_event(owner, EventKind::ContractCreated, now, &contract.id, job, data);
    for milestone in &contract.milestones {
        let data = json!({ "milestoneId": milestone.id, "contractId": contract.id, "status": milestone.status });
        world.record_event(owner, EventKind::MilestoneStatus, now, &milestone.id, job, data);
    }
}
