//! JSON with comments, edited in its syntax tree.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::{Map, Value};

use super::{DocumentError, Format, Slot};

/// What hosts accept beyond JSON: comments and trailing commas.
fn options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn tree(text: &str) -> Result<CstRootNode, DocumentError> {
    let invalid = |reason: String| DocumentError::Invalid { format: Format::Json, reason };
    CstRootNode::parse(text, &options()).map_err(|error| invalid(error.to_string()))
}

pub(super) fn parse(text: &str) -> Result<Map<String, Value>, DocumentError> {
    match tree(text)?.to_serde_value() {
        None => Ok(Map::new()),
        Some(Value::Object(document)) => Ok(document),
        Some(_) => Err(DocumentError::NotATable("the top level".into())),
    }
}

pub(super) fn with_entry(text: &str, slot: Slot<'_>, entry: &Map<String, Value>) -> Result<String, DocumentError> {
    let root = tree(text)?;
    let table = root.object_value_or_create().and_then(|object| object.object_value_or_create(slot.key));
    let table = table.ok_or_else(|| DocumentError::NotATable(slot.key.to_owned()))?;
    match table.object_value(slot.name) {
        Some(existing) => update(&existing, entry),
        None => drop(table.append(slot.name, object(entry))),
    }
    Ok(root.to_string())
}

/// Replaces only the fields that differ.
fn update(existing: &CstObject, entry: &Map<String, Value>) {
    for (field, value) in entry {
        match existing.get(field) {
            Some(property) => {
                if property.value().and_then(|value| value.to_serde_value()).as_ref() != Some(value) {
                    property.set_value(input(value));
                }
            }
            None => drop(existing.append(field, input(value))),
        }
    }
}

pub(super) fn without_entry(text: &str, slot: Slot<'_>) -> Result<String, DocumentError> {
    let root = tree(text)?;
    let table = root.object_value().and_then(|object| object.object_value(slot.key));
    if let Some(property) = table.and_then(|table| table.get(slot.name)) {
        property.remove();
    }
    Ok(root.to_string())
}

fn object(entry: &Map<String, Value>) -> CstInputValue {
    CstInputValue::Object(entry.iter().map(|(field, value)| (field.clone(), input(value))).collect())
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(value) => CstInputValue::Number(value.to_string()),
        Value::String(value) => CstInputValue::String(value.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(fields) => object(fields),
    }
}
