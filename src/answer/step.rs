//! Steps that only a person can take, as data: the page to open, and how the call goes on afterwards.
//!
//! How a host shows the page is in `mcp`; how the call goes on is in `engine::resume`.

use serde::{Deserialize, Serialize};

use crate::api::error::Refusal;

use super::link::{Link, LinkKind};
use super::object::Object;

/// What a person has to do, and how the call goes on.
#[derive(Clone, Debug)]
pub struct HumanStep {
    /// The page to open.
    pub link: Link,
    /// One sentence for the person.
    pub ask: String,
    /// How the call goes on once the page has been opened.
    pub after: After,
}

/// How a call goes on after a person has opened the page. Small enough to be sealed into an MCP `requestState`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum After {
    /// Make the refused call again until it is no longer refused for this: the refusal has changed nothing.
    TryAgain {
        /// What was missing.
        missing: LinkKind,
        /// The refusal, repeated while nothing has changed.
        refused: Box<Refusal>,
    },
    /// Call another tool until it reports that the step is no longer open. The API is not asked for a second step.
    Call {
        /// The tool's name.
        tool: String,
        /// Its arguments.
        arguments: Object,
        /// The page, in case the tool cannot be called: the API may name it only once.
        page: Link,
    },
}

impl HumanStep {
    /// The call was refused until something is done on the page.
    #[must_use]
    pub fn try_again(link: Link, ask: &str, refused: Refusal) -> Self {
        let after = After::TryAgain { missing: link.kind, refused: Box::new(refused) };
        Self { link, ask: ask.to_owned(), after }
    }

    /// The call has made the page: `tool` tells whether the person is done there.
    #[must_use]
    pub fn then_call(link: Link, ask: String, tool: &str, arguments: Object) -> Self {
        let after = After::Call { tool: tool.to_owned(), arguments, page: link.clone() };
        Self { link, ask, after }
    }
}
