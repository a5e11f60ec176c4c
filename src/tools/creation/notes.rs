//! What the servers of one user tell each other of a contract, in the file that is its lock: the milestones that were
//! created a short while ago, and how they were asked for. A list that lags may not show them yet. It is read and written
//! only under the lock, and nothing depends on it: what cannot be read is left out.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::milestones::CreateMilestone;
use crate::tools::schema::Object;

use super::earlier::Made;
use super::terms::Terms;

/// How many milestones are noted.
const MOST: usize = 30;
/// How long they are noted.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

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

/// Reads the notes, the oldest first.
pub(super) fn read(mut file: &File) -> io::Result<Vec<Note>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(LARGEST).read_to_end(&mut bytes)?;
    let since = Timestamp::now().checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
    let notes = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Note>(line).ok());
    Ok(notes.filter(|note| note.moment().is_some_and(|at| at >= since)).collect())
}

/// Adds a note, and drops the oldest.
pub(super) fn add(mut file: &File, note: &Note) -> io::Result<()> {
    let mut notes = read(file)?;
    notes.push(note.clone());
    let surplus = notes.len().saturating_sub(MOST);
    let mut text = String::new();
    for note in notes.iter().skip(surplus) {
        text.push_str(&serde_json::to_string(note)?);
        text.push('\n');
    }
    file.set_len(0)?;
    file.write_all(text.as_bytes())
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

    fn ids(file: &File) -> Vec<String> {
        read(file).unwrap().iter().map(|note| note.made().unwrap().id).collect()
    }

    #[test]
    fn the_last_milestones_are_noted_and_the_oldest_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let file = crate::files::private_log().read(true).open(home.path().join("lock")).unwrap();
        assert!(ids(&file).is_empty());
        let now = Timestamp::now();
        add(&file, &note(0, now - SignedDuration::from_hours(25))).unwrap();
        assert!(ids(&file).is_empty(), "too old");
        for number in 1..=MOST + 2 {
            add(&file, &note(number, now)).unwrap();
        }
        let ids = ids(&file);
        assert_eq!((ids.len(), ids[0].as_str()), (MOST, "ms_3"));
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        std::fs::write(&path, b"\xff\n{\"at\":\"2026\n\n").unwrap();
        let file = crate::files::private_log().read(true).open(&path).unwrap();
        assert!(ids(&file).is_empty());
        add(&file, &note(1, Timestamp::now())).unwrap();
        assert_eq!(ids(&file), ["ms_1"]);
    }
}
