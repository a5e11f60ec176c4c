//! Webhooks, and the queue of events for them.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;

use super::account::Owner;
use super::event::EventKind;
use super::values::Moment;

/// How many deliveries may wait. More are dropped.
pub(crate) const MOST_WAITING: usize = 256;

#[derive(Debug)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) url: Url,
    pub(crate) address: String,
    pub(crate) kinds: Vec<EventKind>,
    pub(crate) secret: String,
    pub(crate) created_at: Moment,
}

impl Webhook {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "url": self.address,
            "eventTypes": self.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
            "status": "ACTIVE",
            "createdAt": self.created_at,
            "disabledAt": null,
            "disabledReason": null,
        })
    }
}

/// An event on its way to one webhook.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) webhook: String,
    pub(crate) url: Url,
    pub(crate) secret: String,
    pub(crate) event: &'static str,
    /// The event as it is polled.
    pub(crate) body: String,
}

/// Takes deliveries without waiting. Without a receiver they are dropped.
#[derive(Debug, Default)]
pub(crate) struct DeliveryQueue(Option<mpsc::Sender<Delivery>>);

impl DeliveryQueue {
    pub(crate) fn open() -> (Self, mpsc::Receiver<Delivery>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        (Self(Some(sender)), receiver)
    }

    pub(crate) fn push(&self, delivery: Delivery) {
        let Some(sender) = &self.0 else { return };
        if sender.try_send(delivery).is_err() {
            tracing::warn!("too many webhook deliveries wait: one was dropped");
        }
    }
}
