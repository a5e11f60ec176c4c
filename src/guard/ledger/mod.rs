//! The record of every write: one JSON line before the request and one after it, in a file that several processes may
//! share.
//!
//! Each line is complete and on disk before the request is sent. Today's amounts are counted from the record, so the
//! limits hold after a restart and across all processes that share the file. Start reading at `AuditLog::begin`; the
//! format is [`Line`].

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::{Denial, Joined, Object, Shown, quoted_to, shown};
use crate::guard::policy::Policy;

mod book;
mod file;
mod line;
mod reading;
mod state;
mod steps;
mod whole;

pub use line::{Commitment, Damage, Line, Phase, WriteResult};
use steps::Ledger;
pub use whole::{Record, Recorded};

/// The longest wait for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(3);
/// The same limit for a process that is stopping and must end soon.
const LAST_PATIENCE: Duration = Duration::from_millis(100);

/// The record of this process, and its open writes.
#[derive(Debug)]
pub struct AuditLog {
    /// True if a write that cannot be recorded is refused.
    required: bool,
    /// True after the warning that there is no record.
    warned: AtomicBool,
    /// The steps run one at a time, in the order of their requests.
    ledger: Arc<tokio::sync::Mutex<Ledger>>,
    open: Mutex<BTreeMap<String, Line>>,
}

/// A write that has begun.
#[must_use = "a write that has begun has to be ended on the record"]
pub struct OpenWrite {
    begun: Option<(Arc<AuditLog>, Line)>,
    /// Warnings about the record, for the caller.
    notices: Vec<Shown>,
}

impl AuditLog {
    /// Opens the record at a path that the operator has chosen, and creates it with mode 0600 if needed.
    ///
    /// # Errors
    /// If the record cannot be kept there. It is better to fail at the start than at the first write.
    pub fn named(path: PathBuf) -> io::Result<Self> {
        if path.is_relative() {
            let why = "it is not a whole path, and hosts start servers in any folder: begin it with /";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        // A link that is replaced later leads the record nowhere else.
        let ledger = Ledger::at(crate::files::named(&path)?);
        match ledger.check(true) {
            // Every write is refused with this reason; a project must not keep the reads from the user as well.
            Err(fault) if fault.kind() == io::ErrorKind::InvalidData => {
                tracing::warn!(%fault, "the audit log cannot be used: every write is refused");
            }
            checked => checked?,
        }
        Ok(Self::of(ledger, true))
    }

    /// Prepares the record at its default path; the first write creates it. If a write cannot be recorded it is sent
    /// with a warning, unless the record is `required` for counting a limit.
    ///
    /// # Errors
    /// If the record is required and the path is not a regular file.
    pub fn by_default(path: PathBuf, required: bool) -> io::Result<Self> {
        let ledger = Ledger::at(path);
        if required {
            ledger.check(false)?;
        }
        Ok(Self::of(ledger, required))
    }

    fn of(ledger: Ledger, required: bool) -> Self {
        let ledger = Arc::new(tokio::sync::Mutex::new(ledger));
        Self { required, warned: AtomicBool::new(false), ledger, open: Mutex::default() }
    }

    /// Checks the day's limit and records the start of a write.
    pub(crate) async fn begin(self: &Arc<Self>, intent: Intent, policy: &Policy) -> Result<OpenWrite, Denial> {
        let line = intent.line().map_err(Denial::unrecorded)?;
        let (policy, its_line) = (policy.clone(), line.clone());
        let begun = self.step(move |ledger, until| ledger.begin(&its_line, &policy, until)).await;
        match begun {
            Ok(Ok(notices)) => {
                if let Ok(mut open) = self.open.lock() {
                    open.insert(line.id.clone(), line.clone());
                }
                Ok(OpenWrite { begun: Some((Arc::clone(self), line)), notices })
            }
            Ok(Err(denial)) => Err(denial),
            Err(fault) if self.required => Err(Denial::unrecorded(fault)),
            Err(fault) => {
                tracing::warn!(%fault, "the record of writes cannot be written: this write is not on record");
                let is_new = !self.warned.swap(true, Ordering::AcqRel);
                let notice = || {
                    let fault = quoted_to(&fault.to_string(), 400);
                    shown!("WARNING: writes are not on record here ({}); --audit-log FILE names a place.", fault)
                };
                Ok(OpenWrite { begun: None, notices: is_new.then(notice).into_iter().collect() })
            }
        }
    }

    /// Finds the writes of `tool` for this account that have an unknown end or whose reply named a new milestone. The
    /// writes of the last 24 hours are searched, also those of other processes, which may still be running.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn recent_writes(
        &self,
        tool: &'static str,
        base: String,
        principal: Option<String>,
        matching: impl Fn(&Object) -> bool + Send + 'static,
    ) -> io::Result<Vec<Line>> {
        let reading =
            move |ledger: &mut Ledger, until| ledger.recent_writes(tool, &base, principal.as_deref(), matching, until);
        match self.step(reading).await {
            // An optional record that cannot be read counts as empty.
            Err(fault) if !self.required => {
                tracing::warn!(%fault, "the record of writes cannot be read");
                Ok(Vec::new())
            }
            read => read,
        }
    }

