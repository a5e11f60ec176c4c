//! Sentences that several answers use.

use url::Url;

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

/// Says where a person creates API keys, with the URL if known. The sandbox has a separate page for each account.
#[must_use]
pub fn key_page(app: Option<&Url>, sandbox: bool) -> Shown {
    match app
        .filter(|app| !sandbox && app.scheme() == "https")
        .and_then(|app| Page::parse(app.join(KEY_PAGE).ok()?.as_str()))
    {
        Some(page) => shown!("Settings → API keys ({})", page),
        None => "Settings → API keys".into(),
    }
}

/// Says what a person does about a missing token or scope. Used as the end of a sentence.
#[must_use]
pub fn make_a_key(app: Option<&Url>, sandbox: bool) -> Shown {
    shown!("makes a key in the app, {}, and sets it as OT_API_TOKEN", key_page(app, sandbox))
}

/// All phrases, for the generated list of wording.
#[must_use]
pub fn all() -> Vec<Shown> {
    vec![WAITING.into(), SANDBOX_KEY.into(), shown!("A person {}.", make_a_key(None, false)), more_in_structure(3)]
}

/// Says that a list continues in the structured part.
#[must_use]
pub fn more_in_structure(many: usize) -> Shown {
    shown!("… and {} more in structuredContent", many)
}
