//! The ledger: the record of every write, the day's sums that are counted from it, the lock of a create, and the stop
//! switch. Servers that share a ledger act as one.
//!
//! Each first line is complete and stored before the request is sent, so the limits hold after a restart and across all
//! servers. Start reading at `Ledger::begin`; what a place for a ledger has to do is `store::Store`.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::answer::{Denial, Joined, Object, Shown, quoted, quoted_to, shown};
use crate::guard::freeze::Switch;
use crate::guard::policy::Policy;

mod approvals;
mod book;
mod file;
mod held;
mod intent;
mod line;
mod lines;
#[cfg(feature = "postgres")]
mod postgres;
mod reading;
mod store;
mod whole;

pub use file::{Files, LockFiles, RecordFile};
pub use held::Held;
use held::{Private, Turns};
pub use intent::Intent;
pub use line::{Commitment, Damage, Line, Phase, WriteResult};
#[cfg(feature = "postgres")]
pub use postgres::{Address, Postgres};
pub use store::{Account, Search};
use store::{LockOf, Store};
pub use whole::{Record, Recorded, committed};

/// The ledger as this process uses it, and the open writes of this process.
#[derive(Debug)]
pub struct Ledger {
    store: Box<dyn Store>,
    /// True if a write that cannot be recorded is refused.
    required: bool,
    /// True after the warning that there is no record.
    warned: AtomicBool,
    /// The stop switch of this user on this machine, which counts whatever the ledger says.
    pub switch: Switch,
    turns: Turns,
    open: Mutex<BTreeMap<String, Line>>,
}

/// A write that has begun.
#[must_use = "a write that has begun has to be ended on the record"]
pub struct OpenWrite {
    begun: Option<(Arc<Ledger>, Line)>,
    /// Warnings about the record, for the caller.
    notices: Vec<Shown>,
}

/// No record, and no server to share anything with.
impl Default for Ledger {
    fn default() -> Self {
        Self::in_files(Files::default(), Switch::default())
    }
}

impl Ledger {
    /// A ledger for the servers of one user on one machine.
    #[must_use]
    pub fn in_files(files: Files, switch: Switch) -> Self {
        let required = files.is_required();
        Self::of(Box::new(files), required, switch)
    }

