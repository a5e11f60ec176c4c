//! The error for a setting that cannot be used.

use crate::answer::Shown;

use super::source::Source;

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct ConfigError {
    origin: Shown,
    problem: Shown,
}

pub(super) fn refused(source: &Source, problem: impl Into<Shown>) -> ConfigError {
    ConfigError { origin: source.shown(), problem: problem.into() }
}
