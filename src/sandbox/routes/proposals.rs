//! Proposals: listed, one by itself, its interview; and the invitations that open one.

use std::cmp::Reverse;

use serde_json::json;

use crate::api::freelancers::GetFreelancerProfile;
use crate::api::jobs::InviteFreelancer;
use crate::api::proposals::{GetProposal, GetProposalInterview, ListProposals, StartProposalConversation};
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::listing::{Bounds, page};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::routes::jobs::unfit;
use crate::sandbox::rules::hire;
use crate::sandbox::world::account::Owner;
use crate::sandbox::world::job::Job;
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::proposal::{Proposal, STATUSES};
use crate::sandbox::world::state::World;
use crate::sandbox::world::trainer::{UNAVAILABLE, trainer};

/// How many proposals a page has.
const BOUNDS: Bounds = Bounds { default: 25, most: 100 };

/// What answers which operation.
pub(crate) fn routes() -> [Route; 7] {
    [
        route(list),
        route(get),
        route(interview),
        route(conversation).claimed_to("start conversations"),
        route(hire::hire).claimed_to("hire AI trainers"),
        route(profile),
        route(invite).claimed_to("invite AI trainers").refusing(unfit),
    ]
}

fn list(world: &mut World, caller: &Caller, wanted: &ListProposals) -> Answered {
    world.may_see_job(caller.owner, &wanted.job_id)?;
    let status = wanted.status.as_deref().map(normal);
    if let Some(status) = &status
        && !STATUSES.iter().any(|(known, _)| known == status)
    {
        return Err(Refused::field("status", "status must be one of a proposal's."));
    }
    let of_job = |proposal: &&Proposal| proposal.job_id == wanted.job_id.0;
    let mut proposals: Vec<_> = world.proposals.iter().filter(of_job).collect();
    proposals.retain(|proposal| status.as_deref().is_none_or(|status| proposal.status == status));
    proposals.sort_by_key(|proposal| Reverse(proposal.created_at));
    let (proposals, next) = page(proposals, |proposal| &proposal.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    let job = world.jobs.iter().find(|job| job.id == wanted.job_id.0);
    let shown: Vec<_> = job.into_iter().flat_map(|job| proposals.iter().map(|proposal| proposal.listed(job))).collect();
    Ok(Answer::ok(json!({ "proposals": shown, "nextCursor": next })))
}

/// A status as the API compares it.
fn normal(status: &str) -> String {
    status.trim().to_uppercase().replace([' ', '-'], "_")
}

fn get(world: &mut World, caller: &Caller, wanted: &GetProposal) -> Answered {
    let (job, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    Ok(Answer::ok(json!({ "proposal": proposal.whole(job) })))
}

fn interview(world: &mut World, caller: &Caller, wanted: &GetProposalInterview) -> Answered {
    let (_, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    let missing = || Refused::missing("There was no interview.", json!({ "proposalId": proposal.id }));
    let transcript = proposal.transcript().ok_or_else(missing)?;
    Ok(Answer::ok(json!({ "interview": transcript })))
}

/// Opens the conversation with a candidate, or gives the one there is.
fn conversation(world: &mut World, caller: &Caller, wanted: &StartProposalConversation) -> Answered {
    let (job, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    let (job_id, proposal_id, who) = (job.id.clone(), proposal.id.clone(), proposal.freelancer_id.clone());
    let (id, is_new) = world.conversation_about(caller.owner, &proposal_id, &job_id, &who);
    let body = json!({
        "ok": true, "conversationId": id, "proposalId": proposal_id, "jobId": job_id, "created": is_new,
    });
    Ok(Answer::made(is_new, body))
}

fn profile(_: &mut World, _: &Caller, wanted: &GetFreelancerProfile) -> Answered {
    let found = trainer(&wanted.freelancer_id.0).ok_or_else(|| Refused::not_found("Freelancer not found."))?;
    Ok(Answer::ok(json!({ "freelancer": found.profile() })))
}

/// Invites a trainer, once: an invitation opens a proposal.
fn invite(world: &mut World, caller: &Caller, wanted: &InviteFreelancer) -> Answered {
    let (now, id) = (world.now(), &wanted.freelancer_id.0);
    world.may_see_job(caller.owner, &wanted.job_id)?;
    let is_open = world.jobs.iter().any(|job| job.id == wanted.job_id.0 && job.is_open());
    if !is_open {
        return Err(Refused::conflict("job_not_published", "Only a published job has invitations."));
    }
    let Some(who) = trainer(id) else {
        return Err(if world.accounts.iter().any(|account| account.user_id == *id) {
            Refused::conflict("not_a_freelancer", "This user is not a freelancer.")
        } else {
            Refused::not_found("Freelancer not found.")
        });
    };
    let same = |proposal: &&Proposal| proposal.job_id == wanted.job_id.0 && proposal.freelancer_id == who.id;
    let before = world.proposals.iter().find(same).map(|proposal| proposal.id.clone());
    if before.is_none() && who.availability == UNAVAILABLE {
        return Err(Refused::conflict("freelancer_unavailable", "This freelancer takes no work now."));
    }
    let is_new = before.is_none();
    let proposal_id = before.unwrap_or_else(|| {
        let id = world.ids.next("prp");
        world.proposals.push(Proposal::new(&id, &wanted.job_id.0, who.id, 80, now));
        id
    });
    let body = json!({
        "ok": true, "proposalId": proposal_id, "jobId": wanted.job_id, "freelancerId": who.id, "alreadyInvited": !is_new,
    });
    Ok(Answer::made(is_new, body))
}

impl World {
    /// A proposal for a job of the account, and that job: 404 where there is none, 403 where the job is another's.
    pub(crate) fn proposal(&self, owner: Owner, id: &str) -> Result<(&Job, &Proposal), Refused> {
        let missing = || Refused::missing("Proposal not found.", json!({ "proposalId": id }));
        let proposal = self.proposals.iter().find(|proposal| proposal.id == id).ok_or_else(missing)?;
        let job = self.jobs.iter().find(|job| job.id == proposal.job_id).ok_or_else(missing)?;
        if job.owner != owner {
            return Err(Refused::forbidden("This proposal is for another account's job.", None));
        }
        Ok((job, proposal))
    }
}
