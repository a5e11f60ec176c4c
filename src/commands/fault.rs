//! The error type of commands.

/// The reason why a command cannot run, with its causes.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;
