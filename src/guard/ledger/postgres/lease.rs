//! The lock of a contract or of a state, as a row that names its holder for a short time. The advisory lock is taken only for the
//! moment in which the holder changes, so no transaction is open while OpenTrain is called, and a holder that died is
//! followed by the next one when its time is over.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::guard::ledger::store::{Lock, LockOf, Step};

use super::database::{Database, PATIENCE};

/// How long a holder that is not heard of keeps the lock, in seconds. It is shorter than the wait of a create for it.
const SECONDS: f64 = 12.0;
/// The interval between two signs of life.
const RENEWAL: Duration = Duration::from_secs(3);
/// The first and the longest pause between two attempts to take a lock.
const PAUSES: (Duration, Duration) = (Duration::from_millis(8), Duration::from_millis(120));

/// How long what was left about a state is kept: far longer than a state is valid.
const STATES_KEPT: &str =
    "DELETE FROM opentrain_mcp.state_lock WHERE held_until < clock_timestamp() - interval '24 hours'";

/// The statements for one table of locks. A step that is done twice has the same effect.
struct Statements {
    take: &'static str,
    renew: &'static str,
    leave: &'static str,
    release: &'static str,
    left: &'static str,
}

// What only the lock says need not be on the disk at once: the record of the write, which is written before the request
// leaves, takes everything before it to the disk.
macro_rules! statements {
    ($table:literal) => {
        Statements {
            take: concat!(
                "INSERT INTO ", $table, " AS lock (key, holder, held_until)
                 SELECT $1, $2, clock_timestamp() + make_interval(secs => $3)
                 FROM (SELECT set_config('synchronous_commit', 'off', true),
                     pg_advisory_xact_lock(hashtextextended($1, 0))) AS turn
                 ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
                 WHERE lock.holder IS NULL OR lock.holder = excluded.holder OR lock.held_until < clock_timestamp()
                 RETURNING notes"
            ),
            renew: concat!(
                "UPDATE ", $table, " SET held_until = clock_timestamp() + make_interval(secs => $3)
                 FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting WHERE key = $1 AND holder = $2"
            ),
            leave: concat!(
                "UPDATE ", $table, " SET notes = $4, held_until = clock_timestamp() + make_interval(secs => $3)
                 FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting WHERE key = $1 AND holder = $2"
            ),
            release: concat!(
                "UPDATE ", $table, " SET holder = NULL
                 FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting WHERE key = $1 AND holder = $2"
            ),
            left: concat!(
                "SELECT notes, holder IS NOT NULL AND held_until >= clock_timestamp() FROM ", $table, " WHERE key = $1"
            ),
        }
    };
}

const CONTRACTS: Statements = statements!("opentrain_mcp.contract_lock");
const STATES: Statements = statements!("opentrain_mcp.state_lock");

const fn statements(of: LockOf) -> &'static Statements {
    match of {
        LockOf::Contract => &CONTRACTS,
        LockOf::State => &STATES,
    }
}

/// A lock that is held.
pub(super) struct Lease {
    row: Row,
    notes: Mutex<String>,
    renewal: JoinHandle<()>,
}

/// The row of a lock and its holder.
#[derive(Clone)]
struct Row {
    database: Arc<Database>,
    statements: &'static Statements,
    key: Arc<str>,
    holder: Arc<str>,
}

impl Row {
    /// Takes the lock. Returns the notes; `None` if another server holds it.
    async fn take(&self) -> io::Result<Option<String>> {
        let given = (&*self.key, &*self.holder, self.statements.take);
        self.database
            .step(PATIENCE, &given, |client, (key, holder, take)| {
                async move {
                    let take = client.prepare_cached(take).await?;
                    let row = client.query_opt(&take, &[key, holder, &SECONDS]).await?;
                    Ok(row.map(|row| row.try_get(0)).transpose()?)
                }
                .boxed()
            })
            .await
    }