    /// A ledger for servers on any number of machines. A write that cannot be recorded is refused.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn in_postgres(postgres: Postgres, switch: Switch) -> Self {
        Self::of(Box::new(postgres), true, switch)
    }

    fn of(store: Box<dyn Store>, required: bool, switch: Switch) -> Self {
        let (warned, turns, open) = (AtomicBool::new(false), Turns::default(), Mutex::default());
        Self { store, required, warned, switch, turns, open }
    }

    /// Refuses a write while a stop switch is on, or cannot be read.
    ///
    /// # Errors
    /// The refusal.
    pub async fn check_switch(&self) -> Result<(), Denial> {
        self.switch.check()?;
        match self.store.frozen().await {
            Ok(None) => Ok(()),
            Ok(Some(state)) => Err(state.denial()),
            Err(fault) => Err(Denial::frozen(shown!(
                "The stop switch of the ledger cannot be read ({})",
                quoted(&fault.to_string())
            ))),
        }
    }

    /// Checks the day's limit and records the start of a write.
    pub(crate) async fn begin(self: &Arc<Self>, intent: Intent, policy: &Policy) -> Result<OpenWrite, Denial> {
        let line = intent.line().map_err(Denial::unrecorded)?;
        match self.store.begin(line.clone(), policy.clone()).await {
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

    /// Adds a line that belongs to no open write, such as a decision that became known.
    ///
    /// # Errors
    /// If it could not be added yet. It is kept, and added first when that is possible again.
    pub async fn add(&self, line: Line) -> io::Result<()> {
        self.store.add(line).await
    }

    /// Puts the decisions of people on record, each with the id of its approval, as far as the approval was asked for by the
    /// account of `intent` and its decision is not on record yet. Failing to do so is no fault of the call that learned of
    /// them.
    pub async fn decided(&self, intent: Intent, decisions: &[(&str, &str)]) {
        let Some(base) = intent.base.clone().filter(|_| !decisions.is_empty()) else { return };
        let account = Account { base, principal: intent.principal.clone() };
        for asked in self.store.open_approvals(account).await.unwrap_or_default() {
            let its_own = |(id, _): &&(&str, &str)| asked.approval_id.as_deref() == Some(*id);
            let Some((approval_id, decision)) = decisions.iter().find(its_own) else { continue };
            let Ok(line) = intent.clone().line() else { return };
            let line = Line {
                phase: Phase::Decided,
                arguments: Object::new(),
                amount_usd: None,
                milestone_id: asked.milestone_id,
                approval_id: Some((*approval_id).to_owned()),
                decision: Some((*decision).to_owned()),
                ..line
            };
            self.note(line).await;
        }
    }

    /// Puts a refusal by the operator's rules on record.
    pub async fn refused(&self, intent: Intent, denial: &Denial) {
        let Ok(line) = intent.line() else { return };
        self.note(Line { phase: Phase::Refused, reason: Some(denial.reason.to_owned()), ..line }).await;
    }

    /// Ends a write whose server was killed before it could do so. Another end that was recorded before stays.
    pub async fn end_abandoned(&self, line: Line, result: WriteResult) {
        self.note(line.ended(result)).await;
    }

    /// Adds a line that no write depends on.
    async fn note(&self, line: Line) {
        if let Err(fault) = self.store.add(line).await {
            tracing::warn!(%fault, "a line of the record could not be written yet");
        }
    }

    /// Finds the writes of a tool for an account that have an unknown end or whose reply named a new milestone. The
    /// writes of the last 24 hours are searched, also those of other servers, which may still be running. An optional
    /// record that cannot be read counts as empty.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn recent_writes(&self, search: Search) -> io::Result<Vec<Arc<Line>>> {
        match self.store.recent_writes(search).await {
            Err(fault) if !self.required => {
                tracing::warn!(%fault, "the record of writes cannot be read");
                Ok(Vec::new())
            }
            read => read,
        }
    }

    /// True if a record is kept. Without one, what was asked of people is not known.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.store.is_kept()
    }

    /// Finds the requests of an account for an approval whose decision is not on record, oldest first. Each is the line
    /// that names the approval. A person may have decided meanwhile: ask OpenTrain.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn open_approvals(&self, account: Account) -> io::Result<Vec<Line>> {
        self.store.open_approvals(account).await
    }

    /// The amount that the account of `intent` has committed today (UTC), in USD before fees.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn used_today(&self, intent: Intent) -> io::Result<Decimal> {
        self.store.used_today(intent.line()?).await
    }

    /// The record: all of it, or at least what was written since a moment.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn record(&self, since: Option<Timestamp>) -> io::Result<Record> {
        let record = Arc::new(Mutex::new(Record::default()));
        let taking = Arc::clone(&record);
        let take = move |line: &[u8]| {
            if let Ok(mut record) = taking.lock() {
                record.take(line);
            }
        };
        self.store.lines(since, Box::new(take)).await?;
        Ok(record.lock().map(|mut record| std::mem::take(&mut *record)).unwrap_or_default())
    }

    /// Takes the lock of a create. Returns `None` if it is still held at `until`.
    ///
    /// # Errors
    /// If it cannot be taken at all.
    pub async fn lock(&self, key: &str, until: Instant) -> io::Result<Option<Held>> {
        self.take(LockOf::Contract, key, until).await
    }

    /// Takes the lock of a sealed state's use. Its text is the answer to an earlier use, or what `Held::must_leave` left
    /// before that use began. Returns `None` if it is still held at `until`.
    ///
    /// # Errors
    /// If it cannot be taken at all.
    pub async fn lock_state(&self, key: &str, until: Instant) -> io::Result<Option<Held>> {
        self.take(LockOf::State, key, until).await
    }

    /// The text of a sealed state's use, if another server that shares the ledger may have used it. Waits until `until` for
    /// a use that is under way.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn state_left(&self, key: &str, until: Instant) -> io::Result<Option<String>> {
        self.store.left(LockOf::State, key.to_owned(), until).await
    }

    async fn take(&self, of: LockOf, key: &str, until: Instant) -> io::Result<Option<Held>> {
        // Calls within this process wait in the order of their arrival.
        let Some(turn) = self.turns.take(key, until).await else { return Ok(None) };
        let lock = self.store.lock(of, key.to_owned(), until).await?;
        Ok(lock.map(|lock| Held::new(turn, lock)))
    }

    /// Takes a lock of this process alone, which no other server sees. Returns `None` if it is still held at `until`.
    pub async fn lock_here(&self, key: &str, until: Instant) -> Option<Held> {
        let turn = self.turns.take(key, until).await?;
        Some(Held::new(turn, Box::new(Private)))
    }

    /// The reason why two servers could create the same milestone at the same moment; `None` if they cannot, as far as is
    /// known before a lock is taken.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.store.problem()
    }

    /// Looks whether a write could be recorded now, within a second.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> io::Result<()> {
        self.store.check().await
    }

    /// Prepares to stop: ends all open writes as `unknown`, and writes lines that could not be written before.
    pub async fn close(&self) {
        let open = self.open.lock().map(|mut open| std::mem::take(&mut *open)).unwrap_or_default();
        let lines = open.into_values().map(|line| line.ended(WriteResult::unknown())).collect();
        if let Err(fault) = self.store.close(lines).await {
            tracing::error!(%fault, "the audit log could not be written");
        }
    }
}

impl OpenWrite {
    /// Records the end of the write. Returns a warning for the caller if that failed or if something is wrong with the
    /// record.
    pub async fn end(self, result: WriteResult) -> Option<Shown> {
        let mut notices = self.notices;
        if let Some((ledger, line)) = self.begun {
            let id = line.id.clone();
            let written = ledger.store.add(line.ended(result)).await;
            if let Ok(mut open) = ledger.open.lock() {
                open.remove(&id);
            }
            let until_then = if ledger.required { "; further writes are refused until then" } else { "" };
            notices.extend(written.err().map(|fault| {
                shown!(
                    "WARNING: its record could not be written yet ({}). It is kept, and written first when the record is \
                     back{}.",
                    quoted_to(&fault.to_string(), 400),
                    until_then
                )
            }));
        }
        (!notices.is_empty()).then(|| notices.iter().joined(" "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(40)
    }

    #[tokio::test]
    async fn calls_of_one_process_take_turns_without_a_folder() {
        for locks in [LockFiles::default(), LockFiles::shared_in(None)] {
            let ledger = Ledger::in_files(Files::new(RecordFile::default(), locks), Switch::default());
            let held = ledger.lock("a", soon()).await.unwrap().unwrap();
            assert!(ledger.lock("a", soon()).await.unwrap().is_none());
            drop(held);
            assert!(ledger.lock("a", soon()).await.unwrap().is_some());
        }
    }
}

/// Reads a line of a record, for `fuzz/`.
#[cfg(fuzzing)]
pub fn fuzz_line(bytes: &[u8]) {
    reading::fuzz(bytes);
}
