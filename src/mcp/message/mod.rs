//! Reads a host's message before rmcp does, for every transport: repairs what is clear, and says what is wrong with the
//! rest.

pub(super) mod json;
pub(super) mod outline;
pub(super) mod params;

use serde_json::Value;

use crate::answer::Object;

/// The method of a JSON-RPC message; `None` if it has none, as an answer has none.
pub(super) fn method(message: &Object) -> Result<Option<String>, &'static str> {
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err("jsonrpc must be \"2.0\"");
    }
    match message.get("method") {
        None => Ok(None),
        Some(Value::String(method)) => Ok(Some(method.clone())),
        Some(_) => Err("the method must be a string"),
    }
}

/// Reads a message, for `fuzz/`: its id is found whenever it has one.
#[cfg(fuzzing)]
pub(super) fn fuzz(text: &[u8]) {
    let outline = outline::Outline::of(text);
    let read = json::read(text, outline.deepest());
    let id = outline.id();
    if let Ok(Value::Object(mut message)) = read {
        let wanted = message.get("id").filter(|id| id.is_string() || id.is_number()).cloned();
        let short = wanted.filter(|id| id.to_string().len() < 1_000);
        assert!(short.is_none() || id.is_some(), "the id of a message is lost");
        let method = message.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
        let _ = params::mend(&method, &mut message);
        let _ = params::misfit(&method, message.get("params"));
    }
}
