//! All state of the sandbox: what its parts hold and how they are found. Each part knows how the API shows it; none of
//! them decides what happens. Start at `state`.

pub(crate) mod account;
pub(crate) mod agenda;
pub(crate) mod approval;
pub(crate) mod clock;
pub(crate) mod contract;
pub(crate) mod conversation;
pub(crate) mod event;
pub(crate) mod find;
pub(crate) mod ids;
pub(crate) mod job;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod proposal;
pub(crate) mod record;
pub(crate) mod refused;
pub(crate) mod roles;
pub(crate) mod scopes;
pub(crate) mod state;
pub(crate) mod team;
pub(crate) mod trainer;
pub(crate) mod values;
pub(crate) mod webhook;
