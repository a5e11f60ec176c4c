//! OpenTrain again, small: the operations over real HTTP on loopback, with the pages on which a person decides.
//!
//! Paths, gates and decoding come from [`crate::api`], so the sandbox cannot drift from the client. It enforces what the
//! reference documents; where the reference is silent, [`ASSUMPTIONS`] says what the sandbox does and why. It knows
//! nothing of tools or of MCP.
//!
//! Floors, each using only those below it: `http` serves, `routes` answer operations and `pages` show a person what to
//! decide, `rules` say what happens, `story` is the seeded data, `world` is the state. To add an operation, write a
//! handler in its family's file in `routes`.

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

/// Every rule of the sandbox that is inferred and not documented: what it is about, what the sandbox does, and why.
pub const ASSUMPTIONS: &str = include_str!("assumptions.txt");

/// The port on which a sandbox is looked for first, so that links to its pages outlive a chat.
pub const DEFAULT_PORT: u16 = 27610;
