//! YAML, edited in its syntax tree. New values are written as JSON, which YAML contains, so that no string needs
//! YAML's own rules for quotes.

use std::str::FromStr;

use serde_json::{Map, Value};
use yaml_edit::validator::{Severity, Validator};
use yaml_edit::{Document, Mapping, YamlFile, YamlNode};

use super::{DocumentError, Format, Slot};

fn invalid(reason: impl ToString) -> DocumentError {
    DocumentError::Invalid { format: Format::Yaml, reason: reason.to_string() }
}

/// The text, and its top level unless it is empty.
fn tree(text: &str) -> Result<(YamlFile, Option<Mapping>), DocumentError> {
    let file = YamlFile::from_str(text).map_err(invalid)?;
    let mut documents = file.documents();
    let (first, second) = (documents.next(), documents.next());
    if second.is_some() {
        return Err(invalid("it holds more than one document"));
    }
    let Some(document) = first else { return Ok((file, None)) };
    // The parser also accepts what YAML does not allow, such as tabs as indentation.
    let violations = Validator::new().validate(&document);
    if let Some(violation) = violations.iter().find(|violation| violation.severity == Severity::Error) {
        return Err(invalid(violation));
    }
    let root = document.as_mapping();
    if root.is_none() && document.as_scalar().is_none_or(|scalar| !scalar.is_null()) {
        return Err(DocumentError::NotATable("the top level".into()));
    }
    Ok((file, root))
}

pub(super) fn parse(text: &str) -> Result<Map<String, Value>, DocumentError> {
    tree(text)?.1.map_or_else(|| Ok(Map::new()), |root| fields(&root))
}

pub(super) fn with_entry(text: &str, slot: Slot<'_>, entry: &Map<String, Value>) -> Result<String, DocumentError> {
    let (file, root) = tree(text)?;
    let Some(root) = root else {
        let separator = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Ok(format!("{text}{separator}{}", block(slot, entry)));
    };
    let block = Document::from_str(&block(slot, entry)).map_err(invalid)?;
    let table = block.get_mapping(slot.key).ok_or(DocumentError::ChangesMore)?;
    let existing = root.get_mapping(slot.key).filter(|table| !table.is_empty());
    match (existing.as_ref(), existing.as_ref().and_then(|existing| existing.get_mapping(slot.name))) {
        (None, _) => root.set(slot.key, &table),
        (Some(_), Some(existing)) => update(&existing, entry)?,
        (Some(existing), None) => {
            existing.set(slot.name, &table.get_mapping(slot.name).ok_or(DocumentError::ChangesMore)?);
        }
    }
    Ok(file.to_string())
}

/// Replaces only the fields that differ.
fn update(existing: &Mapping, entry: &Map<String, Value>) -> Result<(), DocumentError> {
    for (field, wanted) in entry {
        if existing.get(field.as_str()).map(|node| value(&node)).transpose()?.as_ref() == Some(wanted) {
            continue;
        }
        let line = Document::from_str(&format!("{}: {wanted}\n", Value::from(field.as_str()))).map_err(invalid)?;
        let node = line.get(field.as_str()).ok_or(DocumentError::ChangesMore)?;
        existing.set(field.as_str(), &node);
    }
    Ok(())
}

pub(super) fn without_entry(text: &str, slot: Slot<'_>) -> Result<String, DocumentError> {
    let (file, root) = tree(text)?;
    let Some(root) = root else { return Ok(text.to_owned()) };
    if let Some(table) = root.get_mapping(slot.key) {
        table.remove(slot.name);
        if table.is_empty() {
            root.remove(slot.key);
        }
    }
    Ok(file.to_string())
}

/// The entry as a document of its own. The names of our entries and fields need no quotes.
fn block(slot: Slot<'_>, entry: &Map<String, Value>) -> String {
    let mut block = format!("{}:\n  {}:\n", slot.key, slot.name);
    for (field, value) in entry {
        block += &format!("    {field}: {value}\n");
    }
    block
}

fn fields(mapping: &Mapping) -> Result<Map<String, Value>, DocumentError> {
    let mut fields = Map::new();
    for entry in mapping.entries() {
        let key = entry.key_node().map(|key| value(&key)).transpose()?;
        let key = match key {
            Some(Value::String(key)) => key,
            Some(key) => key.to_string(),
            None => return Err(invalid("a key is missing")),
        };
        let value = entry.value_node().map(|node| value(&node)).transpose()?.unwrap_or(Value::Null);
        fields.insert(key, value);
    }
    Ok(fields)
}

fn value(node: &YamlNode) -> Result<Value, DocumentError> {
    if let Some(mapping) = node.as_mapping() {
        return fields(mapping).map(Value::Object);
    }
    if let Some(sequence) = node.as_sequence() {
        return sequence.values().map(|node| value(&node)).collect::<Result<_, _>>().map(Value::Array);
    }
    let Some(scalar) = node.as_scalar() else { return Ok(Value::String(node.to_string())) };
    let text = scalar.as_string();
    if scalar.is_quoted() || scalar.is_block() {
        return Ok(Value::String(text));
    }
    let plain = scalar.as_bool().map(Value::Bool).or_else(|| scalar.as_i64().map(Value::from));
    Ok(plain.unwrap_or_else(|| if scalar.is_null() { Value::Null } else { Value::String(text) }))
}
