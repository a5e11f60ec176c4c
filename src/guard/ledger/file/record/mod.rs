//! The steps on the record. Each step locks the file, reads the new lines of other processes, and appends its own. No
//! line is read twice, so the cost of a step does not grow with the record.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::{Denial, Shown, shown};
use crate::files;
use crate::guard::ledger::approvals::OpenApprovals;
use crate::guard::ledger::book::{Book, horizon};
use crate::guard::ledger::file::locked::{LockedFile, Position};
use crate::guard::ledger::file::state;
use crate::guard::ledger::line::Line;
use crate::guard::ledger::reading::{Reading, read};
use crate::guard::ledger::store::{Account, Search};
use crate::guard::policy::Policy;

/// The size at which a new file is started.
const LARGEST: u64 = 64 * 1024 * 1024;
/// A state of up to this size is saved at each step. A larger one is saved when the record has grown by the state's
/// size, so that saving costs no more than recording.
const SMALL_STATE: u64 = 32 * 1024;

/// Shown once if another program has changed the file.
const CHANGED: &str = "WARNING: the record was replaced, cut short or edited by something else. What was counted of today \
                       still counts. (This server begins a new file by itself, at 64 MiB.)";

/// The record's file and the state in memory.
#[derive(Debug)]
pub(super) struct FileRecord {
    path: PathBuf,
    largest: u64,
    book: Book,
    position: Option<Position>,
    /// Lines that could not be written yet. They are written first when the file is available again.
    kept: VecDeque<Line>,
    /// The record's length and the state's size at the last save.
    saved: (u64, u64),
    /// True if no new file can be started, so that the old one keeps growing.
    grows: bool,
    /// The last warning about uncertain amounts.
    doubt: Option<Shown>,
}

impl FileRecord {
    pub(super) fn at(path: PathBuf) -> Self {
        Self {
            path,
            largest: LARGEST,
            book: Book::default(),
            position: None,
            kept: VecDeque::new(),
            saved: (0, 0),
            grows: false,
            doubt: None,
        }
    }

