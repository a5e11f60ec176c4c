//! What makes two milestones the same one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::api::milestones::{CreateMilestone, Milestone};
use crate::api::types::{Field, Positive, instant};

/// How far the API's `Date` header, in whole seconds, and the way there can be off.
pub(super) const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(2);

/// What makes two milestones the same one: everything that a caller can give.
#[derive(Debug)]
pub(super) struct Terms {
    description: String,
    name: Option<String>,
    pub(super) amount: Option<Decimal>,
    pub(super) volume: Option<Decimal>,
    due: Option<Timestamp>,
}

impl Terms {
    /// `as_answered` is how an answer repeats a text: with our tokens masked.
    pub(super) fn of(wanted: &CreateMilestone, as_answered: impl Fn(&str) -> String) -> Self {
        let name = wanted.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        Self {
            description: as_answered(wanted.description.trim()),
            name: name.map(as_answered),
            amount: wanted.amount_usd.as_ref().and_then(Positive::exact).map(|amount| amount.normalize()),
            volume: wanted.volume.as_ref().and_then(Positive::exact).map(|volume| volume.normalize()),
            due: wanted.due_date.as_deref().and_then(instant),
        }
    }

    /// Numbers as decimals, dates as instants, text without outer blanks. An amount that was not given fits any, since
    /// the API fills it in; any other that was not given fits only none.
    pub(super) fn fit(&self, milestone: &Milestone) -> bool {
        let text =
            |field: &Field<String>| field.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        text(&milestone.description).as_deref() == Some(self.description.as_str())
            && text(&milestone.name) == self.name
            && (self.amount.is_none() || milestone.amount_usd.decimal() == self.amount)
            && milestone.volume.decimal() == self.volume
            && due(milestone) == self.due
    }

    /// The same money and date under other words.
    pub(super) fn resemble(&self, milestone: &Milestone) -> bool {
        let amount = milestone.amount_usd.decimal();
        amount.is_some() && amount == self.amount && due(milestone) == self.due
    }
}

fn due(milestone: &Milestone) -> Option<Timestamp> {
    milestone.due_date.text().and_then(instant)
}

/// Whether it was made within `window`, by the API's clock.
pub(super) fn is_recent(milestone: &Milestone, now: Timestamp, window: Duration) -> bool {
    let age = milestone.created_at.timestamp().map(|at| now.duration_since(at));
    age.is_some_and(|age| age <= SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX) + CLOCK_SLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(body: &str) -> Terms {
        Terms::of(&serde_json::from_str(body).unwrap(), str::to_owned)
    }

    fn there(body: &str) -> Milestone {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn equal_terms_are_equal_however_they_are_written() {
        let terms = wanted(
            r#"{"contractId":"c","description":" Label ","name":"B","amountUsd":300.10,"dueDate":"2026-07-15"}"#,
        );
        let same = r#"{"description":"Label","name":"B ","amountUsd":300.1,"volume":null,"dueDate":"2026-07-15T02:00:00.000+02:00"}"#;
        assert!(terms.fit(&there(same)));
        for other in [
            same.replace("Label", "label"),
            same.replace("\"B \"", "null"),
            same.replace("300.1", "300.11"),
            same.replace("\"volume\":null", "\"volume\":1"),
            same.replace("2026-07-15T", "2026-07-16T"),
        ] {
            assert!(!terms.fit(&there(&other)), "{other}");
        }
    }

    #[test]
    fn what_was_not_given_fits_only_none_but_an_amount_fits_any() {
        let terms = wanted(r#"{"contractId":"c","description":"Label","volume":12.50}"#);
        assert!(
            terms.fit(&there(r#"{"description":"Label","name":null,"amountUsd":150,"volume":12.5,"dueDate":null}"#))
        );
        assert!(!terms.fit(&there(r#"{"description":"Label","name":"B","amountUsd":150,"volume":12.5}"#)));
        assert!(!terms.fit(&there(r#"{"description":"Label","volume":12.5,"dueDate":"2026-07-15"}"#)));
    }

    #[test]
    fn the_window_is_by_the_apis_clock() {
        let now: Timestamp = "2026-06-12T10:15:00Z".parse().unwrap();
        let window = Duration::from_secs(15 * 60);
        let made = |at: &str| there(&format!(r#"{{"createdAt":"{at}"}}"#));
        assert!(is_recent(&made("2026-06-12T10:00:00.000Z"), now, window));
        assert!(!is_recent(&made("2026-06-12T09:59:00.000Z"), now, window));
        assert!(!is_recent(&there("{}"), now, window));
    }
}
