//! The state of a record, in a file beside it: how far the record was read, and which writes count. A starting server
//! therefore reads only new lines, and today's sums survive if the record is damaged. The state is used under the
//! record's lock; without a state the record is read again from the start of its last day.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::files;
use crate::guard::ledger::file::locked::Position;
use crate::guard::ledger::line::Line;

/// The path of the state file.
fn beside(record: &Path) -> PathBuf {
    let mut name = record.file_name().map(OsString::from).unwrap_or_default();
    name.push(".state");
    record.with_file_name(name)
}

/// Loads the last saved position and lines, if they are readable.
pub(super) fn load(record: &Path) -> Option<(Position, Vec<Line>)> {
    let mut text = String::new();
    files::open_ours(&beside(record), OpenOptions::new().read(true)).ok()?.read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let position = serde_json::from_str(lines.next()?).ok()?;
    let lines: Result<Vec<Line>, _> = lines.map(serde_json::from_str).collect();
    Some((position, lines.ok()?))
}

/// Saves a position and the lines that matter up to it. Returns the size in bytes.
pub(super) fn save<'a>(record: &Path, position: &Position, lines: impl Iterator<Item = &'a Line>) -> io::Result<u64> {
    let path = beside(record);
    let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
    let text = format!("{}\n{}", json!(position), text_of(lines));
    let mut file = files::unnamed(folder)?;
    file.write_all(text.as_bytes())?;
    // Not synced: after a power loss the record itself is read again.
    file.persist(&path).map_err(|fault| fault.error)?;
    Ok(text.len() as u64)
}

/// Formats lines as they are stored in a file.
pub(super) fn text_of<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    lines.fold(String::new(), |text, line| text + &line.written() + "\n")
}
