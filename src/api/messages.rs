//! Conversations and messages. One endpoint both lists conversations and reads messages (reference:
//! api-reference/messages).

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::evidence::Evidence;
use super::types::{ConversationId, Field, wrapper};
use super::{Effect, Gate, Operation};

/// List conversations with trainers and candidates, with what waits for an answer. Marks nothing as read.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListConversations {
    /// Only conversations of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<ConversationFilter>,
    /// Only conversations with unread messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_only: Option<bool>,
    /// Default 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// nextCursor of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The kind of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConversationFilter {
    All,
    Job,
    Proposal,
}

impl Operation for ListConversations {
    type Output = Conversations;
    const NAME: &'static str = "list_conversations";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/messages";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "a smaller limit";
    const GATE: Gate = Gate::scopes(&["messages:read"]);
}

/// `{"conversations", "nextCursor"}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversations {
    /// Latest first.
    pub conversations: Vec<ListedConversation>,
    /// The cursor of the next page.
    #[serde(default)]
    pub next_cursor: Field<String>,
}

/// A conversation.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListedConversation {
    /// The conversationId of other tools.
    pub id: Field<String>,
    /// proposal or job.
    pub bucket: Field<String>,
    /// The job.
    pub job_id: Field<String>,
    /// The proposal.
    pub proposal_id: Field<String>,
    /// The channel's name, if it is a channel.
    pub channel_name: Field<String>,
    /// ISO 8601.
    pub updated_at: Field<String>,
    /// The latest message.
    pub last_message: Field<Message>,
    /// The number of unread messages.
    pub unread_count: Field<Number>,
    /// The number of messages that need a reply.
    pub needs_reply_count: Field<Number>,
}

/// Read the messages of one conversation, newest page first. Marks nothing as read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadMessages {
    pub conversation_id: ConversationId,
    /// Default 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// nextCursor of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The direction of paging; default older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

/// The direction of paging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Older,
    Newer,
}

impl Operation for ReadMessages {
    type Output = Messages;
    const NAME: &'static str = "read_messages";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/messages";
    const EFFECT: Effect = Effect::Read;
    const SMALLER: &'static str = "a smaller limit";
    const GATE: Gate = Gate::scopes(&["messages:read"]);
}

/// `{"messages", "nextCursor"}`: the name of the list is inferred, so its absence is no fault.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Messages {
    /// The messages.
    pub messages: Field<Vec<Message>>,
    /// The cursor of the next page.
    pub next_cursor: Field<String>,
}

/// A message.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    /// Message id.
    pub id: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// The conversation.
    pub conversation_id: Field<String>,
    /// The sender's user id.
    pub sender_user_id: Field<String>,
    /// True if you wrote the message.
    pub is_from_viewer: Field<bool>,
    /// The text of the message.
    pub content: Field<String>,
    /// True if OpenTrain wrote the message.
    pub system: Field<bool>,
    /// The number of attached files, which are visible in the app only.
    pub attachment_count: Field<Number>,
}

/// Send a message in a conversation there is. It reaches a person at once and cannot be taken back. Open
/// one first where there is none.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    pub conversation_id: ConversationId,
    /// What to say.
    #[schemars(length(min = 1, max = 10_000))]
    pub content: String,
}

impl Operation for SendMessage {
    type Output = SentMessage;
    const NAME: &'static str = "send_message";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/messages";
    const EFFECT: Effect = Effect::Create;
    const EVIDENCE: Evidence = Evidence::Id(&["/message/id"]);
    const GATE: Gate = Gate::scopes(&["messages:write"]).feature("public_api_messaging_writes").claimed();
}

/// `{"ok", "message": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SentMessage {
    /// The message.
    #[serde(deserialize_with = "wrapper")]
    pub message: Message,
}
