//! The state, and how connections share it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::account::Account;
use super::agenda::Agenda;
use super::approval::Approval;
use super::clock::Clock;
use super::contract::{Contract, Invoice};
use super::conversation::Conversation;
use super::event::Event;
use super::ids::Ids;
use super::job::Job;
use super::keys::Keys;
use super::ledger::{Entry, TopUp};
use super::proposal::Proposal;
use super::trainer::Trainer;
use super::values::Moment;
use super::webhook::{DeliveryQueue, Webhook};

/// Lists in order of time start with the oldest item.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Without a slash at the end.
    pub(crate) origin: String,
    /// The seeded account, another customer's, and those that agents register.
    pub(crate) accounts: Vec<Account>,
    pub(crate) keys: Keys,
    pub(crate) trainers: Vec<Arc<Trainer>>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) contracts: Vec<Contract>,
    pub(crate) proposals: Vec<Proposal>,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) ledger: Vec<Entry>,
    pub(crate) top_ups: Vec<TopUp>,
    pub(crate) approvals: Vec<Approval>,
    /// In the order of their numbers.
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) events: Vec<Event>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) deliveries: DeliveryQueue,
    pub(crate) agenda: Agenda,
    pub(crate) ids: Ids,
    pub(crate) clock: Clock,
    /// The faults that the front page shows.
    pub(crate) faults: String,
}

impl World {
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }
}

#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// A handler that panics loses one answer, and must not end the sandbox.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
