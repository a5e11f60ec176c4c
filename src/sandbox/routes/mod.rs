//! Handlers, one file per family of operations: each reads its input and answers from the world.

pub(crate) mod account;
pub(crate) mod agent;
pub(crate) mod approvals;
pub(crate) mod contracts;
pub(crate) mod credits;
pub(crate) mod jobs;
pub(crate) mod market;
pub(crate) mod messages;
pub(crate) mod milestones;
pub(crate) mod proposals;
pub(crate) mod team;
pub(crate) mod tokens;
pub(crate) mod updates;
pub(crate) mod webhooks;
