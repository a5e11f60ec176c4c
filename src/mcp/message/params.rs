//! Repairs the params of a request where the intent is clear, and describes params that do not fit their method.
//! Without this, rmcp would report an unknown method.

use rmcp::model::{
    CallToolRequestParams, CompleteRequestParams, GetPromptRequestParams, InitializeRequestParams,
    PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::answer::{Shown, id, quoted, shown};
use crate::api::types::kind;

/// The keys of `_meta` that replace the handshake since revision 2026-07-28.
const REVISION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";

/// Repairs the params of `method`, such as an empty array where an empty object is meant: some languages cannot tell
/// them apart.
///
/// # Errors
/// The problem with the params.
pub(in crate::mcp) fn mend(method: &str, message: &mut Map<String, Value>) -> Result<(), Shown> {
    if message.get("params").is_some_and(is_empty) {
        message.remove("params");
    }
    let Some(params) = message.get_mut("params") else { return Ok(()) };
    let Value::Object(params) = params else {
        return Err(shown!("params must be an object (it was {})", kind(params)));
    };
    mend_meta(params)?;
    match method {
        "initialize" => {
            if let Some(capabilities) = params.get_mut("capabilities") {
                emptied(capabilities);
            }
        }
        "tools/call" | "prompts/get" if params.get("arguments").is_some_and(is_empty) => {
            params.remove("arguments");
        }
        _ => {}
    }
    Ok(())
}

/// Fills in what `server/discover` lacks, because clients use it to find out what to send. Over HTTP the specification
/// demands that it is refused instead.
pub(in crate::mcp) fn complete_discover(message: &mut Map<String, Value>) {
    let params = message.entry("params").or_insert_with(|| json!({}));
    if is_empty(params) {
        *params = json!({});
    }
    let meta = params.as_object_mut().map(|params| params.entry("_meta").or_insert_with(|| json!({})));
    let Some(meta) = meta.and_then(Value::as_object_mut) else { return };
    meta.entry(REVISION_KEY).or_insert_with(|| json!(ProtocolVersion::V_2026_07_28));
    meta.entry(CAPABILITIES_KEY).or_insert_with(|| json!({}));
}

fn mend_meta(params: &mut Map<String, Value>) -> Result<(), Shown> {
    if params.get("_meta").is_some_and(is_empty) {
        params.remove("_meta");
    }
    let Some(meta) = params.get_mut("_meta") else { return Ok(()) };
    let Value::Object(meta) = meta else {
        return Err(shown!("params._meta must be an object (it was {})", kind(meta)));
    };
    // An invalid token cannot be returned in a notification, and the call does not need it.
    if meta.get("progressToken").is_some_and(|token| !token.is_string() && !token.is_i64()) {
        meta.remove("progressToken");
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Replaces empty arrays with empty objects: capabilities contain only objects.
fn emptied(value: &mut Value) {
    match value {
        Value::Array(items) if items.is_empty() => *value = json!({}),
        Value::Object(fields) => fields.values_mut().for_each(emptied),
        _ => {}
    }
}

/// Describes why the params do not fit `method`; `None` for a method that is not served.
pub(in crate::mcp) fn misfit(method: &str, params: Option<&Value>) -> Option<Shown> {
    let params = params.cloned().unwrap_or_else(|| json!({}));
    match method {
        "initialize" => why::<InitializeRequestParams>(params),
        "tools/call" => why::<CallToolRequestParams>(params),
        "prompts/get" => why::<GetPromptRequestParams>(params),
        "resources/read" => why::<ReadResourceRequestParams>(params),
        "completion/complete" => why::<CompleteRequestParams>(params),
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" => {
            why::<PaginatedRequestParams>(params)
        }
        _ => None,
    }
}

fn why<P: DeserializeOwned>(params: Value) -> Option<Shown> {
    let fault = serde_path_to_error::deserialize::<_, P>(params).err()?;
    let inner = quoted(&fault.inner().to_string());
    match fault.path().to_string().as_str() {
        "." => Some(shown!("params: {}", inner)),
        path => Some(shown!("params.{}: {}", id(path), inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(method: &str, params: Value) -> Result<Value, Shown> {
        let mut message = Map::from_iter([("params".to_owned(), params)]);
        mend(method, &mut message).map(|()| message.remove("params").unwrap_or(Value::Null))
    }

    #[test]
    fn an_empty_array_is_an_empty_object() {
        assert_eq!(mended("tools/list", json!([])), Ok(Value::Null));
        assert_eq!(mended("tools/call", json!({"name":"a","arguments":[],"_meta":[]})), Ok(json!({"name":"a"})));
        let capabilities = mended("initialize", json!({"capabilities":{"roots":[],"elicitation":{"url":[]}}}));
        assert_eq!(capabilities, Ok(json!({"capabilities":{"roots":{},"elicitation":{"url":{}}}})));
    }

    #[test]
    fn a_progress_token_that_is_none_is_left_out() {
        for token in [json!(null), json!(1.5), json!(true), json!({})] {
            let params = mended("tools/call", json!({"name":"a","_meta":{"progressToken":token,"x":1}}));
            assert_eq!(params, Ok(json!({"name":"a","_meta":{"x":1}})));
        }
        let kept = json!({"name":"a","_meta":{"progressToken":9_007_199_254_740_993_i64}});
        assert_eq!(mended("tools/call", kept.clone()), Ok(kept));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(mended("ping", json!("x")), Err("params must be an object (it was a string)".into()));
        assert_eq!(mended("ping", json!({"_meta":7})), Err("params._meta must be an object (it was a number)".into()));
        for (method, params, part) in [
            ("tools/call", json!({"name":5}), "params.name: "),
            ("tools/call", json!({"arguments":{}}), "missing field `name`"),
            ("tools/call", json!({"name":"a","arguments":"{}"}), "params.arguments: "),
            ("tools/list", json!({"cursor":5}), "params.cursor: "),
            (
                "initialize",
                json!({"protocolVersion":"x","capabilities":{},"clientInfo":{"name":1}}),
                "params.clientInfo.name: ",
            ),
            (
                "initialize",
                json!({"protocolVersion":"x","capabilities":{"roots":true},"clientInfo":{}}),
                "params.capabilities",
            ),
        ] {
            let why = misfit(method, Some(&params)).unwrap_or_else(|| panic!("{params} fits"));
            assert!(why.contains(part), "{why}");
        }
        assert_eq!(misfit("tools/list", None), None);
    }
}
