//! A whole record for a human reader: every write in it, and every unreadable line.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use crate::files;
use crate::guard::ledger::line::{Line, Phase};
use crate::guard::ledger::reading::{Reading, read};

/// A write in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The first line, or the second one if the first is in an earlier file.
    pub before: Line,
    /// The second line, if any.
    pub after: Option<Line>,
}

impl Recorded {
    /// True if the end of the write is unknown.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.after.as_ref().is_none_or(Line::is_open)
    }
}

/// A whole record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The writes in the order of their start.
    pub writes: Vec<Recorded>,
    /// The numbers of unreadable lines: torn by a power loss, or not written by us.
    pub unreadable: Vec<usize>,
}

impl Record {
    /// Reads the record in the file that the user names.
    ///
    /// # Errors
    /// If the file cannot be read, or is no plain file.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut text = Vec::new();
        files::open_any(path)?.read_to_end(&mut text)?;
        Ok(Self::of(&text))
    }

    /// Parses the text of a record.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let mut record = Self::default();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (number, text) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = match read(text) {
                Reading::Whole(line) => line,
                Reading::Damaged(_) => {
                    record.unreadable.push(number + 1);
                    continue;
                }
                Reading::Blank => continue,
            };
            let known = places.get(&line.id).and_then(|place| record.writes.get_mut(*place));
            match (known, line.phase) {
                (Some(write), Phase::After) => write.after = Some(line),
                (Some(_), _) => {}
                (None, phase) => {
                    places.insert(line.id.clone(), record.writes.len());
                    let after = (phase == Phase::After).then(|| line.clone());
                    record.writes.push(Recorded { before: line, after });
                }
            }
        }
        record
    }
}
