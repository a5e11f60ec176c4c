//! Renders an answer or a failure as the two parts of a tool result: text and data.

use serde::{Deserialize, Serialize};

use super::bound;
use super::failure::Failure;
use super::link::Link;
use super::object::Object;
use super::success::Answer;
use crate::shown;

/// An answer or a failure in both parts. Each part is complete, because some hosts show a model only one of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rendered {
    /// The text part.
    pub text: String,
    /// The structured part.
    pub structured: Object,
    /// Links to pages for the user.
    pub links: Vec<Link>,
    /// True if the tool failed.
    pub is_error: bool,
    /// False if strangers may have written parts of it.
    pub is_trusted: bool,
    /// True if it has nothing of the account.
    pub is_public: bool,
}

/// Renders the result of a call. `bounded` limits its size, as every host needs. In the sandbox both parts say that
/// nothing is real.
#[must_use]
pub fn render(mut result: Result<Answer, Failure>, sandbox: bool, bounded: bool) -> Rendered {
    match &mut result {
        Ok(answer) if bounded => answer.fit(),
        Err(failure) if bounded => failure.fit(),
        _ => {}
    }
    let is_error = result.is_err();
    // What OpenTrain says about a failure may repeat anything.
    let (names_none, is_public) = match &result {
        Ok(answer) => (answer.origin.untrusted.is_empty(), answer.origin.is_public),
        Err(_) => (false, false),
    };
    let (mut text, structured, links) = match result {
        Ok(answer) => {
            let links = answer.links.clone();
            (answer.text(), answer.structured(sandbox), links)
        }
        Err(failure) => {
            let links = failure.links();
            (failure.text(), failure.structured(sandbox), links)
        }
    };
    // Our own text repeats words of others in quotes, such as the name of a trainer.
    let is_trusted = names_none && !text.contains('«');
    if sandbox {
        text = shown!("SANDBOX, nothing real. {}", text);
    }
    if bounded {
        text = bound::fit_text(text);
    }
    for link in &links {
        if !text.contains(link.page.as_str()) {
            text = shown!("{}\n{}", text, link.describe(link.kind.title()));
        }
    }
    Rendered { text: text.into(), structured, links, is_error, is_trusted, is_public }
}
