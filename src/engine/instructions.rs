//! The server's instructions, which a model reads before any tool (MCP `initialize` and `server/discover`). Their sentences
//! come with the tools; this file decides which of them are said.

use jiff::Timestamp;

use crate::answer::{Joined, Shown, figure, id, shown};
use crate::api::Effect;

use super::catalog::When;
use super::toolbox::Toolbox;

/// Builds the server's instructions. They name only tools that are served, give no advice that those tools cannot
/// follow, and list the operator's limits.
#[must_use]
pub fn instructions(toolbox: &Toolbox) -> Shown {
    let served = toolbox.served();
    let writes = served.iter().any(|served| served.facts().effect != Effect::Read);
    // `may_ask` parses a schema, which would delay the start of every server.
    let asks = served.iter().any(|served| served.facts().effect == Effect::CoSigned)
        || served.iter().any(|served| served.may_ask());
    let fits = |when| match when {
        When::Always => true,
        When::InSandbox => toolbox.services.sandbox,
        When::ToolsWrite => writes,
        When::ToolsAsk => asks,
    };
    let fitting = toolbox.catalog().instructions.iter().filter(|instruction| fits(instruction.when));
    let mut text = toolbox.names().say_all(fitting.map(|instruction| &instruction.sentence));
    let services = &toolbox.services;
    // The sandbox has a clock of its own.
    if !services.sandbox {
        let now = Timestamp::now();
        let date = figure(&now.strftime("%Y-%m-%d").to_string());
        text.push(shown!(" Today is {}, {} (UTC).", id(&now.strftime("%A").to_string()), date));
    }
    if services.tokens.claim_token().is_some() && writes {
        text.push(" No person has claimed this account yet: hiring, messages and payments would be refused.");
    }
    let limits = services.limits();
    if !limits.is_empty() {
        text.push(shown!(" The operator's limits: {}.", limits.joined("; ")));
    }
    text
}
