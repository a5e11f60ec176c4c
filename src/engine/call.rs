//! The parts of a call that do not belong to the server: its deadline, its client, its progress reports.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::HeaderValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The time in which every call is answered. Hosts give up after 60 s.
pub const CALL_LIMIT: Duration = Duration::from_secs(48);

/// The parts of a call that do not belong to the server.
#[derive(Clone)]
pub struct Call {
    /// The answer must be ready by this moment.
    pub deadline: Instant,
    /// True if the user was just asked to claim the account.
    pub after_claim: bool,
    /// The question to which a person has said yes for this call, by its mark.
    pub confirmed: Option<String>,
    /// Receives reports while the call waits.
    pub progress: Arc<dyn Progress>,
    /// True if the client is known to wait half a minute for an answer.
    pub is_patient: bool,
    /// Cancelled when the client is gone.
    pub closing: CancellationToken,
    /// The client's own name and version, for the record. Not verified.
    pub client: Option<String>,
    /// The caller's `traceparent` (W3C Trace Context), which goes on to the API.
    pub trace: Option<HeaderValue>,
}

/// Receives progress reports during a wait. Values must rise.
pub trait Progress: Send + Sync {
    /// Reports that `done` of `total` seconds have passed. `message` says what the call waits for.
    fn report(&self, done: f64, total: f64, message: &str) -> BoxFuture<'_, ()>;
}

/// Used for callers that did not ask for progress reports.
struct Silent;

impl Progress for Silent {
    fn report(&self, _: f64, _: f64, _: &str) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Call {
    /// A call that is answered within `limit`, sends no progress reports and is never cancelled.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self {
            deadline: Instant::now() + limit,
            after_claim: false,
            confirmed: None,
            progress: Arc::new(Silent),
            is_patient: false,
            closing: CancellationToken::new(),
            client: None,
            trace: None,
        }
    }

    /// Reports progress and pauses. Returns `false` if the wait is over: the time is up, or the client is gone.
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

    /// A copy of this call that is marked as coming after a request to claim the account.
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
