//! Sentences that several answers use.

use url::Url;

use super::access::Access;
use super::page::Page;
use super::shown::Shown;
use crate::shown;

/// The page where a person creates API keys (reference: quickstart-http).
const KEY_PAGE: &str = "/employer-settings?tab=api-keys";

/// The first words of an answer that needs a person's action.
pub const WAITING: &str = "WAITING FOR A PERSON.";

/// A note about sandbox keys.
pub const SANDBOX_KEY: &str = "A key of the sandbox is for a server without --sandbox, with OPENTRAIN_API_BASE_URL set to \
    the sandbox's address.";

/// The URL of the page where a person creates API keys.
#[must_use]
pub fn key_url(app: &Url) -> Option<Page> {
    Page::parse(app.join(KEY_PAGE).ok()?.as_str())
}

/// Says where a person creates API keys, with the URL if known.
#[must_use]
pub fn key_page(app: Option<&Url>) -> Shown {
    match app.and_then(key_url) {
        Some(page) => shown!("Settings → API keys ({})", page),
        None => "Settings → API keys".into(),
    }
}

/// Says how a server gets a key that a person has made. Used as the end of a sentence.
#[must_use]
pub const fn take_up(sandbox: bool, access: Access) -> &'static str {
    match access {
        Access::Local if sandbox => "sets it as OT_API_TOKEN",
        Access::Local => "runs `opentrain-mcp login` (or sets it as OT_API_TOKEN)",
        Access::AgentKey => "gives it to whoever runs this server",
        Access::OwnToken => "puts it in the client's settings, in place of this token",
    }
}

/// Says what a person does about a missing token or scope. Used as the end of a sentence.
#[must_use]
pub fn make_a_key(app: Option<&Url>, sandbox: bool, access: Access) -> Shown {
    shown!("makes a key in the app, {}, and {}", key_page(app), take_up(sandbox, access))
}

/// All phrases, for the generated list of wording.
#[must_use]
pub fn all() -> Vec<Shown> {
    vec![
        WAITING.into(),
        SANDBOX_KEY.into(),
        shown!("A person {}.", make_a_key(None, false, Access::Local)),
        more_in_structure(3),
    ]
}

/// Says that a list continues in the structured part.
#[must_use]
pub fn more_in_structure(many: usize) -> Shown {
    shown!("… and {} more in structuredContent", many)
}
