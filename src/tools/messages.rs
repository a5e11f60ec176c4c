//! Tools for conversations and messages.

use crate::answer::lines::{self, PageRange, count_or_zero, each_of_page, id_of, long, text_or};
use crate::answer::text::{count, moment_of};
use crate::answer::{Answer, Joined, Outcome, Sentence, Shown, ToolError, id, quoted, shown};
use crate::api::messages::{ListConversations, ListedConversation, Message, ReadMessages, SendMessage};
use crate::api::reply::{Read, Reply};
use crate::engine::{Context, OneRequest, tools};
use crate::tools::nouns::people::People;

tools![ListConversations, ReadMessages, SendMessage];

/// The hint for conversation ids.
const CONVERSATION_IDS: Sentence = Sentence::naming(
    "conversationId comes from {} or {}; a proposal id does not work here.",
    &["list_conversations", "start_proposal_conversation"],
);

impl OneRequest for ListConversations {
    const TITLE: &'static str = "List conversations";
    const OFFICIAL: &'static str = "read_messages";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let conversations = &read.output.conversations;
        let unread: usize = conversations.iter().map(|conversation| count_or_zero(&conversation.unread_count)).sum();
        let waiting =
            conversations.iter().filter(|conversation| count_or_zero(&conversation.needs_reply_count) > 0).count();
        let range = PageRange::new(self.cursor.as_ref(), &read.output.next_cursor);
        let summary = match conversations.len() {
            0 => shown!("{}.", range.describe_none("conversations")),
            all => shown!(
                "{}: {}, {} with something to answer.",
                range.describe(all, "conversation", ""),
                count(unread, "unread message"),
                waiting
            ),
        };
        let people = People::of(context);
        let lines = each_of_page(conversations, |conversation| conversation_line(conversation, &people));
        let calls: &[_] = if conversations.is_empty() {
            &[("start_proposal_conversation", "proposalId")]
        } else {
            &[("read_messages", "conversationId"), ("send_message", "conversationId, content")]
        };
        let next = lines::next_page("list_conversations", "", &read.output.next_cursor, calls, context.names());
        Answer { lines, next, ..Answer::new(summary, read.object) }
    }
}

fn conversation_line(conversation: &ListedConversation, people: &People) -> Shown {
    let mut parts = vec![id_of(&conversation.id)];
    parts.extend(people.of_conversation(conversation));
    let about = [("proposal", &conversation.proposal_id), ("job", &conversation.job_id)];
    parts.extend(about.into_iter().find_map(|(what, field)| Some(shown!("{} {}", what, id(field.text()?)))));
    parts.extend(conversation.channel_name.text().map(quoted));
    let (unread, waiting) = (count_or_zero(&conversation.unread_count), count_or_zero(&conversation.needs_reply_count));
    parts.push(shown!("{} unread, {} to answer", unread, waiting));
    parts.extend(conversation.last_message.get().map(|message| shown!("last: {}", said_by(message, 200, people))));
    parts.joined(" · ")
}

/// `you, 2026-06-12 09:15 UTC: «…»`
fn said_by(message: &Message, longest: usize, people: &People) -> Shown {
    let who = match (message.system.is_true(), message.is_from_viewer.get()) {
        (true, _) => "OpenTrain".into(),
        (false, Some(true)) => "you".into(),
        // The API gives no names here; earlier answers may have.
        _ => people.of_sender(message).unwrap_or_else(|| {
            message.sender_user_id.text().map_or_else(|| "they".into(), |text| shown!("they ({})", id(text)))
        }),
    };
    let when = message.created_at.timestamp().map(|at| shown!(", {}", moment_of(at))).unwrap_or_default();
    let text = message.content.text().map_or_else(|| "(no text)".into(), |text| long(text, longest));
    let files = match count_or_zero(&message.attachment_count) {
        0 => Shown::default(),
        files => shown!(" ({}, to be seen in the app)", count(files, "file")),
    };
    shown!("{}{}: {}{}", who, when, text, files)
}

impl OneRequest for ReadMessages {
    const TITLE: &'static str = "Read messages";
    const ID_HINT: Sentence = CONVERSATION_IDS;

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let people = People::of(context);
        let conversation = id(&self.conversation_id.0);
        let with = shown!("conversationId \"{}\"", conversation);
        let same = shown!("{}, ", with);
        let say = shown!("{}, content", with);
        let calls = [("send_message", say)];
        let next = lines::next_page("read_messages", &same, &read.output.next_cursor, &calls, context.names());
        let Some(messages) = read.output.messages.get() else {
            let summary = shown!(
                "Conversation {}: its messages are in structuredContent, under a name that is not known here.",
                conversation
            );
            return Answer { next, ..Answer::new(summary, read.object) };
        };
        let theirs = messages.iter().filter(|message| !message.is_from_viewer.is_true() && !message.system.is_true());
        let who = people.in_conversation(&self.conversation_id.0).map(|who| shown!(" with {}", who));
        let range = PageRange::new(self.cursor.as_ref(), &read.output.next_cursor);
        let given = match messages.len() {
            0 => range.describe_none("messages"),
            all => shown!("{}, {} from others", range.describe(all, "message", ""), theirs.count()),
        };
        let summary = shown!("Conversation {}{}: {}. Nothing was marked as read.", conversation, who, given);
        let lines = each_of_page(&in_order(messages), |message| said_by(message, lines::MESSAGE, &people));
        Answer { lines, next, ..Answer::new(summary, read.object) }
    }
}

/// Sorts messages oldest first, or keeps their order if a time is missing.
fn in_order(messages: &[Message]) -> Vec<Message> {
    let mut messages = messages.to_vec();
    if messages.iter().all(|message| message.created_at.timestamp().is_some()) {
        messages.sort_by_key(|message| message.created_at.timestamp());
    }
    messages
}

impl OneRequest for SendMessage {
    const TITLE: &'static str = "Send a message";
    const ID_HINT: Sentence = CONVERSATION_IDS;

    async fn explain(&self, error: ToolError, _: &Context) -> ToolError {
        error.with_unknown_outcome(
            &[
                "It may have been sent.".into(),
                Sentence::naming("{} shows it.", &["read_messages"]),
                "Send it again only if it is not there.".into(),
            ],
            false,
        )
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let conversation = id(&self.conversation_id.0);
        let sent = text_or(&read.output.message.id, "without id");
        let text = lines::long(&self.content, 200);
        let who = People::of(context).in_conversation(&self.conversation_id.0);
        let who = who.map(|who| shown!(" with {}", who));
        let summary = shown!(
            "Sent to conversation {}{} (message {}): {}. It cannot be taken back.",
            conversation,
            who,
            sent,
            text
        );
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Created);
        let with = shown!("conversationId \"{}\"", conversation);
        answer.next = context.next(&[("read_messages", &with)]);
        answer
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
        let lines: Vec<Shown> =
            in_order(&messages).iter().map(|message| said_by(message, lines::MESSAGE, &People::default())).collect();
        assert_eq!(lines[0], "OpenTrain, 2026-06-12 08:00 UTC: (no text)");
        assert!(lines[1].starts_with("they (usr_2), 2026-06-12 08:30 UTC: «xxx"), "{}", lines[1]);
        assert!(
            lines[1].ends_with("…» (cut; whole in structuredContent) (2 files, to be seen in the app)"),
            "{}",
            lines[1]
        );
        assert_eq!(lines[2], "you, 2026-06-12 09:15 UTC: «Can you\\nstart?»");
    }
}
