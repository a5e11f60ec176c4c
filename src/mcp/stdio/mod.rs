//! MCP over stdin and stdout: what hosts start. stdout is the protocol and nothing else. Start reading at `front`.

mod front;
mod json;
mod lines;
mod open;
mod outbox;
mod outline;
mod params;
mod presence;
mod signals;
#[cfg(test)]
mod tests;

use std::time::Duration;

use rmcp::service::{ServerInitializeError, ServiceExt};
use rmcp::transport::stdio_pipes;

use super::server::Server;
use front::Front;
use presence::Presence;
pub(crate) use signals::stopped;

/// After a signal, calls that are under way get this long; at the end of input rmcp gives them 5 s.
const AFTER_SIGNAL: Duration = Duration::from_millis(1_800);

/// Serves until the host has gone or a signal comes. Waits for people end at once then; other calls are given a moment.
///
/// # Errors
/// When the conversation could not be begun for another reason than that the host has gone.
pub async fn serve(server: Server) -> Result<(), Box<ServerInitializeError>> {
    let closing = server.closing().clone();
    let kept = server.clone();
    let (input, output) = stdio_pipes();
    let front = Front::new(input, output, Presence::of_process(), closing.clone());
    let masking = server.clone();
    let front = front.masking(Box::new(move |line| masking.masked(line)));
    let serving = async {
        match server.serve(front).await {
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
        () = signals::stop_of_server() => {
            closing.cancel();
            tokio::time::timeout(AFTER_SIGNAL, &mut serving).await.unwrap_or(Ok(()))
        }
        ended = &mut serving => ended,
    };
    kept.close().await;
    ended
}
