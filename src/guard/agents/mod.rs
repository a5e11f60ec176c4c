//! The agents that may call over HTTP, each with a key of its own and with limits. Start reading at `Agents::admit`;
//! `file` reads and edits `agents.toml`.

mod agent;
mod file;
mod key;
mod watched;

pub use agent::{Agent, Agents};
pub use file::{AgentFile, AgentsError};
pub use key::NewKey;
pub use watched::Watched;
