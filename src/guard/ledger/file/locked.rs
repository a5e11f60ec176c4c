//! The record's file under its lock: reads new lines, appends lines, and starts a new file when the old one is large.
//! Detects when another program has changed the file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::guard::ledger::lines::{LONGEST, each_line};
use crate::guard::ledger::reading::{fingerprint, is_ours, moment};

/// The block size for searching backwards for the start of the last day.
const BLOCK: u64 = 64 * 1024;
/// The most bytes that a torn record may have without one line of a record, in bytes.
const REMNANT: u64 = 4 * 1024;
/// So many lines are looked at for one of a record.
const FIRST_LINES: usize = 100;
/// The number of bytes at the start of the file, and before the last position, that identify the file.
const PROOF: u64 = 256;

/// A position in a file, with proof that the file is still the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The position in bytes.
    pub(super) length: u64,
    head: String,
    tail: String,
}

/// The open file. The lock is released when this value is dropped.
#[derive(Debug)]
pub(super) struct LockedFile {
    file: File,
    path: PathBuf,
}

impl LockedFile {
    /// Opens and locks the file at `path`. Waits for another process until `until`.
    pub(super) fn open(path: &Path, opening: fn(&Path) -> io::Result<File>, until: Instant) -> io::Result<Self> {
        loop {
            plain(path)?;
            let file = opening(path)?;
            files::lock(&file, until.saturating_duration_since(Instant::now()))?;
            // While this process waited, another one may have put a new file at the path.
            if is_at(&file, path)? {
                return Ok(Self { file, path: path.to_owned() });
            }
            if Instant::now() >= until {
                return Err(io::Error::other("it is being replaced again and again"));
            }
        }
    }

    /// The same without waiting for the lock: only for a look.
    pub(super) fn glance(path: &Path, opening: fn(&Path) -> io::Result<File>) -> io::Result<Self> {
        plain(path)?;
        Ok(Self { file: opening(path)?, path: path.to_owned() })
    }

    /// True if the file is empty or begins like a record. A project's settings may name any file of the user, which must
    /// not be changed.
    pub(super) fn begins_as_record(&mut self) -> io::Result<bool> {
        // A few bytes that are no text are what a power loss leaves of a record, and nobody's file.
        let mut is_remnant = self.file.metadata()?.len() <= REMNANT;
        self.file.seek(SeekFrom::Start(0))?;
        let first = Read::by_ref(&mut self.file).take(LONGEST);
        // The first line tells, as a rule.
        let mut lines = BufReader::with_capacity(4 * 1024, first).split(b'\n').take(FIRST_LINES).peekable();
        if lines.peek().is_none() {
            return Ok(true);
        }
        for line in lines {
            let line = line?;
            if is_ours(&line) {
                return Ok(true);
            }
            is_remnant &= std::str::from_utf8(&line).map_or(true, |text| text.trim_matches('\0').is_empty());
        }
        Ok(is_remnant)
    }

    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Builds the proof for a position of `length` bytes.
    pub(super) fn position(&mut self, length: u64) -> io::Result<Position> {
        let proof = length.min(PROOF);
        let head = self.proof(0, proof)?;
        let tail = self.proof(length - proof, proof)?;
        Ok(Position { length, head, tail })
    }

    /// True if `position` belongs to this file and nothing before it has changed.
    pub(super) fn continues(&mut self, position: &Position) -> io::Result<bool> {
        Ok(self.len()? >= position.length && self.position(position.length)? == *position)
    }

    fn proof(&mut self, from: u64, length: u64) -> io::Result<String> {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        self.file.seek(SeekFrom::Start(from))?;
        Read::by_ref(&mut self.file).take(length).read_to_end(&mut bytes)?;
        Ok(fingerprint(&bytes))
    }

