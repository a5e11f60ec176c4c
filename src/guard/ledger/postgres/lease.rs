//! The lock of a contract, as a row that names its holder for a short time. The advisory lock is taken only for the
//! moment in which the holder changes, so no transaction is open while OpenTrain is called, and a holder that died is
//! followed by the next one when its time is over.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::guard::ledger::store::{Lock, Step};

use super::database::{Database, PATIENCE};

/// How long a holder that is not heard of keeps the lock, in seconds. It is shorter than the wait of a create for it.
const SECONDS: f64 = 12.0;
/// The interval between two signs of life.
const RENEWAL: Duration = Duration::from_secs(3);
/// The first and the longest pause between two attempts to take a lock.
const PAUSES: (Duration, Duration) = (Duration::from_millis(8), Duration::from_millis(120));

// What only the lock says need not be on the disk at once: the record of the write, which is written before the request
// leaves, takes everything before it to the disk.
const TAKE: &str = "
    INSERT INTO opentrain_mcp.contract_lock AS lock (key, holder, held_until)
    SELECT $1, $2, clock_timestamp() + make_interval(secs => $3)
    FROM (SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(hashtextextended($1, 0))) AS turn
    ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
    WHERE lock.holder IS NULL OR lock.holder = excluded.holder OR lock.held_until < clock_timestamp()
    RETURNING notes";
const RENEW: &str = "
    UPDATE opentrain_mcp.contract_lock SET held_until = clock_timestamp() + make_interval(secs => $3)
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting WHERE key = $1 AND holder = $2";
const LEAVE: &str = "
    UPDATE opentrain_mcp.contract_lock SET notes = $4, held_until = clock_timestamp() + make_interval(secs => $3)
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting WHERE key = $1 AND holder = $2";
const RELEASE: &str = "
    UPDATE opentrain_mcp.contract_lock SET holder = NULL
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting WHERE key = $1 AND holder = $2";

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
    key: Arc<str>,
    holder: Arc<str>,
}

impl Row {
    /// Takes the lock. Returns the notes; `None` if another server holds it.
    async fn take(&self) -> io::Result<Option<String>> {
        let given = (&*self.key, &*self.holder);
        self.database
            .step(PATIENCE, &given, |client, (key, holder)| {
                async move {
                    let take = client.prepare_cached(TAKE).await?;
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
    pub(super) async fn take(database: Arc<Database>, key: &str, until: Instant) -> io::Result<Option<Self>> {
        let holder = format!("{:016x}", getrandom::u64().map_err(io::Error::other)?);
        let row = Row { database, key: key.into(), holder: holder.into() };
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

/// Keeps the lock while its holder lives.
async fn renew(row: Row) {
    loop {
        sleep(RENEWAL).await;
        match row.change(RENEW, None).await {
            Ok(true) => {}
            Ok(false) => return tracing::warn!(key = &*row.key, "the lock of a contract was lost to another server"),
            Err(fault) => tracing::debug!(%fault, "the lock of a contract could not be renewed"),
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
            if !self.row.change(LEAVE, Some(&text)).await? {
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
                if let Err(fault) = row.change(RELEASE, None).await {
                    tracing::debug!(%fault, "the lock of a contract ends by itself: it could not be released");
                }
            });
        }
    }
}
