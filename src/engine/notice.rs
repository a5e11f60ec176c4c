//! Notices to the operator: a step waits for a person, or is about to expire. An agent in a pipeline has no chat in which
//! a link could be shown.

use futures::future::BoxFuture;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::answer::{HumanStep, LinkKind, Page, Shown};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A step waits for a person.
    Step,
    /// A step expires soon, and nobody has decided.
    Expires,
}

/// A notice to the operator.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// What happened.
    pub event: Event,
    /// What a person does on the page.
    pub kind: LinkKind,
    /// The page.
    pub url: Page,
    /// One sentence for the person.
    pub message: Shown,
    /// The approval, if the step is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    /// The amount that is asked for, before fees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_usd: Option<Decimal>,
    /// The trainer's name, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trainer: Option<String>,
    /// When the step expires (ISO 8601).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// True if nothing is real.
    pub sandbox: bool,
}

impl Notice {
    /// The notice of a new step.
    #[must_use]
    pub fn of(step: &HumanStep, sandbox: bool) -> Self {
        Self {
            event: Event::Step,
            kind: step.link.kind,
            url: step.link.page.clone(),
            message: step.ask.clone(),
            approval_id: step.about.approval_id.clone(),
            amount_usd: step.about.amount_usd,
            trainer: step.about.trainer.clone(),
            expires_at: step.about.expires_at.clone(),
            sandbox,
        }
    }
}

/// Delivers notices. It never holds up a call.
pub trait Notifier: Send + Sync {
    /// Takes a notice for delivery.
    fn notify(&self, notice: Notice);

    /// Waits a moment for what is on its way, since the process ends.
    fn close(&self) -> BoxFuture<'_, ()>;
}
