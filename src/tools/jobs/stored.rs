//! What OpenTrain has stored of a job's fields, as far as its answer repeats them, and what it did not understand.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::answer::lines::{join_bounded, plain};
use crate::answer::readiness::notes;
use crate::answer::{Joined, Object, Shown, id, quoted_to, shown};
use crate::api::jobs::MissingField;
use crate::api::types::{Field, decimal};

/// The most fields in one line. A job has fewer.
const FIELDS: usize = 40;
/// The most characters of a text field. The data has the whole field.
const TEXT: usize = 120;

/// Describes the stored fields. `sent` is what the caller gave; without it every stored field is named.
pub(super) fn describe(sent: Option<&Object>, reply: &Object, lacks: &[MissingField]) -> Vec<Shown> {
    let mut lines = Vec::new();
    match (reply.get("normalizedFields").and_then(Value::as_object), sent) {
        (Some(stored), sent) => lines.extend(compared(sent.unwrap_or(stored), stored)),
        (None, Some(sent)) => {
            let unread =
                "OpenTrain's answer does not repeat what it stored, and no tool reads a draft; its page shows it";
            lines.extend(listed(sent.iter()).map(|fields| shown!("Sent: {}. {}.", fields, unread)));
        }
        (None, None) => {}
    }
    let still: Vec<Shown> =
        sent.into_iter().flat_map(Object::keys).filter(|key| is_lacking(key, lacks)).map(|key| id(key)).collect();
    lines.extend(join_bounded(still).map(|keys| shown!("Sent, and still missing: {}.", keys)));
    let list = |name: &str| reply.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    lines.extend(list("unmappedFields").iter().take(20).map(not_understood));
    lines.extend(notes("Unsure", &list("lowConfidenceFields")));
    lines
}

/// The stored values of the fields in `sent`, and each one that differs from it.
fn compared(sent: &Object, stored: &Object) -> Vec<Shown> {
    let mut lines = Vec::new();
    let there = sent.keys().filter_map(|key| Some((key, stored.get(key)?)));
    lines.extend(listed(there).map(|fields| shown!("Stored: {}.", fields)));
    for (key, value) in sent {
        match stored.get(key) {
            None if !value.is_null() => {
                lines.push(shown!("Not stored: {} was sent, and is not in the draft.", id(key)));
            }
            Some(other) if !is_same(value, other) => {
                let (sent, stored) = (value_text(value), value_text(other));
                lines.push(shown!("Stored otherwise: {} was sent as {} and is {}.", id(key), sent, stored));
            }
            _ => {}
        }
    }
    lines
}

fn listed<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>) -> Option<Shown> {
    let fields: Vec<Shown> = fields.map(|(key, value)| shown!("{} {}", id(key), value_text(value))).collect();
    let more = (fields.len() > FIELDS).then(|| shown!(" and {} more", fields.len() - FIELDS));
    (!fields.is_empty()).then(|| shown!("{}{}", fields.iter().take(FIELDS).joined(", "), more))
}

fn value_text(value: &Value) -> Shown {
    match value {
        Value::String(text) => quoted_to(text, TEXT),
        Value::Array(items) => {
            shown!("[{}]", items.iter().map(|item| id(&plain(item))).joined(", "))
        }
        Value::Null => "nothing".into(),
        Value::Number(number) => shown!("{}", number),
        other => id(&other.to_string()),
    }
}

/// True if two values mean the same: numbers by value, lists without regard to order.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => decimal(one) == decimal(other),
        (Value::String(one), Value::String(other)) => one.trim() == other.trim(),
        (Value::Array(one), Value::Array(other)) => {
            let set = |items: &[Value]| items.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
            set(one) == set(other)
        }
        _ => one == other,
    }
}

fn is_lacking(key: &str, lacks: &[MissingField]) -> bool {
    lacks.iter().any(|lack| {
        lack.field.text() == Some(key) || lack.update_keys.items().iter().filter_map(Field::text).any(|own| own == key)
    })
}

/// One entry of `unmappedFields`: `{"path", "reason", …}`.
fn not_understood(field: &Value) -> Shown {
    let text = |name: &str| field.get(name).and_then(Value::as_str);
    let path = text("path").map_or_else(|| plain(field), str::to_owned);
    let reason = text("reason").map(|reason| shown!(" ({})", quoted_to(reason, TEXT))).unwrap_or_default();
    shown!("Not understood: {}{}.", quoted_to(&path, TEXT), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::json;

    fn object(value: Value) -> Object {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn what_is_stored_otherwise_is_told() {
        let sent =
            object(json!({ "countries": ["LATAM", "ES"], "pricePerHour": 14, "headcount": 2, "dataType": "text" }));
        let reply = object(json!({ "normalizedFields": {
            "countries": ["ES"], "pricePerHour": 14.0, "dataType": "text", "jobTitle": "x"
        } }));
        let lines = describe(Some(&sent), &reply, &[]);
        assert_eq!(
            lines,
            [
                "Stored: countries [ES], pricePerHour 14.0, dataType «text».",
                "Stored otherwise: countries was sent as [LATAM, ES] and is [ES].",
                "Not stored: headcount was sent, and is not in the draft.",
            ]
        );
    }

    #[test]
    fn an_answer_that_repeats_nothing_is_said_to_do_so() {
        let lacks: Vec<MissingField> = vec![from_value(&json!({ "field": "languages", "updateKeys": ["languages"] }))];
        let sent = object(json!({ "languages": ["Spanish"] }));
        let lines = describe(Some(&sent), &Object::new(), &lacks);
        assert!(lines[0].starts_with("Sent: languages [Spanish]. OpenTrain's answer does not repeat"), "{lines:?}");
        assert_eq!(lines[1], "Sent, and still missing: languages.");
    }

    #[test]
    fn what_was_not_understood_is_named_with_its_reason() {
        let reply = object(json!({
            "unmappedFields": [{ "path": "startDate", "reason": "no such field" }], "lowConfidenceFields": ["dataVolume"]
        }));
        let lines = describe(None, &reply, &[]);
        assert_eq!(lines, ["Not understood: «startDate» («no such field»).", "Unsure: «dataVolume»"]);
    }
}
