//! How this API stores what it is sent, learned from its replies. When both the original and the stored terms of a
//! milestone are known, later comparisons are more certain.

use super::days::DateFormat;
use super::matching::Match;
use super::texts::{beginning, is_cut};

/// The known ways in which an API stores terms.
#[derive(Clone, Debug, Default)]
pub(super) struct StorageFormat {
    pub(super) days: DateFormat,
    pub(super) texts: TextFormat,
}

/// The known way in which an API stores texts.
#[derive(Clone, Debug, Default)]
pub(super) struct TextFormat {
    /// The length of the longest text that came back whole, in characters.
    longest_whole: usize,
}

impl TextFormat {
    /// Learns from a text whose original is known. Both are canonical.
    pub(super) fn learn(&mut self, asked: &str, stored: &str) {
        if asked == stored {
            self.longest_whole = self.longest_whole.max(stored.chars().count());
        }
    }

    /// Compares a wanted text with a stored one. Both are canonical.
    pub(super) fn compare(&self, asked: &str, stored: &str) -> Match {
        if asked == stored {
            return Match::Equal;
        }
        Match::alike_if(is_cut(stored, asked) && beginning(stored).chars().count() >= self.longest_whole)
    }
}
