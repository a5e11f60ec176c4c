//! The keys of a job, and what a draft needs before it can be published. A description is not read for anything but its
//! first line, which is the title.

use serde_json::{Map, Number, Value, json};

use crate::api::types::decimal;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    List,
    OneOf(&'static [&'static str]),
}

struct Key {
    name: &'static str,
    kind: Kind,
    label: &'static str,
    /// The question to ask where it is missing.
    prompt: &'static str,
    example: &'static str,
}

/// The longest line that is taken for a title.
const LONGEST_TITLE: usize = 80;
pub(crate) const PAYMENT_TYPES: &[&str] = &["PAY_PER_LABEL", "PAY_PER_HOUR", "FIXED_PRICE"];
const EXPERIENCE: &[&str] = &["EXPERT", "ENTRY_LEVEL", "INTERMEDIATE", "ANY_EXPERIENCE_LEVEL"];
const VOLUME_UNITS: &[&str] =
    &["HOURS_OF_RECORDING_AUDIO_VIDEO", "NUMBER_OF_FILES", "NUMBER_OF_WORDS", "UNKNOWN_NOT_SPECIFIED"];

/// The keys of updates (reference: api-reference/job-drafts/capabilities).
const KEYS: &[Key] = &[
    key("jobTitle", Kind::Text, "Job title", "What should the job be called?", "Spanish tweet sentiment labeling"),
    key("jobDescription", Kind::Text, "Description", "What is to be done?", "Label 5,000 posts by sentiment"),
    key("labelingOverview", Kind::Text, "Labeling overview", "How is it labeled?", "Positive, negative or neutral"),
    key("datasetDescription", Kind::Text, "Dataset", "What is the data?", "Public posts in Spanish"),
    key("dataType", Kind::Text, "Data type", "What kind of data is it: text, audio, images, video?", "TEXT"),
    key("subjectMatter", Kind::Text, "Subject matter", "What is it about?", "Social media"),
    key("dataVolume", Kind::Number, "Data volume", "How much data is there?", "5000"),
    key("dataVolumeUnit", Kind::OneOf(VOLUME_UNITS), "Unit", "What is it counted in?", "NUMBER_OF_FILES"),
    key("labelingSoftware", Kind::Text, "Labeling software", "With which software?", "Label Studio"),
    key("headcount", Kind::Number, "Headcount", "How many trainers are wanted?", "1"),
    key(
        "experienceLevel",
        Kind::OneOf(EXPERIENCE),
        "Experience level",
        "How experienced must they be?",
        "INTERMEDIATE",
    ),
    key(
        "paymentType",
        Kind::OneOf(PAYMENT_TYPES),
        "Payment type",
        "Pay by the label, by the hour, or a fixed price?",
        "FIXED_PRICE",
    ),
    key("pricePerHour", Kind::Number, "Price per hour", "How many US dollars an hour?", "15"),
    key("pricePerLabel", Kind::Number, "Price per label", "How many US dollars a label?", "0.05"),
    key("fixedPrice", Kind::Number, "Fixed price", "How many US dollars for all of it?", "300"),
    key("countries", Kind::List, "Countries", "Where may trainers be?", "Spain"),
    key("languages", Kind::List, "Languages", "Which languages must they know?", "Spanish"),
    key("labelTypes", Kind::List, "Label types", "What kind of labels are they?", "SENTIMENT"),
];

/// The keys that every job needs.
const NEEDED: &[&str] =
    &["jobTitle", "jobDescription", "dataType", "labelTypes", "languages", "experienceLevel", "paymentType"];

const fn key(name: &'static str, kind: Kind, label: &'static str, prompt: &'static str, example: &'static str) -> Key {
    Key { name, kind, label, prompt, example }
}

impl Key {
    fn fits(&self, value: &Value) -> bool {
        match (self.kind, value) {
            (_, Value::Null) => true,
            (Kind::Text, Value::String(text)) => !text.trim().is_empty(),
            (Kind::Number, Value::Number(number)) => {
                decimal(number).is_some_and(|number| number.is_sign_positive() && !number.is_zero())
            }
            (Kind::List, Value::Array(items)) => {
                items.iter().all(|item| item.as_str().is_some_and(|text| !text.trim().is_empty()))
            }
            (Kind::OneOf(values), Value::String(text)) => values.contains(&text.as_str()),
            _ => false,
        }
    }

    const fn wanted(&self) -> &'static str {
        match self.kind {
            Kind::Text => "a text",
            Kind::Number => "a number above 0",
            Kind::List => "a list of texts",
            Kind::OneOf(_) => "one of the documented values",
        }
    }

    /// The entry in `missingFields`.
    fn missing(&self) -> Value {
        let (kind, values, example) = match self.kind {
            Kind::Text => ("string", None, json!(self.example)),
            Kind::Number => ("number", None, self.example.parse::<Number>().map(Value::Number).unwrap_or_default()),
            Kind::List => ("string[]", None, json!([self.example])),
            Kind::OneOf(values) => ("enum", Some(values), json!(self.example)),
        };
        json!({
            "field": self.name,
            "label": self.label,
            "message": format!("{} is missing.", self.label),
            "code": "missing_required_field",
            "prompt": self.prompt,
            "type": kind,
            "enumValues": values,
            "updateKeys": [self.name],
            "example": example,
            "hint": null,
        })
    }
}

/// The fields of a draft that is described as `text`: its first line is the title, if it is short enough.
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
    json!({
        "importFormats": ["text", "opentrain_canonical", "schema_org_job_posting", "indeed_xml", "hr_xml"],
        "updateKeys": KEYS.iter().map(|key| key.name).collect::<Vec<_>>(),
        "enums": {
            "paymentType": PAYMENT_TYPES,
            "experienceLevel": EXPERIENCE,
            "dataVolumeUnit": VOLUME_UNITS,
        },
    })
}

/// Puts `changes` into `fields`; `null` takes a key out. Where issues are returned, nothing is changed.
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
    let Some(key) = KEYS.iter().find(|key| key.name == name) else {
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
    let price = match fields.get("paymentType").and_then(Value::as_str) {
        Some("PAY_PER_HOUR") => Some("pricePerHour"),
        Some("PAY_PER_LABEL") => Some("pricePerLabel"),
        Some(_) => Some("fixedPrice"),
        None => None,
    };
    let needed = NEEDED.iter().copied().chain(price).filter(|name| !is_there(name));
    needed.filter_map(|name| KEYS.iter().find(|key| key.name == name)).map(Key::missing).collect()
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

/// The details of a refusal, if a job with `fields` cannot be published.
pub(crate) fn not_ready(fields: &Map<String, Value>) -> Option<Value> {
    (!missing(fields).is_empty()).then(|| json!({ "validation": validation(fields) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_fits_its_own_key() {
        for key in KEYS {
            assert!(key.fits(&key.missing()["example"]), "{}", key.name);
        }
    }
}
