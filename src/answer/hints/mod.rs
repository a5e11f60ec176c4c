//! What a failure says and what to do next: all of these words.

mod access;
mod reasons;
mod situation;
mod words;

pub use reasons::REASONS;
pub use situation::Situation;
pub use words::{failure, is_about_the_token};
