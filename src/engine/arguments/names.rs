//! Parameter names: which ones hosts add, and which known name a misspelt one was probably meant to be.

use crate::answer::Object;
use crate::api::error::InvalidArgument;
use crate::api::wording::{joined, wording};

/// The parameter that holds an open object: undocumented keys are accepted in it, too (`Operation::BODY`).
pub(super) const OPEN: &str = "fields";
/// The similarity above which an unknown name counts as a misspelt parameter.
const ALIKE: f64 = 0.8;
/// The same threshold where an unknown name may also be a valid key of an open object.
const MISSPELT: f64 = 0.9;

/// The longest name that is compared with the known ones, in bytes.
const LONGEST: usize = 128;

/// Keys that hosts and frameworks add to the arguments. The model did not write them and cannot leave them out. Keys
/// that begin with `_` are treated in the same way.
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

/// True if the host added this key. Some hosts cannot call a tool without parameters and send a dummy one.
pub(super) fn is_of_a_host(name: &str, properties: &Object) -> bool {
    name.starts_with('_') || properties.is_empty() || KEYS_OF_HOSTS.contains(&name)
}

/// Builds the error for a parameter that the tool does not have.
pub(super) fn unknown(field: &str, name: &str, properties: &Object) -> InvalidArgument {
    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
    // An unknown name may be a key of the open object, so only a close match counts as a misspelling.
    let is_open = properties.contains_key(OPEN);
    let message = match nearest(name, &known) {
        Some(meant) if !is_open || likeness(meant, name) >= MISSPELT => {
            wording!("there is no parameter \"{}\"; \"{}\" was probably meant", field.to_owned(), meant.to_owned())
        }
        _ if is_open => {
            wording!(
                "there is no parameter \"{}\"; new values go into fields: {\"{}\": …}",
                field.to_owned(),
                name.to_owned()
            )
        }
        _ if known.is_empty() => wording!("there is no parameter \"{}\": this tool takes none", field.to_owned()),
        _ => wording!(
            "there is no parameter \"{}\"; the parameters are {}",
            field.to_owned(),
            joined(known.into_iter().map(str::to_owned), ", ")
        ),
    };
    InvalidArgument::new(field, message)
}

/// Finds the known name that `name` was probably meant to be. A name that is far longer than every known one resembles
/// none of them, and comparing it would take long.
#[must_use]
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let scored = known.iter().map(|candidate| (likeness(name, candidate), *candidate));
    scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
}

fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro_winkler(&bare(one), &bare(other))
}

/// Removes differences of spelling style: `contract_id` and `contractId` give the same result.
fn bare(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_compared_at_once() {
        assert_eq!(nearest("contract_id", &["contractId"]), Some("contractId"));
        assert_eq!(nearest(&"contractId".repeat(300_000), &["contractId"]), None);
    }
}
