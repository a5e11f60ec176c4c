//! Notes about creates that the servers of one user share in the contract's lock file: which milestones were there
//! before a create was sent, and the new milestones, because a lagging list may not show those yet. The notes are used
//! only under the lock and are optional: unreadable ones are skipped.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::known_milestone::KnownMilestone;
use super::terms::Terms;
use crate::answer::Object;

/// The most notes that are kept.
const MOST: usize = 30;
/// The longest time that a note is kept.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// A create that was sent: its new milestone, or what was there before while its end is unknown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note {
    /// The time of its creation, RFC 3339 in UTC.
    pub(super) at: String,
    /// The owner of the token.
    pub(super) principal: Option<String>,
    /// The original terms.
    pub(super) arguments: Object,
    /// The milestone as OpenTrain returned it; null while the end of the create is unknown.
    #[serde(default)]
    pub(super) milestone: Value,
    /// The ids of the milestones that were there before the create was sent, while its end is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<HashSet<String>>,
    /// True if the milestone is the reply to the create, false if a later read found it.
    pub(super) is_certain: bool,
    /// The line of the lock file that it was read from, and that is written again as it is; empty for a new note.
    #[serde(skip)]
    pub(super) line: String,
}

impl Note {
    fn moment(&self) -> Option<Timestamp> {
        self.at.parse().ok()
    }

    pub(super) fn milestone_id(&self) -> Option<&str> {
        self.milestone.get("id")?.as_str()
    }

    /// The milestone with its original terms.
    pub(super) fn made(&self) -> Option<KnownMilestone> {
        let (id, asked) = (self.milestone_id()?.to_owned(), Terms::read(&self.arguments)?);
        Some(KnownMilestone { id, asked, at: self.moment()?, raw: self.milestone.clone() })
    }

    /// The create whose end is unknown, with the milestones that were there before it.
    pub(super) fn open(&self) -> Option<(Terms, Timestamp, &HashSet<String>)> {
        Some((Terms::read(&self.arguments)?, self.moment()?, self.before.as_ref()?))
    }
}

/// Parses the notes in a lock file, oldest first.
pub(super) fn read(text: &str) -> Vec<Note> {
    let since = Timestamp::now().checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
    let read = |line: &str| Some(Note { line: line.to_owned(), ..serde_json::from_str(line).ok()? });
    let notes = text.lines().filter_map(read);
    notes.filter(|note| note.moment().is_some_and(|at| at >= since)).collect()
}

/// Adds a note in place of the one about the same create, and drops the oldest ones.
pub(super) fn add(notes: &mut Vec<Note>, note: Note) {
    remove_open(notes, &note.arguments);
    notes.push(note);
    notes.drain(..notes.len().saturating_sub(MOST));
}

/// Removes the note about a create whose end is known.
pub(super) fn remove_open(notes: &mut Vec<Note>, arguments: &Object) {
    notes.retain(|note| note.before.is_none() || note.arguments != *arguments);
}

/// Formats the notes for the lock file.
pub(super) fn written(notes: &[Note]) -> String {
    let mut text = String::new();
    for note in notes {
        match note.line.as_str() {
            "" => text.extend(serde_json::to_string(note)),
            line => text.push_str(line),
        }
        text.push('\n');
    }
    text
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
            before: None,
            is_certain: true,
            line: String::new(),
        }
    }

    fn with(text: &str, note: &Note) -> String {
        let mut notes = read(text);
        add(&mut notes, note.clone());
        written(&notes)
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
    fn an_open_create_is_noted_until_it_ends() {
        let now = Timestamp::now();
        let open = Note { milestone: Value::Null, before: Some(HashSet::from(["ms_0".to_owned()])), ..note(1, now) };
        let text = with(&with("", &note(7, now)), &open);
        let (_, _, before) = read(&text)[1].open().map(|(asked, at, before)| (asked, at, before.clone())).unwrap();
        assert!(before.contains("ms_0") && read(&text)[1].made().is_none());
        assert_eq!(ids(&with(&text, &note(1, now))), ["ms_7", "ms_1"]);
        let mut notes = read(&text);
        remove_open(&mut notes, &open.arguments);
        assert_eq!(ids(&written(&notes)), ["ms_7"]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let text = with("\u{fffd}\n{\"at\":\"2026\n\n", &note(1, Timestamp::now()));
        assert_eq!(ids(&text), ["ms_1"]);
    }
}
