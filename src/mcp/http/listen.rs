//! The connections: their limits and time-outs, and the end of the server.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::door::Door;
use super::exchange::answer;
use super::metrics::Metrics;
use super::shared::{Settings, Shared};
use super::slots::Slots;
use crate::mcp::stdio::stopped;

/// A connection without a whole head, or without a request, is closed after this time. It is longer than the minute for
/// which proxies keep idle connections: a proxy must be the first to close.
const IDLE: Duration = Duration::from_secs(75);
/// The most connections.
const CONNECTIONS: usize = 2_048;
/// The time that calls get after a signal.
const LAST_CALLS: Duration = Duration::from_secs(50);
/// The pause after an error of `accept`, such as too many open files.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until a signal arrives. Then no new call is taken, waits for a person end, and other calls get up to 50 s;
/// `idle` is awaited, too: writes that outlive their caller.
///
/// # Errors
/// If the listener fails at once.
pub async fn serve<D: Door>(
    listener: TcpListener,
    settings: Settings,
    door: D,
    metrics: Option<Arc<Metrics>>,
    closing: CancellationToken,
    idle: impl Future<Output = ()>,
) -> io::Result<()> {
    let slots = Slots::default();
    if let Some(metrics) = &metrics {
        metrics.watch(slots.clone());
    }
    let shared = Arc::new(Shared { settings, door, slots, closing: closing.clone(), sessions: Arc::default() });
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let accepting = async {
        loop {
            let Ok(place) = Arc::clone(&connections).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        connection(stream, shared).await;
                        drop(place);
                    });
                }
                Err(fault) => {
                    tracing::warn!(%fault, "a connection could not be taken");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    };
    let ending = async {
        stopped().await;
        closing.cancel();
        let last = async {
            shared.slots.empty().await;
            idle.await;
            // The last answers are on their way through the connections.
            tokio::time::sleep(BREATH).await;
        };
        if tokio::time::timeout(LAST_CALLS, last).await.is_err() {
            tracing::warn!(calls = shared.slots.used(), "calls were still open at the end");
        }
    };
    tokio::select! {
        () = accepting => {}
        () = ending => {}
    }
    Ok(())
}

async fn connection<D: Door>(stream: TcpStream, shared: Arc<Shared<D>>) {
    let Ok(peer) = stream.peer_addr() else { return };
    // Answers are small and whole: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let answer = answer(Arc::clone(&shared), peer, request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(64 * 1024);
    if let Err(fault) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%fault, "a connection broke");
    }
}
