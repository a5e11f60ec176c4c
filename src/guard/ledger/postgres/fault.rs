//! Why a step on the database failed, in words, and whether it passes.

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Why a step failed.
#[derive(Debug)]
pub(super) struct Fault {
    /// True if the same step may work a moment later.
    pub(super) passes: bool,
    pub(super) text: String,
}

/// The result of a step.
pub(super) type Done<T> = Result<T, Fault>;

impl Fault {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { passes: false, text: text.into() }
    }

    /// True if the role may not do it.
    pub(super) fn is_about_rights(&self) -> bool {
        self.text.contains(SqlState::INSUFFICIENT_PRIVILEGE.code())
    }

    /// No answer came in time.
    pub(super) fn of_silence() -> Self {
        Self { passes: true, text: "it does not answer".into() }
    }

    /// The same with what to do about it.
    pub(super) fn with(self, advice: &str) -> Self {
        Self { text: format!("{}; {advice}", self.text), ..self }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let Some(known) = error.as_db_error() else {
            let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
            let why = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
            return Self { passes: true, text: format!("it cannot be reached ({why})") };
        };
        let code = known.code();
        let passes = code.code().starts_with("08")
            || code.code().starts_with("57P")
            || [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::TOO_MANY_CONNECTIONS]
                .contains(code);
        let detail = known.detail().map(|detail| format!(", {detail}")).unwrap_or_default();
        Self { passes, text: format!("{}{detail} (SQLSTATE {})", known.message(), code.code()) }
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(_) => Self::of_silence(),
            error => Self::new(error.to_string()),
        }
    }
}
