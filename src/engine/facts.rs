//! The constants of a tool, without its type.

use crate::answer::Sentence;
use crate::api::{Effect, Gate};

/// How the operator's limits for money treat a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Money {
    /// A call commits money, and the limits count it. A call without a known amount is refused while a limit is set.
    Counted,
    /// A call concerns money, and no limit counts it.
    Outside,
    /// A call concerns no money.
    None,
}

/// The constants of a tool.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `snake_case` verb and noun.
    pub name: &'static str,
    /// A short title for people.
    pub title: &'static str,
    /// The effect of a call.
    pub effect: Effect,
    /// How the operator's limits for money treat a call.
    pub money: Money,
    /// True if a call takes effect at once and cannot be taken back, with no page of OpenTrain in between: where the operator
    /// wants that, a person has to say yes first.
    pub confirm: bool,
    /// The API's condition for a call.
    pub gate: Gate,
    /// Shown after a 404: which tool lists valid ids.
    pub id_hint: Sentence,
    /// The tool's name in OpenTrain's own MCP server, without the prefix `opentrain_`.
    pub official: &'static str,
    /// True if a call is a single request. OpenTrain pages such a list itself.
    pub is_one_request: bool,
    /// True if a call writes files of the user who runs this server. Such a tool is not served over HTTP.
    pub is_local: bool,
    /// Past participle of the tool's action. A failure begins with it: "Not created".
    pub done: &'static str,
}
