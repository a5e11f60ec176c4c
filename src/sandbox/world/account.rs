//! Accounts, and the ceremony in which a person claims an account that an agent registered.

use serde::Deserialize;
use tokio::time::Instant;

use super::team::Team;
use super::values::Moment;

/// The index of the account that owns something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Owner(pub(crate) usize);

impl Owner {
    /// The roles' tokens act for the seeded account.
    pub(crate) const SEEDED: Self = Self(0);
    /// Another customer of OpenTrain.
    pub(crate) const ANOTHER: Self = Self(1);
    /// A caller without a token.
    pub(crate) const NOBODY: Self = Self(usize::MAX);
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) organization_id: String,
    pub(crate) organization: String,
    pub(crate) user_id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    /// True if a person owns it.
    pub(crate) claimed: bool,
    /// True if a payment method is on file.
    #[serde(default)]
    pub(crate) has_card: bool,
    #[serde(default)]
    pub(crate) team: Team,
    pub(crate) created_at: Moment,
    /// Set for an account that an agent registered.
    #[serde(skip)]
    pub(crate) ceremony: Option<Ceremony>,
}

#[derive(Debug, Default)]
pub(crate) struct Ceremony {
    pub(crate) claim_token: String,
    pub(crate) ends_at: Moment,
    /// The latest link and code. Earlier ones are void.
    pub(crate) attempt: Option<Attempt>,
    pub(crate) delivered: bool,
    /// When the agent last asked, by the sandbox's clock and by the real one.
    pub(crate) polled: Option<(Moment, Instant)>,
}

/// A link and a code with which a person can claim the account.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) token: String,
    pub(crate) code: String,
    pub(crate) email: String,
    pub(crate) ends_at: Moment,
}

impl Account {
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email))
    }
}
