//! TOML, edited with the formatting of everything else kept.

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike};

use super::{DocumentError, Format, Slot};

fn document(text: &str) -> Result<DocumentMut, DocumentError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        DocumentError::Invalid { format: Format::Toml, reason: format!("{} on line {line}", error.message()) }
    })
}

pub(super) fn parse(text: &str) -> Result<Map<String, Value>, DocumentError> {
    Ok(fields(document(text)?.as_table()))
}

pub(super) fn with_entry(text: &str, slot: Slot<'_>, entry: &Map<String, Value>) -> Result<String, DocumentError> {
    let mut document = document(text)?;
    // A text of comments only: the editor would put the first table before them.
    if document.is_empty() && !text.trim().is_empty() {
        let table = with_entry("", slot, entry)?;
        return Ok(format!("{}\n\n{table}", text.trim_end_matches('\n')));
    }
    let mut servers = Table::new();
    servers.set_implicit(true);
    let servers = document.entry(slot.key).or_insert(Item::Table(servers));
    let servers = servers.as_table_like_mut().ok_or_else(|| DocumentError::NotATable(slot.key.to_owned()))?;
    match servers.get_mut(slot.name).and_then(Item::as_table_like_mut) {
        Some(existing) => update(existing, entry),
        None => drop(servers.insert(slot.name, Item::Table(table(entry)))),
    }
    Ok(document.to_string())
}

/// Replaces only the fields that differ.
fn update(existing: &mut dyn TableLike, entry: &Map<String, Value>) {
    for (field, wanted) in entry {
        match existing.get_mut(field) {
            Some(item) if json(item) == *wanted => {}
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = value(wanted);
                *old.decor_mut() = decor;
            }
            _ => drop(existing.insert(field, Item::Value(value(wanted)))),
        }
    }
}

pub(super) fn without_entry(text: &str, slot: Slot<'_>) -> Result<String, DocumentError> {
    let mut document = document(text)?;
    if let Some(servers) = document.get_mut(slot.key).and_then(Item::as_table_like_mut) {
        servers.remove(slot.name);
    }
    Ok(document.to_string())
}

fn table(entry: &Map<String, Value>) -> Table {
    entry.iter().map(|(field, wanted)| (field.as_str(), Item::Value(value(wanted)))).collect()
}

fn value(wanted: &Value) -> toml_edit::Value {
    match wanted {
        Value::Bool(wanted) => (*wanted).into(),
        Value::Number(wanted) => match wanted.as_i64() {
            Some(whole) => whole.into(),
            None => wanted.as_f64().unwrap_or_default().into(),
        },
        Value::String(wanted) => wanted.as_str().into(),
        Value::Array(wanted) => wanted.iter().map(value).collect::<Array>().into(),
        Value::Object(wanted) => {
            wanted.iter().map(|(field, wanted)| (field.as_str(), value(wanted))).collect::<InlineTable>().into()
        }
        // TOML has no null, and no entry of ours holds one.
        Value::Null => "".into(),
    }
}

fn fields(table: &dyn TableLike) -> Map<String, Value> {
    table.iter().map(|(field, item)| (field.to_owned(), json(item))).collect()
}

fn json(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => value_json(value),
        Item::Table(table) => Value::Object(fields(table)),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| Value::Object(fields(table))).collect(),
    }
}

fn value_json(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(value) => Value::String(value.value().clone()),
        toml_edit::Value::Integer(value) => Value::from(*value.value()),
        toml_edit::Value::Float(value) => Value::String(value.value().to_string()),
        toml_edit::Value::Boolean(value) => Value::Bool(*value.value()),
        toml_edit::Value::Datetime(value) => Value::String(value.value().to_string()),
        toml_edit::Value::Array(values) => values.iter().map(value_json).collect(),
        toml_edit::Value::InlineTable(table) => Value::Object(fields(table)),
    }
}
