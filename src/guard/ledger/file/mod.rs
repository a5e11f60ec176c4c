//! A ledger in files, for the servers of one user on one machine: the record's file, and a lock file per contract.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::{Denial, Shown};
use crate::guard::freeze::SwitchState;
use crate::guard::ledger::held::Private;
use crate::guard::ledger::line::Line;
use crate::guard::ledger::store::{Account, EachLine, Lock, LockOf, Search, Step, Store};
use crate::guard::policy::Policy;

mod lock_file;
mod locked;
mod record;
mod state;

pub use lock_file::LockFiles;
use record::FileRecord;

/// The longest wait for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest wait of a process that is stopping and must end soon.
const LAST_PATIENCE: Duration = Duration::from_millis(100);

/// The file of the record.
#[derive(Debug, Default)]
pub struct RecordFile {
    record: Option<FileRecord>,
    is_required: bool,
    /// True for this user's own record. A file that is named may be shared with servers that have other locks.
    is_own: bool,
}

/// The files of a ledger.
#[derive(Debug, Default)]
pub struct Files {
    /// The steps run one at a time, in the order of their requests.
    record: Option<Arc<tokio::sync::Mutex<FileRecord>>>,
    is_required: bool,
    is_own: bool,
    locks: LockFiles,
}

impl RecordFile {
    /// Opens the record at a path that the operator has chosen, and creates it with mode 0600 if needed. A write that
    /// cannot be recorded is refused.
    ///
    /// # Errors
    /// If the record cannot be kept there. It is better to fail at the start than at the first write.
    pub fn named(path: PathBuf) -> io::Result<Self> {
        if path.is_relative() {
            let why = "it is not a whole path, and hosts start servers in any folder: begin it with /";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        // A link that is replaced later leads the record nowhere else.
        let record = FileRecord::at(crate::files::named(&path)?);
        match record.check(true) {
            // Every write is refused with this reason; a project must not keep the reads from the user as well.
            Err(fault) if fault.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!(%fault, "the audit log cannot be used: every write is refused");
            }
            checked => checked?,
        }
        Ok(Self { record: Some(record), is_required: true, is_own: false })
    }

    /// Prepares the record at its default path; the first write creates it. If a write cannot be recorded it is sent
    /// with a warning, unless the record is `required` for counting a limit.
    ///
    /// # Errors
    /// If the record is required and the path is not a regular file.
    pub fn by_default(path: PathBuf, required: bool) -> io::Result<Self> {
        let record = FileRecord::at(path);
        if required {
            record.check(false)?;
        }
        Ok(Self { record: Some(record), is_required: required, is_own: true })
    }
}

impl Files {
    /// A record and the locks beside it.
    #[must_use]
    pub fn new(file: RecordFile, locks: LockFiles) -> Self {
        let record = file.record.map(|record| Arc::new(tokio::sync::Mutex::new(record)));
        Self { record, is_required: file.is_required, is_own: file.is_own, locks }
    }

    /// True if a write that cannot be recorded is refused.
    pub(super) const fn is_required(&self) -> bool {
        self.is_required
    }

    /// Runs a step on the record, if one is kept, after the earlier ones and on a thread that may block.
    fn step<T: Default + Send + 'static>(
        &self,
        step: impl FnOnce(&mut FileRecord, Instant) -> io::Result<T> + Send + 'static,
    ) -> Step<'_, T> {
        let until = Instant::now() + PATIENCE;
        let record = self.record.clone();
        async move {
            let Some(record) = record else { return Ok(T::default()) };
            let mut record = record.lock_owned().await;
            tokio::task::spawn_blocking(move || step(&mut record, until)).await?
        }
        .boxed()
    }
}

impl Store for Files {
    fn begin(&self, line: Line, policy: Policy) -> Step<'_, Result<Vec<Shown>, Denial>> {
        let begun = self.step(move |record, until| Ok(Some(record.begin(&line, &policy, until)?)));
        async { Ok(begun.await?.unwrap_or_else(|| Ok(Vec::new()))) }.boxed()
    }

    fn add(&self, line: Line) -> Step<'_, ()> {
        self.step(move |record, until| record.add(line, until))
    }

    fn used_today(&self, line: Line) -> Step<'_, Decimal> {
        self.step(move |record, until| record.used_today(&line, until))
    }

    fn recent_writes(&self, search: Search) -> Step<'_, Vec<Arc<Line>>> {
        self.step(move |record, until| record.recent_writes(&search, until))
    }

    fn open_approvals(&self, account: Account) -> Step<'_, Vec<Line>> {
        self.step(move |record, until| record.open_approvals(&account, until))
    }

    fn is_kept(&self) -> bool {
        self.record.is_some()
    }

    fn lines(&self, since: Option<Timestamp>, each: EachLine) -> Step<'_, ()> {
        self.step(move |record, _| record.lines(since, each))
    }

    /// The switch of this user is asked in any case.
    fn frozen(&self) -> Step<'_, Option<SwitchState>> {
        async { Ok(None) }.boxed()
    }

    fn lock(&self, of: LockOf, key: String, until: tokio::time::Instant) -> Step<'_, Option<Box<dyn Lock>>> {
        async move {
            // Servers that share states share a database, too.
            if of == LockOf::State {
                return Ok(Some(Box::new(Private) as Box<dyn Lock>));
            }
            let lock = self.locks.take(&key, until).await;
            Ok(lock.map(|lock| Box::new(lock.covering_record(self.is_own)) as Box<dyn Lock>))
        }
        .boxed()
    }

    fn left(&self, _: LockOf, _: String, _: tokio::time::Instant) -> Step<'_, Option<String>> {
        async { Ok(None) }.boxed()
    }

    fn problem(&self) -> Option<String> {
        self.locks.problem()
    }

    /// A file shows it when it is written.
    fn check(&self) -> Step<'_, ()> {
        async { Ok(()) }.boxed()
    }

    fn close(&self, lines: Vec<Line>) -> Step<'_, ()> {
        async move {
            let until = Instant::now() + LAST_PATIENCE;
            let Some(record) = &self.record else { return Ok(()) };
            match tokio::time::timeout_at(until.into(), record.lock()).await {
                Ok(mut record) => record.close(lines, until),
                Err(_) if lines.is_empty() => Ok(()),
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "it is held")),
            }
        }
        .boxed()
    }
}
