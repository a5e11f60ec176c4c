//! A whole record, read for a person: every write in it, and what cannot be read.

use std::collections::BTreeMap;

use crate::guard::ledger::line::{Line, Phase};
use crate::guard::ledger::reading::{Reading, read};

/// A write on the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its first line; where that stands in an earlier file, its second.
    pub before: Line,
    /// Its second, if there is one.
    pub after: Option<Line>,
}

impl Recorded {
    /// Whether it is not known how it ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.after.as_ref().is_none_or(Line::is_open)
    }
}

/// A whole record, read.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The writes in the order in which they began.
    pub writes: Vec<Recorded>,
    /// The numbers of lines that cannot be read: torn by power loss, or not ours.
    pub unreadable: Vec<usize>,
}

impl Record {
    /// Reads the text of a log.
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
