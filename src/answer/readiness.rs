//! Formats what a draft lacks before it can be published, with a question to ask for each field. Used by the answers
//! about jobs and by the refusal to publish.

use serde_json::{Value, json};

use super::lines::{self, each, join_bounded, plain};
use super::shown::{Joined, Shown, id, quoted, quoted_to};
use super::text::count;
use crate::api::jobs::{Draft, MissingField, Validation};
use crate::api::types::{Field, from_value};
use crate::shown;

/// Says whether the draft can be published, and if not, why.
pub(crate) fn readiness(draft: &Draft, lacks: &[MissingField]) -> Shown {
    let names = join_bounded(lacks.iter().map(name).collect());
    let issues = draft.validation.get().map_or(0, |validation| validation.issues.items().len());
    match (names, draft.validation.get().and_then(|validation| validation.publish_ready.get())) {
        (Some(names), _) => {
            let are = if lacks.len() == 1 { "is" } else { "are" };
            shown!("{} {} missing before it can be published: {}.", count(lacks.len(), "field"), are, names)
        }
        (None, Some(true)) => "It can be published as it is.".into(),
        (None, Some(false)) if issues > 0 => shown!("It cannot be published yet: {}.", count(issues, "issue")),
        (None, Some(false)) => "It cannot be published yet; OpenTrain does not say why.".into(),
        (None, None) => "OpenTrain does not say whether it can be published.".into(),
    }
}

/// The fields that a draft lacks, with their questions if the API gives them.
pub(crate) fn missing(fields: &[MissingField], validation: Option<&Validation>) -> Vec<MissingField> {
    if !fields.is_empty() {
        return fields.to_vec();
    }
    let listed = validation.map_or(&[][..], |validation| validation.missing_fields.items());
    let read = |value: &Value| match value {
        Value::String(name) => from_value(&json!({ "field": name })),
        other => from_value(other),
    };
    listed.iter().map(read).collect()
}

/// Formats a refusal's `details.validation`.
pub(crate) fn unready(validation: &Value) -> Vec<Shown> {
    let validation: Validation = from_value(validation);
    let lacks = missing(&[], Some(&validation));
    let mut lines = each(&lacks, missing_line);
    lines.extend(issues(&validation, &lacks));
    lines
}

fn name(field: &MissingField) -> Shown {
    let key = field.update_keys.items().iter().find_map(Field::text);
    field.field.text().or(key).or_else(|| field.label.text()).map_or_else(|| "unnamed".into(), id)
}

/// Formats one missing field, with its question for the user and its allowed values.
pub(crate) fn missing_line(field: &MissingField) -> Shown {
    let name = name(field);
    let mut parts = vec![name.clone()];
    let question = field.prompt.text().or_else(|| field.message.text()).or_else(|| field.label.text());
    parts.extend(question.map(|question| shown!("ask {}", quoted_to(question, lines::ITEM))));
    let choices = field.enum_values.get().map(|values| values.iter().map(|value| id(&plain(value))).collect());
    parts.extend(choices.and_then(join_bounded).map(|choices| shown!("one of {}", choices)));
    parts.extend(
        field.example.get().filter(|value| !value.is_null()).map(|value| shown!("such as {}", value_text(value))),
    );
    let keys = join_bounded(field.update_keys.items().iter().filter_map(Field::text).map(id).collect())
        .filter(|keys| *keys != name);
    parts.extend(keys.map(|keys| shown!("set by {}", keys)));
    parts.joined(" · ")
}

fn value_text(value: &Value) -> Shown {
    quoted(&plain(value))
}

/// Formats OpenTrain's objections other than missing fields, which have their own lines.
pub(crate) fn issues(validation: &Validation, lacks: &[MissingField]) -> Vec<Shown> {
    let is_told = |issue: &Value| lacks.iter().any(|lack| lack.message.text() == Some(&plain(issue)));
    let others: Vec<Value> = validation.issues.items().iter().filter(|issue| !is_told(issue)).cloned().collect();
    notes("Issue", &others).collect()
}

/// Formats OpenTrain's remarks, one per line.
pub(crate) fn notes<'a>(what: &'static str, notes: &'a [Value]) -> impl Iterator<Item = Shown> + 'a {
    notes.iter().filter(|note| !note.is_null()).take(20).map(move |note| shown!("{}: {}", what, value_text(note)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_fields_come_with_their_questions() {
        let field: MissingField = from_value(&json!({
            "field": "experienceLevel", "label": "Experience", "prompt": "How experienced\nmust they be?",
            "enumValues": ["EXPERT", "ENTRY_LEVEL"], "updateKeys": ["experienceLevel"], "example": "EXPERT", "hint": null
        }));
        let line =
            "experienceLevel · ask «How experienced\\nmust they be?» · one of EXPERT, ENTRY_LEVEL · such as «EXPERT»";
        assert_eq!(missing_line(&field), line);
        let lines = unready(&json!({
            "publishReady": false, "missingFields": ["paymentType", { "field": "languages", "updateKeys": ["languages", "x"] }, 7],
            "issues": [{ "message": "Too short" }, null]
        }));
        assert_eq!(lines, ["paymentType", "languages · set by languages, x", "unnamed", "Issue: «Too short»"]);
        assert!(unready(&json!("odd")).is_empty());
    }

    #[test]
    fn what_is_missing_is_not_told_again_as_an_issue() {
        let lines = unready(&json!({
            "missingFields": [{ "field": "languages", "message": "Languages is missing.", "prompt": "Which?" }],
            "issues": [{ "field": "languages", "message": "Languages is missing." }, { "message": "Too short" }]
        }));
        assert_eq!(lines, ["languages · ask «Which?»", "Issue: «Too short»"]);
    }
}
