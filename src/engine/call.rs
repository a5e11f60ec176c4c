//! What belongs to one call and not to the server: its deadline, who waits for it, and who hears how a wait goes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Hosts cut a call at 60 s: whatever happens, it is answered before.
pub const CALL_LIMIT: Duration = Duration::from_secs(48);

/// What belongs to one call and not to the server.
#[derive(Clone)]
pub struct Call {
    /// The answer is due by then.
    pub deadline: Instant,
    /// A person was sent to claim the account.
    pub after_claim: bool,
    /// Who hears how a wait goes.
    pub progress: Arc<dyn Progress>,
    /// Whether the caller is known to wait for an answer that takes half a minute.
    pub is_patient: bool,
    /// Cancelled when nobody is there any more to wait for.
    pub closing: CancellationToken,
    /// Who the client says it is; for the record.
    pub client: Option<String>,
}

/// Hears how a wait goes. Values rise.
pub trait Progress: Send + Sync {
    /// `done` of `total` seconds, and a word about what is waited for.
    fn report(&self, done: f64, total: f64, message: &str) -> BoxFuture<'_, ()>;
}

/// For callers that asked for no progress.
struct Silent;

impl Progress for Silent {
    fn report(&self, _: f64, _: f64, _: &str) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Call {
    /// A call that is answered within `limit`, without progress and without end.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self {
            deadline: Instant::now() + limit,
            after_claim: false,
            progress: Arc::new(Silent),
            is_patient: false,
            closing: CancellationToken::new(),
            client: None,
        }
    }

    /// Reports how a wait goes, and pauses. `false` when there is nothing left to wait for: the time is up, or nobody is
    /// there any more.
    pub async fn pause(&self, pause: Duration, waited: Duration, limit: Duration, message: &str) -> bool {
        let paused = async {
            self.progress.report(waited.as_secs_f64(), limit.as_secs_f64(), message).await;
            tokio::time::sleep(pause).await;
        };
        tokio::select! {
            () = paused => !pause.is_zero(),
            () = self.closing.cancelled() => false,
        }
    }

    /// The same call, after a person was sent to claim the account.
    #[must_use]
    pub fn after_claim(&self) -> Self {
        Self { after_claim: true, ..self.clone() }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("deadline", &self.deadline)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
