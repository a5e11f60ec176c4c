//! The MCP server, in the only folder that knows MCP and rmcp. It lists the tools, passes calls to them, and shows
//! pages to the user in the best way that the host supports. `tools` and `answer` build the answers.

mod carried;
pub mod client;
mod confirmation;
mod elicitation;
mod handler;
mod host;
#[cfg(feature = "http")]
pub mod http;
mod listing;
mod message;
mod observer;
mod progress;
mod prompts;
mod resources;
mod seal;
mod server;
mod state;
pub mod stdio;
mod traced;
mod uses;

pub use listing::{tool, tools};
pub use seal::SealError;
pub use server::Server;

/// Reads a host's message, for `fuzz/`.
#[cfg(fuzzing)]
pub fn fuzz_message(text: &[u8]) {
    message::fuzz(text);
}

/// Opens a state, for `fuzz/`.
#[cfg(fuzzing)]
pub fn fuzz_state(text: &str) {
    state::fuzz(text);
}
