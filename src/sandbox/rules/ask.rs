//! Asks a person for a decision.

use super::tell;
use crate::sandbox::world::{Approval, Asked, Caller, Decision, Due, Outcome, Request, World};

/// Returns the approval's id. The same request, while it is open, is the same approval.
pub(crate) fn ask(world: &mut World, caller: &Caller, request: Request) -> String {
    let (now, owner) = (world.now(), caller.owner);
    let same = |approval: &&Approval| approval.owner == owner && approval.request == request && approval.is_open(now);
    if let Some(approval) = world.approvals.iter().find(same) {
        return approval.id.clone();
    }
    let id = world.ids.next("apr");
    let invoice_id = match request.asked {
        Asked::Fund => Some(world.new_invoice()),
        Asked::Release => world.subject(&request).and_then(|(_, milestone)| milestone?.invoice_id.clone()),
        Asked::End | Asked::Hire => None,
    };
    if let Some(invoice) = &invoice_id {
        tell::payment(world, owner, &request, invoice);
    }
    let asked_by = caller.label.clone();
    let approval = Approval { id: id.clone(), owner, asked_by, request, invoice_id, created_at: now, decision: None };
    world.agenda.plan(approval.expires_at(), Due::Expiry { approval: id.clone() });
    world.approvals.push(approval);
    id
}

/// Closes open approvals for the same candidate with other terms.
pub(crate) fn supersede(world: &mut World, request: &Request) {
    let now = world.now();
    let stale = |approval: &&Approval| {
        approval.request.asked == Asked::Hire
            && approval.request.proposal_id == request.proposal_id
            && approval.request != *request
            && approval.is_open(now)
    };
    let stale: Vec<_> = world.approvals.iter().filter(stale).map(|approval| approval.id.clone()).collect();
    for id in stale {
        settle(world, &id, Outcome::Superseded);
    }
}

pub(crate) fn settle(world: &mut World, id: &str, outcome: Outcome) {
    let (at, status) = (world.now(), outcome.status());
    let Some(approval) = world.approvals.iter_mut().find(|approval| approval.id == id) else { return };
    approval.decision = Some(Decision { at, outcome });
    tell::decision(world, id, status, at);
}
