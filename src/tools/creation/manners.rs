//! How this API writes what it is sent, learned from its own answers: where it is known both what was asked for and what
//! was stored, later comparisons need fewer guesses.

use super::days::DaysKept;
use super::terms::{Match, Stored, Terms};
use super::texts::{beginning, is_cut};

/// What is known of how an API writes terms.
#[derive(Clone, Debug, Default)]
pub(super) struct Manners {
    pub(super) days: DaysKept,
    pub(super) texts: TextsKept,
}

/// How texts are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct TextsKept {
    /// The longest text that came back whole, in characters.
    longest_whole: usize,
}

impl Manners {
    /// Learns from a milestone of which it is known how it was asked for.
    pub(super) fn learn(&mut self, asked: &Terms, stored: &Stored) {
        if let Some(due) = asked.due {
            self.days.learn(due, stored.due);
        }
        if asked.description == stored.description {
            self.texts.longest_whole = self.texts.longest_whole.max(stored.description.chars().count());
        }
    }
}

impl TextsKept {
    /// Compares a text that is asked for with one that is stored. Both are canonical.
    pub(super) fn compare(&self, asked: &str, stored: &str) -> Match {
        if asked == stored {
            return Match::Equal;
        }
        Match::alike_if(is_cut(stored, asked) && beginning(stored).chars().count() >= self.longest_whole)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(description: &str) -> Terms {
        let wanted = json!({ "contractId": "c", "description": description, "dueDate": "2026-07-15" }).to_string();
        Terms::of(&serde_json::from_str(&wanted).unwrap())
    }

    #[test]
    fn what_came_back_whole_shows_that_shorter_texts_are_not_cut() {
        let (long, beginning) = ("a".repeat(400), "a".repeat(250));
        let mut manners = Manners::default();
        assert_eq!(manners.texts.compare(&long, &beginning), Match::Alike);
        let whole = "b".repeat(300);
        manners.learn(&asked(&whole), &Stored::of(&json!({ "description": whole })));
        assert_eq!(manners.texts.compare(&long, &beginning), Match::Different);
        assert_eq!(manners.texts.compare(&long, &"a".repeat(350)), Match::Alike);
    }

    #[test]
    fn a_day_that_came_back_shows_how_days_are_kept() {
        let mut manners = Manners::default();
        let terms = asked("Label");
        let other_day = Stored::of(&json!({ "description": "Label", "dueDate": "2026-07-16" }));
        assert_eq!(terms.compare(&other_day, &manners, true).whole(), Match::Alike);
        manners.learn(&terms, &Stored::of(&json!({ "description": "Label", "dueDate": "2026-07-15T00:00:00Z" })));
        assert_eq!(terms.compare(&other_day, &manners, true).whole(), Match::Different);
    }
}
