//! JSON Schemas of tools, made from the types that read the arguments and write the answers.
//!
//! Inputs are strict and plain: some hosts refuse a whole list of tools for one `null` type, `$ref`, boolean schema or
//! `anyOf` in it. What is published of them is plainer still; `arguments` enforces the rest. Outputs are generous: a true
//! answer of the API must never fail our own schema.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::object::Object;

/// The strict input schema of `T`, and the description that its doc comment gives.
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

/// An input schema as it is published: without the words that some model APIs refuse, and then every tool with them. What
/// `exclusiveMinimum` says is said in the description.
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

/// What an answer has besides the documented fields.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// It may say what became of a write.
    pub is_write: bool,
    /// It may be one page of a list.
    pub is_paged: bool,
}

/// The output schema: our few keys, and the documented fields of `T`. Nothing is required, and nothing is forbidden. It is
/// slim, since some hosts send all output schemas to the model at each turn: a description stays only where it lists the
/// values of a field. What the other fields mean is said in docs/tools.md.
#[must_use]
pub fn output<T: JsonSchema>(kind: Kind) -> Object {
    let mut properties = ours(kind);
    properties.extend(documented::<T>());
    let mut root = Map::new();
    root.insert("type".into(), "object".into());
    root.insert("properties".into(), Value::Object(properties));
    root
}

/// The documented fields of `T`, each with its schema.
fn documented<T: JsonSchema>() -> Object {
    let mut documented = plain::<T>();
    generous(&mut documented);
    slim(&mut documented);
    match object(documented).shift_remove("properties") {
        Some(Value::Object(fields)) => fields,
        _ => Object::new(),
    }
}

/// The keys of an answer that are not the API's, in the order in which they stand before it.
fn ours(kind: Kind) -> Object {
    let keys = json!({
        "summary": { "type": "string" },
        "outcome": {
            "type": "string",
            "description": "created, existing, existing_alike, recovered, pending_approval, done or not_done"
        },
        "links": { "type": "array" },
        "total": { "type": "integer" },
        "nextCursor": { "type": ["string", "null"] },
        "sandbox": { "type": "boolean" },
        "leftOut": { "type": "array" },
        "opentrain": { "type": "object" },
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

/// Drops each description that lists no values.
fn slim(schema: &mut Schema) {
    let lists = schema.get("description").and_then(Value::as_str).is_some_and(lists_values);
    if !lists {
        schema.remove("description");
    }
    transform_subschemas(&mut slim, schema);
}

/// Whether a description begins with values: `active or ended.`, `OK, LOW (from 80 % used) or DEPLETED`.
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

/// `T`'s schema in one piece, without what only Rust cares about.
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

/// schemars writes an enum whose variants are documented as `oneOf` constants; a plain `enum` says the same.
fn words_as_enum(schema: &mut Schema) {
    let Some(Value::Array(choices)) = schema.get("oneOf") else { return };
    let words: Option<Vec<Value>> = choices.iter().map(|choice| choice.get("const").cloned()).collect();
    if let Some(words) = words {
        schema.remove("oneOf");
        schema.insert("type".into(), "string".into());
        schema.insert("enum".into(), Value::Array(words));
    }
}

/// Closes every declared object that does not say that it is open, and drops `null`: an optional parameter is left out, or `null` is read as that.
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

/// An optional enum comes as `anyOf` itself and `null`: what stays is itself, with the description of where it stands.
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
    // A schema that is just `true` is more than some readers know.
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
