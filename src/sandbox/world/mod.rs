//! All state of the sandbox: values, what they hold, and how they are found. It decides nothing.

pub(crate) mod account;
pub(crate) mod contract;
pub(crate) mod job;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod proposal;
pub(crate) mod roles;
pub(crate) mod state;
pub(crate) mod trainer;
pub(crate) mod values;