    /// The amount that the account of `intent` has committed today (UTC), in USD before fees.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn used_today(&self, intent: Intent) -> io::Result<Decimal> {
        let line = intent.line()?;
        self.step(move |ledger, until| ledger.used_today(&line, until)).await
    }

    /// Runs a step after the earlier ones, on a thread that may block.
    async fn step<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Ledger, Instant) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let until = Instant::now() + PATIENCE;
        let mut ledger = Arc::clone(&self.ledger).lock_owned().await;
        tokio::task::spawn_blocking(move || step(&mut ledger, until)).await?
    }

    /// Prepares to stop: ends all open writes as `unknown`, and writes lines that could not be written before.
    pub async fn close(&self) {
        let open = self.open.lock().map(|mut open| std::mem::take(&mut *open)).unwrap_or_default();
        let until = Instant::now() + LAST_PATIENCE;
        let closed = match tokio::time::timeout_at(until.into(), self.ledger.lock()).await {
            Ok(mut ledger) => ledger.close(open.into_values().collect(), until),
            Err(_) if open.is_empty() => Ok(()),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "it is held")),
        };
        if let Err(fault) = closed {
            tracing::error!(%fault, "the audit log could not be written");
        }
    }
}

impl OpenWrite {
    /// A write for which no record is kept.
    pub(crate) const fn unrecorded() -> Self {
        Self { begun: None, notices: Vec::new() }
    }

    /// Records the end of the write. Returns a warning for the caller if that failed or if something is wrong with the
    /// record.
    pub async fn end(self, result: WriteResult) -> Option<Shown> {
        let mut notices = self.notices;
        if let Some((log, line)) = self.begun {
            let id = line.id.clone();
            let line = line.ended(result);
            let written = log.step(move |ledger, until| ledger.end(line, until)).await;
            if let Ok(mut open) = log.open.lock() {
                open.remove(&id);
            }
            let until_then = if log.required { "; further writes are refused until then" } else { "" };
            notices.extend(written.err().map(|fault| {
                shown!(
                    "WARNING: its record could not be written yet ({}). It is kept, and written first when the file is \
                     back{}.",
                    quoted_to(&fault.to_string(), 400),
                    until_then
                )
            }));
        }
        (!notices.is_empty()).then(|| notices.iter().joined(" "))
    }
}

/// A write that is about to be sent, for the limits and the record.
#[derive(Clone, Debug, Default)]
pub struct Intent {
    /// The tool's name.
    pub tool: String,
    /// The arguments without secrets.
    pub arguments: Object,
    /// The origin of the API.
    pub base: Option<String>,
    /// The token's owner: the token's public id, or a short hash.
    pub principal: Option<String>,
    /// True if nothing is real.
    pub sandbox: bool,
    /// The client's own name.
    pub client: Option<String>,
    /// The money that the write commits, if any.
    pub commitment: Option<Commitment>,
}

impl Intent {
    /// The first line of the write.
    fn line(self) -> io::Result<Line> {
        let commitment = self.commitment.unwrap_or_default();
        Ok(Line {
            v: 1,
            at: Timestamp::now().to_string(),
            id: format!("{:016x}", getrandom::u64().map_err(io::Error::other)?),
            phase: Phase::Before,
            tool: self.tool,
            arguments: self.arguments,
            base: self.base,
            principal: self.principal,
            sandbox: self.sandbox,
            client: self.client,
            amount_usd: commitment.amount,
            milestone_id: commitment.milestone_id,
            ..Line::default()
        })
    }
}
