//! Names of parameters: what hosts add to them, and what a misspelt one was meant to be.

use crate::answer::Object;
use crate::api::error::InvalidArgument;

/// The parameter whose inside is open: keys that are not documented pass, too (`Operation::BODY`).
pub(super) const OPEN: &str = "fields";
/// How alike a misspelt name must be to be taken for a known one.
const ALIKE: f64 = 0.8;
/// How alike it must be where any name could be a key of an open object.
const MISSPELT: f64 = 0.9;

/// Keys that hosts and frameworks put among the arguments. The model did not write them and cannot leave them out. The
/// same goes for each key that begins with `_`.
const KEYS_OF_HOSTS: &[&str] = &[
    "action",
    "callId",
    "call_id",
    "chatInput",
    "chat_input",
    "conversation_id",
    "explanation",
    "random_string",
    "reasoning",
    "requestHeartbeat",
    "request_heartbeat",
    "runId",
    "run_id",
    "security_risk",
    "sessionId",
    "session_id",
    "task_progress",
    "threadId",
    "thread_id",
    "toolAction",
    "toolCallId",
    "toolSummary",
    "tool_call_description",
    "tool_call_id",
    "waitForPreviousTools",
    "wait_for_previous",
];

/// Whether a host has added this key. A tool without parameters is sent one by hosts that cannot call without any.
pub(super) fn is_of_a_host(name: &str, properties: &Object) -> bool {
    name.starts_with('_') || properties.is_empty() || KEYS_OF_HOSTS.contains(&name)
}

/// The error for a parameter that the tool does not have.
pub(super) fn unknown(field: &str, name: &str, properties: &Object) -> InvalidArgument {
    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
    // Where values go into an open object, a name that is only somewhat like a parameter is one of its keys.
    let is_open = properties.contains_key(OPEN);
    let message = match nearest(name, &known) {
        Some(meant) if !is_open || likeness(meant, name) >= MISSPELT => {
            format!("there is no parameter \"{field}\"; \"{meant}\" was probably meant")
        }
        _ if is_open => {
            format!("there is no parameter \"{field}\"; new values go into fields: {{\"{name}\": …}}")
        }
        _ if known.is_empty() => format!("there is no parameter \"{field}\": this tool takes none"),
        _ => format!("there is no parameter \"{field}\"; the parameters are {}", known.join(", ")),
    };
    InvalidArgument::new(field, message)
}

/// The known name that `name` was probably meant to be.
#[must_use]
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|candidate| (likeness(name, candidate), *candidate));
    scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
}

fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro_winkler(&bare(one), &bare(other))
}

/// A name without what only writes it in another way: `contract_id` and `contractId` are one.
fn bare(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
