//! The HTTP around everything: server, guard, routing, faults, delivery of webhooks, sharing.

pub(crate) mod answer;
pub(crate) mod delivery;
pub(crate) mod embedded;
pub(crate) mod faults;
pub(crate) mod guard;
pub(crate) mod line;
pub(crate) mod listing;
pub(crate) mod marker;
pub(crate) mod route;
pub(crate) mod server;
