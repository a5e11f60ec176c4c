//! Tools for webhooks. The signing secret of a new webhook is written to a file and never shown.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use crate::answer::lines::{each, id_of, join_texts, text_or};
use crate::answer::text::{count, date};
use crate::answer::{
    Answer, Denial, Joined, Object, Outcome, Sentence, Shown, ToolError, id, quoted, quoted_to, shown,
};
use crate::api::Operation;
use crate::api::client::is_loopback;
use crate::api::reply::{Read, Reply};
use crate::api::types::WebhookId;
use crate::api::webhooks::{CreateWebhook, DeleteWebhook, GetWebhook, ListWebhooks, Webhook};
use crate::engine::secrets::{self, Vault};
use crate::engine::{Context, OneRequest, Tool, tools};

tools![CreateWebhook, ListWebhooks, GetWebhook, DeleteWebhook];

const WEBHOOK_IDS: Sentence = Sentence::naming("webhookId comes from {}.", &["list_webhooks"]);
/// The most characters of a path in a text.
const PATH: usize = 400;
/// The prefix of every signing secret.
const SECRET_PREFIX: &str = "whsec_";
const MASK: &str = "[secret hidden]";

/// A new webhook without its secret.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is read")]
pub struct Created {
    /// The webhook.
    webhook: Option<Webhook>,
    /// The file that holds the signing secret, on the machine of this server; null if it could not be written.
    secret_file: Option<String>,
    /// OpenTrain's own words.
    message: Option<String>,
}

impl Tool for CreateWebhook {
    type On = Self;
    type Output = Created;
    const TITLE: &'static str = "Create a webhook";
    const IS_LOCAL: bool = true;
    const ID_HINT: Sentence = WEBHOOK_IDS;

    async fn question(&self, _: &Context) -> Result<Shown, ToolError> {
        let events = self.event_types.iter().map(|event| id(event)).joined(", ");
        let url = quoted_to(&self.url, PATH);
        Ok(shown!(
            "Send the account's events to {} from now on? Whoever receives them reads what happens: {}.",
            url,
            events
        ))
    }

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        self.check()?;
        // A webhook is useless without its secret, so space for the secret is reserved before the request.
        let vault = Vault::open(context).await.map_err(Denial::unkept)?;
        let (_, read) = context.write(&self, None).await.map_err(|error| {
            let hint = [
                "Its secret is lost if it was created.".into(),
                Sentence::naming(
                    "{} shows it; {} removes it; then create it again.",
                    &["list_webhooks", "delete_webhook"],
                ),
            ];
            error.with_unknown_outcome(&hint, false)
        })?;
        let webhook = read.output.webhook.get().cloned().unwrap_or_default();
        let (object, secret) = without_secret(read.object);
        let kept = match secret {
            Some(secret) => vault.keep(secret, file_name(webhook.id.text().unwrap_or("unnamed"))).await,
            None => Err("OpenTrain gave none".into()),
        };
        let object = with_file(object, kept.as_ref().ok());
        Ok(describe_new(&webhook, kept, object, context))
    }
}

fn describe_new(webhook: &Webhook, kept: Result<PathBuf, String>, object: Object, context: &Context) -> Answer {
    let name = id(webhook.id.text().unwrap_or("without id"));
    let lead = shown!("Created: webhook {} {}.", name, deliveries(webhook, context.services.sandbox));
    let argument = shown!("webhookId \"{}\"", name);
    let (summary, next) = match &kept {
        Ok(path) => (
            shown!(
                "{} Its signing secret is in the file {}; it is not shown here.",
                lead,
                quoted_to(&path.display().to_string(), PATH)
            ),
            ("get_webhook", argument),
        ),
        Err(fault) => (
            shown!(
                "{} BUT its signing secret is LOST: it could not be kept ({}). Nobody can check its deliveries: delete the \
                 webhook, have the user mend that, and create it again.",
                lead,
                quoted_to(fault, PATH)
            ),
            ("delete_webhook", argument),
        ),
    };
    Answer { outcome: Some(Outcome::Created), next: context.next(&[next]), ..Answer::new(summary, object) }
}

/// Removes the secret from a reply, also where other fields repeat it.
fn without_secret(mut object: Object) -> (Object, Option<SecretString>) {
    let secret = object.get("secret").and_then(Value::as_str).filter(|secret| !secret.is_empty()).map(str::to_owned);
    if let Some(place) = object.get_mut("secret") {
        *place = Value::Null;
    }
    for value in object.values_mut() {
        hide(value, secret.as_deref());
    }
    (object, secret.map(SecretString::from))
}

fn hide(value: &mut Value, secret: Option<&str>) {
    match value {
        Value::String(text) => {
            if let Some(secret) = secret {
                *text = text.replace(secret, MASK);
            }
            if text.contains(SECRET_PREFIX) {
                *text = MASK.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, secret)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide(field, secret)),
        _ => {}
    }
}

/// Replaces `secret` with `secretFile`.
fn with_file(object: Object, file: Option<&PathBuf>) -> Object {
    let file = file.map_or(Value::Null, |path| path.display().to_string().into());
    let mut given = Map::new();
    for (key, value) in object {
        match key.as_str() {
            "secret" => drop(given.insert("secretFile".into(), file.clone())),
            _ => drop(given.insert(key, value)),
        }
    }
    given.entry("secretFile").or_insert(file);
    given
}

