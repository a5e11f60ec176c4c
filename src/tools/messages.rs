//! What is read of conversations and messages.

use crate::api::messages::{ListConversations, ListedConversation, Message, ReadMessages, SendMessage, SentMessage};
use crate::api::reply::{Read, Reply};
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Outcome};
use super::audit::Settled;
use super::failure::Trouble;
use super::parts::{self, Stretch, each_of_page, id, long, many, said, unsure};
use super::text::{count, moment_of, quoted_to, word};
use super::{Context, Entry, Told, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] =
    &[Entry::of::<ListConversations>(), Entry::of::<ReadMessages>(), Entry::of::<SendMessage>()];

/// Where conversation ids come from.
const CONVERSATION_IDS: &str =
    "conversationId comes from list_conversations or start_proposal_conversation; a proposal id does not work here.";

impl Told for ListConversations {
    const TITLE: &'static str = "List conversations";
    const OFFICIAL: &'static str = "read_messages";

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let conversations = &read.output.conversations;
        let unread: usize = conversations.iter().map(|conversation| many(&conversation.unread_count)).sum();
        let waiting = conversations.iter().filter(|conversation| many(&conversation.needs_reply_count) > 0).count();
        let summary = match conversations.len() {
            0 => "No conversations.".to_owned(),
            all => format!(
                "{}: {}, {waiting} with something to answer.",
                Stretch::new(self.cursor.as_ref(), &read.output.next_cursor).of(all, "conversation", ""),
                count(unread, "unread message")
            ),
        };
        let lines = each_of_page(conversations, conversation_line);
        let calls: &[_] = if conversations.is_empty() {
            &[("start_proposal_conversation", "proposalId")]
        } else {
            &[("read_messages", "conversationId"), ("send_message", "conversationId, content")]
        };
        let next = parts::going_on("list_conversations", "", &read.output.next_cursor, calls, context);
        Answer { lines, next, ..Answer::new(summary, read.object) }
    }
}

fn conversation_line(conversation: &ListedConversation) -> String {
    let mut parts = vec![id(&conversation.id)];
    let about = [("proposal", &conversation.proposal_id), ("job", &conversation.job_id)];
    parts.extend(about.into_iter().find_map(|(what, id)| Some(format!("{what} {}", word(id.text()?)))));
    parts.extend(conversation.channel_name.text().map(super::text::quoted));
    let (unread, waiting) = (many(&conversation.unread_count), many(&conversation.needs_reply_count));
    parts.push(format!("{unread} unread, {waiting} to answer"));
    parts.extend(conversation.last_message.get().map(|message| format!("last: {}", said_by(message, 200))));
    parts.join(" · ")
}

/// `you, 2026-06-12 09:15 UTC: «…»`
fn said_by(message: &Message, longest: usize) -> String {
    let who = match (message.system.is_true(), message.is_from_viewer.get()) {
        (true, _) => "OpenTrain".to_owned(),
        (false, Some(true)) => "you".to_owned(),
        _ => message.sender_user_id.text().map_or_else(|| "they".into(), word),
    };
    let when = message.created_at.timestamp().map(|at| format!(", {}", moment_of(at))).unwrap_or_default();
    let text = message.content.text().map_or_else(|| "(no text)".into(), |text| long(text, longest));
    let files = match many(&message.attachment_count) {
        0 => String::new(),
        files => format!(" ({}, to be seen in the app)", count(files, "file")),
    };
    format!("{who}{when}: {text}{files}")
}

impl Told for ReadMessages {
    const TITLE: &'static str = "Read messages";
    const IDS: &'static str = CONVERSATION_IDS;

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let conversation = word(&self.conversation_id.0);
        let with = format!("conversationId \"{conversation}\"");
        let same = format!("{with}, ");
        let say = format!("{with}, content");
        let calls = [("send_message", say.as_str())];
        let next = parts::going_on("read_messages", &same, &read.output.next_cursor, &calls, context);
        let Some(messages) = read.output.messages.get() else {
            let summary = format!(
                "Conversation {conversation}: its messages are in structuredContent, under a name that is not known here."
            );
            return Answer { next, ..Answer::new(summary, read.object) };
        };
        let theirs = messages.iter().filter(|message| !message.is_from_viewer.is_true() && !message.system.is_true());
        let summary = format!(
            "Conversation {conversation}: {}, {} from others. Nothing was marked as read.",
            Stretch::new(self.cursor.as_ref(), &read.output.next_cursor).of(messages.len(), "message", ""),
            theirs.count()
        );
        let lines = each_of_page(&in_order(messages), |message| said_by(message, parts::MESSAGE));
        Answer { lines, next, ..Answer::new(summary, read.object) }
    }
}

/// Oldest first, as a conversation is read; as they came where a time is missing.
fn in_order(messages: &[Message]) -> Vec<Message> {
    let mut messages = messages.to_vec();
    if messages.iter().all(|message| message.created_at.timestamp().is_some()) {
        messages.sort_by_key(|message| message.created_at.timestamp());
    }
    messages
}

impl Tool for SendMessage {
    type Output = SentMessage;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Send a message";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = CONVERSATION_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let conversation = word(&self.conversation_id.0);
        let written = context.write(&self, None).await.map_err(|trouble| {
            unsure(
                trouble,
                "It may have been sent. read_messages shows it: send it again only if it is not there.",
                false,
            )
        })?;
        let warning = written.writing.end(Settled::with(Outcome::Created)).await;
        let sent = said(&written.read.output.message.id, "without id");
        let text = quoted_to(&self.content, 200);
        let summary = format!("Sent to conversation {conversation} (message {sent}): {text}. It cannot be taken back.");
        let mut answer = Answer::new(summary, written.read.object);
        answer.outcome = Some(Outcome::Created);
        answer.warnings.extend(warning);
        let with = format!("conversationId \"{conversation}\"");
        answer.next = context.next(&[("read_messages", &with)]);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::json;

    #[test]
    fn a_conversation_reads_from_old_to_new_and_says_who() {
        let messages: Vec<Message> = from_value(&json!([
            { "createdAt": "2026-06-12T09:15:00.000Z", "isFromViewer": true, "content": "Can you\nstart?" },
            { "createdAt": "2026-06-12T08:30:00.000Z", "senderUserId": "usr_2", "content": "x".repeat(700), "attachmentCount": 2 },
            { "createdAt": "2026-06-12T08:00:00.000Z", "system": true, "content": null }
        ]));
        let lines: Vec<String> = in_order(&messages).iter().map(|message| said_by(message, parts::MESSAGE)).collect();
        assert_eq!(lines[0], "OpenTrain, 2026-06-12 08:00 UTC: (no text)");
        assert!(lines[1].starts_with("usr_2, 2026-06-12 08:30 UTC: «xxx"), "{}", lines[1]);
        assert!(
            lines[1].ends_with("…» (cut; whole in structuredContent) (2 files, to be seen in the app)"),
            "{}",
            lines[1]
        );
        assert_eq!(lines[2], "you, 2026-06-12 09:15 UTC: «Can you\\nstart?»");
    }
}
