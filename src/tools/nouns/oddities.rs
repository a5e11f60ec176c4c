//! Notes about unusual terms that OpenTrain accepts: a past date, fractions of a cent, a very large sum, a dropped
//! volume. Nothing is refused for them; the answer names them, because a milestone cannot be changed later.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::answer::text::{date, grouped, number, usd};
use crate::answer::{Shown, figure, shown};
use crate::api::milestones::{CreateMilestone, Milestone, NOT_FUNDED};
use crate::api::proposals::FirstMilestone;
use crate::api::types::{Positive, instant};

/// The amount from which a mistyped zero is likely enough to mention.
const ENORMOUS: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);

/// Notes about a new milestone, from the wanted and the stored terms.
#[must_use]
pub fn of_milestone(wanted: &CreateMilestone, made: &Milestone, now: Timestamp) -> Vec<Shown> {
    let asked = |value: &Option<Positive>| value.as_ref().and_then(Positive::exact);
    let mut notes = of_terms(made.amount_usd.decimal().or(asked(&wanted.amount_usd)), wanted.due_date.as_deref(), now);
    if let (Some(volume), None) = (asked(&wanted.volume), made.volume.decimal()) {
        notes.push(shown!(
            "Note: OpenTrain has not kept the volume ({}): this contract is not paid by volume.",
            grouped(&number(volume))
        ));
    }
    notes
}

/// Notes about the first milestone of a hire.
#[must_use]
pub fn of_first_milestone(wanted: &FirstMilestone, now: Timestamp) -> Vec<Shown> {
    of_terms(wanted.amount.exact(), wanted.due_date.as_deref(), now)
}

/// Notes about a milestone that exists, before money is asked for. `others` are the amounts of the contract's other
/// milestones.
#[must_use]
pub fn of_existing(milestone: &Milestone, others: &[Decimal], now: Timestamp) -> Vec<Shown> {
    let amount = milestone.amount_usd.decimal();
    // Once it is funded, a due date that has passed is a fact and no oddity.
    let due = milestone.due_date.text().filter(|_| milestone.status.text() == Some(NOT_FUNDED));
    let mut notes = of_terms(amount, due, now);
    notes.extend(amount.and_then(|amount| of_jump(amount, others.iter().max().copied()?)));
    notes
}

/// A note about terms before they are sent. `most` is the largest amount that the contract ever had.
#[must_use]
pub fn of_wanted(amount: Option<Decimal>, due: Option<&str>, most: Option<Decimal>, now: Timestamp) -> Vec<Shown> {
    let mut notes = of_terms(amount, due, now);
    notes.extend(amount.and_then(|amount| of_jump(amount, most?)));
    notes
}

/// A note about an amount that is ten times the largest one so far: a mistyped zero looks like that.
#[must_use]
pub fn of_jump(amount: Decimal, most: Decimal) -> Option<Shown> {
    let is_jump = !most.is_zero() && most.checked_mul(Decimal::TEN).is_some_and(|ten| amount >= ten);
    is_jump.then(|| {
        shown!(
            "Note: {} is at least ten times the largest milestone of this contract so far ({}).",
            usd(amount),
            usd(most)
        )
    })
}

fn of_terms(amount: Option<Decimal>, due: Option<&str>, now: Timestamp) -> Vec<Shown> {
    let mut notes = Vec::new();
    if let Some(amount) = amount {
        if amount.normalize().scale() > 2 {
            notes.push(shown!("Note: {} has fractions of a cent, which may be rounded when it is paid.", usd(amount)));
        }
        if amount >= ENORMOUS {
            notes.push(shown!("Note: {} is a very large amount; make sure that it is meant.", usd(amount)));
        }
    }
    if let Some(due) = due.filter(|due| is_past(due, now)) {
        let today = figure(&now.strftime("%Y-%m-%d").to_string());
        notes.push(shown!("Note: the due date {} is in the past (today is {}).", date(due), today));
    }
    notes
}

/// A day is past when it is over; a moment, when it has passed.
fn is_past(due: &str, now: Timestamp) -> bool {
    let whole_day = due.trim().len() <= "2026-07-15".len();
    let end = instant(due).and_then(|due| {
        let length = if whole_day { SignedDuration::from_hours(24) } else { SignedDuration::ZERO };
        due.checked_add(length).ok()
    });
    end.is_some_and(|end| end <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn notes(wanted: Value, made: Value) -> Vec<Shown> {
        let mut whole = json!({ "contractId": "c", "description": "d" });
        whole.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
        let wanted: CreateMilestone = serde_json::from_value(whole).unwrap();
        of_milestone(&wanted, &crate::api::types::from_value(&made), "2026-06-12T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_tenfold_amount_is_noted() {
        let (amount, most) = (Decimal::from(3_000), Decimal::from(300));
        assert!(of_jump(amount, most).unwrap().contains("$3,000 is at least ten times"));
        assert_eq!(of_jump(amount - Decimal::ONE, most), None);
        assert_eq!(of_jump(amount, Decimal::ZERO), None);
    }

    #[test]
    fn odd_terms_are_noted_and_plain_ones_are_not() {
        for (wanted, made, part) in [
            (json!({ "dueDate": "2020-01-01" }), json!({}), "the due date 2020-01-01 is in the past"),
            (json!({ "dueDate": "2026-06-11" }), json!({}), "in the past"),
            (json!({ "dueDate": "2026-06-12T09:00:00Z" }), json!({}), "in the past"),
            (json!({ "amountUsd": 0.001 }), json!({ "amountUsd": 0.001 }), "$0.001 has fractions of a cent"),
            (json!({ "volume": 3 }), json!({ "amountUsd": 12.345, "volume": 3 }), "$12.345 has fractions"),
            (json!({ "amountUsd": 1e9 }), json!({ "amountUsd": 1_000_000_000 }), "$1,000,000,000 is a very large"),
            (json!({ "amountUsd": 5, "volume": 40 }), json!({ "amountUsd": 5, "volume": null }), "volume (40)"),
        ] {
            let notes = notes(wanted.clone(), made);
            assert!(notes.len() == 1 && notes[0].contains(part), "{wanted}: {notes:?}");
        }
        for (wanted, made) in [
            (json!({ "dueDate": "2026-06-12" }), json!({})),
            (json!({ "dueDate": "2026-06-12T11:00:00Z" }), json!({})),
            (json!({ "amountUsd": 12.50 }), json!({ "amountUsd": 12.5 })),
            (json!({ "volume": 40 }), json!({ "amountUsd": 480, "volume": 40 })),
        ] {
            assert!(notes(wanted.clone(), made).is_empty(), "{wanted}");
        }
    }
}