    /// Changes the row as its holder. Returns false if another server holds the lock.
    async fn change(&self, change: &str, notes: Option<&str>) -> io::Result<bool> {
        let given = (&*self.key, &*self.holder, change, notes);
        self.database
            .step(PATIENCE, &given, |client, (key, holder, change, notes)| {
                async move {
                    let change = client.prepare_cached(change).await?;
                    let all: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [key, holder, &SECONDS, notes];
                    let used = all.get(..change.params().len()).unwrap_or_default();
                    Ok(client.execute(&change, used).await? > 0)
                }
                .boxed()
            })
            .await
    }
}

impl Lease {
    /// Takes the lock named `key`; `None` if it is still held at `until`.
    pub(super) async fn take(
        database: Arc<Database>,
        of: LockOf,
        key: &str,
        until: Instant,
    ) -> io::Result<Option<Self>> {
        if of == LockOf::State {
            forget_states(&database).await;
        }
        let holder = format!("{:016x}", getrandom::u64().map_err(io::Error::other)?);
        let row = Row { database, statements: statements(of), key: key.into(), holder: holder.into() };
        let mut pause = PAUSES.0;
        loop {
            if let Some(notes) = row.take().await? {
                let renewal = tokio::spawn(renew(row.clone()));
                return Ok(Some(Self { row, notes: Mutex::new(notes), renewal }));
            }
            if Instant::now() + pause >= until {
                return Ok(None);
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(PAUSES.1);
        }
    }
}

/// Removes what is too old to be asked for. It is removed a little later if that fails.
async fn forget_states(database: &Database) {
    let forget = database.step(PATIENCE, &(), |client, ()| {
        async move {
            let forget = client.prepare_cached(STATES_KEPT).await?;
            Ok(client.execute(&forget, &[]).await?)
        }
        .boxed()
    });
    if let Err(fault) = forget.await {
        tracing::debug!(%fault, "what old states left could not be removed");
    }
}

/// What the holders have left. Waits for the holder until `until`.
pub(super) async fn left(
    database: Arc<Database>,
    of: LockOf,
    key: String,
    until: Instant,
) -> io::Result<Option<String>> {
    let (given, mut pause) = ((key.as_str(), statements(of).left), PAUSES.0);
    loop {
        let looking = database.step(PATIENCE, &given, |client, (key, left)| {
            async move {
                let left = client.prepare_cached(left).await?;
                let Some(row) = client.query_opt(&left, &[key]).await? else { return Ok(None) };
                Ok(Some((row.try_get::<_, String>(0)?, row.try_get::<_, bool>(1)?)))
            }
            .boxed()
        });
        match looking.await? {
            Some((_, true)) if Instant::now() + pause < until => sleep(pause).await,
            looked => return Ok(looked.map(|(text, _)| text)),
        }
        pause = (pause * 3 / 2).min(PAUSES.1);
    }
}

/// Keeps the lock while its holder lives.
async fn renew(row: Row) {
    loop {
        sleep(RENEWAL).await;
        match row.change(row.statements.renew, None).await {
            Ok(true) => {}
            Ok(false) => return tracing::warn!(key = &*row.key, "a lock was lost to another server"),
            Err(fault) => tracing::debug!(%fault, "a lock could not be renewed"),
        }
    }
}

impl Lock for Lease {
    fn text(&self) -> Step<'_, String> {
        // Only the holder changes it.
        let notes = self.notes.lock().map(|notes| notes.clone()).unwrap_or_default();
        async { Ok(notes) }.boxed()
    }

    fn leave(&self, text: String) -> Step<'_, ()> {
        async move {
            if !self.row.change(self.row.statements.leave, Some(&text)).await? {
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another server holds the lock now"));
            }
            if let Ok(mut notes) = self.notes.lock() {
                *notes = text;
            }
            Ok(())
        }
        .boxed()
    }

    fn covers_record(&self) -> bool {
        true
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
        let row = self.row.clone();
        // Without a runtime the process is ending; the lock then ends by itself.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(fault) = row.change(row.statements.release, None).await {
                    tracing::debug!(%fault, "a lock ends by itself: it could not be released");
                }
            });
        }
    }
}
