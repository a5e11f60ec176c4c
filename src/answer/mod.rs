//! The answers that a model reads, as text and as data.
//!
//! This folder contains values and wording only; it sends and reads nothing. A success is an `Answer`, a failure a
//! `Failure`; `hints` has the wording of failures.

pub mod access;
pub mod bound;
pub mod denial;
pub mod failure;
pub mod hints;
pub mod lines;
pub mod link;
pub mod object;
pub mod origin;
pub mod outcome;
pub mod page;
pub mod paging;
pub mod phrases;
pub mod readiness;
mod rendered;
pub mod schema;
pub mod sentence;
pub mod shown;
pub mod step;
pub mod success;
pub mod text;
pub mod tool_error;
pub mod unconfirmed;
pub mod visible;

pub use access::Access;
pub use denial::Denial;
pub use failure::Failure;
pub use link::{Address, Link, LinkKind};
pub use object::Object;
pub use origin::Origin;
pub use outcome::Outcome;
pub use page::Page;
pub use rendered::{Rendered, render};
pub use sentence::{Names, Sentence};
pub use shown::{Hole, Joined, Shown, figure, id, quoted, quoted_to};

pub use crate::shown;
pub use step::{After, HumanStep, StepFacts};
pub use success::{Answer, ListPosition, OUR_KEYS};
pub use tool_error::{Cause, ToolError};
pub use unconfirmed::Unconfirmed;
