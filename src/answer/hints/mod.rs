//! What a failure says and what to do next: all of these words.

mod access;
mod call_facts;
mod reasons;
mod words;

pub use call_facts::CallFacts;
pub use reasons::REASONS;
pub use words::{failure, is_about_the_token};
