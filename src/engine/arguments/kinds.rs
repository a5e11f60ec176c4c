//! Converts an argument to the type that its schema names, if the conversion is unambiguous.

use serde_json::{Map, Number, Value};

use crate::api::types::{decimal, kind};

/// Converts `value` to the type `wanted`; `None` if the conversion would be a guess.
pub(super) fn read_as(wanted: &str, value: Value) -> Option<Value> {
    match (wanted, value) {
        ("number", Value::String(text)) => number(&text).map(Value::Number),
        ("integer", Value::String(text)) => number(&text).and_then(whole),
        ("integer", Value::Number(number)) => whole(number),
        ("boolean", Value::String(text)) => match text.trim() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        ("object" | "array", Value::String(text)) => {
            let parsed: Value = serde_json::from_str(&text).ok()?;
            fits(wanted, &parsed).then_some(parsed)
        }
        // Some languages have one empty value for both objects and arrays.
        ("object", Value::Array(items)) if items.is_empty() => Some(Value::Object(Map::new())),
        ("array", Value::Object(fields)) if fields.is_empty() => Some(Value::Array(Vec::new())),
        (_, value) => (wanted.is_empty() || fits(wanted, &value)).then_some(value),
    }
}

fn number(text: &str) -> Option<Number> {
    serde_json::from_str(text.trim()).ok()
}

fn whole(number: Number) -> Option<Value> {
    if number.is_i64() || number.is_u64() {
        return Some(Value::Number(number));
    }
    let text = decimal(&number).filter(|value| value.fract().is_zero())?.normalize().to_string();
    serde_json::from_str(&text).ok()
}

fn fits(wanted: &str, value: &Value) -> bool {
    match wanted {
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => true,
    }
}

/// The expected type with its article, for error messages.
pub(super) fn article(wanted: &str) -> &'static str {
    match wanted {
        "number" => "a number, such as 300 or 12.5",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "object" => "an object",
        "array" => "an array",
        _ => "a string",
    }
}

/// The most characters of an argument that an error message repeats.
const SHOWN: usize = 60;

/// Cuts a parameter's name for an error message; no real parameter has a longer name.
#[must_use]
pub fn shortened(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
    }
}

/// Describes a value in a few words for an error message.
pub(super) fn describe(value: &Value) -> String {
    let is_long = match value {
        Value::Object(_) | Value::Array(_) => true,
        Value::String(text) => text.len() > 4 * SHOWN,
        Value::Number(number) => number.as_str().len() > SHOWN,
        Value::Null | Value::Bool(_) => false,
    };
    if is_long {
        return kind(value).to_owned();
    }
    let text = value.to_string();
    if text.char_indices().nth(SHOWN).is_none() { text } else { kind(value).to_owned() }
}
