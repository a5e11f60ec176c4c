//! OpenTrain again, small: the operations over real HTTP on loopback, with the pages on which a person decides.
//!
//! Routes, gates and decoding come from [`crate::api`], so the sandbox cannot drift from the client. It enforces what
//! the reference documents and invents no rule; where the reference is silent, what it does instead stands in
//! [`ASSUMPTIONS`]. State is in memory, and the same requests get the same bytes in every fresh sandbox: seeded data,
//! ids and clock. It knows nothing of tools or of MCP.
//!
//! | file | what it holds |
//! |---|---|
//! | `server` | the HTTP around everything: start, headers, what is no operation |
//! | `guard` | who may talk to a server on loopback |
//! | `routes` | an operation as a route: token, gates, decoding |
//! | `account`, `agent`, `tokens`, `team` | who calls: the operations, one handler each and one table a family |
//! | `jobs`, `market`, `proposals`, `messages` | from a draft to a candidate, likewise |
//! | `contracts`, `milestones`, `approvals`, `credits` | work and money, likewise |
//! | `updates`, `webhooks` | what happened, polled and sent, likewise |
//! | `decisions`, `hiring` | what a person is asked, and what is done when they have decided |
//! | `accounts`, `keys` | whose everything is, how an account comes to a person, and its tokens |
//! | `postings`, `drafts`, `reading` | jobs as they are kept, what a draft lacks, what a description says |
//! | `candidates`, `people` | proposals and trainers as they are kept |
//! | `ledger` | credits as they are kept |
//! | `life` | what happens by itself while the clock moves |
//! | `delivery` | how events get to webhooks |
//! | `listing` | lists by pages |
//! | `answer` | what the API answers, and its error envelope |
//! | `world` | the state, its clock and its ids |
//! | `model`, `values` | contracts and milestones; numbers and times as the wire has them |
//! | `story` | the seeded data |
//! | `roles` | the tokens that are there from the start |
//! | `pages` | what a person sees |
//! | `faults`, `line` | what goes wrong on demand, and connections that can break |
//! | `marker`, `embedded` | how one sandbox is found and shared by the servers of one user |
//! | `assumptions.txt` | rules that are inferred and not documented |
//!
//! To add an operation: a handler in its family's file, and its name in the table there.

mod account;
mod accounts;
mod agent;
mod answer;
mod approvals;
mod candidates;
mod contracts;
mod credits;
mod decisions;
mod delivery;
mod drafts;
mod embedded;
pub mod faults;
mod guard;
mod hiring;
mod jobs;
mod keys;
mod ledger;
mod life;
mod line;
mod listing;
mod marker;
mod market;
mod messages;
mod milestones;
mod model;
mod pages;
mod people;
mod postings;
mod proposals;
mod reading;
mod roles;
mod routes;
mod server;
mod story;
mod team;
mod tokens;
mod updates;
mod values;
mod webhooks;
mod world;

#[cfg(test)]
mod tests;

pub use embedded::Embedded;
pub use faults::Faults;
pub use roles::{Role, default_token, roles};
pub use server::Sandbox;

/// Every rule of the sandbox that is inferred and not documented: what it is about, what the sandbox does, and why.
pub const ASSUMPTIONS: &str = include_str!("assumptions.txt");

/// The port on which a sandbox is looked for first, so that links to its pages outlive a chat.
pub const DEFAULT_PORT: u16 = 27610;
