//! What the servers of one user tell each other of a contract, in the file that is its lock: the milestones that were
//! created a short while ago, and how they were asked for. A list that lags may not show them yet. It is read and written
//! only under the lock, and nothing depends on it: what cannot be read is left out.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::made::Made;
use super::terms::Terms;
use crate::answer::Object;
use crate::api::milestones::CreateMilestone;

/// How many milestones are noted.
const MOST: usize = 30;
/// How long they are noted.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// A milestone that was created.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note {
    /// When, RFC 3339 in UTC.
    pub(super) at: String,
    /// Whose token it was.
    pub(super) principal: Option<String>,
    /// The terms as they were asked for.
    pub(super) arguments: Object,
    /// The milestone as it came.
    pub(super) milestone: Value,
    /// It came as the answer to the create, and was not found afterwards.
    pub(super) is_certain: bool,
}

impl Note {
    fn moment(&self) -> Option<Timestamp> {
        self.at.parse().ok()
    }

    /// What is known of the milestone.
    pub(super) fn made(&self) -> Option<Made> {
        let arguments = serde_json::to_string(&self.arguments).ok()?;
        let asked: CreateMilestone = serde_json::from_str(&arguments).ok()?;
        let id = self.milestone.get("id")?.as_str()?.to_owned();
        Some(Made { id, asked: Terms::of(&asked), at: self.moment()?, raw: self.milestone.clone() })
    }
}

/// The notes in the text of a lock's file, the oldest first.
pub(super) fn read(text: &str) -> Vec<Note> {
    let since = Timestamp::now().checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
    let notes = text.lines().filter_map(|line| serde_json::from_str::<Note>(line).ok());
    notes.filter(|note| note.moment().is_some_and(|at| at >= since)).collect()
}

/// The text with one more note, and without the oldest.
pub(super) fn with(text: &str, note: &Note) -> String {
    let mut notes = read(text);
    notes.push(note.clone());
    let surplus = notes.len().saturating_sub(MOST);
    notes.iter().skip(surplus).filter_map(|note| serde_json::to_string(note).ok()).map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn note(number: usize, at: Timestamp) -> Note {
        let arguments = json!({ "contractId": "c", "description": format!("Part {number}") });
        Note {
            at: at.to_string(),
            principal: None,
            arguments: serde_json::from_value(arguments).unwrap(),
            milestone: json!({ "id": format!("ms_{number}") }),
            is_certain: true,
        }
    }

    fn ids(text: &str) -> Vec<String> {
        read(text).iter().map(|note| note.made().unwrap().id).collect()
    }

    #[test]
    fn the_last_milestones_are_noted_and_the_oldest_forgotten() {
        let now = Timestamp::now();
        let mut text = with("", &note(0, now - SignedDuration::from_hours(25)));
        assert!(ids(&text).is_empty(), "too old");
        for number in 1..=MOST + 2 {
            text = with(&text, &note(number, now));
        }
        let ids = ids(&text);
        assert_eq!((ids.len(), ids[0].as_str()), (MOST, "ms_3"));
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let text = with("\u{fffd}\n{\"at\":\"2026\n\n", &note(1, Timestamp::now()));
        assert_eq!(ids(&text), ["ms_1"]);
    }
}
