//! A setting that cannot be used, and where it was set.

use super::source::Source;

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct ConfigError {
    origin: String,
    problem: String,
}

/// The error for what was set at `source`.
pub(super) fn refused(source: &Source, problem: impl Into<String>) -> ConfigError {
    ConfigError { origin: source.to_string(), problem: problem.into() }
}
