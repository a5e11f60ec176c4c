//! Adds new things to the world: events, invoices, messages, and entries of the ledger.

use serde_json::{Value, json};

use super::account::Owner;
use super::contract::Invoice;
use super::conversation::{Conversation, Message};
use super::event::{Event, EventKind};
use super::ledger::{Entry, EntryKind};
use super::state::World;
use super::values::Moment;
use super::webhook::Delivery;

/// The first event has the next number.
const BEFORE: u64 = 1_000;

impl World {
    /// Records an event of the time `at`, and queues it for the webhooks that want its kind.
    pub(crate) fn record_event(
        &mut self,
        owner: Owner,
        kind: EventKind,
        at: Moment,
        resource: &str,
        job: Option<&str>,
        data: Value,
    ) {
        let id = self.events.last().map_or(BEFORE, |event| event.id) + 1;
        let (resource_id, job_id) = (resource.to_owned(), job.map(str::to_owned));
        let event = Event { id, owner, kind, created_at: at, resource_id, job_id, data };
        let body = event.to_json().to_string();
        for webhook in self.webhooks.iter().filter(|known| known.owner == owner && known.kinds.contains(&kind)) {
            self.deliveries.push(Delivery {
                id: self.ids.next("dlv"),
                webhook: webhook.id.clone(),
                url: webhook.url.clone(),
                secret: webhook.secret.clone(),
                event: kind.name(),
                body: body.clone(),
            });
        }
        self.events.push(event);
    }

    pub(crate) fn new_invoice(&mut self) -> String {
        let (id, created_at) = (self.ids.next("inv"), self.now());
        let number = self.invoices.last().map_or(0, |invoice| invoice.number) + 1;
        self.invoices.push(Invoice { id: id.clone(), number, created_at });
        id
    }

    /// Returns the id of the new conversation.
    pub(crate) fn open_conversation(&mut self, owner: Owner, job: &str, proposal: Option<&str>, with: &str) -> String {
        let (id, created_at) = (self.ids.next("cnv"), self.now());
        self.conversations.push(Conversation {
            id: id.clone(),
            owner,
            job_id: job.into(),
            proposal_id: proposal.map(str::to_owned),
            freelancer_id: with.into(),
            messages: Vec::new(),
            created_at,
        });
        id
    }

    pub(crate) fn write(&mut self, conversation: &str, is_ours: bool, text: &str, at: Moment) {
        let id = self.ids.next("msg");
        let Some(known) = self.conversations.iter_mut().find(|known| known.id == conversation) else { return };
        known.messages.push(Message { id: id.clone(), at, is_ours, text: text.into() });
        if !is_ours {
            let (owner, job) = (known.owner, known.job_id.clone());
            let data = json!({ "conversationId": conversation, "messageId": id });
            self.record_event(owner, EventKind::MessageReceived, at, &id, Some(&job), data);
        }
    }

    fn entry(&mut self, owner: Owner, kind: EntryKind, cents: i64) -> Entry {
        let (id, created_at) = (self.ids.next("cre"), self.now());
        Entry { id, owner, kind, amount_cents: cents, created_at, ..Entry::default() }
    }

    pub(crate) fn hold(&mut self, owner: Owner, cents: i64, proposal: &str, contract: &str, milestone: &str) {
        let entry = Entry {
            proposal_id: Some(proposal.into()),
            contract_id: Some(contract.into()),
            milestone_id: Some(milestone.into()),
            ..self.entry(owner, EntryKind::Hold, -cents)
        };
        self.ledger.push(entry);
    }

    /// Spends the credits held for a milestone, if any.
    pub(crate) fn capture(&mut self, milestone_id: &str) {
        let is_for =
            |entry: &&Entry| entry.kind == EntryKind::Hold && entry.milestone_id.as_deref() == Some(milestone_id);
        let Some(hold) = self.ledger.iter().find(is_for).cloned() else { return };
        let Entry { id, kind, created_at, .. } = self.entry(hold.owner, EntryKind::Capture, hold.amount_cents);
        self.ledger.push(Entry { id, created_at, kind, hold_entry_id: Some(hold.id.clone()), ..hold });
    }

    /// Pays a top-up. An error is text for the person's page.
    pub(crate) fn pay(&mut self, top_up: &str) -> Result<(), &'static str> {
        let now = self.now();
        let found = self.top_ups.iter_mut().find(|found| found.id == top_up);
        let found = found.ok_or("There is no such checkout.")?;
        match found.status(now) {
            "PENDING" => found.completed_at = Some(now),
            "COMPLETED" => return Err("Already paid: nothing more was charged."),
            _ => return Err("Too late: this page expired after 24 hours. Nothing was charged."),
        }
        let (owner, cents) = (found.owner, found.cents);
        let entry = Entry { top_up_id: Some(top_up.into()), ..self.entry(owner, EntryKind::TopUp, cents) };
        self.ledger.push(entry);
        Ok(())
    }
}
