//! What makes a command impossible.

/// What makes a command impossible, with its causes.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
