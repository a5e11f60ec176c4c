//! Handlers for proposals and freelancers.

use std::cmp::Reverse;

use rust_decimal::Decimal;
use serde_json::json;

use super::answer::{Answer, Answered};
use super::approvals::ask;
use super::listing::{Bounds, page};
use crate::api::freelancers::GetFreelancerProfile;
use crate::api::jobs::InviteFreelancer;
use crate::api::proposals::{
    GetProposal, GetProposalInterview, HireProposal, ListProposals, StartProposalConversation,
};
use crate::sandbox::rules::ask::supersede;
use crate::sandbox::world::{
    Caller, Exact, Moment, Proposal, ProposalStatus, Refused, Request, Terms, UNAVAILABLE, World,
};

/// How many proposals a page has.
const BOUNDS: Bounds = Bounds { default: 25, most: 100 };
/// Fees of a larger amount could overflow.
const LARGEST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

pub(crate) fn list(world: &mut World, caller: &Caller, wanted: &ListProposals) -> Answered {
    let job = world.may_see_job(caller.owner, &wanted.job_id)?;
    let unknown = || Refused::field("status", "status must be one of a proposal's.");
    let status = wanted.status.as_deref().map(|status| read_status(status).ok_or_else(unknown)).transpose()?;
    let mut proposals: Vec<_> = world.proposals.iter().filter(|proposal| proposal.job_id == job.id).collect();
    proposals.retain(|proposal| status.is_none_or(|status| proposal.status == status));
    proposals.sort_by_key(|proposal| Reverse(proposal.created_at));
    let (proposals, next) = page(proposals, |proposal| &proposal.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    let shown: Vec<_> = proposals.iter().map(|proposal| proposal.listed(job)).collect();
    Ok(Answer::ok(json!({ "proposals": shown, "nextCursor": next })))
}

fn read_status(status: &str) -> Option<ProposalStatus> {
    let status = status.trim().to_uppercase().replace([' ', '-'], "_");
    serde_json::from_value(status.into()).ok()
}

pub(crate) fn get(world: &mut World, caller: &Caller, wanted: &GetProposal) -> Answered {
    let (job, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    Ok(Answer::ok(json!({ "proposal": proposal.whole(job) })))
}

pub(crate) fn interview(world: &mut World, caller: &Caller, wanted: &GetProposalInterview) -> Answered {
    let (_, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    let missing = || Refused::not_found("There was no interview.").with_details(json!({ "proposalId": proposal.id }));
    let transcript = proposal.transcript().ok_or_else(missing)?;
    Ok(Answer::ok(json!({ "interview": transcript })))
}

/// Opens the conversation, or returns the one that exists.
pub(crate) fn conversation(world: &mut World, caller: &Caller, wanted: &StartProposalConversation) -> Answered {
    let (job, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    let (job_id, proposal_id, with) = (job.id.clone(), proposal.id.clone(), proposal.trainer.id.clone());
    let mut known = world.conversations.iter();
    let known = known.find(|known| known.proposal_id.as_ref() == Some(&proposal_id)).map(|known| known.id.clone());
    let is_new = known.is_none();
    let id = known.unwrap_or_else(|| world.open_conversation(caller.owner, &job_id, Some(&proposal_id), &with));
    let body = json!({
        "ok": true, "conversationId": id, "proposalId": proposal_id, "jobId": job_id, "created": is_new,
    });
    Ok(Answer::made(is_new, body))
}

/// Replaces an open request with other terms (reference: api-reference/proposals/hire).
pub(crate) fn hire(world: &mut World, caller: &Caller, wanted: &HireProposal) -> Answered {
    let (job, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    let (job_id, proposal_id) = (job.id.clone(), proposal.id.clone());
    match proposal.status {
        ProposalStatus::Hired => {
            return Err(Refused::conflict("proposal_already_hired", "This candidate is hired already."));
        }
        ProposalStatus::NotAFit => {
            let message =
                "This proposal was marked as not a fit. Hiring needs a confirmation that is given in the app.";
            return Err(Refused::conflict("proposal_not_a_fit", message));
        }
        _ => {}
    }
    world.must_have_card(caller.owner)?;
    let milestone = &wanted.milestone;
    let too_long = || Refused::field("milestone.amount", "milestone.amount has more digits than an amount can have.");
    let amount = milestone.amount.exact().filter(|amount| *amount <= LARGEST).ok_or_else(too_long)?;
    let terms = Terms {
        name: milestone.name.clone(),
        description: milestone.description.clone(),
        amount: Exact(amount),
        due_date: milestone.due_date.as_deref().and_then(Moment::parse),
    };
    let request = Request::hire(job_id, proposal_id, terms);
    supersede(world, &request);
    Ok(ask(world, caller, request))
}

pub(crate) fn profile(world: &mut World, _: &Caller, wanted: &GetFreelancerProfile) -> Answered {
    let found = world.trainer(&wanted.freelancer_id.0).ok_or_else(|| Refused::not_found("Freelancer not found."))?;
    Ok(Answer::ok(json!({ "freelancer": found.profile() })))
}

/// An invitation opens a proposal, once.
pub(crate) fn invite(world: &mut World, caller: &Caller, wanted: &InviteFreelancer) -> Answered {
    let (now, id) = (world.now(), &wanted.freelancer_id.0);
    let job = world.may_see_job(caller.owner, &wanted.job_id)?;
    if !job.is_open() {
        return Err(Refused::conflict("job_not_published", "Only a published job has invitations."));
    }
    let Some(trainer) = world.trainer(id).cloned() else {
        return Err(if world.accounts.iter().any(|account| account.user_id == *id) {
            Refused::conflict("not_a_freelancer", "This user is not a freelancer.")
        } else {
            Refused::not_found("Freelancer not found.")
        });
    };
    let same = |proposal: &&Proposal| proposal.job_id == wanted.job_id.0 && proposal.trainer.id == trainer.id;
    let before = world.proposals.iter().find(same).map(|proposal| proposal.id.clone());
    if before.is_none() && trainer.availability == UNAVAILABLE {
        return Err(Refused::conflict("freelancer_unavailable", "This freelancer takes no work now."));
    }
    let (is_new, trainer_id) = (before.is_none(), trainer.id.clone());
    let proposal_id = before.unwrap_or_else(|| {
        let id = world.ids.next("prp");
        world.proposals.push(Proposal::new(&id, &wanted.job_id.0, trainer, 80, now));
        id
    });
    let body = json!({
        "ok": true, "proposalId": proposal_id, "jobId": wanted.job_id, "freelancerId": trainer_id,
        "alreadyInvited": !is_new,
    });
    Ok(Answer::made(is_new, body))
}
