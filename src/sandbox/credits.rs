//! Money: what waits to be paid, or paid out.

#![expect(clippy::unnecessary_wraps, reason = "a handler may refuse; this one has no reason to")]

use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use super::decisions::{Approval, Asked};
use super::keys::Caller;
use super::routes::{Route, route};
use super::world::World;
use crate::api::credits::ListPendingPayments;

/// What answers which operation.
pub(super) fn routes() -> [Route; 1] {
    [route(pending)]
}

fn pending(world: &mut World, caller: &Caller, _: &ListPendingPayments) -> Answered {
    let now = world.now();
    let open = world.approvals.iter().rev().filter(|approval| approval.owner == caller.owner && approval.is_open(now));
    let payments: Vec<_> = open.filter_map(|approval| payment(world, approval)).collect();
    Ok(Answer::ok(json!({ "payments": payments })))
}

/// The invoice that `approval` is about, if it is about one.
fn payment(world: &World, approval: &Approval) -> Option<Value> {
    let status = match approval.request.asked {
        Asked::Fund => "PENDING_FUNDING",
        Asked::Release => "PENDING_PAYOUT",
        Asked::End => return None,
    };
    let invoice = world.invoices.iter().find(|invoice| Some(&invoice.id) == approval.invoice_id.as_ref())?;
    let (contract, milestone) = world.milestone(approval.owner, approval.request.milestone_id.as_deref()?).ok()?;
    let job = world.jobs.iter().find(|job| job.id == contract.job_id)?;
    Some(json!({
        "id": invoice.id,
        "status": status,
        "invoiceKind": "FUNDING",
        "viewerRole": "EMPLOYER",
        "amountUsd": milestone.amount_usd,
        "createdAt": invoice.created_at,
        "invoiceNumber": invoice.number,
        "job": { "id": job.id, "title": job.title },
        "milestone": { "id": milestone.id, "name": milestone.name },
    }))
}
