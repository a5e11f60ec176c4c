//! Generates the JSON Schemas of tools from their input and output types.
//!
//! Input schemas are strict and simple: some hosts reject the whole tool list for one `null` type, `$ref`, boolean
//! schema or `anyOf`. The published schemas are simpler still, and `arguments` enforces the rest. Output schemas are
//! lenient: no correct reply of the API may violate them.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::object::Object;

/// Generates the strict input schema of `T`, and the description from its doc comment.
#[must_use]
pub fn input<T: JsonSchema>() -> (Object, String) {
    let mut schema = plain::<T>();
    strict(&mut schema);
    let mut object = object(schema);
    let description = match object.shift_remove("description") {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    object.entry("properties").or_insert_with(|| json!({}));
    object.insert("additionalProperties".into(), Value::Bool(false));
    (object, description)
}

/// Removes keywords from an input schema for which some model APIs reject all tools. `exclusiveMinimum` becomes part of
/// the description.
#[must_use]
pub fn published(schema: Object) -> Object {
    let mut schema = Schema::from(schema);
    publish(&mut schema);
    object(schema)
}

fn publish(schema: &mut Schema) {
    schema.remove("additionalProperties");
    let bounded = schema.get("minimum").is_some();
    if let Some(above) = schema.remove("exclusiveMinimum").filter(|_| !bounded) {
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{description} Above {above}.").trim_start().to_owned();
        schema.insert("minimum".into(), above);
        schema.insert("description".into(), description.into());
    }
    transform_subschemas(&mut publish, schema);
}

/// Which of our own keys an answer may have.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// True if the answer may contain the outcome of a write.
    pub is_write: bool,
    /// True if the answer may be a page of a list.
    pub is_paged: bool,
}

/// Generates the output schema: our own keys and the documented fields of `T`. It requires and forbids nothing. Some
/// hosts send all output schemas to the model at each turn, so only descriptions that list a field's values are kept;
/// docs/tools.md describes the other fields.
#[must_use]
pub fn output<T: JsonSchema>(kind: Kind) -> Object {
    let mut properties = ours(kind);
    properties.extend(documented::<T>());
    let mut root = Map::new();
    root.insert("type".into(), "object".into());
    root.insert("properties".into(), Value::Object(properties));
    root
}

/// The documented fields of `T` with their schemas.
fn documented<T: JsonSchema>() -> Object {
    let mut documented = plain::<T>();
    generous(&mut documented);
    slim(&mut documented);
    portable(&mut documented);
    match object(documented).shift_remove("properties") {
        Some(Value::Object(fields)) => fields,
        _ => Object::new(),
    }
}

/// Our own keys of an answer, in their order before the API's keys.
fn ours(kind: Kind) -> Object {
    let keys = json!({
        "summary": { "type": "string" },
        "outcome": {
            "type": "string",
            "description": "created, existing, existing_alike, recovered, pending_approval, done or not_done"
        },
        "links": { "type": "array" },
        "total": { "type": "integer" },
        "nextCursor": { "minLength": 0 },
        "sandbox": { "type": "boolean" },
        "leftOut": { "type": "array" },
        "error": { "type": "object", "description": "Of a failure: code, message, reason, outcome, retryable, hint." },
    });
    let Value::Object(mut keys) = keys else { return Map::new() };
    keys.retain(|name, _| match name.as_str() {
        "outcome" => kind.is_write,
        "total" | "nextCursor" => kind.is_paged,
        _ => true,
    });
    keys
}

/// True for a top-level key of an answer that is ours and not the API's.
#[must_use]
pub fn is_ours(key: &str) -> bool {
    ours(Kind { is_write: true, is_paged: true }).contains_key(key)
}

/// Drops each description that lists no values.
fn slim(schema: &mut Schema) {
    let lists = schema.get("description").and_then(Value::as_str).is_some_and(lists_values);
    if !lists {
        schema.remove("description");
    }
    transform_subschemas(&mut slim, schema);
}

/// Replaces what the MCP Inspector's `--strict` warns of: a list of types, and a schema without any keyword. A keyword
/// for texts, arrays or objects lets `null` and every other type pass, and says briefly what is expected.
fn portable(schema: &mut Schema) {
    transform_subschemas(&mut portable, schema);
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("items").is_some_and(|items| items.as_object().is_some_and(Map::is_empty)) {
        object.shift_remove("items");
    }
    if let Some(Value::Array(types)) = object.get("type") {
        let says_enough = object.contains_key("properties") || object.contains_key("items");
        let choices: Vec<Value> = types.iter().map(|name| json!({ "type": name })).collect();
        let is_text = types.iter().any(|name| name == "string");
        object.shift_remove("type");
        if is_text {
            object.insert("minLength".into(), 0.into());
        } else if !says_enough {
            object.insert("anyOf".into(), choices.into());
        }
    }
    if object.keys().all(|keyword| keyword == "description") {
        object.insert("minProperties".into(), 0.into());
    }
}

