//! Recovers an account that was written completely and not put in place, because the process was killed or the disk
//! failed in that moment. Its token was delivered only once, so the start looks for such a file first.

use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use crate::files;

/// The result for an account that was found beside the credential file.
pub(super) enum Leftover {
    /// It is in the credential file now.
    Placed,
    /// It could not be put there. Contains the fields and the reason.
    Stuck(Map<String, Value>, io::Error),
}

/// Puts the newest complete account beside `path` into its place. The caller holds the lock. An account older than the
/// file is not used: another process has written the file since.
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

/// Removes what is left beside `path`, which is now the newest: an older account, or one that was not written as a
/// whole, may hold a token. The caller holds the lock.
pub(super) fn clear(path: &Path) {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    for leftover in files::beside(&real) {
        // One that cannot be removed is older than the credential file, so it is never read as an account.
        let _ = std::fs::remove_file(&leftover);
    }
}

/// The account in a file, if it was written completely, and its size in bytes. Reserved room that was not used is zeros
/// at the end.
fn account(path: &Path) -> Option<(Map<String, Value>, usize)> {
    let text = String::from_utf8(files::read(path).ok()?).ok()?;
    let whole = text.trim_end_matches('\0');
    Some((serde_json::from_str(whole).ok()?, whole.len()))
}
