//! A small OpenTrain: the operations over real HTTP on loopback, and the pages on which a person decides.
//!
//! Paths, gates and decoding come from [`crate::api`], so the sandbox cannot drift from the client. Where the reference
//! is silent, [`ASSUMPTIONS`] says what the sandbox does and why. The sandbox must not know tools or MCP.
//!
//! Each floor uses only those below it: `http` serves, `routes` answer operations and `pages` show decisions, `rules`
//! say what happens, `story` is the seeded data, `world` is the state. A new operation needs a handler in `routes`.

mod http;
mod pages;
mod routes;
mod rules;
mod story;
mod world;

#[cfg(test)]
mod tests;

pub use http::embedded::Embedded;
pub use http::faults::Faults;
pub use http::secret::UserSecret;
pub use http::server::Sandbox;
pub use world::{Role, default_token, roles};

/// Every rule that is inferred and not documented: its subject, what the sandbox does, and why.
pub const ASSUMPTIONS: &str = include_str!("assumptions.txt");

/// The port that is tried first. It is fixed so that links to pages outlive a chat.
pub const DEFAULT_PORT: u16 = 27610;
