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
pub mod outcome;
pub mod paging;
pub mod phrases;
pub mod readiness;
mod rendered;
pub mod schema;
pub mod sentence;
pub mod step;
pub mod success;
pub mod text;
pub mod tool_error;

pub use access::Access;
pub use denial::Denial;
pub use failure::Failure;
pub use link::{Link, LinkKind};
pub use object::Object;
pub use outcome::Outcome;
pub use rendered::{Rendered, render};
pub use sentence::{Names, Sentence};
pub use step::{After, HumanStep, StepFacts};
pub use success::{Answer, OUR_KEYS, Page};
pub use tool_error::{Cause, ToolError};
