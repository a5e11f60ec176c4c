//! MCP over stdin and stdout: what hosts start. stdout is the protocol and nothing else.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::{ServerInitializeError, ServiceExt};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::{Transport, stdio_pipes};
use tokio_util::sync::CancellationToken;

use super::Server;

/// After a signal, calls that are under way get this long; at the end of input rmcp gives them 5 s.
const AFTER_SIGNAL: Duration = Duration::from_millis(1_800);

/// Serves until the input ends or a signal comes. Waits for people end at once then; other calls are given a moment.
///
/// # Errors
/// When the conversation could not be begun for another reason than that the host has gone.
pub async fn serve(server: Server) -> Result<(), Box<ServerInitializeError>> {
    let closing = server.closing().clone();
    let kept = server.clone();
    let (input, output) = stdio_pipes();
    let transport =
        Closing { inner: AsyncRwTransport::new_server(input, server.masked(output)), closing: closing.clone() };
    let serving = async {
        match server.serve(transport).await {
            Ok(running) => {
                let ended = running.waiting().await;
                tracing::debug!(?ended, "the conversation ended");
                Ok(())
            }
            // A host that only looks at what this is, or starts it twice, leaves without a word.
            Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => Ok(()),
            Err(fault) => Err(Box::new(fault)),
        }
    };
    tokio::pin!(serving);
    let ended = tokio::select! {
        // In this order: a signal must not meet a server that talks already and does not listen for it yet.
        biased;
        () = signal() => {
            closing.cancel();
            tokio::time::timeout(AFTER_SIGNAL, &mut serving).await.unwrap_or(Ok(()))
        }
        ended = &mut serving => ended,
    };
    kept.close().await;
    ended
}

/// Ends the input when the server is told to close, and tells it when the input has ended.
struct Closing<T> {
    inner: T,
    closing: CancellationToken,
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Closing<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        let message = tokio::select! {
            message = self.inner.receive() => message,
            () = self.closing.cancelled() => None,
        };
        if message.is_none() {
            self.closing.cancel();
        }
        message
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

/// Until the process is told to stop; a terminal that is closed tells it too.
#[cfg(unix)]
pub(crate) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    match signals {
        (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}

/// Until the process is told to stop.
#[cfg(not(unix))]
pub(crate) async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
