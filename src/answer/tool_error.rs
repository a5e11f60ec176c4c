//! The error of a tool, as data. `hints::failure` turns it into words once no further attempt can succeed.

use crate::api::error::{Error, InvalidArgument};

use super::denial::Denial;
use super::sentence::Sentence;
use super::shown::Shown;

/// The error of a tool.
#[derive(Clone, Debug)]
pub struct ToolError {
    /// The cause.
    pub cause: Cause,
    /// Notes for the caller. They become part of the hint.
    pub notes: Vec<Sentence>,
}

/// The cause of a tool's error.
#[derive(Clone, Debug)]
pub enum Cause {
    /// The API, or the connection to it.
    Api(Error),
    /// A read before a write failed, so the write was not sent.
    Unsent(Error),
    /// The API refused the call, and a later read has shown why.
    Explained {
        /// The refusal.
        fault: Error,
        /// The explanation and the next step. Replaces the usual hint.
        hint: Vec<Sentence>,
    },
    /// The operator does not allow the call. Nothing was sent.
    Denied(Box<Denial>),
    /// The operator wants a person's yes first, and nobody was asked so far. Nothing was sent. `engine` adds the question.
    Unconfirmed(Option<Shown>),
    /// Nothing was sent. The identical call may succeed a little later.
    NotYet {
        /// The reason as a code.
        reason: &'static str,
        /// The reason in words.
        message: Shown,
        /// The next step.
        hint: Vec<Sentence>,
    },
    /// The write was sent, and its outcome could not be found out.
    Unknown {
        /// The error that hid the outcome.
        fault: Error,
        /// The next step.
        hint: Vec<Sentence>,
        /// True if the identical call is safe.
        retryable: bool,
    },
}

impl ToolError {
    /// Adds a sentence to the hint.
    #[must_use]
    pub fn note(mut self, note: impl Into<Sentence>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// A read before a write failed, so the write was not sent.
    #[must_use]
    pub fn unsent(fault: Error) -> Self {
        Cause::Unsent(fault).into()
    }

    /// Replaces the hint if the outcome of the write is unknown. `retryable`: the identical call is safe.
    #[must_use]
    pub fn with_unknown_outcome(self, hint: &[Sentence], retryable: bool) -> Self {
        match self.cause {
            Cause::Api(fault) if fault.may_have_happened() => {
                Self { cause: Cause::Unknown { fault, hint: hint.to_vec(), retryable }, notes: self.notes }
            }
            cause => Self { cause, notes: self.notes },
        }
    }

    /// The error of the API or the connection.
    #[must_use]
    pub const fn fault(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Api(fault)
            | Cause::Unsent(fault)
            | Cause::Explained { fault, .. }
            | Cause::Unknown { fault, .. } => Some(fault),
            Cause::Denied(_) | Cause::Unconfirmed(_) | Cause::NotYet { .. } => None,
        }
    }

    /// True if another token may help. The call then had no effect.
    #[must_use]
    pub fn wants_another_token(&self) -> bool {
        self.fault().is_some_and(Error::wants_another_token)
    }

    /// True if OpenTrain did not accept the token. The call then had no effect.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.fault().and_then(Error::status) == Some(401)
    }
}

impl From<Cause> for ToolError {
    fn from(cause: Cause) -> Self {
        Self { cause, notes: Vec::new() }
    }
}

impl From<Error> for ToolError {
    fn from(fault: Error) -> Self {
        Cause::Api(fault).into()
    }
}

impl From<InvalidArgument> for ToolError {
    fn from(fault: InvalidArgument) -> Self {
        Cause::Api(fault.into()).into()
    }
}

impl From<Denial> for ToolError {
    fn from(denial: Denial) -> Self {
        Cause::Denied(Box::new(denial)).into()
    }
}
