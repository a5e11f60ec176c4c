//! The keys of a job, and what a draft needs before it can be published. Only the first line of a description is read:
//! it becomes the title.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::types::decimal;
use crate::sandbox::world::PaymentType;

/// A key of a job, as `job_keys.json` describes it (reference: api-reference/job-drafts/capabilities).
#[derive(Deserialize)]
struct Key {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    label: String,
    /// The question to ask where the value is missing.
    prompt: String,
    example: Value,
    /// The values of an enumeration.
    values: Option<Vec<String>>,
}

/// The API's names of a value's type.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "string")]
    Text,
    #[serde(rename = "number")]
    Number,
    #[serde(rename = "string[]")]
    List,
    #[serde(rename = "enum")]
    OneOf,
}

static KEYS: LazyLock<Vec<Key>> =
    LazyLock::new(|| serde_json::from_str(include_str!("job_keys.json")).unwrap_or_default());

/// The longest line that is taken for a title.
const LONGEST_TITLE: usize = 80;
/// The keys that every job needs.
const NEEDED: &[&str] =
    &["jobTitle", "jobDescription", "dataType", "labelTypes", "languages", "experienceLevel", "paymentType"];

fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The label of a key, for a person.
pub(crate) fn label(name: &str) -> &str {
    key(name).map_or(name, |key| &key.label)
}

impl Key {
    fn fits(&self, value: &Value) -> bool {
        let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        match (self.kind, value) {
            (_, Value::Null) => true,
            (Kind::Text, value) => is_text(value),
            (Kind::Number, Value::Number(number)) => {
                decimal(number).is_some_and(|number| number.is_sign_positive() && !number.is_zero())
            }
            (Kind::List, Value::Array(items)) => items.iter().all(is_text),
            (Kind::OneOf, Value::String(text)) => self.values.iter().flatten().any(|known| known == text),
            _ => false,
        }
    }

    const fn wanted(&self) -> &'static str {
        match self.kind {
            Kind::Text => "a text",
            Kind::Number => "a number above 0",
            Kind::List => "a list of texts",
            Kind::OneOf => "one of the documented values",
        }
    }

    /// The entry in `missingFields`.
    fn missing(&self) -> Value {
        json!({
            "field": self.name,
            "label": self.label,
            "message": format!("{} is missing.", self.label),
            "code": "missing_required_field",
            "prompt": self.prompt,
            "type": self.kind,
            "enumValues": self.values,
            "updateKeys": [self.name],
            "example": self.example,
            "hint": null,
        })
    }
}

/// The fields of a draft with the description `text`. The first line is the title, if it is short enough.
pub(crate) fn read(text: &str) -> Map<String, Value> {
    let mut fields = Map::from_iter([("jobDescription".to_owned(), text.trim().into())]);
    let title = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let title = title.trim_start_matches(['#', ' ']).trim_end_matches(['.', ':', ' ']);
    if !title.is_empty() && title.chars().count() <= LONGEST_TITLE {
        fields.insert("jobTitle".into(), title.into());
    }
    fields
}

/// What a draft can hold (reference: api-reference/job-drafts/capabilities).
pub(crate) fn capabilities() -> Value {
    let enums = ["paymentType", "experienceLevel", "dataVolumeUnit"];
    let enums = enums.map(|name| (name.to_owned(), json!(key(name).and_then(|key| key.values.as_ref()))));
    json!({
        "importFormats": ["text", "opentrain_canonical", "schema_org_job_posting", "indeed_xml", "hr_xml"],
        "updateKeys": KEYS.iter().map(|key| &key.name).collect::<Vec<_>>(),
        "enums": Map::from_iter(enums),
    })
}

/// Applies `changes` to `fields`; `null` removes a key. With an issue, nothing is changed.
pub(crate) fn change(fields: &mut Map<String, Value>, changes: &Map<String, Value>) -> Result<(), Vec<Value>> {
    let issues: Vec<_> = changes.iter().filter_map(|(name, value)| issue(name, value)).collect();
    if !issues.is_empty() {
        return Err(issues);
    }
    for (name, value) in changes {
        if value.is_null() {
            fields.shift_remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    Ok(())
}

fn issue(name: &str, value: &Value) -> Option<Value> {
    let Some(key) = key(name) else {
        let message = format!("Unrecognized key: \"{name}\"");
        return Some(json!({ "code": "unrecognized_keys", "path": [], "keys": [name], "message": message }));
    };
    let message = format!("{name} must be {}.", key.wanted());
    (!key.fits(value)).then(|| json!({ "code": "invalid_type", "path": [name], "message": message }))
}

/// The missing fields, in the order in which to ask.
pub(crate) fn missing(fields: &Map<String, Value>) -> Vec<Value> {
    let is_there = |name: &str| match fields.get(name) {
        Some(Value::Array(items)) => !items.is_empty(),
        value => value.is_some(),
    };
    let price = fields.get("paymentType").and_then(Value::as_str).map(|name| PaymentType::read(name).1);
    let needed = NEEDED.iter().copied().chain(price).filter(|name| !is_there(name));
    needed.filter_map(key).map(Key::missing).collect()
}

pub(crate) fn validation(fields: &Map<String, Value>) -> Value {
    let missing = missing(fields);
    let issues: Vec<_> = missing
        .iter()
        .map(|field| json!({ "field": field["field"], "code": field["code"], "message": field["message"] }))
        .collect();
    json!({
        "publishReady": missing.is_empty(),
        "issueCount": issues.len(),
        "missingFieldCount": missing.len(),
        "missingFields": missing,
        "issues": issues,
    })
}

/// The details of the refusal, if the job cannot be published.
pub(crate) fn not_ready(fields: &Map<String, Value>) -> Option<Value> {
    (!missing(fields).is_empty()).then(|| json!({ "validation": validation(fields) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_fits_its_own_key() {
        assert_eq!(KEYS.len(), 18);
        for key in KEYS.iter() {
            assert!(key.fits(&key.missing()["example"]), "{}", key.name);
        }
    }
}
