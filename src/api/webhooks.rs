//! Webhooks, which send events to a URL (reference: api-reference/webhooks).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use url::Url;

use super::client::is_loopback;
use super::error::InvalidArgument;
use super::evidence::{Evidence, Status};
use super::types::{Field, List, WebhookId, wrapper};
use super::{Effect, Gate, Operation};

/// Send the account's events to an address from now on; nothing is sent of the past. The signing secret is not shown: it
/// is written to a file on this server's machine, which secretFile in the answer names.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateWebhook {
    /// https address; http only for localhost.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
    /// At least one event type.
    #[schemars(schema_with = "event_types")]
    pub event_types: Vec<String>,
}

/// The documented event types (reference: webhooks/events).
fn event_types(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string", "enum": [
        "proposal.received",
        "proposal.status_changed",
        "message.received",
        "contract.created",
        "milestone.status_changed",
        "payment.pending",
        "approval.confirmed",
        "contract.budget_state_changed",
    ] } })
}

impl Operation for CreateWebhook {
    type Output = NewWebhook;
    const NAME: &'static str = "create_webhook";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/webhooks";
    const EFFECT: Effect = Effect::Exposes;
    const EVIDENCE: Evidence = Evidence::Id(&["/webhook/id", "/secret"]);
    const GATE: Gate = Gate::scopes(&["webhooks:manage"]).feature("public_api_webhooks");

    fn check(&self) -> Result<(), InvalidArgument> {
        let good = Url::parse(&self.url)
            .is_ok_and(|url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)));
        if !good {
            return Err(InvalidArgument::new("url", "url must be an https address (http only for localhost)"));
        }
        if self.event_types.is_empty() {
            return Err(InvalidArgument::new(
                "eventTypes",
                "eventTypes must name at least one type, such as approval.confirmed",
            ));
        }
        Ok(())
    }
}

/// `{"webhook", "secret", "message"}`. The secret never leaves this server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct NewWebhook {
    /// The webhook.
    #[serde(default)]
    pub webhook: Field<Webhook>,
}

/// A webhook.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Webhook {
    /// The webhookId of other tools.
    pub id: Field<String>,
    /// The URL that receives the events.
    pub url: Field<String>,
    /// The event types that are sent.
    pub event_types: List<Field<String>>,
    /// ACTIVE or DISABLED.
    pub status: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// ISO 8601.
    pub disabled_at: Field<String>,
    /// The reason.
    pub disabled_reason: Field<String>,
}

/// List the account's webhooks: where each sends what, and whether it is ACTIVE.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListWebhooks {}

impl Operation for ListWebhooks {
    type Output = Webhooks;
    const NAME: &'static str = "list_webhooks";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/webhooks";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["webhooks:manage"]).feature("public_api_webhooks");
}

/// `{"webhooks": […]}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Webhooks {
    /// At most 10 webhooks.
    pub webhooks: Vec<Webhook>,
}

/// Get one webhook: where it sends what, and why it is DISABLED if it is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetWebhook {
    pub webhook_id: WebhookId,
}

impl Operation for GetWebhook {
    type Output = OneWebhook;
    const NAME: &'static str = "get_webhook";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/webhooks/{webhookId}";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::scopes(&["webhooks:manage"]).feature("public_api_webhooks");
}

/// `{"webhook": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneWebhook {
    /// The webhook.
    #[serde(deserialize_with = "wrapper")]
    pub webhook: Webhook,
}

/// Delete a webhook: nothing is sent to it any more. It cannot be brought back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeleteWebhook {
    pub webhook_id: WebhookId,
}

/// `{"webhook": {…}, "deleted": true}`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeletedWebhook {
    /// The webhook; OpenTrain may answer without it.
    pub webhook: Field<Webhook>,
    /// True if the webhook is deleted.
    pub deleted: Field<bool>,
}

impl Operation for DeleteWebhook {
    type Output = DeletedWebhook;
    const NAME: &'static str = "delete_webhook";
    const METHOD: Method = Method::DELETE;
    const PATH: &'static str = "/webhooks/{webhookId}";
    const EFFECT: Effect = Effect::Exposes;
    const EVIDENCE: Evidence = Evidence::Success(Status::None);
    const GATE: Gate = Gate::scopes(&["webhooks:manage"]).feature("public_api_webhooks");
}
