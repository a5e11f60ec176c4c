//! Conversations and messages. Reading marks nothing as read.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::api::error::InvalidArgument;
use crate::api::messages::{ConversationFilter, Direction, ListConversations, ReadMessages, SendMessage};
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::listing::{Bounds, page};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::routes::jobs::unfit;
use crate::sandbox::routes::updates::What;
use crate::sandbox::world::account::Owner;
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::Moment;

/// How many a page has (reference: api-reference/messages/list).
const BOUNDS: Bounds = Bounds { default: 20, most: 100 };
/// The longest message (reference: api-reference/messages/send).
const LONGEST: usize = 10_000;
/// What trainers answer, one after the other.
const ANSWERS: [&str; 3] = [
    "Thank you for writing! Yes, I have read the description, and I can start on Monday.",
    "Understood. I keep a list of doubtful cases and send it to you every evening.",
    "All clear. I will report when the first part is done.",
];

/// What was written.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) at: Moment,
    /// The account wrote it, and not the trainer.
    pub(crate) is_ours: bool,
    pub(crate) text: String,
}

/// A conversation of an account with a trainer.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) job_id: String,
    /// The proposal that it is about; none once it is about the work itself.
    pub(crate) proposal_id: Option<String>,
    pub(crate) freelancer_id: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) created_at: Moment,
}

impl Conversation {
    /// What the trainer wrote since the account wrote last.
    fn unread(&self) -> usize {
        self.lines.iter().rev().take_while(|line| !line.is_ours).count()
    }

    fn updated_at(&self) -> Moment {
        self.lines.last().map_or(self.created_at, |line| line.at)
    }

    fn sender<'a>(&'a self, line: &Line, us: &'a str) -> &'a str {
        if line.is_ours { us } else { &self.freelancer_id }
    }

    fn listed(&self, us: &str) -> Value {
        let is_job = self.proposal_id.is_none();
        let last = self.lines.last().map(|line| {
            json!({
                "id": line.id,
                "content": line.text,
                "senderUserId": self.sender(line, us),
                "isFromViewer": line.is_ours,
                "createdAt": line.at,
            })
        });
        json!({
            "id": self.id,
            "type": "DIRECT_MESSAGE",
            "bucket": if is_job { "job" } else { "proposal" },
            "jobId": is_job.then_some(&self.job_id),
            "proposalId": self.proposal_id,
            "channelName": null,
            "updatedAt": self.updated_at(),
            "lastMessage": last,
            "unreadCount": self.unread(),
            "needsReplyCount": self.unread(),
        })
    }

    fn message(&self, line: &Line, us: &str) -> Value {
        json!({
            "id": line.id,
            "createdAt": line.at,
            "updatedAt": line.at,
            "conversationId": self.id,
            "jobId": self.proposal_id.is_none().then_some(&self.job_id),
            "senderUserId": self.sender(line, us),
            "isFromViewer": line.is_ours,
            "content": line.text,
            "messageType": null,
            "system": false,
            "hasUnreadFlag": false,
            "attachmentCount": 0,
            "hasAudio": false,
            "editedAt": null,
            "reactionCount": 0,
        })
    }
}

/// What answers which operation. One path, two jobs: with and without a conversation.
pub(crate) fn routes() -> [Route; 3] {
    [route(read).told_by("conversationId"), route(list), route(send).claimed_to("send messages").refusing(unfit)]
}

fn list(world: &mut World, caller: &Caller, wanted: &ListConversations) -> Answered {
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
fn read(world: &mut World, caller: &Caller, wanted: &ReadMessages) -> Answered {
    let us = world.user_id(caller.owner);
    let known = world.conversation(caller.owner, &wanted.conversation_id.0)?;
    let mut lines: Vec<_> = known.lines.iter().collect();
    if wanted.direction != Some(Direction::Newer) {
        lines.reverse();
    }
    let (lines, next) = page(lines, |line| &line.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    let shown: Vec<_> = lines.into_iter().map(|line| known.message(line, &us)).collect();
    Ok(Answer::ok(json!({ "messages": shown, "nextCursor": next })))
}

fn send(world: &mut World, caller: &Caller, wanted: &SendMessage) -> Answered {
    if wanted.content.chars().count() > LONGEST {
        let message = format!("content has more than {LONGEST} characters.");
        return Err(unfit(InvalidArgument::new("content", message)));
    }
    let (now, us) = (world.now(), world.user_id(caller.owner));
    let id = world.conversation(caller.owner, &wanted.conversation_id.0)?.id.clone();
    world.write(&id, true, &wanted.content, now);
    world.expect_answer(&id, now);
    let known = world.conversation(caller.owner, &id)?;
    let message = known.lines.last().map(|line| known.message(line, &us));
    Ok(Answer::created(json!({ "ok": true, "message": message })))
}

impl World {
    /// The user that an account writes as.
    fn user_id(&self, owner: Owner) -> String {
        self.account(owner).map(|account| account.user_id.clone()).unwrap_or_default()
    }

    /// A conversation of the account: 404 where there is none, 403 where it is another's.
    fn conversation(&self, owner: Owner, id: &str) -> Result<&Conversation, Refused> {
        let known = self.conversations.iter().find(|known| known.id == id);
        match known {
            Some(known) if known.owner == owner => Ok(known),
            Some(_) => Err(Refused::forbidden("This conversation is another account's.", None)),
            None => Err(Refused::not_found("Conversation not found.")),
        }
    }

    /// Opens the conversation about a proposal, or gives the one there is.
    pub(crate) fn conversation_about(&mut self, owner: Owner, proposal: &str, job: &str, who: &str) -> (String, bool) {
        let same = |known: &&Conversation| known.proposal_id.as_deref() == Some(proposal);
        if let Some(known) = self.conversations.iter().find(same) {
            return (known.id.clone(), false);
        }
        (self.converse(owner, job, Some(proposal), who), true)
    }

    /// Opens a conversation, and gives its id.
    pub(crate) fn converse(&mut self, owner: Owner, job: &str, proposal: Option<&str>, who: &str) -> String {
        let (id, created_at) = (self.ids.next("cnv"), self.now());
        self.conversations.push(Conversation {
            id: id.clone(),
            owner,
            job_id: job.into(),
            proposal_id: proposal.map(str::to_owned),
            freelancer_id: who.into(),
            lines: Vec::new(),
            created_at,
        });
        id
    }

    /// Writes into a conversation at `at`.
    fn write(&mut self, conversation: &str, is_ours: bool, text: &str, at: Moment) {
        let id = self.ids.next("msg");
        let Some(known) = self.conversations.iter_mut().find(|known| known.id == conversation) else { return };
        known.lines.push(Line { id: id.clone(), at, is_ours, text: text.into() });
        if !is_ours {
            let (owner, job) = (known.owner, known.job_id.clone());
            let data = json!({ "conversationId": conversation, "messageId": id });
            self.tell(owner, What::MessageReceived, at, &id, Some(&job), data);
        }
    }

    /// The trainer answers.
    pub(crate) fn answer_in(&mut self, conversation: &str, at: Moment) {
        let Some(known) = self.conversations.iter().find(|known| known.id == conversation) else { return };
        let answered = known.lines.iter().filter(|line| !line.is_ours).count();
        if let Some(text) = ANSWERS.get(answered % ANSWERS.len()) {
            self.write(conversation, false, text, at);
        }
    }
}
