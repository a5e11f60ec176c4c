//! A whole record for a human reader: every write in it, and every unreadable line.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use rust_decimal::Decimal;

use crate::api::amount;
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

/// The sum that some writes of one account and one day have committed, as the day's limit counts it: each milestone and
/// each hire once, at its largest amount. `None` if it is too large to add.
#[must_use]
pub fn committed<'a>(writes: impl IntoIterator<Item = &'a Recorded>) -> Option<Decimal> {
    let mut amounts: BTreeMap<String, Decimal> = BTreeMap::new();
    for Recorded { before, after } in writes {
        let last = after.as_ref().unwrap_or(before);
        if let Some(amount) = last.amount_usd.max(before.amount_usd).filter(|_| !last.came_to_nothing()) {
            let known = amounts.entry(last.counted_as()).or_default();
            *known = (*known).max(amount);
        }
    }
    amount::sum(amounts.into_values())
}

/// A whole record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The writes in the order of their start.
    pub writes: Vec<Recorded>,
    /// The decisions of people that became known, in their order.
    pub decisions: Vec<Line>,
    /// The writes that the operator's rules refused, in their order.
    pub refusals: Vec<Line>,
    /// The numbers of unreadable lines: torn by a power loss, or not written by us.
    pub unreadable: Vec<usize>,
}

impl Record {
    /// Reads the record in the file that the user names.
    ///
    /// # Errors
    /// If the file cannot be read, or is no plain file.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&Self::text(path)?))
    }

    /// The text of the record in a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is no plain file.
    pub fn text(path: &Path) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        files::open_any(path)?.read_to_end(&mut text)?;
        Ok(text)
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
            match line.phase {
                Phase::Decided => {
                    record.decisions.push(line);
                    continue;
                }
                Phase::Refused => {
                    record.refusals.push(line);
                    continue;
                }
                _ => {}
            }
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
