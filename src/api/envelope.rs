//! Parses errors as services write them: OpenTrain's own envelope, OAuth's, and those of gateways and frameworks
//! (`problem+json`, `{"message"}`, `{"error": {…}}`, lists of errors for fields).

use std::time::Duration;

use serde_json::{Map, Value};

use super::Dialect;
use super::cuts::Cut;
use super::error::Refusal;
use super::excerpt::{self, Excerpt};

/// Keys of messages for people, in order of preference.
const WORDS: [&str; 10] = [
    "message",
    "error_description",
    "detail",
    "description",
    "title",
    "msg",
    "Message",
    "errorMessage",
    "faultstring",
    "reason",
];
/// Keys below which messages are nested.
const NESTED: [&str; 8] = ["error", "errors", "detail", "details", "fault", "violations", "issues", "invalid-params"];
/// Keys that name the wrong field.
const PLACES: [&str; 6] = ["field", "path", "loc", "name", "param", "pointer"];
/// Keys of the request id.
const REQUEST_IDS: [&str; 4] = ["requestId", "request_id", "traceId", "correlationId"];
/// The most sentences of a combined message.
const SENTENCES: usize = 8;
/// The deepest nesting at which messages are searched.
const DEPTH: usize = 5;

impl Refusal {
    /// Parses the body of an unsuccessful reply, each part separately; `None` if it contains no information. The
    /// details of a foreign envelope are the whole body.
    pub(super) fn read(status: u16, body: &str, retry_after: Option<Duration>, dialect: Dialect) -> Option<Self> {
        let Excerpt { value: body, cuts } = excerpt::read(body).ok()?;
        let empty = Map::new();
        let object = body.as_object().unwrap_or(&empty);
        let message = match (object.get("error"), dialect) {
            (Some(Value::String(error)), Dialect::Api) if is_own_envelope(object) => error.clone(),
            _ => sentences(&body, DEPTH).join("; "),
        };
        if message.is_empty() && !body.is_object() {
            return None;
        }
        let none = format!("OpenTrain answered {status} without its usual message");
        Some(Self {
            status,
            message: if message.is_empty() { none } else { message },
            code: code(object, dialect),
            request_id: request_id(object),
            is_foreign: dialect == Dialect::Api && !is_own_envelope(object),
            cuts: of_details(cuts, &body),
            details: details(body),
            retry_after,
        })
    }
}

/// True for OpenTrain's own envelope: only its four documented keys describe the error.
fn is_own_envelope(object: &Map<String, Value>) -> bool {
    let has_text = |name: &str| object.get(name).is_some_and(Value::is_string);
    let speaks_otherwise = || WORDS.iter().chain(&["errors", "fault"]).any(|name| object.contains_key(*name));
    (has_text("error") || has_text("code") || object.contains_key("details")) && !speaks_otherwise()
}

/// The unchanged `details` of OpenTrain's envelope or an error object; otherwise the whole body.
fn details(body: Value) -> Option<Value> {
    let of_error = body.pointer("/error/details").filter(|details| details.is_object());
    match (&body, of_error) {
        (Value::Object(object), _) if object.contains_key("details") || is_own_envelope(object) => {
            object.get("details").filter(|details| !details.is_null()).cloned()
        }
        (_, Some(details)) => Some(details.clone()),
        _ => Some(body),
    }
}

/// Converts the cuts of a body to cuts of its [`details`].
fn of_details(cuts: Vec<Cut>, body: &Value) -> Vec<Cut> {
    let is_own = body.get("details").is_some();
    let moved = |cut: Cut| {
        let path = match cut.path.strip_prefix("error.details") {
            _ if is_own => cut.path,
            Some(rest) => format!("details{rest}"),
            None => return cut.below("details"),
        };
        Cut { path, ..cut }
    };
    cuts.into_iter().map(moved).collect()
}

/// The error code: `code`, the code of an error object, or OAuth's `error`.
fn code(object: &Map<String, Value>, dialect: Dialect) -> Option<String> {
    let error = object.get("error");
    let is_oauth = dialect != Dialect::Api;
    let is_word = |error: &&Value| error.as_str().is_some_and(is_one_word) && !is_own_envelope(object);
    let candidates = [
        error.filter(|_| is_oauth),
        object.get("code"),
        error.filter(is_word),
        error.and_then(|error| error.get("code")),
        error.and_then(|error| error.get("type")),
        object.get("errorCode"),
    ];
    candidates.into_iter().flatten().find_map(Value::as_str).filter(|code| !code.is_empty()).map(str::to_owned)
}

fn request_id(object: &Map<String, Value>) -> Option<String> {
    let error = object.get("error").and_then(Value::as_object);
    let places = [Some(object), error].into_iter().flatten();
    places
        .flat_map(|place| REQUEST_IDS.map(|name| place.get(name)))
        .flatten()
        .find_map(Value::as_str)
        .map(str::to_owned)
}

/// The messages in `value`, without repetitions.
fn sentences(value: &Value, depth: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let all = match value {
        Value::String(text) if !text.trim().is_empty() => vec![text.trim().to_owned()],
        Value::Array(items) if depth > 0 => {
            items.iter().take(SENTENCES).flat_map(|item| sentences(item, depth - 1)).collect()
        }
        Value::Object(object) if depth > 0 => of_object(object, depth - 1),
        _ => Vec::new(),
    };
    for sentence in all {
        if found.len() < SENTENCES && !found.iter().any(|known| known.contains(&sentence)) {
            found.push(sentence);
        }
    }
    found
}

