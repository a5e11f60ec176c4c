//! All state of the sandbox, and how it is found. Each part knows how the API shows it, and must not decide what
//! happens. Start at `state`.

mod account;
mod agenda;
mod approval;
mod clock;
mod contract;
mod conversation;
mod event;
mod find;
mod ids;
mod job;
mod keys;
mod ledger;
mod proposal;
mod record;
mod refused;
mod roles;
mod scopes;
mod state;
mod team;
mod trainer;
mod values;
mod webhook;

pub(crate) use account::{Account, Attempt, Ceremony, Owner};
pub(crate) use agenda::Due;
pub(crate) use approval::{Approval, Asked, Costs, Decision, Outcome, Request, Terms};
pub(crate) use contract::{Contract, Invoice, Milestone, PAID, PaymentType, Usage};
pub(crate) use event::{Event, EventKind};
#[cfg(test)]
pub(crate) use ids::Ids;
pub(crate) use job::{Change, Job};
pub(crate) use keys::{ANYONE, Caller, Key, Keys, MOST_KEYS};
pub(crate) use ledger::{Entry, TopUp, cents, dollars};
pub(crate) use proposal::{Interview, Proposal, ProposalStatus};
pub(crate) use refused::Refused;
pub use roles::{Role, default_token, roles};
pub(crate) use scopes::{AFTER_THE_CLAIM, ALL_SCOPES, BEFORE_THE_CLAIM};
pub(crate) use state::{Shared, World};
pub(crate) use team::{Invite, Member};
pub(crate) use trainer::{Trainer, UNAVAILABLE};
pub(crate) use values::{Exact, Moment};
pub(crate) use webhook::{Delivery, DeliveryQueue, MOST_WAITING, Webhook};
