//! Handlers for credits and pending payments.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use super::listing::{Bounds, page};
use crate::api::credits::{CreateCreditTopUp, GetCreditTopUp, GetCredits, ListCreditLedger, ListPendingPayments};
use crate::sandbox::world::{Approval, Asked, Caller, Exact, Moment, Refused, TopUp, World, cents};

/// How many entries a page has (reference: api-reference/credits/ledger).
const BOUNDS: Bounds = Bounds { default: 50, most: 100 };
/// How many entries the balance has (reference: api-reference/credits/balance).
const RECENT: usize = 10;

pub(crate) fn pending(world: &mut World, caller: &Caller, _: &ListPendingPayments) -> Answered {
    let now = world.now();
    let ours = |approval: &&Approval| approval.owner == caller.owner && approval.is_open(now);
    let open = world.approvals.iter().rev().filter(ours);
    let payments: Vec<_> = open.filter_map(|approval| payment(world, approval)).collect();
    Ok(Answer::ok(json!({ "payments": payments })))
}

/// The approval's invoice, if any.
fn payment(world: &World, approval: &Approval) -> Option<Value> {
    let status = match approval.request.asked {
        Asked::Fund => "PENDING_FUNDING",
        Asked::Release => "PENDING_PAYOUT",
        Asked::End | Asked::Hire => return None,
    };
    let invoice = world.invoices.iter().find(|invoice| Some(&invoice.id) == approval.invoice_id.as_ref())?;
    let (contract, milestone) = world.milestone(approval.owner, approval.request.milestone_id.as_deref()?).ok()?;
    let job = world.job(&contract.job_id)?;
    Some(json!({
        "id": invoice.id,
        "status": status,
        "invoiceKind": "FUNDING",
        "viewerRole": "EMPLOYER",
        "amountUsd": milestone.amount_usd,
        "createdAt": invoice.created_at,
        "invoiceNumber": invoice.number,
        "job": { "id": job.id, "title": job.title() },
        "milestone": { "id": milestone.id, "name": milestone.name },
    }))
}

pub(crate) fn balance(world: &mut World, caller: &Caller, _: &GetCredits) -> Answered {
    let mut recent = world.entries_of(caller.owner);
    recent.truncate(RECENT);
    Ok(Answer::ok(json!({
        "credits": {
            "availableCents": world.available(caller.owner),
            "reservedCents": world.reserved(caller.owner),
            "currency": "usd",
            "recentEntries": recent,
        },
    })))
}

pub(crate) fn ledger(world: &mut World, caller: &Caller, wanted: &ListCreditLedger) -> Answered {
    let entries = world.entries_of(caller.owner);
    let (entries, next) = page(entries, |entry| &entry.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    Ok(Answer::ok(json!({ "entries": entries, "nextCursor": next })))
}

/// Makes a checkout page and charges nothing.
pub(crate) fn top_up(world: &mut World, caller: &Caller, wanted: &CreateCreditTopUp) -> Answered {
    let amount = wanted.amount_usd.exact().filter(|amount| amount.normalize().scale() <= 2);
    let range = Decimal::from(10)..=Decimal::from(10_000);
    let amount = amount.filter(|amount| range.contains(amount)).and_then(|amount| cents(Exact(amount)));
    let wrong = || Refused::field("amountUsd", "amountUsd must be from 10 to 10000, in whole cents.");
    let cents = amount.ok_or_else(wrong)?;
    let (id, created_at) = (world.ids.next("top"), world.now());
    let top_up = TopUp { id: id.clone(), owner: caller.owner, cents, created_at, completed_at: None };
    let body = json!({
        "topUpId": id,
        "checkoutUrl": world.page(&format!("/checkout/{id}")),
        "expiresAt": top_up.expires_at(),
        "topUp": to_json(&top_up, created_at),
        "message": "Top-up created. Show checkoutUrl to your human so they can complete the payment; then poll the \
                    top-up until it is COMPLETED.",
    });
    world.top_ups.push(top_up);
    Ok(Answer::created(body))
}

pub(crate) fn look(world: &mut World, caller: &Caller, wanted: &GetCreditTopUp) -> Answered {
    let id = &wanted.top_up_id.0;
    let missing =
        || Refused::not_found("Top-up not found.").with_details(json!({ "resource": "credit-top-ups", "topUpId": id }));
    let found = world.top_ups.iter().find(|found| found.owner == caller.owner && found.id == *id);
    Ok(Answer::ok(json!({ "topUp": to_json(found.ok_or_else(missing)?, world.now()) })))
}

fn to_json(top_up: &TopUp, now: Moment) -> Value {
    json!({
        "id": top_up.id,
        "status": top_up.status(now),
        "amountCents": top_up.cents,
        "createdAt": top_up.created_at,
        "completedAt": top_up.completed_at,
        "expiresAt": top_up.expires_at(),
    })
}