/// The messages of an error object: its own message after the field's name, then nested messages.
fn of_object(object: &Map<String, Value>, depth: usize) -> Vec<String> {
    let own: Vec<&str> = WORDS
        .iter()
        .filter_map(|name| object.get(*name)?.as_str())
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    let place = PLACES.iter().find_map(|name| place(object.get(*name)?));
    let at = |text: &str| place.as_ref().map_or_else(|| text.to_owned(), |place| format!("{place}: {text}"));
    let mut all: Vec<String> = own.into_iter().map(at).collect();
    // Next to other messages, a single word is a code.
    let is_code = |value: &Value| !all.is_empty() && value.as_str().is_some_and(is_one_word);
    let below: Vec<&Value> =
        NESTED.iter().filter_map(|name| object.get(*name)).filter(|value| !is_code(value)).collect();
    all.extend(below.iter().flat_map(|value| sentences(value, depth)));
    if all.is_empty() && below.is_empty() {
        all.extend(by_field(object));
    }
    all
}

fn is_one_word(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_whitespace)
}

/// Formats the field's name: `"field"`, or `["fields", 0, "name"]`.
fn place(value: &Value) -> Option<String> {
    let step = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(steps) => Some(steps.iter().filter_map(step).collect::<Vec<_>>().join(".")),
        other => step(other),
    }
    .filter(|place| !place.is_empty())
}

/// The messages by field: `{"title": ["is too long"], "amount": "is missing"}`.
fn by_field(object: &Map<String, Value>) -> Vec<String> {
    let of_field = |(name, value): (&String, &Value)| {
        let texts: Vec<&str> = match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        (!texts.is_empty()).then(|| format!("{name}: {}", texts.join(", ")))
    };
    object.iter().filter_map(of_field).take(SENTENCES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Refusal {
        Refusal::read(403, body, None, Dialect::Api).unwrap()
    }

    #[test]
    fn errors_of_other_shapes_are_read_for_what_they_say() {
        for (body, says) in [
            (r#"{"message":"Key is out of quota"}"#, "Key is out of quota"),
            (r#"{"Message":"Not for you"}"#, "Not for you"),
            (
                r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Your plan ended"}"#,
                "Your plan ended; Forbidden",
            ),
            (r#"{"error":{"code":"plan_limit","message":"Too many contracts"}}"#, "Too many contracts"),
            (r#"{"error":{"error":{"message":"Deep"}}}"#, "Deep"),
            (
                r#"{"errors":[{"message":"Title too long","field":"title"},{"message":"No amount"}]}"#,
                "title: Title too long; No amount",
            ),
            (r#"{"errors":["Title too long"]}"#, "Title too long"),
            (r#"{"errors":{"title":["is too long","is odd"]}}"#, "title: is too long, is odd"),
            (r#"{"detail":[{"loc":["body","amount"],"msg":"field required"}]}"#, "body.amount: field required"),
            (r#"{"fault":{"faultstring":"Quota violation"}}"#, "Quota violation"),
            (r#"{"error":"Too Many Requests","message":"Slow down"}"#, "Slow down; Too Many Requests"),
            (r#"{"error":"invalid_token","error_description":"The token expired"}"#, "The token expired"),
            (r#"[{"message":"In a list"}]"#, "In a list"),
            (r#""Forbidden""#, "Forbidden"),
        ] {
            assert_eq!(read(body).message, says, "{body}");
            assert!(read(body).is_foreign, "{body}");
        }
    }

    #[test]
    fn the_documented_envelope_is_taken_as_it_is() {
        let own = read(r#"{"error":"No.","code":"FORBIDDEN","requestId":"r","details":{"reason":"x","message":"y"}}"#);
        assert_eq!((own.message.as_str(), own.code.as_deref(), own.is_foreign), ("No.", Some("FORBIDDEN"), false));
        assert_eq!((own.request_id.as_deref(), own.reason()), (Some("r"), Some("x")));
        assert_eq!(read(r#"{"code":"X"}"#).message, "OpenTrain answered 403 without its usual message");
        for body in ["[1]", "7", "not JSON", "\"\""] {
            assert_eq!(Refusal::read(403, body, None, Dialect::Api), None, "{body}");
        }
    }

    #[test]
    fn code_and_details_are_found_in_an_error_object() {
        let nested = read(r#"{"error":{"code":"plan_limit","message":"m","details":{"reason":"of_tomorrow"}}}"#);
        assert_eq!((nested.code.as_deref(), nested.reason()), (Some("plan_limit"), Some("of_tomorrow")));
        let whole = read(r#"{"message":"m","limit":7}"#);
        assert_eq!(whole.details.unwrap().to_string(), r#"{"message":"m","limit":7}"#);
        let oauth =
            Refusal::read(400, r#"{"error":"invalid_grant","error_description":"d"}"#, None, Dialect::OAuthJson);
        assert_eq!(oauth.unwrap().code.as_deref(), Some("invalid_grant"));
    }
}
