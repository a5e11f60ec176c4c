//! The MCP server, in the only folder that knows MCP and rmcp. It lists the tools, passes calls to them, and shows
//! pages to the user in the best way that the host supports. `tools` and `answer` build the answers.

pub mod client;
mod elicitation;
mod handler;
mod host;
mod listing;
mod progress;
mod prompts;
mod resources;
mod seal;
mod server;
mod spent;
pub mod stdio;

pub use listing::{tool, tools};
pub use seal::SealError;
pub use server::Server;
