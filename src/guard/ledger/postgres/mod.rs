//! A ledger in PostgreSQL, for servers on any number of machines. Each step is one transaction, and none is open while
//! OpenTrain is called. While the database is away, no write begins, and lines about writes that have ended are kept.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio::time::{Instant, sleep};

use crate::answer::{Denial, Outcome, Shown};
use crate::guard::freeze::SwitchState;
use crate::guard::ledger::line::{Line, WriteResult};
use crate::guard::ledger::store::{Account, EachLine, Lock, LockOf, Search, Step, Store};
use crate::guard::policy::Policy;

mod address;
mod database;
mod fault;
mod lease;
mod queries;
mod schema;
mod switch;

pub use address::Address;
use database::{Database, PATIENCE};
use lease::Lease;
use queries::Sums;

/// The pause between two attempts to write the lines that were kept.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);
/// The longest wait of a process that is stopping.
const LAST_PATIENCE: Duration = Duration::from_secs(1);
/// The longest wait for a sign of life.
const GLANCE: Duration = Duration::from_millis(900);

/// A ledger in a database.
#[derive(Clone, Debug)]
pub struct Postgres(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    database: Arc<Database>,
    /// Lines that could not be written yet, in their order.
    kept: Mutex<VecDeque<Line>>,
    /// True while a task waits for the database to write them.
    is_waiting: AtomicBool,
}

impl Postgres {
    /// The ledger at this address. The first step connects, and makes the tables if there are none.
    ///
    /// # Errors
    /// If no connection could ever be made, such as without roots of trust.
    pub fn at(address: Address) -> io::Result<Self> {
        let database = Arc::new(Database::at(address)?);
        Ok(Self(Arc::new(Shared { database, kept: Mutex::default(), is_waiting: AtomicBool::new(false) })))
    }

    /// Turns the stop switch of the ledger on. If it was on already, it keeps its time, takes the new reason, and the old
    /// state is returned.
    ///
    /// # Errors
    /// If the database refuses it or cannot be reached.
    pub async fn freeze(&self, reason: &str) -> io::Result<Option<SwitchState>> {
        switch::freeze(&self.0.database, reason).await
    }

    /// Turns the stop switch of the ledger off. Returns `false` if it was off already.
    ///
    /// # Errors
    /// If the database refuses it or cannot be reached.
    pub async fn thaw(&self) -> io::Result<bool> {
        switch::thaw(&self.0.database).await
    }
}

impl Shared {
    async fn begin(self: Arc<Self>, line: Line, policy: Policy) -> io::Result<Result<Vec<Shown>, Denial>> {
        // What is not on record yet may count toward a limit, or say how an equal write ended.
        self.write_kept(PATIENCE).await?;
        // Set once the line may have reached the database.
        let was_sent = AtomicBool::new(false);
        let begun = self
            .database
            .step(PATIENCE, &(&line, &policy, &was_sent), |client, (line, policy, was_sent)| {
                async move {
                    let transaction = client.transaction().await?;
                    if policy.max_day.is_some() {
                        let Sums { total, same } = queries::sums(&transaction, line).await?;
                        let after = line.amount_usd.and_then(|amount| (total - same).checked_add(same.max(amount)));
                        if let Err(denial) = policy.check_day(total, after.unwrap_or(Decimal::MAX)) {
                            return Ok(Err(denial));
                        }
                    }
                    was_sent.store(true, Ordering::Release);
                    queries::insert(&transaction, line).await?;
                    transaction.commit().await?;
                    Ok(Ok(Vec::new()))
                }
                .boxed()
            })
            .await;
        if begun.is_err() && was_sent.load(Ordering::Acquire) {
            // The line may stand there although its answer was lost. The write is not sent.
            self.keep(line.ended(WriteResult::with(Outcome::NotDone)));
        }
        begun
    }

    /// Writes a line, or keeps it until the database is back.
    async fn add(self: Arc<Self>, line: Line) -> io::Result<()> {
        let written = self.insert(&line, PATIENCE).await;
        if written.is_err() {
            self.keep(line);
        }
        written
    }

    async fn insert(&self, line: &Line, patience: Duration) -> io::Result<()> {
        let insert = self.database.step(patience, &line, |client, line| {
            async move {
                let transaction = client.transaction().await?;
                queries::insert(&transaction, line).await?;
                Ok(transaction.commit().await?)
            }
            .boxed()
        });
        insert.await
    }

