//! Handlers for conversations and messages. Reading marks nothing as read.

use std::cmp::Reverse;

use serde_json::json;

use super::answer::{Answer, Answered};
use super::listing::{Bounds, page};
use crate::api::error::InvalidArgument;
use crate::api::messages::{ConversationFilter, Direction, ListConversations, ReadMessages, SendMessage};
use crate::api::wording::wording;
use crate::sandbox::rules::life;
use crate::sandbox::world::{Caller, Refused, World};

/// How many items a page has (reference: api-reference/messages/list).
const BOUNDS: Bounds = Bounds { default: 20, most: 100 };
/// The longest message (reference: api-reference/messages/send).
const LONGEST: usize = 10_000;

pub(crate) fn list(world: &mut World, caller: &Caller, wanted: &ListConversations) -> Answered {
    let us = world.user_id(caller.owner);
    let mut found: Vec<_> = world.conversations.iter().filter(|known| known.owner == caller.owner).collect();
    found.retain(|known| match wanted.filter {
        Some(ConversationFilter::Job) => known.proposal_id.is_none(),
        Some(ConversationFilter::Proposal) => known.proposal_id.is_some(),
        _ => true,
    });
    found.retain(|known| wanted.unread_only != Some(true) || known.unread() > 0);
    found.sort_by_key(|known| Reverse(known.updated_at()));
    let (found, next) = page(found, |known| &known.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    let shown: Vec<_> = found.into_iter().map(|known| known.listed(&us)).collect();
    Ok(Answer::ok(json!({ "conversations": shown, "nextCursor": next })))
}

/// Newest first towards the past, oldest first towards the present.
pub(crate) fn read(world: &mut World, caller: &Caller, wanted: &ReadMessages) -> Answered {
    let us = world.user_id(caller.owner);
    let known = world.conversation(caller.owner, &wanted.conversation_id.0)?;
    let mut messages: Vec<_> = known.messages.iter().collect();
    if wanted.direction != Some(Direction::Newer) {
        messages.reverse();
    }
    let (messages, next) = page(messages, |message| &message.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    let shown: Vec<_> = messages.into_iter().map(|message| known.to_json(message, &us)).collect();
    Ok(Answer::ok(json!({ "messages": shown, "nextCursor": next })))
}

pub(crate) fn send(world: &mut World, caller: &Caller, wanted: &SendMessage) -> Answered {
    if wanted.content.chars().count() > LONGEST {
        let message = wording!("content has more than {} characters.", LONGEST);
        return Err(Refused::invalid(InvalidArgument::new("content", message)));
    }
    let (now, us) = (world.now(), world.user_id(caller.owner));
    let id = world.conversation(caller.owner, &wanted.conversation_id.0)?.id.clone();
    world.write(&id, true, &wanted.content, now);
    life::expect_answer(world, &id, now);
    let known = world.conversation(caller.owner, &id)?;
    let message = known.messages.last().map(|message| known.to_json(message, &us));
    Ok(Answer::created(json!({ "ok": true, "message": message })))
}
