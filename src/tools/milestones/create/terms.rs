//! The terms of a milestone, and their comparison with stored terms. An API may store terms in its own form, so they
//! are compared by meaning; uncertain matches count as alike.

use rust_decimal::Decimal;
use serde_json::Value;

use super::days::{Due, StoredDue};
use super::matching::Match;
use super::numbers::{StoredNumber, compare_amount, compare_volume, is_near, is_same};
use super::storage::StorageFormat;
use super::texts::canonical;
use crate::answer::Object;
use crate::api::milestones::CreateMilestone;
use crate::api::types::Positive;

/// All terms that a caller can give.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) description: String,
    pub(super) name: String,
    pub(super) amount: Option<Decimal>,
    pub(super) volume: Option<Decimal>,
    pub(super) due: Option<Due>,
}

/// The terms of a stored milestone.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) description: String,
    pub(super) name: String,
    pub(super) amount: StoredNumber,
    volume: StoredNumber,
    pub(super) due: StoredDue,
}

/// The comparison of each term, under the API's names.
pub(super) struct Comparison([(&'static str, Match); 5]);

impl Comparison {
    /// The worst result of all terms.
    pub(super) fn whole(&self) -> Match {
        self.0.iter().map(|(_, compared)| *compared).max().unwrap_or(Match::Different)
    }

    /// The terms that are not equal.
    pub(super) fn differences(&self) -> Vec<&'static str> {
        self.0.iter().filter(|(_, compared)| *compared != Match::Equal).map(|(name, _)| *name).collect()
    }
}

impl Terms {
    /// The terms that a caller wants.
    pub(super) fn of(wanted: &CreateMilestone) -> Self {
        Self {
            description: canonical(&wanted.description),
            name: wanted.name.as_deref().map(canonical).unwrap_or_default(),
            amount: wanted.amount_usd.as_ref().and_then(Positive::exact).map(|amount| amount.normalize()),
            volume: wanted.volume.as_ref().and_then(Positive::exact).map(|volume| volume.normalize()),
            due: wanted.due_date.as_deref().and_then(Due::of),
        }
    }

    /// The terms of an earlier create, from the arguments of its call.
    pub(super) fn read(arguments: &Object) -> Option<Self> {
        // As text: a number keeps its form there.
        let wanted: CreateMilestone = serde_json::from_str(&serde_json::to_string(arguments).ok()?).ok()?;
        Some(Self::of(&wanted))
    }

    /// Compares these terms with a milestone whose original terms are unknown.
    pub(super) fn compare(&self, stored: &Stored, storage: &StorageFormat, is_fixed_price: bool) -> Comparison {
        Comparison([
            ("name", storage.texts.compare(&self.name, &stored.name)),
            ("description", storage.texts.compare(&self.description, &stored.description)),
            ("amountUsd", compare_amount(self.amount, stored.amount)),
            ("volume", compare_volume(self.volume, stored.volume, is_fixed_price)),
            ("dueDate", storage.days.compare(self.due, stored.due)),
        ])
    }

    /// Compares these terms with the original terms of a milestone. The result is certain.
    pub(super) fn compare_asked(&self, asked: &Self, stored: &Stored) -> Comparison {
        let amount = match (self.amount, asked.amount) {
            (Some(one), Some(other)) => Match::equal_if(is_same(one, other)),
            _ => Match::equal_if(compare_amount(self.amount, stored.amount) == Match::Equal),
        };
        let volume = match (self.volume, asked.volume) {
            (Some(one), Some(other)) => is_same(one, other),
            (one, other) => one == other,
        };
        Comparison([
            ("name", Match::equal_if(self.name == asked.name)),
            ("description", Match::equal_if(self.description == asked.description)),
            ("amountUsd", amount),
            ("volume", Match::equal_if(volume)),
            ("dueDate", Match::equal_if(self.due == asked.due)),
        ])
    }

    /// Learns from a milestone that was created with these terms how the API stores them.
    pub(super) fn teach(&self, stored: &Stored, storage: &mut StorageFormat) {
        if let Some(due) = self.due {
            storage.days.learn(due, stored.due);
        }
        storage.texts.learn(&self.description, &stored.description);
    }

    /// True if a milestone may result from these terms although the API changed them in an unexpected way. For a
    /// certainly new milestone (`is_new`) one matching text is enough, because an API may choose names of its own.
    pub(super) fn is_close(&self, stored: &Stored, is_new: bool) -> bool {
        let texts = [(&self.description, &stored.description), (&self.name, &stored.name)];
        let both = texts.into_iter().filter(|(asked, stored)| !asked.is_empty() && !stored.is_empty());
        let same: Vec<bool> = both.map(|(asked, stored)| same_words(asked, stored)).collect();
        is_near(self.amount, stored.amount)
            && stored.due.is_near(self.due)
            && same.contains(&true)
            && (is_new || !same.contains(&false))
    }

    /// True for the same money and date with another name or description.
    pub(super) fn resemble(&self, stored: &Stored, storage: &StorageFormat) -> bool {
        self.amount.is_some()
            && compare_amount(self.amount, stored.amount) == Match::Equal
            && storage.days.compare(self.due, stored.due) == Match::Equal
    }
}

impl Stored {
    /// Parses a milestone as the API sent it.
    pub(super) fn of(milestone: &Value) -> Self {
        let text = |name| milestone.get(name).and_then(Value::as_str).map(canonical).unwrap_or_default();
        Self {
            description: text("description"),
            name: text("name"),
            amount: StoredNumber::of(milestone.get("amountUsd")),
            volume: StoredNumber::of(milestone.get("volume")),
            due: StoredDue::of(milestone.get("dueDate")),
        }
    }
}

/// True if one text equals the other or its beginning, counting only letters and digits.
fn same_words(asked: &str, stored: &str) -> bool {
    let bare = |text: &str| -> String {
        text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (asked, stored) = (bare(asked), bare(stored));
    !asked.is_empty() && !stored.is_empty() && (asked.starts_with(&stored) || stored.starts_with(&asked))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(body: Value) -> Terms {
        Terms::of(&serde_json::from_str(&body.to_string()).unwrap())
    }

    fn compared(terms: &Terms, stored: &Value) -> Match {
        terms.compare(&Stored::of(stored), &StorageFormat::default(), true).whole()
    }

    fn with(milestone: &Value, changes: Value) -> Value {
        let mut milestone = milestone.clone();
        milestone.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        milestone
    }

    #[test]
    fn equal_terms_are_equal_however_they_are_written() {
        let terms = wanted(json!({
            "contractId": "c", "description": " Label ", "name": "B", "amountUsd": 300.10, "dueDate": "2026-07-15"
        }));
        let same = json!({
            "description": "Label", "name": "B ", "amountUsd": 300.1, "volume": null,
            "dueDate": "2026-07-15T02:00:00.000+02:00"
        });
        assert_eq!(compared(&terms, &same), Match::Equal);
        assert_eq!(
            compared(&terms, &with(&same, json!({ "amountUsd": "300.10", "dueDate": "2026-07-15" }))),
            Match::Equal
        );
        for other in [
            json!({ "description": "label" }),
            json!({ "name": null }),
            json!({ "amountUsd": 300.11 }),
            json!({ "volume": 1 }),
            json!({ "dueDate": "2026-07-18" }),
        ] {
            assert_eq!(compared(&terms, &with(&same, other.clone())), Match::Different, "{other}");
        }
    }

    #[test]
    fn an_omitted_term_fits_none_except_the_amount() {
        let terms = wanted(json!({ "contractId": "c", "description": "Label", "volume": 12.50 }));
        let stored = json!({ "description": "Label", "name": null, "amountUsd": 150, "volume": 12.5, "dueDate": null });
        assert_eq!(compared(&terms, &stored), Match::Equal);
        assert_eq!(compared(&terms, &with(&stored, json!({ "name": "B" }))), Match::Different);
        assert_eq!(compared(&terms, &with(&stored, json!({ "dueDate": "2026-07-15" }))), Match::Different);
    }

    #[test]
    fn the_terms_that_differ_are_named() {
        let terms = wanted(json!({
            "contractId": "c", "description": "Label", "amountUsd": 12.345, "dueDate": "2026-07-15"
        }));
        let stored = json!({ "description": "Label", "amountUsd": 12.35, "dueDate": "2026-07-14T22:00:00Z" });
        let comparison = terms.compare(&Stored::of(&stored), &StorageFormat::default(), true);
        assert_eq!(comparison.whole(), Match::Alike);
        assert_eq!(comparison.differences(), ["amountUsd", "dueDate"]);
    }

    #[test]
    fn what_was_asked_for_decides_without_doubt() {
        let asked = json!({ "contractId": "c", "description": "Label", "amountUsd": 300, "dueDate": "2026-07-15" });
        let stored = Stored::of(&json!({ "description": "LABEL", "amountUsd": "300", "dueDate": "whenever" }));
        let whole = |again: Value| wanted(again).compare_asked(&wanted(asked.clone()), &stored).whole();
        assert_eq!(whole(asked.clone()), Match::Equal);
        assert_eq!(whole(json!({ "contractId": "c", "description": "Label", "dueDate": "2026-07-15" })), Match::Equal);
        assert_eq!(whole(with(&asked, json!({ "dueDate": "2026-07-16" }))), Match::Different);
        assert_eq!(whole(with(&asked, json!({ "amountUsd": 300.01 }))), Match::Different);
    }

    #[test]
    fn a_new_milestone_may_be_close_in_unforeseen_ways() {
        let terms = wanted(json!({
            "contractId": "c", "description": "Label 500 posts", "amountUsd": 300.4, "dueDate": "2026-07-15"
        }));
        let stored = json!({ "description": "label 500", "amountUsd": 300, "dueDate": null });
        assert!(terms.is_close(&Stored::of(&stored), false));
        for other in [
            json!({ "amountUsd": 302 }),
            json!({ "description": "Review" }),
            json!({ "description": "" }),
            json!({ "dueDate": "2026-08-15" }),
        ] {
            assert!(!terms.is_close(&Stored::of(&with(&stored, other.clone())), true), "{other}");
        }
        let named = Terms { name: "Batch 2".into(), ..terms };
        let stored = Stored::of(&with(&stored, json!({ "name": "Milestone 7" })));
        assert!(named.is_close(&stored, true), "a name of the API's own");
        assert!(!named.is_close(&stored, false), "another batch of the same work");
    }

    fn asked(description: &str) -> Terms {
        let wanted = json!({ "contractId": "c", "description": description, "dueDate": "2026-07-15" }).to_string();
        Terms::of(&serde_json::from_str(&wanted).unwrap())
    }

    #[test]
    fn a_whole_text_shows_that_shorter_ones_are_whole() {
        let (long, beginning) = ("a".repeat(400), "a".repeat(250));
        let mut storage = StorageFormat::default();
        assert_eq!(storage.texts.compare(&long, &beginning), Match::Alike);
        let whole = "b".repeat(300);
        asked(&whole).teach(&Stored::of(&json!({ "description": whole })), &mut storage);
        assert_eq!(storage.texts.compare(&long, &beginning), Match::Different);
        assert_eq!(storage.texts.compare(&long, &"a".repeat(350)), Match::Alike);
    }

    #[test]
    fn a_day_that_came_back_shows_how_days_are_kept() {
        let mut storage = StorageFormat::default();
        let terms = asked("Label");
        let other_day = Stored::of(&json!({ "description": "Label", "dueDate": "2026-07-16" }));
        assert_eq!(terms.compare(&other_day, &storage, true).whole(), Match::Alike);
        terms.teach(&Stored::of(&json!({ "description": "Label", "dueDate": "2026-07-15T00:00:00Z" })), &mut storage);
        assert_eq!(terms.compare(&other_day, &storage, true).whole(), Match::Different);
    }
}
