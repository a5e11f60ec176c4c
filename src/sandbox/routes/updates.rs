//! The handler that polls events.

use serde_json::json;

use super::answer::{Answer, Answered};
use super::listing::{Bounds, count};
use crate::api::updates::PollUpdates;
use crate::sandbox::world::{Caller, Event, Refused, World};

/// How many events an answer has (reference: api-reference/updates/poll).
const BOUNDS: Bounds = Bounds { default: 50, most: 200 };

pub(crate) fn poll(world: &mut World, caller: &Caller, wanted: &PollUpdates) -> Answered {
    let limit = count(BOUNDS, wanted.limit)?;
    let wrong = || Refused::field("cursor", "cursor must be the number of an event, as nextCursor is.");
    let cursor = wanted.cursor.as_deref();
    let after = cursor.map_or(Ok(0), |cursor| cursor.parse::<u64>().map_err(|_| wrong()))?;
    let visible = |event: &&Event| event.owner == caller.owner && caller.may(event.kind.scopes());
    let mut rest = world.events.iter().filter(|event| event.id > after).filter(visible);
    let events: Vec<_> = rest.by_ref().take(limit).collect();
    let next = events.last().map(|event| event.id.to_string()).or_else(|| wanted.cursor.clone());
    let shown: Vec<_> = events.into_iter().map(Event::to_json).collect();
    Ok(Answer::ok(json!({ "events": shown, "nextCursor": next, "hasMore": rest.next().is_some() })))
}
