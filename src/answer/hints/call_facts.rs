//! The facts of a call that the wording of a failure depends on.

use url::Url;

use crate::answer::access::Access;
use crate::answer::phrases::{SANDBOX_KEY, key_page, make_a_key, take_up};
use crate::answer::sentence::{Names, Sentence};
use crate::answer::shown::Shown;
use crate::api::{Effect, Gate};
use crate::shown;

/// The facts of a call that the wording of a failure depends on.
#[derive(Clone, Copy, Debug)]
pub struct CallFacts<'a> {
    /// The listed tools, so that a hint names no other.
    pub names: &'a Names,
    /// The effect of the tool.
    pub effect: Effect,
    /// Past participle of the tool's action: "created".
    pub done: &'static str,
    /// The API's condition for the call.
    pub gate: Gate,
    /// Names the tool that lists valid ids, if the caller gave an id.
    pub id_hint: &'a Sentence,
    /// The configured origin of the app.
    pub app: Option<&'a Url>,
    /// Warnings about the source of the token.
    pub notices: &'a [Shown],
    /// True if the user was just asked to claim the account.
    pub after_claim: bool,
    /// True if an agent registered the account here, so that it can be claimed.
    pub can_claim: bool,
    /// The environment variable whose token is in use, if one is set.
    pub variable: Option<&'static str>,
    /// True in the sandbox, where nothing is real.
    pub sandbox: bool,
}

impl CallFacts<'_> {
    pub(super) fn key_page(&self) -> Shown {
        key_page(self.app)
    }

    pub(super) fn make_a_key(&self) -> Shown {
        make_a_key(self.app, self.sandbox, self.names.access())
    }

    /// Says how to configure a token. Desktop hosts do not pass shell variables, so the text names both ways.
    pub(super) fn set_a_token(&self) -> Shown {
        let page = self.key_page();
        match self.names.access() {
            Access::Local => {}
            Access::AgentKey => {
                return "The token is this server's own: ask whoever runs this server to replace it.".into();
            }
            Access::OwnToken => {
                return shown!("A person makes one in the OpenTrain app, {}, and {}.", page, self.take_up());
            }
        }
        let login = match self.variable {
            Some(variable) => shown!("sets it in place of the one in {}", variable),
            None if self.sandbox => "sets it as OT_API_TOKEN".into(),
            None => {
                "runs `opentrain-mcp login`, after which this server goes on with it; or sets it as OT_API_TOKEN".into()
            }
        };
        shown!(
            "A person makes one in the OpenTrain app, {}, and {}: in the \"env\" of this server in the host's \
             configuration, or in the shell that starts it; then the server is restarted.",
            page,
            login
        )
    }

    /// Says how this server gets a key with another scope. Used as the end of a sentence.
    pub(super) fn take_up(&self) -> Shown {
        let access = self.names.access();
        match self.variable {
            _ if access.is_remote() => take_up(self.sandbox, access).into(),
            Some(variable) => shown!("sets it in place of the one in {}, and restarts this server", variable),
            None if self.sandbox => take_up(true, access).into(),
            None => shown!("{}; after the login this server goes on with it", take_up(false, access)),
        }
    }

    pub(super) fn sandbox_key(&self) -> Option<Sentence> {
        (self.sandbox && self.names.access() == Access::Local).then_some(Sentence::plain(SANDBOX_KEY))
    }
}
