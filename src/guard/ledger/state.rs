//! What is known of a record, kept beside it: how far it was read, and what counts of that. So a server that starts reads
//! only what is new, and the day's sums outlive whatever becomes of the file. It is written and read under the record's
//! lock. A lost state is no fault: the record is read again, back to the beginning of its last day.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::files;
use crate::guard::ledger::file::Position;
use crate::guard::ledger::line::Line;

/// The file beside the record.
fn beside(record: &Path) -> PathBuf {
    let mut name = record.file_name().map(OsString::from).unwrap_or_default();
    name.push(".state");
    record.with_file_name(name)
}

/// The position and the lines that were saved last, if they can be read.
pub(super) fn load(record: &Path) -> Option<(Position, Vec<Line>)> {
    let mut text = String::new();
    files::open_ours(&beside(record), OpenOptions::new().read(true)).ok()?.read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let position = serde_json::from_str(lines.next()?).ok()?;
    let lines: Result<Vec<Line>, _> = lines.map(serde_json::from_str).collect();
    Some((position, lines.ok()?))
}

/// Saves a position and the lines that matter up to there; gives back the size in bytes.
pub(super) fn save<'a>(record: &Path, position: &Position, lines: impl Iterator<Item = &'a Line>) -> io::Result<u64> {
    let path = beside(record);
    let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
    let text = format!("{}\n{}", json!(position), text_of(lines));
    let mut file = files::unnamed(folder)?;
    file.write_all(text.as_bytes())?;
    // Not waited for: after a power loss the record itself is read again.
    file.persist(&path).map_err(|fault| fault.error)?;
    Ok(text.len() as u64)
}

/// The lines as they stand in a file.
pub(super) fn text_of<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    lines.fold(String::new(), |text, line| text + &json!(line).to_string() + "\n")
}
