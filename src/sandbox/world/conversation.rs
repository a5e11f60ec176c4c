//! Conversations and their messages.

use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Owner;
use super::values::Moment;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) at: Moment,
    /// True if the account wrote it, false if the trainer did.
    pub(crate) is_ours: bool,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) owner: Owner,
    pub(crate) job_id: String,
    /// Unset if the conversation is about the work.
    pub(crate) proposal_id: Option<String>,
    pub(crate) freelancer_id: String,
    pub(crate) messages: Vec<Message>,
    pub(crate) created_at: Moment,
}

impl Conversation {
    /// Counts the trainer's messages since the account's last message.
    pub(crate) fn unread(&self) -> usize {
        self.messages.iter().rev().take_while(|message| !message.is_ours).count()
    }

    pub(crate) fn updated_at(&self) -> Moment {
        self.messages.last().map_or(self.created_at, |message| message.at)
    }

    fn sender<'a>(&'a self, message: &Message, us: &'a str) -> &'a str {
        if message.is_ours { us } else { &self.freelancer_id }
    }

    pub(crate) fn listed(&self, us: &str) -> Value {
        let is_job = self.proposal_id.is_none();
        let last = self.messages.last().map(|message| {
            json!({
                "id": message.id,
                "content": message.text,
                "senderUserId": self.sender(message, us),
                "isFromViewer": message.is_ours,
                "createdAt": message.at,
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

    pub(crate) fn to_json(&self, message: &Message, us: &str) -> Value {
        json!({
            "id": message.id,
            "createdAt": message.at,
            "updatedAt": message.at,
            "conversationId": self.id,
            "jobId": self.proposal_id.is_none().then_some(&self.job_id),
            "senderUserId": self.sender(message, us),
            "isFromViewer": message.is_ours,
            "content": message.text,
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
