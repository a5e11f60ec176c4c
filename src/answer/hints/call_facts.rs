//! What the words of a failure depend on, besides the failure.

use url::Url;

use crate::answer::phrases::{SANDBOX_KEY, key_page, make_a_key};
use crate::answer::sentence::{Names, Sentence};
use crate::api::{Effect, Gate};

/// What the words of a failure depend on, besides the failure.
#[derive(Clone, Copy, Debug)]
pub struct CallFacts<'a> {
    /// The tools that can be named.
    pub names: &'a Names,
    /// What the tool does.
    pub effect: Effect,
    /// What it has done when it succeeds.
    pub done: &'static str,
    /// What the API asks for.
    pub gate: Gate,
    /// Where the ids come from that the caller has given.
    pub id_hint: &'a Sentence,
    /// The origin that is called.
    pub app: Option<&'a Url>,
    /// What is odd about where the token comes from.
    pub notices: &'a [String],
    /// A person has just claimed the account.
    pub after_claim: bool,
    /// An agent registered the account here, and holds what a claim needs.
    pub can_claim: bool,
    /// Nothing is real.
    pub sandbox: bool,
}

impl CallFacts<'_> {
    pub(super) fn key_page(&self) -> String {
        key_page(self.app, self.sandbox)
    }

    pub(super) fn make_a_key(&self) -> String {
        make_a_key(self.app, self.sandbox)
    }

    /// How a token gets here. Desktop hosts give no shell variables, so both ways are said.
    pub(super) fn set_a_token(&self) -> String {
        format!(
            "A person makes one in the OpenTrain app, {}, and sets it as OT_API_TOKEN: in the \"env\" of this server in the \
             host's configuration, or in the shell that starts it; then the server is restarted.",
            self.key_page()
        )
    }

    pub(super) fn sandbox_key(&self) -> Option<Sentence> {
        self.sandbox.then_some(Sentence::plain(SANDBOX_KEY))
    }
}
