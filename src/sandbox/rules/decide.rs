//! A person decides an approval, and the sandbox carries out a confirmed request.

use serde_json::{Value, json};

use super::ask::settle;
use super::{hire, tell};
use crate::api::approvals::{CONFIRMED, EXPIRED, PENDING};
use crate::api::contracts::ContractStatus;
use crate::api::milestones::ACTIVE_FUNDED;
use crate::sandbox::world::{Approval, Asked, Costs, Milestone, Outcome, PAID, ProposalStatus, Request, World, cents};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    Card,
    Credits,
}

/// Why `request` can no longer be carried out.
pub(crate) fn obstacle(world: &World, request: &Request) -> Option<&'static str> {
    if request.asked == Asked::Hire {
        let is_hired = world.candidate(request).is_none_or(|proposal| proposal.status == ProposalStatus::Hired);
        return is_hired.then_some("The candidate has been hired meanwhile.");
    }
    let subject = world.subject(request).filter(|(contract, _)| contract.status() == ContractStatus::Active);
    let Some((_, milestone)) = subject else { return Some("The contract has ended meanwhile.") };
    let milestone = milestone.filter(|milestone| !milestone.withdrawn);
    match request.asked {
        Asked::Fund if !milestone.is_some_and(Milestone::is_unfunded) => {
            Some("The milestone has been funded or withdrawn meanwhile.")
        }
        Asked::Release if !milestone.is_some_and(Milestone::is_funded) => {
            Some("The milestone's money is no longer held.")
        }
        _ => None,
    }
}

/// The cents that the person pays by confirming `request`; `None` if confirming costs nothing.
pub(crate) fn cost(world: &World, request: &Request) -> Option<i64> {
    match request.asked {
        Asked::Hire => cents(Costs::of(request.terms.as_ref()?.amount).total),
        Asked::Fund => cents(world.subject(request)?.1?.amount_usd),
        Asked::Release | Asked::End => None,
    }
}

/// Confirms the approval `id`. An error says why nothing was done, and is text for the person's page.
pub(crate) fn confirm(world: &mut World, id: &str, means: Means) -> Result<(), &'static str> {
    let approval = open(world, id)?;
    let (owner, request, invoice_id) = (approval.owner, approval.request.clone(), approval.invoice_id.clone());
    if let Some(obstacle) = obstacle(world, &request) {
        return Err(obstacle);
    }
    let cost = cost(world, &request).unwrap_or_default();
    if means == Means::Credits && (cost == 0 || cost > world.available(owner)) {
        return Err("The credits do not cover it.");
    }
    let done = carry_out(world, &request, invoice_id);
    if let Some(paid) = done.paid.filter(|_| means == Means::Credits) {
        world.hold(owner, cost, &paid.proposal, &paid.contract, &paid.milestone);
    }
    settle(world, id, Outcome::Confirmed(done.result));
    Ok(())
}

/// Declines the approval `id`. An error is text for the person's page.
pub(crate) fn decline(world: &mut World, id: &str) -> Result<(), &'static str> {
    open(world, id)?;
    settle(world, id, Outcome::Declined);
    Ok(())
}

fn open<'a>(world: &'a World, id: &str) -> Result<&'a Approval, &'static str> {
    let approval = world.approval(id).ok_or("There is no such approval.")?;
    match approval.status(world.now()) {
        PENDING => Ok(approval),
        EXPIRED => Err("It expired before anyone decided."),
        CONFIRMED => Err("It was confirmed before."),
        _ => Err("It was declined before."),
    }
}

#[derive(Default)]
struct Done {
    /// The approval's `result` (reference: concepts/human-approvals).
    result: Value,
    paid: Option<Paid>,
}

struct Paid {
    proposal: String,
    contract: String,
    milestone: String,
}

fn carry_out(world: &mut World, request: &Request, invoice_id: Option<String>) -> Done {
    match request.asked {
        Asked::Fund | Asked::Release => pay(world, request, invoice_id),
        Asked::Hire => hire(world, request),
        Asked::End => {
            let now = world.now();
            let mut contracts = world.contracts.iter_mut();
            if let Some(contract) = contracts.find(|contract| Some(&contract.id) == request.contract_id.as_ref()) {
                contract.end(now);
            }
            Done { result: json!({ "contractEnded": true }), paid: None }
        }
    }
}

fn hire(world: &mut World, request: &Request) -> Done {
    let place = hire::carry_out(world, request);
    let Some(contract) = place.and_then(|place| world.contracts.get(place)) else { return Done::default() };
    let paid = contract.milestones.first().map(|milestone| Paid {
        proposal: contract.proposal_id.clone(),
        contract: contract.id.clone(),
        milestone: milestone.id.clone(),
    });
    let result = json!({
        "hired": true,
        "contractId": contract.id,
        "jobId": contract.job_id,
        "freelancerUserId": contract.freelancer.user_id,
    });
    Done { result, paid }
}

fn pay(world: &mut World, request: &Request, invoice_id: Option<String>) -> Done {
    let ids = &mut world.ids;
    let contract = world.contracts.iter_mut().find(|contract| Some(&contract.id) == request.contract_id.as_ref());
    let Some(contract) = contract else { return Done::default() };
    let before = contract.budget();
    let (contract_id, proposal) = (contract.id.clone(), contract.proposal_id.clone());
    let mut milestones = contract.milestones.iter_mut();
    let milestone = milestones.find(|milestone| Some(&milestone.id) == request.milestone_id.as_ref());
    let Some(milestone) = milestone else { return Done::default() };
    let id = milestone.id.clone();
    let is_funding = request.asked == Asked::Fund;
    let result = if is_funding {
        milestone.status = ACTIVE_FUNDED.into();
        milestone.invoice_id.clone_from(&invoice_id);
        json!({ "invoiceId": invoice_id, "paymentIntentId": ids.next("pi") })
    } else {
        milestone.status = PAID.into();
        (milestone.pending_approval, milestone.needs_review) = (false, false);
        json!({ "invoiceId": invoice_id, "payoutTransactionId": ids.next("pot") })
    };
    if !is_funding {
        world.capture(&id);
    }
    tell::milestone(world, &id);
    tell::budget(world, &contract_id, &before);
    let paid = is_funding.then_some(Paid { proposal, contract: contract_id, milestone: id });
    Done { result, paid }
}
