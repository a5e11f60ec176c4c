//! The members of an account besides its owner.

use serde::Deserialize;
use serde_json::{Value, json};

use super::values::Moment;

const INVITATION: u64 = 7 * 24 * 3_600;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Team {
    pub(crate) members: Vec<Member>,
    pub(crate) invites: Vec<Invite>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) joined_at: Moment,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invite {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) created_at: Moment,
}

impl Team {
    pub(crate) fn has(&self, email: &str) -> bool {
        self.members.iter().any(|member| member.email.eq_ignore_ascii_case(email))
    }
}

impl Member {
    pub(crate) fn to_json(&self, role: &str) -> Value {
        json!({
            "userId": self.user_id,
            "role": role,
            "name": self.name,
            "email": self.email,
            "joinedAt": self.joined_at,
        })
    }
}

impl Invite {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "email": self.email,
            "createdAt": self.created_at,
            "expiresAt": self.created_at.plus_seconds(INVITATION),
        })
    }
}
