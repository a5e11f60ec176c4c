//! A whole record for a human reader: every write in it, and every unreadable line.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, BufReader};
use std::mem;
use std::path::Path;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::api::amount;
use crate::files;
use crate::guard::ledger::line::{Line, Phase};
use crate::guard::ledger::lines::each_line;
use crate::guard::ledger::reading::{Reading, fingerprint, read};

/// The number of lines after which a part of the record is given away.
const PART: usize = 10_000;
/// The most bytes of a text among the arguments of a write with a known end.
const LONGEST_TEXT: usize = 1_000;

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

    /// The amount that it has committed, and the key under which that is counted.
    #[must_use]
    pub fn committed(&self) -> Option<(String, Decimal)> {
        let last = self.after.as_ref().unwrap_or(&self.before);
        let amount = last.amount_usd.max(self.before.amount_usd).filter(|_| !last.came_to_nothing())?;
        Some((last.counted_as(), amount))
    }

    /// Adds the second line. Its arguments are those of the first, whose long texts nobody needs in memory once the end is
    /// known.
    fn end(&mut self, mut after: Line) {
        after.arguments.retain(|name, _| name == "proposalId");
        if !after.is_open() {
            self.before.arguments.values_mut().for_each(shorten);
        }
        self.after = Some(after);
    }
}

/// Cuts a long text.
fn shorten(value: &mut Value) {
    if let Value::String(text) = value
        && text.len() > LONGEST_TEXT
    {
        // Two texts that differ further on stay different.
        let kept: String = text.chars().take(LONGEST_TEXT).collect();
        *text = format!("{kept}… (cut; {}; whole in the record)", fingerprint(text.as_bytes()));
    }
}

