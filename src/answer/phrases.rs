//! Sentences that are used twice or more.

use url::Url;

/// Where a person makes keys (reference: quickstart-http).
const KEY_PAGE: &str = "/employer-settings?tab=api-keys";

/// How an answer begins that a person has to act on.
pub const WAITING: &str = "WAITING FOR A PERSON.";

/// What is said of a key where the server runs on the sandbox.
pub const SANDBOX_KEY: &str = "A key of the sandbox is for a server without --sandbox, with OPENTRAIN_API_BASE_URL set to \
    the sandbox's address.";

/// Where a person makes keys: the place in the app, and its address where there is one. The sandbox has another page for
/// each account.
#[must_use]
pub fn key_page(app: Option<&Url>, sandbox: bool) -> String {
    match app.filter(|app| !sandbox && app.scheme() == "https").and_then(|app| app.join(KEY_PAGE).ok()) {
        Some(page) => format!("Settings → API keys ({page})"),
        None => "Settings → API keys".to_owned(),
    }
}

/// What a person does about a missing token or scope, as the end of a sentence that begins with them.
#[must_use]
pub fn make_a_key(app: Option<&Url>, sandbox: bool) -> String {
    format!("makes a key in the app, {}, and sets it as OT_API_TOKEN", key_page(app, sandbox))
}

/// The phrases, for the record of words.
#[must_use]
pub fn all() -> Vec<String> {
    vec![WAITING.into(), SANDBOX_KEY.into(), format!("A person {}.", make_a_key(None, false)), more_in_structure(3)]
}

/// That a list goes on in the structure.
#[must_use]
pub fn more_in_structure(many: usize) -> String {
    format!("… and {many} more in structuredContent")
}
