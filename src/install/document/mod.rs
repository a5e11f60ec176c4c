//! Edits one entry in the text of a configuration file: JSON with comments, TOML or YAML. Everything outside the entry
//! keeps its bytes; an edit that would change more is refused. It must not know hosts or read files.

mod json;
mod lines;
mod toml;
mod yaml;

use serde_json::{Map, Value};

use lines::Lines;

/// The format of a configuration file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// JSON; comments and trailing commas are kept where they stand.
    Json,
    /// TOML.
    Toml,
    /// YAML, one document in a file.
    Yaml,
}

impl Format {
    /// The name of the format, as its files and code blocks are called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Yaml => "yaml",
        }
    }
}

/// The place of one entry in a document: below a key of the top level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    /// Such as `mcpServers`.
    pub(super) key: &'a str,
    /// The name of the entry.
    pub(super) name: &'a str,
}

/// Why a document is left alone.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The text is not what its format allows.
    #[error("it is not valid {format}: {reason}", format = .format.name().to_uppercase())]
    Invalid {
        /// The format that was expected.
        format: Format,
        /// The parser's message.
        reason: String,
    },
    /// Something other than a table of entries stands where entries belong.
    #[error("{0} in it is not a table of entries")]
    NotATable(String),
    /// The edited text differs from the old one by more than the entry.
    #[error("an edit would change more than one entry")]
    ChangesMore,
}

/// The whole document as a value. An empty document is an empty table.
pub(super) fn read(format: Format, text: &str) -> Result<Map<String, Value>, DocumentError> {
    parse(format, Lines::of(text).plain())
}

fn parse(format: Format, text: &str) -> Result<Map<String, Value>, DocumentError> {
    match format {
        Format::Json => json::parse(text),
        Format::Toml => toml::parse(text),
        Format::Yaml => yaml::parse(text),
    }
}

/// `text` with `entry` in its slot: added at the end of its table, or changed where it differs.
pub(super) fn with_entry(
    format: Format,
    text: &str,
    slot: Slot<'_>,
    entry: &Map<String, Value>,
) -> Result<String, DocumentError> {
    let lines = Lines::of(text);
    let mut wanted = parse(format, lines.plain())?;
    let table = wanted.entry(slot.key).or_insert_with(|| Value::Object(Map::new()));
    // A key without a value is an empty table in YAML.
    if table.is_null() && format == Format::Yaml {
        *table = Value::Object(Map::new());
    }
    let Some(table) = table.as_object_mut() else { return Err(DocumentError::NotATable(slot.key.to_owned())) };
    table.insert(slot.name.to_owned(), Value::Object(entry.clone()));
    let edited = match format {
        Format::Json => json::with_entry(lines.plain(), slot, entry)?,
        Format::Toml => toml::with_entry(lines.plain(), slot, entry)?,
        Format::Yaml => yaml::with_entry(lines.plain(), slot, entry)?,
    };
    checked(format, &lines, &edited, &wanted)
}

/// `text` without the entry in `slot`.
pub(super) fn without_entry(format: Format, text: &str, slot: Slot<'_>) -> Result<String, DocumentError> {
    let lines = Lines::of(text);
    let mut wanted = parse(format, lines.plain())?;
    if let Some(table) = wanted.get_mut(slot.key).and_then(Value::as_object_mut) {
        table.shift_remove(slot.name);
    }
    let edited = match format {
        Format::Json => json::without_entry(lines.plain(), slot)?,
        Format::Toml => toml::without_entry(lines.plain(), slot)?,
        Format::Yaml => yaml::without_entry(lines.plain(), slot)?,
    };
    checked(format, &lines, &edited, &wanted)
}

/// Checks the edited text and restores the old line ends.
fn checked(
    format: Format,
    lines: &Lines<'_>,
    edited: &str,
    wanted: &Map<String, Value>,
) -> Result<String, DocumentError> {
    let text = lines.graft(edited);
    let found = read(format, &text).map_err(|_| DocumentError::ChangesMore)?;
    // A table that became empty may vanish with its last entry.
    let same = |key: &String| match (wanted.get(key), found.get(key)) {
        (Some(Value::Object(table)), None) => table.is_empty(),
        (wanted, found) => wanted == found,
    };
    let all_same = wanted.keys().chain(found.keys()).all(same);
    if all_same { Ok(text) } else { Err(DocumentError::ChangesMore) }
}
