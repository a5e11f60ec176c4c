//! The server and its guard, routing, faults on demand, delivery to webhooks, and how the servers of one user share one
//! sandbox. Start at `server`.

mod connection;
mod delivery;
pub(crate) mod embedded;
pub(crate) mod faults;
pub(crate) mod guard;
mod loopback;
mod marker;
mod response;
pub(crate) mod route;
pub(crate) mod secret;
pub(crate) mod server;
pub(crate) mod table;
