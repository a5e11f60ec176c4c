//! Carries out a hire: makes the contract with its first milestone.

use serde_json::Value;

use super::{life, tell};
use crate::api::jobs::JobStatus;
use crate::api::milestones::ACTIVE_FUNDED;
use crate::api::types::decimal;
use crate::sandbox::world::{
    Contract, Exact, Milestone, Moment, PaymentType, ProposalStatus, Request, Terms, Usage, World,
};

/// Returns the new contract's index.
pub(crate) fn carry_out(world: &mut World, request: &Request) -> Option<usize> {
    let now = world.now();
    let (terms, proposal_id) = (request.terms.as_ref()?, request.proposal_id.as_ref()?);
    let proposal = world.candidate(request)?;
    let (trainer, owner) = (proposal.trainer.clone(), world.job(&request.job_id)?.owner);
    let conversation_id = world.open_conversation(owner, &request.job_id, None, &trainer.id);
    let invoice_id = world.new_invoice();
    let (id, milestone_id) = (world.ids.next("ctr"), world.ids.next("ms"));
    let job = world.job(&request.job_id)?;
    let (payment_type, price) = PaymentType::read(job.text("paymentType").unwrap_or_default());
    let rate_usd = job.fields.get(price).and_then(Value::as_number).and_then(decimal).map(Exact);
    let mut contract = Contract {
        owner,
        id: id.clone(),
        title: job.title().into(),
        job_id: job.id.clone(),
        proposal_id: proposal_id.clone(),
        payment_type,
        rate_usd,
        estimated_total_usd: if payment_type == PaymentType::FixedPrice { rate_usd } else { Some(terms.amount) },
        estimated_volume: None,
        start_date: now,
        end_date: None,
        created_at: now,
        updated_at: now,
        freelancer: trainer.hired(),
        milestones: Vec::new(),
        conversation_id: conversation_id.clone(),
        usage: Usage::default(),
    };
    contract.milestones.push(first_milestone(milestone_id, invoice_id, &contract, terms, now));
    if let Some(proposal) = world.proposals.iter_mut().find(|proposal| proposal.id == *proposal_id) {
        proposal.status = ProposalStatus::Hired;
        proposal.updated_at = now;
        proposal.contract_id = Some(id);
    }
    tell::hired(world, &contract);
    world.contracts.push(contract);
    fill_job(world, &request.job_id, now);
    life::expect_answer(world, &conversation_id, now);
    Some(world.contracts.len() - 1)
}

fn first_milestone(id: String, invoice_id: String, contract: &Contract, terms: &Terms, now: Moment) -> Milestone {
    let rate = contract.rate_usd.filter(|_| contract.payment_type != PaymentType::FixedPrice);
    let volume = rate.and_then(|rate| terms.amount.0.checked_div(rate.0));
    Milestone {
        name: terms.name.clone(),
        description: terms.description.clone().or_else(|| terms.name.clone()).unwrap_or_default(),
        status: ACTIVE_FUNDED.into(),
        volume: volume.map(|volume| Exact(volume.round_dp(2).normalize())),
        due_date: terms.due_date,
        invoice_id: Some(invoice_id),
        ..Milestone::unfunded(id, 1, terms.amount, now)
    }
}

/// Takes a job off the market once it has enough contracts.
fn fill_job(world: &mut World, id: &str, now: Moment) {
    let hires = world.contracts.iter().filter(|contract| contract.job_id == id).count();
    let Some(job) = world.jobs.iter_mut().find(|job| job.id == id && job.is_open()) else { return };
    let wanted = job.fields.get("headcount").and_then(Value::as_u64).unwrap_or(1);
    if hires >= usize::try_from(wanted).unwrap_or(usize::MAX) {
        job.withdraw(JobStatus::Ongoing, now);
    }
}