    /// Looks whether a record is kept at its place, or can be begun there; `makes` begins an empty one.
    pub(super) fn check(&self, makes: bool) -> io::Result<()> {
        let opening = if makes { files::open_log } else { files::open_known_log };
        match LockedFile::glance(&self.path, opening) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound && !makes => Ok(()),
            file => self.must_be_record(&mut file?),
        }
    }

    /// Refuses a file that holds something else: lines would be added to whatever file a project names.
    fn must_be_record(&self, file: &mut LockedFile) -> io::Result<()> {
        if file.begins_as_record()? {
            return Ok(());
        }
        match state::load(&self.path) {
            Some((position, _)) if position.length > 0 && file.continues(&position)? => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it holds something else than a record; name a file that is empty or not there yet",
            )),
        }
    }

    /// Checks the day's limit and appends the first line of a write. Returns warnings for the caller.
    pub(super) fn begin(
        &mut self,
        line: &Line,
        policy: &Policy,
        until: Instant,
    ) -> io::Result<Result<Vec<Shown>, Denial>> {
        let (mut file, mut notices) = self.open(until)?;
        if policy.max_day.is_some() {
            if let Err(denial) = self.book.check_day(line, policy) {
                return Ok(Err(notices.iter().fold(denial, Denial::with_note)));
            }
            notices.extend(self.new_doubt_warning(line));
        }
        self.append(&mut file, line)?;
        self.save(false);
        Ok(Ok(notices))
    }

    /// Appends any other line. If that fails, the line is kept and written first when the file is available again.
    pub(super) fn add(&mut self, line: Line, until: Instant) -> io::Result<()> {
        self.kept.push_back(line);
        // Warnings about the record are reported when the next write begins.
        self.open(until)?;
        self.save(false);
        Ok(())
    }

    /// Prepares to stop: appends these lines, and all pending ones.
    pub(super) fn close(&mut self, lines: Vec<Line>, until: Instant) -> io::Result<()> {
        self.kept.extend(lines);
        if !self.kept.is_empty() {
            self.open(until)?;
        }
        self.save(true);
        Ok(())
    }

    /// The amount that the line's account has committed on its day.
    pub(super) fn used_today(&mut self, line: &Line, until: Instant) -> io::Result<Decimal> {
        self.read(until)?;
        Ok(self.book.used_today(line))
    }

    /// Reads the new lines, if the file exists.
    fn read(&mut self, until: Instant) -> io::Result<()> {
        match LockedFile::open(&self.path, files::open_known_log, until) {
            Ok(mut file) => {
                self.must_be_record(&mut file)?;
                self.catch_up(&mut file)?;
            }
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => self.recall(),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// See [`crate::guard::ledger::Ledger::recent_writes`].
    pub(super) fn recent_writes(&mut self, search: &Search, until: Instant) -> io::Result<Vec<Arc<Line>>> {
        self.read(until)?;
        let ended: HashSet<&str> = self.kept.iter().filter(|line| !line.is_open()).map(|line| &*line.id).collect();
        let mut open = self.book.recent(search);
        open.retain(|line| !ended.contains(&*line.id));
        Ok(open)
    }

    /// See [`crate::guard::ledger::Ledger::open_approvals`]. Not in memory: only a person asks for these.
    pub(super) fn open_approvals(&mut self, account: &Account, until: Instant) -> io::Result<Vec<Line>> {
        let mut approvals = OpenApprovals::of(Some(account), Timestamp::now());
        let mut file = match LockedFile::open(&self.path, files::open_known_log, until) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file?,
        };
        self.must_be_record(&mut file)?;
        read_approvals(&mut file, &mut approvals)?;
        self.kept.iter().for_each(|line| approvals.take(line.clone()));
        Ok(approvals.oldest_first())
    }

    /// Calls `each` for the lines of the file, from about `since` on; for none if there is no file.
    pub(super) fn lines(&self, since: Option<Timestamp>, each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut file = match LockedFile::glance(&self.path, files::open_known_log) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let start = since.map_or(Ok(0), |since| file.start_of(since))?;
        file.lines(start, each).map(|_| ())
    }

    /// Opens the file, reads its new lines, and writes all pending lines.
    fn open(&mut self, until: Instant) -> io::Result<(LockedFile, Vec<Shown>)> {
        if let Some(folder) = self.path.parent() {
            files::private_folder(folder)?;
        }
        let mut file = LockedFile::open(&self.path, files::open_log, until)?;
        self.must_be_record(&mut file)?;
        let notices = self.catch_up(&mut file)?;
        while let Some(line) = self.kept.front().cloned() {
            self.append(&mut file, &line)?;
            self.kept.pop_front();
        }
        Ok((file, notices))
    }

    /// Reads the lines that any process has added since the last step.
    fn catch_up(&mut self, file: &mut LockedFile) -> io::Result<Vec<Shown>> {
        let now = Timestamp::now();
        self.book.forget(now);
        let mut changed = false;
        let is_continued = match &self.position {
            Some(position) => file.continues(position)?,
            None => false,
        };
        let left_at = match &self.position {
            Some(position) if is_continued => position.length,
            own => {
                let mut known = own.is_some();
                let saved = state::load(&self.path);
                let saved = saved.map(|(position, lines)| {
                    self.take(lines, now);
                    known = true;
                    position
                });
                match saved {
                    Some(position) if file.continues(&position)? => position.length,
                    _ => {
                        changed = known;
                        file.start_of(horizon(now))?
                    }
                }
            }
        };
        let book = &mut self.book;
        let end = file.lines(left_at, |bytes| {
            if let Some(line) = book.take(read(bytes), now) {
                let amount = line.amount_usd.map_or_else(|| "an unknown amount".into(), crate::answer::text::usd);
                tracing::warn!("a line of the record cannot be read as a whole; {amount} in it counts as used");
            }
        })?;
        if !is_continued || end != left_at {
            self.position = Some(file.position(end)?);
        }
        if changed {
            tracing::warn!(record = %self.path.display(), "{CHANGED}");
        }
        Ok(changed.then(|| CHANGED.into()).into_iter().collect())
    }

    /// Loads the saved state.
    fn recall(&mut self) {
        let now = Timestamp::now();
        self.book.forget(now);
        if let Some((_, lines)) = state::load(&self.path) {
            self.take(lines, now);
        }
    }

    fn take(&mut self, lines: Vec<Line>, now: Timestamp) {
        for line in lines {
            self.book.take(Reading::Whole(line), now);
        }
    }

    fn append(&mut self, file: &mut LockedFile, line: &Line) -> io::Result<()> {
        if file.len()? >= self.largest && !self.grows {
            self.begin_anew(file)?;
        }
        file.append(&line.written())?;
        self.book.take(Reading::Whole(line.clone()), Timestamp::now());
        let length = file.len()?;
        self.position = Some(file.position(length)?);
        Ok(())
    }

    /// Starts a new file with every write that still matters and every open approval. If that fails, the old file keeps
    /// growing.
    fn begin_anew(&mut self, file: &mut LockedFile) -> io::Result<()> {
        let mut approvals = OpenApprovals::of(None, Timestamp::now());
        read_approvals(file, &mut approvals)?;
        let asked = approvals.oldest_first();
        let carried = state::text_of(asked.iter().chain(self.book.lines()));
        if file.len()? < 2 * carried.len() as u64 {
            return Ok(());
        }
        match file.begin_anew(&carried, Timestamp::now()) {
            Ok(old) => tracing::info!(old = %old.display(), "the record has reached 64 MiB: a new file is begun"),
            Err(fault) => {
                self.grows = true;
                tracing::warn!(%fault, "the record has reached 64 MiB, and no new file can be begun beside it: it goes on growing");
                return Ok(());
            }
        }
        self.position = Some(file.position(carried.len() as u64)?);
        self.save(true);
        Ok(())
    }

    /// Saves the state if it is due. A failure is harmless, because the record can be read again.
    fn save(&mut self, at_once: bool) {
        let Some(position) = &self.position else { return };
        let (length, size) = self.saved;
        let due = at_once || size < SMALL_STATE || position.length.abs_diff(length) >= size;
        if !due || position.length == length && !at_once {
            return;
        }
        match state::save(&self.path, position, self.book.lines()) {
            Ok(size) => self.saved = (position.length, size),
            Err(fault) => tracing::debug!(%fault, "the state of the record could not be saved"),
        }
    }

    /// A warning about uncertain amounts that count, if it is a new one.
    fn new_doubt_warning(&mut self, line: &Line) -> Option<Shown> {
        let doubt = self.book.doubtful(line);
        let is_new = doubt.is_some() && doubt != self.doubt;
        self.doubt.clone_from(&doubt);
        let doubt = doubt.filter(|_| is_new)?;
        Some(shown!("WARNING: part of the day's limit is used by what the record does not tell clearly: {}.", doubt))
    }
}

fn read_approvals(file: &mut LockedFile, approvals: &mut OpenApprovals<'_>) -> io::Result<()> {
    let start = file.start_of(approvals.since)?;
    file.lines(start, |bytes| {
        if let Reading::Whole(line) = read(bytes) {
            approvals.take(line);
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;