    /// Calls `each` for every line from `start` on, and returns the position after the last line.
    pub(super) fn lines(&mut self, start: u64, each: impl FnMut(&[u8])) -> io::Result<u64> {
        self.file.seek(SeekFrom::Start(start))?;
        Ok(start + each_line(&mut BufReader::with_capacity(64 * 1024, &mut self.file), each)?)
    }

    /// Finds a position from which everything since `horizon` is read.
    pub(super) fn start_of(&mut self, horizon: Timestamp) -> io::Result<u64> {
        let mut end = self.len()?;
        while end > 0 {
            let start = end.saturating_sub(BLOCK);
            let mut block = Vec::new();
            self.file.seek(SeekFrom::Start(start))?;
            Read::by_ref(&mut self.file).take(end - start).read_to_end(&mut block)?;
            let mut moments = block.split(|byte| *byte == b'\n').filter_map(moment).peekable();
            if moments.peek().is_some() && moments.all(|at| at < horizon) {
                let line_end = block.iter().position(|byte| *byte == b'\n').unwrap_or_default();
                return Ok(start + line_end as u64);
            }
            end = start;
        }
        Ok(0)
    }

    /// Appends a whole line and syncs it to disk. A torn last line is terminated first. If the append fails, the file
    /// is restored.
    pub(super) fn append(&mut self, text: &str) -> io::Result<()> {
        let length = self.len()?;
        let mut bytes = Vec::with_capacity(text.len() + 2);
        if length > 0 {
            let mut last = [0];
            self.file.seek(SeekFrom::End(-1))?;
            self.file.read_exact(&mut last)?;
            if last != *b"\n" {
                bytes.push(b'\n');
            }
        }
        // A file that was created by `begin_anew` is not in append mode; the lock makes the seek safe.
        self.file.seek(SeekFrom::End(0))?;
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // If this fails, the partial line counts as a write that was begun.
            let _ = self.file.set_len(length);
        }
        written
    }

    /// Starts a new file with `content` and keeps the old one under a name with the time in it. There is a file at the
    /// path at every moment.
    pub(super) fn begin_anew(&mut self, content: &str, now: Timestamp) -> io::Result<PathBuf> {
        // Resolves symbolic links, so that a link to the record stays a link.
        let path = std::fs::canonicalize(&self.path)?;
        let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
        let mut new = files::unnamed(folder)?;
        new.write_all(content.as_bytes())?;
        new.as_file().sync_all()?;
        // The new file is locked before another process can see it.
        files::lock(new.as_file(), std::time::Duration::ZERO)?;
        let old = keep_under_another_name(&path, now)?;
        // Replacing the handle releases the lock of the old file.
        self.file = new.persist(&path).map_err(|fault| fault.error)?;
        Ok(old)
    }
}

/// Refuses anything but a regular file before it is opened: opening a pipe would block until its other end is opened.
///
/// # Errors
/// The kind of the file that is there instead.
pub(super) fn plain(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::Error::other("it is a folder")),
        Ok(there) if !there.is_file() => {
            Err(io::Error::other("it is a pipe or a device: nothing could be counted from it"))
        }
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// True if `file` is the file at `path`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match is_same(file, path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
        is_same => is_same,
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (there, own) = (std::fs::metadata(path)?, file.metadata()?);
    Ok((own.dev(), own.ino()) == (there.dev(), there.ino()))
}

#[cfg(windows)]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    Ok(same_file::Handle::from_file(file.try_clone()?)? == same_file::Handle::from_path(path)?)
}

/// Gives the file at `path` a second name with the time in it.
fn keep_under_another_name(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let moment = now.strftime("%Y%m%dT%H%M%SZ");
    for number in 0..100 {
        let ending = if number == 0 { String::new() } else { format!("-{number}") };
        let old = path.with_file_name(format!("{name}.{moment}{ending}"));
        match std::fs::hard_link(path, &old) {
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => {}
            linked => return linked.map(|()| old),
        }
    }
    Err(io::Error::other("every name for the old file is taken"))
}
