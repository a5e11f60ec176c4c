//! The error for a setting that cannot be used.

use super::source::Source;

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct ConfigError {
    origin: String,
    problem: String,
}

pub(super) fn refused(source: &Source, problem: impl Into<String>) -> ConfigError {
    ConfigError { origin: source.to_string(), problem: problem.into() }
}
