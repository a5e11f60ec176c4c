//! Handlers for webhooks.

use serde_json::json;
use url::Url;

use super::answer::{Answer, Answered};
use crate::api::webhooks::{CreateWebhook, DeleteWebhook, GetWebhook, ListWebhooks};
use crate::sandbox::world::{Caller, EventKind, Owner, Refused, Webhook, World};

/// The most webhooks, and the longest address (reference: api-reference/webhooks/create).
const MOST: usize = 10;
const LONGEST: usize = 2_048;

pub(crate) fn create(world: &mut World, caller: &Caller, wanted: &CreateWebhook) -> Answered {
    let kinds: Vec<_> = wanted.event_types.iter().map(|name| named(name)).collect::<Result<_, _>>()?;
    for kind in &kinds {
        if !caller.may(kind.scopes()) {
            let message = format!("This token may not read {}.", kind.name());
            let details = json!({ "requiredScopes": kind.scopes(), "grantedScopes": caller.scopes });
            return Err(Refused::forbidden(message).with_details(details));
        }
    }
    let wrong = || Refused::field("url", "url must be an https address of at most 2048 characters.");
    let url = Url::parse(&wanted.url).ok().filter(|_| wanted.url.chars().count() <= LONGEST).ok_or_else(wrong)?;
    if world.webhooks.iter().filter(|known| known.owner == caller.owner).count() >= MOST {
        return Err(Refused::conflict("webhook_limit_reached", "An account has at most 10 webhooks."));
    }
    let (id, created_at) = (world.ids.next("wh"), world.now());
    let secret = world.keys.mint_signing_secret();
    let address = wanted.url.clone();
    let webhook = Webhook { id, owner: caller.owner, url, address, kinds, secret: secret.clone(), created_at };
    let body = json!({
        "webhook": webhook.to_json(),
        "secret": secret,
        "message": "Webhook created. Store the secret now: it is not shown again.",
    });
    world.webhooks.push(webhook);
    Ok(Answer::created(body))
}

fn named(name: &str) -> Result<EventKind, Refused> {
    EventKind::named(name).ok_or_else(|| Refused::field("eventTypes", format!("There is no event type \"{name}\".")))
}

pub(crate) fn list(world: &mut World, caller: &Caller, _: &ListWebhooks) -> Answered {
    let ours = world.webhooks.iter().filter(|known| known.owner == caller.owner);
    Ok(Answer::ok(json!({ "webhooks": ours.map(Webhook::to_json).collect::<Vec<_>>() })))
}

pub(crate) fn get(world: &mut World, caller: &Caller, wanted: &GetWebhook) -> Answered {
    let place = place(world, caller.owner, &wanted.webhook_id.0)?;
    Ok(Answer::ok(json!({ "webhook": world.webhooks.get(place).map(Webhook::to_json) })))
}

pub(crate) fn delete(world: &mut World, caller: &Caller, wanted: &DeleteWebhook) -> Answered {
    let place = place(world, caller.owner, &wanted.webhook_id.0)?;
    let webhook = world.webhooks.remove(place);
    Ok(Answer::ok(json!({ "webhook": webhook.to_json(), "deleted": true })))
}

fn place(world: &World, owner: Owner, id: &str) -> Result<usize, Refused> {
    let missing =
        || Refused::not_found("Webhook not found.").with_details(json!({ "resource": "webhooks", "webhookId": id }));
    world.webhooks.iter().position(|known| known.owner == owner && known.id == id).ok_or_else(missing)
}
