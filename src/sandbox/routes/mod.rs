//! Handlers, one file per family of operations. A handler reads its input, asks the rules, and answers. `http::table`
//! maps paths to handlers.

#![expect(clippy::unnecessary_wraps, reason = "a handler may refuse, also one that has no reason to")]

pub(crate) mod account;
pub(crate) mod agent;
pub(crate) mod answer;
pub(crate) mod approvals;
pub(crate) mod contracts;
pub(crate) mod credits;
pub(crate) mod jobs;
pub(crate) mod listing;
pub(crate) mod market;
pub(crate) mod messages;
pub(crate) mod milestones;
pub(crate) mod proposals;
pub(crate) mod team;
pub(crate) mod tokens;
pub(crate) mod updates;
pub(crate) mod webhooks;
