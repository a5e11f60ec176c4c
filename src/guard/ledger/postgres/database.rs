//! Connections to the database. A step is tried again while the database restarts, for as long as a step may take. No
//! connection is kept after a step that did not end.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use futures::future::BoxFuture;
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::fault::{Done, Fault};
use super::schema;

/// The longest time for one step. A database that is started again is back within it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// The most connections of one server.
const CONNECTIONS: usize = 8;
/// The pause before a step is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// The database with the ledger.
pub(super) struct Database {
    pool: Pool,
    address: Address,
    /// True once the schema is known to be there.
    is_ready: AtomicBool,
    preparing: tokio::sync::Mutex<()>,
}

/// What a step does with a connection and with what it is given.
pub(super) type Work<A, T> = for<'a> fn(&'a mut Object, &'a A) -> BoxFuture<'a, Done<T>>;

impl Database {
    /// Prepares connections; the first step makes one.
    pub(super) fn at(address: Address) -> io::Result<Self> {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if address.config.get_ssl_mode() == SslMode::Disable {
            Manager::from_config(address.config.clone(), NoTls, config)
        } else {
            Manager::from_config(address.config.clone(), MakeRustlsConnect::new(tls()?), config)
        };
        let limit = Some(PATIENCE);
        let timeouts = Timeouts { wait: limit, create: limit, recycle: limit };
        let pool = Pool::builder(manager).max_size(CONNECTIONS).runtime(Runtime::Tokio1).timeouts(timeouts);
        let pool = pool.build().map_err(io::Error::other)?;
        Ok(Self { pool, address, is_ready: AtomicBool::new(false), preparing: tokio::sync::Mutex::default() })
    }

    /// Runs a step, again while the database is away. The step must have the same effect if it is done twice, since the
    /// answer of the first attempt may be lost.
    pub(super) async fn step<A: Sync, T: Send>(
        &self,
        patience: Duration,
        given: &A,
        work: Work<A, T>,
    ) -> io::Result<T> {
        let until = Instant::now() + patience;
        loop {
            let fault = match timeout_at(until, self.attempt(given, work)).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(fault)) if fault.passes && Instant::now() + PAUSE < until => fault,
                Ok(Err(fault)) => return Err(self.error(&fault)),
                Err(_) => return Err(self.error(&Fault::of_silence())),
            };
            tracing::debug!(fault = fault.text, "a step on the ledger is tried again");
            sleep(PAUSE).await;
        }
    }

    async fn attempt<A: Sync, T: Send>(&self, given: &A, work: Work<A, T>) -> Done<T> {
        let mut connection = Connection(Some(self.pool.get().await?));
        let Some(client) = connection.0.as_mut() else { return Err(Fault::new("there is no connection")) };
        self.prepare(client).await?;
        let done = work(client, given).await;
        if let Err(fault) = &done
            && fault.passes
        {
            return done;
        }
        connection.keep();
        done
    }

    /// Makes the schema, or finds that it is there.
    async fn prepare(&self, client: &mut Object) -> Done<()> {
        if self.is_ready.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one_at_a_time = self.preparing.lock().await;
        if !self.is_ready.load(Ordering::Acquire) {
            schema::migrate(client).await?;
            self.is_ready.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// `NotConnected` if the database is away, anything else if it refuses us.
    fn error(&self, fault: &Fault) -> io::Error {
        let kind = if fault.passes { io::ErrorKind::NotConnected } else { io::ErrorKind::Other };
        io::Error::new(kind, format!("the ledger {}: {}", self.address, fault.text))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Database").field(&self.address).finish()
    }
}

/// The same roots of trust as for OpenTrain: those of the system.
fn tls() -> io::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(builder.with_platform_verifier().map_err(io::Error::other)?.with_no_client_auth())
}

/// A connection that is closed unless its step has ended: an answer may still be on its way.
struct Connection(Option<Object>);

impl Connection {
    /// Gives it back to the others.
    fn keep(mut self) {
        self.0.take();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
