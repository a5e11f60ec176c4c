//! Accounts that were written whole and never put in place: the process was killed, or the disk failed, in that moment.
//! The token in such a file was delivered once, so it is looked for before anything else is believed.

use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use crate::files;

/// What became of an account that was found beside the credential file.
pub(super) enum Leftover {
    /// It stands in the credential file now.
    Placed,
    /// It could not be put there; these are its fields, and why.
    Stuck(Map<String, Value>, io::Error),
}

/// Puts the newest whole account beside `path` into its place. Nobody else may write there meanwhile. An account older
/// than the file itself stays where it is: somebody has written the file since.
pub(super) fn recover(path: &Path) -> Option<Leftover> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let modified = |path: &Path| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
    let written = modified(&real);
    let candidates = files::beside(&real).into_iter().filter_map(|candidate| {
        let at = modified(&candidate)?;
        Some((at, account(&candidate)?, candidate))
    });
    let accounts = candidates.filter(|(at, ..)| written.is_none_or(|written| *at >= written));
    let (_, (fields, size), newest) = accounts.max_by_key(|(at, ..)| *at)?;
    Some(match files::put_found(&newest, size, &real) {
        Ok(()) => Leftover::Placed,
        Err(fault) => Leftover::Stuck(fields, fault),
    })
}

/// Removes what is left beside `path`: what stands there is newer, or the same.
pub(super) fn clear(path: &Path) {
    for leftover in files::beside(path) {
        // One that cannot be removed is older than the credential file, so it is never read as an account.
        let _ = std::fs::remove_file(&leftover);
    }
}

/// The account in a file, if all of it was written, and how many bytes it has. Room that was taken and not used is zeros
/// at the end.
fn account(path: &Path) -> Option<(Map<String, Value>, usize)> {
    let text = String::from_utf8(files::read(path).ok()?).ok()?;
    let whole = text.trim_end_matches('\0');
    Some((serde_json::from_str(whole).ok()?, whole.len()))
}
