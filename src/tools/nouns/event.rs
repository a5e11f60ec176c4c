//! Formats events, one sentence each.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::answer::lines::join_bounded;
use crate::answer::text::{count, moment_of, number};
use crate::answer::{Joined, Shown, id, shown};
use crate::api::approvals::{CONFIRMED, DECLINED};
use crate::api::types::decimal;
use crate::api::updates::Event;
use crate::engine::Context;

use super::people::People;

/// The event of a closed approval. Despite its name it is sent for all three decisions.
const CLOSED: &str = "approval.confirmed";

/// Counts events by type; `None` if there are none.
#[must_use]
pub fn kinds(events: &[Event]) -> Option<Shown> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut decisions: BTreeMap<Shown, usize> = BTreeMap::new();
    for event in events {
        match event.kind.text().unwrap_or("of no type") {
            CLOSED => *decisions.entry(text(event, "status")).or_default() += 1,
            kind => *kinds.entry(kind).or_default() += 1,
        }
    }
    let mut kinds: Vec<Shown> = kinds.iter().map(|(kind, many)| shown!("{} {}", many, id(kind))).collect();
    kinds.extend(closed(&decisions));
    join_bounded(kinds)
}

/// Puts the decisions that the events tell on record. Whether an approval that expired was replaced they do not tell: that
/// shows when it is looked at.
pub async fn note_decisions(events: &[Event], context: &Context) {
    let closed = events.iter().filter(|event| event.kind.text() == Some(CLOSED));
    let decisions = closed.filter_map(|event| {
        let text = |key: &str| event.data.get()?.get(key)?.as_str();
        let status = text("status").filter(|status| [CONFIRMED, DECLINED].contains(status))?;
        Some((text("approvalId")?, status))
    });
    context.decided(&decisions.collect::<Vec<_>>()).await;
}

/// `4 approvals closed (2 confirmed, 1 declined, 1 expired)`
fn closed(decisions: &BTreeMap<Shown, usize>) -> Option<Shown> {
    let all: usize = decisions.values().sum();
    let each: Vec<Shown> = decisions.iter().map(|(status, many)| shown!("{} {}", many, status)).collect();
    (all > 0).then(|| shown!("{} closed ({})", count(all, "approval"), each.joined(", ")))
}

/// Formats an event in one line, with the people that `people` knows.
#[must_use]
pub fn line(event: &Event, people: &People) -> Shown {
    let when = event.created_at.timestamp().map_or_else(|| "at no time".into(), moment_of);
    let field = |key: &str| event.data.get()?.get(key)?.as_str();
    let named = field("contractId").and_then(|id| people.of_contract(id));
    let named = named.or_else(|| people.of_proposal(field("proposalId")?));
    let named = named.or_else(|| people.in_conversation(field("conversationId")?));
    let who = named.map(|who| shown!(" · {}", who));
    shown!("{} · {}{}", when, sentence(event), who)
}

/// Describes an event. An unknown one is described by its name and data.
fn sentence(event: &Event) -> Shown {
    let text = |key: &'static str| text(event, key);
    match event.kind.text().unwrap_or_default() {
        "proposal.received" => shown!("Proposal {} came in for job {}.", text("proposalId"), text("jobId")),
        "proposal.status_changed" => shown!("Proposal {} is {} now.", text("proposalId"), text("status")),
        "message.received" => {
            shown!("A message came in conversation {}: message {}.", text("conversationId"), text("messageId"))
        }
        "contract.created" => {
            shown!(
                "Contract {} began, from proposal {} for job {}.",
                text("contractId"),
                text("proposalId"),
                text("jobId")
            )
        }
        "milestone.status_changed" => {
            shown!("Milestone {} of contract {} is {} now.", text("milestoneId"), text("contractId"), text("status"))
        }
        "payment.pending" => {
            shown!(
                "Invoice {} for milestone {} of contract {} waits.",
                text("invoiceId"),
                text("milestoneId"),
                text("contractId")
            )
        }
        CLOSED => shown!("Approval {} is closed: {}.", text("approvalId"), text("status")),
        "contract.budget_state_changed" => budget(event),
        other => unknown(event, other),
    }
}

fn text(event: &Event, key: &'static str) -> Shown {
    let value = event.data.get().and_then(|data| data.get(key)).and_then(Value::as_str);
    value.map_or_else(|| shown!("(no {})", key), id)
}

fn budget(event: &Event) -> Shown {
    let figure =
        |key: &str| event.data.get().and_then(|data| data.get(key)).and_then(Value::as_number).and_then(decimal);
    let shown = |key: &str| figure(key).map_or_else(|| "?".into(), number);
    let used = figure("consumedFraction").and_then(|fraction| fraction.checked_mul(Decimal::ONE_HUNDRED));
    let used = used.map_or_else(Shown::default, |percent| shown!("{} % used, ", number(percent)));
    shown!(
        "The budget of contract {} went from {} to {}: {}{} of {}, {} left.",
        text(event, "contractId"),
        text(event, "previousState"),
        text(event, "state"),
        used,
        shown("consumedVolume"),
        shown("fundedVolume"),
        shown("remainingVolume")
    )
}

fn unknown(event: &Event, kind: &str) -> Shown {
    let data = event.data.get().into_iter().flatten();
    let facts = data.filter_map(|(key, value)| Some(shown!("{} {}", id(key), id(value.as_str()?))));
    let facts = join_bounded(facts.collect()).unwrap_or_else(|| event.resource_id.text().map(id).unwrap_or_default());
    shown!("{}: {}", if kind.is_empty() { "An event of no type".into() } else { id(kind) }, facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::json;

    fn line_of(kind: &str, data: Value) -> Shown {
        sentence(&from_value(&json!({ "id": "1", "type": kind, "data": data })))
    }

    #[test]
    fn each_event_is_a_sentence() {
        assert_eq!(
            line_of("proposal.received", json!({ "proposalId": "p", "jobId": "j" })),
            "Proposal p came in for job j."
        );
        assert_eq!(
            line_of("approval.confirmed", json!({ "approvalId": "a", "status": "declined" })),
            "Approval a is closed: declined."
        );
        assert_eq!(
            line_of("milestone.status_changed", json!({ "milestoneId": "m", "status": "ACTIVE_FUNDED" })),
            "Milestone m of contract (no contractId) is ACTIVE_FUNDED now."
        );
        let budget = json!({ "contractId": "c", "previousState": "OK", "state": "LOW", "fundedVolume": 12.5,
            "consumedVolume": 10.25, "remainingVolume": 2.25, "consumedFraction": 0.82 });
        assert_eq!(
            line_of("contract.budget_state_changed", budget),
            "The budget of contract c went from OK to LOW: 82 % used, 10.25 of 12.5, 2.25 left."
        );
        assert_eq!(line_of("dispute.opened", json!({ "disputeId": "d", "n": 1 })), "dispute.opened: disputeId d");
        assert_eq!(sentence(&Event::default()), "An event of no type: ");
    }

    #[test]
    fn closed_approvals_are_counted_by_their_decision() {
        let decisions = BTreeMap::from([("confirmed".into(), 2), ("declined".into(), 1)]);
        assert_eq!(closed(&decisions).unwrap(), "3 approvals closed (2 confirmed, 1 declined)");
        assert_eq!(closed(&BTreeMap::new()), None);
    }
}
