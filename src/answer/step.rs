//! Steps that only a person can take, as data: the page to open, and how the call continues.
//!
//! `mcp` shows the page to the user; `engine::resume` continues the call.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::api::error::Refusal;

use super::link::{Link, LinkKind};
use super::object::Object;
use super::shown::Shown;

/// A step for the user, and how the call continues after it.
#[derive(Clone, Debug)]
pub struct HumanStep {
    /// The page to open.
    pub link: Link,
    /// One sentence for the user.
    pub ask: Shown,
    /// How the call continues after the page has been opened.
    pub after: After,
    /// What is decided there, as far as it is known.
    pub about: StepFacts,
}

/// What a person decides on a page.
#[derive(Clone, Debug, Default)]
pub struct StepFacts {
    /// The approval.
    pub approval_id: Option<String>,
    /// The amount in USD before fees.
    pub amount_usd: Option<Decimal>,
    /// The trainer's name, masked.
    pub trainer: Option<String>,
    /// When the step expires (ISO 8601).
    pub expires_at: Option<String>,
}

/// How a call continues after the page has been opened. Kept small, because MCP seals it into a `requestState`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum After {
    /// Repeat the refused call until it is no longer refused for this reason. The refusal has changed nothing.
    TryAgain {
        /// The precondition that was missing.
        missing: LinkKind,
        /// The refusal. It is repeated while nothing has changed.
        refused: Box<Refusal>,
    },
    /// Call another tool until it reports that the step is closed. The step is not requested twice.
    Call {
        /// The tool's name.
        tool: String,
        /// Its arguments.
        arguments: Object,
        /// The page, in case the tool cannot be called: the API may send its URL only once.
        page: Link,
    },
}

impl After {
    /// The same with at most `bytes` of the refusal, which may repeat anything.
    #[must_use]
    pub fn within(&self, bytes: usize) -> Self {
        match self {
            Self::TryAgain { missing, refused } => {
                Self::TryAgain { missing: *missing, refused: Box::new(refused.within(bytes)) }
            }
            Self::Call { .. } => self.clone(),
        }
    }
}

impl HumanStep {
    /// A step for a call that is refused until the user acts on the page.
    #[must_use]
    pub fn try_again(link: Link, ask: Shown, refused: Refusal) -> Self {
        let after = After::TryAgain { missing: link.kind, refused: Box::new(refused) };
        Self { link, ask, after, about: StepFacts::default() }
    }

    /// A step that the call itself has created. `tool` reports whether the user has completed it.
    #[must_use]
    pub fn then_call(link: Link, ask: Shown, tool: &str, arguments: Object) -> Self {
        let after = After::Call { tool: tool.to_owned(), arguments, page: link.clone() };
        Self { link, ask, after, about: StepFacts::default() }
    }
}
