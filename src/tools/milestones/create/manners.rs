//! How this API writes what it is sent, learned from its own answers: where it is known both what was asked for and what
//! was stored, later comparisons need fewer guesses.

use super::days::DaysKept;
use super::matching::Match;
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

impl TextsKept {
    /// Learns from a text that is stored as it was asked for. Both are canonical.
    pub(super) fn learn(&mut self, asked: &str, stored: &str) {
        if asked == stored {
            self.longest_whole = self.longest_whole.max(stored.chars().count());
        }
    }

    /// Compares a text that is asked for with one that is stored. Both are canonical.
    pub(super) fn compare(&self, asked: &str, stored: &str) -> Match {
        if asked == stored {
            return Match::Equal;
        }
        Match::alike_if(is_cut(stored, asked) && beginning(stored).chars().count() >= self.longest_whole)
    }
}
