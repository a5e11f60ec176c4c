//! Why a tool gives no answer, as data. It is put into words once, by `hints::failure`, when nothing is left to try.

use crate::api::error::{Error, InvalidArgument};

use super::denial::Denial;
use super::sentence::Sentence;

/// Why a tool gives no answer.
#[derive(Clone, Debug)]
pub struct ToolError {
    /// What went wrong.
    pub cause: Cause,
    /// What the caller has to know besides; part of the hint.
    pub notes: Vec<Sentence>,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub enum Cause {
    /// The API, or the way to it.
    Api(Error),
    /// A look before a write failed, so the write was not sent.
    Unsent(Error),
    /// The API refused it, and a look has shown why.
    Explained {
        /// The refusal.
        fault: Error,
        /// Why it was refused and what to do: takes the place of the usual hint.
        hint: Vec<Sentence>,
    },
    /// The operator does not allow it; nothing was sent.
    Denied(Box<Denial>),
    /// Nothing was sent, and the identical call may go through a little later.
    NotYet {
        /// A word for programs.
        reason: &'static str,
        /// Why not.
        message: String,
        /// What to do now.
        hint: Vec<Sentence>,
    },
    /// The write left, and whether it was carried out could not be found out.
    Unknown {
        /// What was seen of it.
        fault: Error,
        /// What to do now.
        hint: Vec<Sentence>,
        /// Whether the identical call is safe.
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

    /// A look before a write failed, so the write was not sent.
    #[must_use]
    pub fn unsent(fault: Error) -> Self {
        Cause::Unsent(fault).into()
    }

    /// The same, with `hint` where it is not known whether the write was carried out. `retryable`: the identical call is safe.
    #[must_use]
    pub fn unsure(self, hint: &[Sentence], retryable: bool) -> Self {
        match self.cause {
            Cause::Api(fault) if fault.may_have_happened() => {
                Self { cause: Cause::Unknown { fault, hint: hint.to_vec(), retryable }, notes: self.notes }
            }
            cause => Self { cause, notes: self.notes },
        }
    }

    /// What the API, or the way to it, has said.
    #[must_use]
    pub const fn fault(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Api(fault)
            | Cause::Unsent(fault)
            | Cause::Explained { fault, .. }
            | Cause::Unknown { fault, .. } => Some(fault),
            Cause::Denied(_) | Cause::NotYet { .. } => None,
        }
    }

    /// Whether OpenTrain did not accept the token. Nothing has changed then.
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