/// A file name that is unique across accounts and valid in every file system.
fn file_name(id: &str) -> String {
    let letters = id.chars().take(100);
    let id: String =
        letters.map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect();
    format!("webhook-{id}.secret")
}

/// Removes the secret of a deleted webhook and says so; `None` if none was stored here.
async fn forget(webhook: &str, context: &Context) -> Option<Shown> {
    let shown = |path: &Path| quoted_to(&path.display().to_string(), PATH);
    match secrets::remove(context, &file_name(webhook)).await {
        Ok(path) => Some(shown!("Its signing secret was in the file {}, which is removed.", shown(&path?))),
        Err((path, fault)) => Some(shown!(
            "WARNING: the file with its signing secret, {}, could not be removed ({}).",
            shown(&path),
            quoted(&fault.to_string())
        )),
    }
}

fn types(webhook: &Webhook) -> Shown {
    join_texts(&webhook.event_types, id).unwrap_or_else(|| "no event types".into())
}

/// Says what a new webhook delivers.
fn deliveries(webhook: &Webhook, sandbox: bool) -> Shown {
    let is_here = || webhook.url.text().and_then(|url| Url::parse(url).ok()).is_some_and(|url| is_loopback(&url));
    let (types, address) = (types(webhook), address(webhook));
    if sandbox && !is_here() {
        return shown!(
            "for {} to {}; but the sandbox sends to loopback only, so nothing will come there",
            types,
            address
        );
    }
    shown!("sends {} to {} from now on", types, address)
}

fn address(webhook: &Webhook) -> Shown {
    text_or(&webhook.url, "no address")
}

fn line(webhook: &Webhook) -> Shown {
    let mut parts = vec![id_of(&webhook.id), text_or(&webhook.status, "no status"), address(webhook), types(webhook)];
    parts.extend(webhook.disabled_at.text().map(|at| shown!("disabled {}", date(at))));
    parts.extend(webhook.disabled_reason.text().map(|reason| shown!("because {}", id(reason))));
    parts.joined(" · ")
}

/// Says how to revive webhooks that have stopped delivering.
fn revival<'a>(mut webhooks: impl Iterator<Item = &'a Webhook>) -> Option<Shown> {
    let disabled = webhooks.any(|webhook| webhook.status.text() == Some("DISABLED"));
    disabled.then(|| "One that is DISABLED cannot be enabled again: it is deleted, and a new one created.".into())
}

impl OneRequest for ListWebhooks {
    const TITLE: &'static str = "List webhooks";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let webhooks = &read.output.webhooks;
        let active = webhooks.iter().filter(|webhook| webhook.status.text() == Some("ACTIVE")).count();
        let summary = match webhooks.len() {
            0 => "No webhooks (an account may have 10).".into(),
            many => shown!("{}, {} active (an account may have 10).", count(many, "webhook"), active),
        };
        let mut answer = Answer { lines: each(webhooks, line), ..Answer::new(summary, read.object) };
        answer.lines.extend(revival(webhooks.iter()));
        answer.next = context.next(&[("create_webhook", "url, eventTypes"), ("delete_webhook", "webhookId")]);
        answer
    }
}

impl OneRequest for GetWebhook {
    const TITLE: &'static str = "Get a webhook";
    const ID_HINT: Sentence = WEBHOOK_IDS;

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let mut answer = Answer::new(shown!("{}.", line(&read.output.webhook)), read.object);
        answer.lines.extend(revival(std::iter::once(&read.output.webhook)));
        answer.next = context.next(&[("delete_webhook", "webhookId")]);
        answer
    }
}

impl OneRequest for DeleteWebhook {
    const TITLE: &'static str = "Delete a webhook";
    const ID_HINT: Sentence = WEBHOOK_IDS;

    async fn question(&self, _: &Context) -> Result<Shown, ToolError> {
        Ok(shown!("Delete webhook {}? Its address receives no more events.", id(&self.webhook_id.0)))
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let WebhookId(asked) = &self.webhook_id;
        let to = read
            .output
            .webhook
            .get()
            .and_then(|webhook| webhook.url.text())
            .map(|url| shown!(", to {}", id(url)))
            .unwrap_or_default();
        let summary =
            shown!("Deleted: webhook {}{}. Nothing is sent there any more; it cannot be brought back.", id(asked), to);
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Done);
        answer.lines.extend(forget(asked, context).await);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::json;

    fn object(value: Value) -> Object {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn the_secret_is_nowhere_in_what_is_given_on() {
        let answer = json!({ "webhook": { "id": "wh_1", "note": ["whsec_other"] }, "secret": "whsec_s3cr3t",
            "message": "Store whsec_s3cr3t now." });
        let (hidden, secret) = without_secret(object(answer));
        assert_eq!(secret.unwrap().expose_secret(), "whsec_s3cr3t");
        let given = with_file(hidden, Some(&PathBuf::from("/x/webhook-wh_1.secret")));
        assert_eq!(
            Value::Object(given),
            json!({ "webhook": { "id": "wh_1", "note": [MASK] }, "secretFile": "/x/webhook-wh_1.secret",
                "message": "Store [secret hidden] now." })
        );
        let (hidden, secret) = without_secret(object(json!({ "webhook": {}, "secret": { "value": "whsec_a" } })));
        assert!(secret.is_none());
        assert_eq!(Value::Object(with_file(hidden, None)), json!({ "webhook": {}, "secretFile": null }));
    }
}
