//! Webhooks: addresses to which an account's events are sent.

use serde_json::{Value, json};
use url::Url;

use crate::api::webhooks::{CreateWebhook, DeleteWebhook, GetWebhook, ListWebhooks};
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::delivery::Delivery;
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::routes::updates::{Event, What};
use crate::sandbox::world::account::Owner;
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::Moment;

/// How many webhooks an account has, and how long an address is (reference: api-reference/webhooks/create).
const MOST: usize = 10;
const LONGEST: usize = 2_048;

/// An address that events are sent to.
#[derive(Debug)]
pub(crate) struct Webhook {
    id: String,
    owner: Owner,
    url: Url,
    /// As it was written.
    address: String,
    types: Vec<What>,
    secret: String,
    created_at: Moment,
}

impl Webhook {
    fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "url": self.address,
            "eventTypes": self.types.iter().map(|what| what.name()).collect::<Vec<_>>(),
            "status": "ACTIVE",
            "createdAt": self.created_at,
            "disabledAt": null,
            "disabledReason": null,
        })
    }
}

/// What answers which operation.
pub(crate) fn routes() -> [Route; 4] {
    [route(create), route(list), route(get), route(delete)]
}

fn create(world: &mut World, caller: &Caller, wanted: &CreateWebhook) -> Answered {
    let types: Vec<_> = wanted.event_types.iter().map(|name| named(name)).collect::<Result<_, _>>()?;
    for what in &types {
        if !caller.may(what.scopes()) {
            let message = format!("This token may not read {}.", what.name());
            let details = json!({ "requiredScopes": what.scopes(), "grantedScopes": caller.scopes });
            return Err(Refused::forbidden(message, Some(details)));
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
    let webhook = Webhook { id, owner: caller.owner, url, address, types, secret: secret.clone(), created_at };
    let body = json!({
        "webhook": webhook.shown(),
        "secret": secret,
        "message": "Webhook created. Store the secret now: it is not shown again.",
    });
    world.webhooks.push(webhook);
    Ok(Answer::created(body))
}

fn named(name: &str) -> Result<What, Refused> {
    let known = What::ALL.into_iter().find(|what| what.name() == name);
    known.ok_or_else(|| Refused::field("eventTypes", format!("There is no event type \"{name}\".")))
}

#[expect(clippy::unnecessary_wraps, reason = "a handler may refuse; this one has no reason to")]
fn list(world: &mut World, caller: &Caller, _: &ListWebhooks) -> Answered {
    let ours = world.webhooks.iter().filter(|known| known.owner == caller.owner);
    Ok(Answer::ok(json!({ "webhooks": ours.map(Webhook::shown).collect::<Vec<_>>() })))
}

fn get(world: &mut World, caller: &Caller, wanted: &GetWebhook) -> Answered {
    let place = place(world, caller.owner, &wanted.webhook_id.0)?;
    Ok(Answer::ok(json!({ "webhook": world.webhooks.get(place).map(Webhook::shown) })))
}

fn delete(world: &mut World, caller: &Caller, wanted: &DeleteWebhook) -> Answered {
    let place = place(world, caller.owner, &wanted.webhook_id.0)?;
    let webhook = world.webhooks.remove(place);
    Ok(Answer::ok(json!({ "webhook": webhook.shown(), "deleted": true })))
}

fn place(world: &World, owner: Owner, id: &str) -> Result<usize, Refused> {
    let missing = || Refused::missing("Webhook not found.", json!({ "resource": "webhooks", "webhookId": id }));
    world.webhooks.iter().position(|known| known.owner == owner && known.id == id).ok_or_else(missing)
}

impl World {
    /// Sends an event to those who asked for its kind.
    pub(crate) fn send_out(&mut self, owner: Owner, event: &Event) {
        let body = event.shown().to_string();
        for webhook in self.webhooks.iter().filter(|known| known.owner == owner && known.types.contains(&event.what)) {
            self.post.send(Delivery {
                id: self.ids.next("dlv"),
                webhook: webhook.id.clone(),
                url: webhook.url.clone(),
                secret: webhook.secret.clone(),
                event: event.what.name(),
                body: body.clone(),
            });
        }
    }
}