/// The JSON types of a field in an output schema; none if any type is expected. `null` is always allowed.
#[must_use]
pub fn types(schema: &Value) -> Vec<&str> {
    let has = |keyword| schema.get(keyword).is_some();
    match (schema.get("type"), schema.get("anyOf")) {
        (Some(Value::String(one)), _) => vec![one],
        (_, Some(Value::Array(choices))) => choices.iter().flat_map(types).filter(|name| *name != "null").collect(),
        _ if has("minLength") => vec!["string"],
        _ if has("properties") => vec!["object"],
        _ if has("items") => vec!["array"],
        _ => Vec::new(),
    }
}

/// True if the description begins with values: `active or ended.`, `OK, LOW (from 80 % used) or DEPLETED`.
fn lists_values(description: &str) -> bool {
    let is_value = |word: &str| {
        let word = word.trim_matches(|mark: char| ",.;".contains(mark));
        word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let in_capitals = description.split_whitespace().filter(|word| is_value(word)).count();
    let in_small = description.trim_end_matches('.').split([',', ' ']).filter(|word| !word.is_empty());
    let in_small = in_small.clone().any(|word| word == "or")
        && in_small.clone().all(|word| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'));
    in_capitals > 1 || in_small
}

/// The schema of `T` without references and without keywords that only Rust needs.
fn plain<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    tidy(&mut schema);
    schema
}

fn tidy(schema: &mut Schema) {
    schema.remove("title");
    schema.remove("format");
    schema.remove("default");
    schema.remove("$schema");
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    words_as_enum(schema);
    transform_subschemas(&mut tidy, schema);
}

/// schemars writes a documented enum as `oneOf` constants; a plain `enum` is equivalent and simpler.
fn words_as_enum(schema: &mut Schema) {
    let Some(Value::Array(choices)) = schema.get("oneOf") else { return };
    let words: Option<Vec<Value>> = choices.iter().map(|choice| choice.get("const").cloned()).collect();
    if let Some(words) = words {
        schema.remove("oneOf");
        schema.insert("type".into(), "string".into());
        schema.insert("enum".into(), Value::Array(words));
    }
}

/// Forbids additional properties in every object that is not declared open, and drops `null`: a `null` argument counts
/// as left out.
fn strict(schema: &mut Schema) {
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    let is_open = schema.get("additionalProperties") == Some(&Value::Bool(true));
    if schema.get("additionalProperties").is_some_and(Value::is_boolean) {
        schema.remove("additionalProperties");
    }
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".into(), Value::Bool(is_open));
    }
    without_null_choice(schema);
    transform_subschemas(&mut strict, schema);
}

/// An optional enum is generated as `anyOf` of itself and `null`. Keeps the enum, with the description of the field.
fn without_null_choice(schema: &mut Schema) {
    let Some(Value::Array(choices)) = schema.get("anyOf") else { return };
    let mut others = choices.iter().filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    if let (Some(Value::Object(only)), None) = (others.next().cloned(), others.next()) {
        schema.remove("anyOf");
        let object = schema.ensure_object();
        only.into_iter().for_each(|(key, value)| {
            object.entry(key).or_insert(value);
        });
    }
}

fn generous(schema: &mut Schema) {
    // Some readers do not know the schema `true`.
    if schema.as_bool() == Some(true) {
        *schema = Schema::default();
    }
    if schema.get("additionalProperties").is_some_and(Value::is_boolean) {
        schema.remove("additionalProperties");
    }
    schema.remove("required");
    schema.remove("minLength");
    transform_subschemas(&mut generous, schema);
}

fn object(schema: Schema) -> Object {
    match schema.to_value() {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_lists_values_is_kept() {
        for list in [
            "active or ended.",
            "pending, confirmed, declined or expired.",
            "FIXED_PRICE (milestones want amountUsd), PAY_PER_HOUR or PAY_PER_LABEL (they want volume).",
            "OK, LOW (from 80 % used) or DEPLETED; always OK for FIXED_PRICE.",
            "invite_created, member_added or already_member.",
        ] {
            assert!(lists_values(list), "{list}");
        }
        for other in
            ["USD, before fees.", "The new milestone, or the one that exists already.", "ISO 8601.", "Such as TEXT."]
        {
            assert!(!lists_values(other), "{other}");
        }
    }
}
