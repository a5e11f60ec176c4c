//! Runs a call: checks its arguments, sends its requests, records its write, and waits for a person where needed.
//!
//! This folder names no tool and knows nothing of MCP. Start reading at `Toolbox::call`.

pub mod arguments;
pub mod call;
pub mod catalog;
pub mod claim;
pub mod completion;
pub mod context;
pub mod exchange;
pub mod facts;
pub mod in_flight;
pub mod instructions;
pub mod memory;
pub mod notice;
pub mod once;
pub mod open_steps;
mod origins;
pub mod principal;
pub mod prompts;
pub mod recorded_approvals;
pub mod resources;
pub mod resume;
pub mod running;
pub mod schemas;
pub mod secrets;
pub mod services;
pub mod tool;
pub mod toolbox;

pub use call::{CALL_LIMIT, Call, Progress};
pub use context::Context;
pub use facts::{Facts, Money};
pub use principal::Principal;
pub use schemas::Published;
pub use services::Services;
pub(crate) use tool::tools;
pub use tool::{Entry, Family, OneRequest, SchemaMaker, Tool, mark};
pub use toolbox::{Served, Toolbox};
