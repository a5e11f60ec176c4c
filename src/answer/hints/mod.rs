//! The wording of failures: what happened and what to do next.

mod access;
mod call_facts;
mod reasons;
mod words;

pub use access::GIVEN_BY_A_CLAIM;
pub use call_facts::CallFacts;
pub use reasons::REASONS;
pub use words::{failure, is_about_the_token};