    /// Keeps a line, and writes it as soon as the database is back.
    fn keep(self: Arc<Self>, line: Line) {
        if let Ok(mut kept) = self.kept.lock() {
            kept.push_back(line);
        }
        if !self.is_waiting.swap(true, Ordering::AcqRel) {
            tokio::spawn(async move {
                while self.first_kept().is_some() {
                    sleep(BETWEEN_ATTEMPTS).await;
                    let _ = self.write_kept(PATIENCE).await;
                }
                self.is_waiting.store(false, Ordering::Release);
            });
        }
    }

    fn first_kept(&self) -> Option<Line> {
        self.kept.lock().ok()?.front().cloned()
    }

    /// Writes the lines that were kept. A line that is written twice stands there once.
    async fn write_kept(&self, patience: Duration) -> io::Result<()> {
        while let Some(line) = self.first_kept() {
            self.insert(&line, patience).await?;
            if let Ok(mut kept) = self.kept.lock()
                && kept.front().is_some_and(|first| first.id == line.id)
            {
                kept.pop_front();
            }
        }
        Ok(())
    }
}

impl Store for Postgres {
    fn begin(&self, line: Line, policy: Policy) -> Step<'_, Result<Vec<Shown>, Denial>> {
        Arc::clone(&self.0).begin(line, policy).boxed()
    }

    fn add(&self, line: Line) -> Step<'_, ()> {
        Arc::clone(&self.0).add(line).boxed()
    }

    fn used_today(&self, line: Line) -> Step<'_, Decimal> {
        async move {
            let sums = self.0.database.step(PATIENCE, &line, |client, line| {
                async move {
                    let transaction = client.transaction().await?;
                    queries::sums(&transaction, line).await
                }
                .boxed()
            });
            Ok(sums.await?.total)
        }
        .boxed()
    }

    fn recent_writes(&self, search: Search) -> Step<'_, Vec<Arc<Line>>> {
        async move {
            let recent =
                self.0.database.step(PATIENCE, &search, |client, search| queries::recent(client, search).boxed());
            let mut recent = recent.await?;
            let kept = self.0.kept.lock().map(|kept| kept.iter().cloned().collect()).unwrap_or_default();
            recent.take(kept);
            Ok(recent.of(&search))
        }
        .boxed()
    }

    fn open_approvals(&self, account: Account) -> Step<'_, Vec<Line>> {
        async move {
            self.0
                .database
                .step(PATIENCE, &account, |client, account| queries::open_approvals(client, account).boxed())
                .await
        }
        .boxed()
    }

    fn is_kept(&self) -> bool {
        true
    }

    fn lines(&self, since: Option<Timestamp>, mut each: EachLine) -> Step<'_, ()> {
        async move {
            let (mut after, since) = (0, since.map(|since| since.to_string()));
            loop {
                let given = (after, since.clone());
                let page = self.0.database.step(PATIENCE, &given, |client, (after, since)| {
                    queries::lines(client, *after, since.clone()).boxed()
                });
                let page = page.await?;
                let Some((last, _)) = page.last() else { return Ok(()) };
                after = *last;
                for (_, line) in &page {
                    each(line.as_bytes());
                }
            }
        }
        .boxed()
    }

    fn frozen(&self) -> Step<'_, Option<SwitchState>> {
        switch::state(&self.0.database).boxed()
    }

    fn lock(&self, of: LockOf, key: String, until: Instant) -> Step<'_, Option<Box<dyn Lock>>> {
        async move {
            let lease = Lease::take(Arc::clone(&self.0.database), of, &key, until).await?;
            Ok(lease.map(|lease| Box::new(lease) as Box<dyn Lock>))
        }
        .boxed()
    }

    fn left(&self, of: LockOf, key: String, until: Instant) -> Step<'_, Option<String>> {
        lease::left(Arc::clone(&self.0.database), of, key, until).boxed()
    }

    fn problem(&self) -> Option<String> {
        None
    }

    fn check(&self) -> Step<'_, ()> {
        async { self.0.database.step(GLANCE, &(), |client, ()| queries::accepts_writes(client).boxed()).await }.boxed()
    }

    fn close(&self, lines: Vec<Line>) -> Step<'_, ()> {
        async move {
            if let Ok(mut kept) = self.0.kept.lock() {
                kept.extend(lines);
            }
            self.0.write_kept(LAST_PATIENCE).await
        }
        .boxed()
    }
}
