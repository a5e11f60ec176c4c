//! The facts of a tool, its type erased.

use crate::answer::Sentence;
use crate::api::{Effect, Gate};

/// The facts of a tool.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its name: `snake_case` verb and noun.
    pub name: &'static str,
    /// A short title for people.
    pub title: &'static str,
    /// What a call does to the world.
    pub effect: Effect,
    /// What the API asks for.
    pub gate: Gate,
    /// Shown after a 404: which tool lists valid ids.
    pub id_hint: Sentence,
    /// Its name in OpenTrain's own MCP server, without the prefix `opentrain_`.
    pub official: &'static str,
    /// Whether a call is a single request: OpenTrain pages such a list itself.
    pub is_one_request: bool,
    /// What it has done when it succeeds, for the first words of a failure: "Not created".
    pub done: &'static str,
}
