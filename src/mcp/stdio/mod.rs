//! MCP over stdin and stdout, for servers that a host starts. Only the protocol is written to stdout. Start reading at
//! `front`.

mod front;
mod lines;
mod open;
mod outbox;
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

/// The time that open calls get after a signal. At the end of the input rmcp gives them 5 s.
const AFTER_SIGNAL: Duration = Duration::from_millis(1_800);

/// Serves until the host is gone or a signal arrives. Waits for a person then end at once; other calls get a moment.
///
/// # Errors
/// If the connection could not be established although the host is still there.
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
            // Some hosts only probe the program or start it twice, and leave without a message.
            Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => Ok(()),
            Err(fault) => Err(Box::new(fault)),
        }
    };
    tokio::pin!(serving);
    let ended = tokio::select! {
        // The order matters: the server must listen for signals before it begins to serve.
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
