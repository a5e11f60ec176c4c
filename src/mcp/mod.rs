//! The MCP server: the only folder that knows MCP and rmcp. It lists the tools, carries calls to them, and shows pages to
//! the user in the best way that the host supports. What an answer says is made in `tools` and `answer`.

pub mod client;
mod elicitation;
mod handler;
mod host;
mod listing;
mod progress;
mod seal;
mod server;
pub mod stdio;

pub use listing::{tool, tools};
pub use seal::SealError;
pub use server::Server;