/// The sum that some writes of one account and one day have committed, as the day's limit counts it: each milestone and
/// each hire once, at its largest amount. `None` if it is too large to add.
#[must_use]
pub fn committed<'a>(writes: impl IntoIterator<Item = &'a Recorded>) -> Option<Decimal> {
    let mut amounts: BTreeMap<String, Decimal> = BTreeMap::new();
    for (key, amount) in writes.into_iter().filter_map(Recorded::committed) {
        let known = amounts.entry(key).or_default();
        *known = (*known).max(amount);
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
    /// The numbers of unreadable lines in the file that was read last: torn by a power loss, or not written by us.
    pub unreadable: Vec<usize>,
    /// The place of each write in `writes`, by its id.
    places: BTreeMap<String, usize>,
    /// The writes that were given away.
    given: HashSet<String>,
    /// The number of the last line.
    number: usize,
}

impl Record {
    /// Adds the lines of the next file. Of several files the earlier ones come first.
    ///
    /// # Errors
    /// If the file cannot be read, or is no plain file.
    pub fn add(&mut self, path: &Path) -> io::Result<()> {
        self.number = 0;
        self.unreadable.clear();
        each_line(&mut BufReader::new(files::open_any(path)?), |line| self.take(line))?;
        Ok(())
    }

    /// Adds the lines of a file, and gives what is complete to `each`, a part at a time, so that it need not stay in memory.
    /// The writes without a known end stay here.
    ///
    /// # Errors
    /// If the file cannot be read, or is no plain file.
    pub fn add_in_parts(&mut self, path: &Path, mut each: impl FnMut(Self)) -> io::Result<()> {
        each_line(&mut BufReader::new(files::open_any(path)?), |line| {
            self.take(line);
            if self.number.is_multiple_of(PART) {
                each(self.complete());
            }
        })?;
        each(self.complete());
        Ok(())
    }

    /// Takes out the writes with a known end, the decisions and the refusals.
    fn complete(&mut self) -> Self {
        let (open, settled): (Vec<_>, Vec<_>) = mem::take(&mut self.writes).into_iter().partition(Recorded::is_open);
        let place = |(place, write): (usize, &Recorded)| (write.before.id.clone(), place);
        self.places = open.iter().enumerate().map(place).collect();
        self.writes = open;
        self.given.extend(settled.iter().map(|write| write.before.id.clone()));
        let (decisions, refusals) = (mem::take(&mut self.decisions), mem::take(&mut self.refusals));
        Self { writes: settled, decisions, refusals, ..Self::default() }
    }

    /// Adds the next line.
    pub(super) fn take(&mut self, line: &[u8]) {
        self.number += 1;
        match read(line) {
            Reading::Whole(line) if line.phase == Phase::Decided => self.decisions.push(line),
            Reading::Whole(line) if line.phase == Phase::Refused => self.refusals.push(line),
            Reading::Whole(line) => self.take_of_a_write(line),
            Reading::Damaged(_) => self.unreadable.push(self.number),
            Reading::Blank => {}
        }
    }

    fn take_of_a_write(&mut self, line: Line) {
        let known = self.places.get(&line.id).and_then(|place| self.writes.get_mut(*place));
        match (known, line.phase) {
            // A new file begins with copies of the lines that matter, and a copy has less in it.
            (Some(write), Phase::After) if write.is_open() => write.end(line),
            (Some(_), _) => {}
            (None, _) if self.given.contains(&line.id) => {}
            (None, phase) => {
                self.places.insert(line.id.clone(), self.writes.len());
                let after = (phase == Phase::After).then(|| line.clone());
                self.writes.push(Recorded { before: line, after });
            }
        }
    }

    /// Parses the text of a record.
    #[cfg(test)]
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut record = Self::default();
        text.split(|byte| *byte == b'\n').for_each(|line| record.take(line));
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_long_text_is_cut_once_the_end_is_known() {
        let line = |id: &str, phase: &str, text: &str| {
            let outcome = if phase == "after" { Some("created") } else { None };
            let (at, arguments) = ("2026-06-12T10:00:00Z", json!({ "description": text, "volume": 3 }));
            json!({ "v": 1, "at": at, "id": id, "phase": phase, "tool": "t", "arguments": arguments, "outcome": outcome })
                .to_string()
        };
        let long = "x".repeat(20_000);
        let (one, other) = (format!("{long}1"), format!("{long}2"));
        let lines = [line("a", "before", &one), line("a", "after", &one), line("b", "before", &other)];
        let mut record = Record::of(lines.join("\n").as_bytes());
        assert_eq!(record.writes[1].before.arguments["description"], other.as_str(), "an open write keeps its terms");
        record.take(line("b", "after", &other).as_bytes());
        let text = |place: usize| record.writes[place].before.arguments["description"].as_str().unwrap();
        assert!(text(0).len() < 1_100 && text(0).contains("whole in the record") && text(0) != text(1), "{}", text(0));
        assert_eq!(record.writes[0].before.arguments["volume"], 3);
        assert!(record.writes[0].after.as_ref().unwrap().arguments.is_empty());
    }

    #[test]
    fn parts_together_are_the_record() {
        let line = |id: usize, phase: &str| {
            let outcome = if phase == "after" { Some("done") } else { None };
            json!({ "v": 1, "at": "2026-06-12T10:00:00Z", "id": id.to_string(), "phase": phase, "tool": "t", "outcome": outcome })
                .to_string()
        };
        // The last write has no end, and the first one has a copy.
        let many = 2 * PART;
        let pairs = (0..many).flat_map(|id| [line(id, "before"), line(id, "after")]);
        let lines: Vec<String> = pairs.chain([line(0, "after"), line(many, "before"), "torn".into()]).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.join("\n")).unwrap();
        let (mut record, mut writes, mut parts) = (Record::default(), 0, 0);
        let each = |part: Record| (writes, parts) = (writes + part.writes.len(), parts + 1);
        record.add_in_parts(file.path(), each).unwrap();
        assert_eq!((writes, parts), (many, 5));
        assert_eq!((record.writes.len(), record.unreadable), (1, vec![2 * many + 3]));
    }
}
