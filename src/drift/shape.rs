//! The shape of JSON: which fields there are, and what kind of value each has. It keeps no value, so that a shape can be
//! shown to anybody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// Text that reads as a number, as decimal columns of databases are often sent.
    NumberAsText,
    /// A moment as ISO 8601 text.
    Moment,
    /// Any other text.
    Text,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(text) if text.parse::<f64>().is_ok() => Self::NumberAsText,
            Value::String(text) if text.parse::<Timestamp>().is_ok() => Self::Moment,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }

    /// True if JSON Schema's type `name` allows it.
    pub(super) fn is_allowed_by(self, name: &str) -> bool {
        match self {
            Self::Null => name == "null",
            Self::Boolean => name == "boolean",
            Self::Number => name == "number" || name == "integer",
            Self::NumberAsText | Self::Moment | Self::Text => name == "string",
            Self::List => name == "array",
            Self::Object => name == "object",
        }
    }
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::NumberAsText => "a number as text",
            Self::Moment => "a moment",
            Self::Text => "text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// A field by the names that lead to it. `[]` stands for every element of a list.
pub(super) type Path = Vec<String>;

/// The element of a list, in a path.
pub(super) const ELEMENT: &str = "[]";

/// The fields of values, and the kinds of each.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub(super) fields: BTreeMap<Path, BTreeSet<Kind>>,
}

impl Shape {
    /// The shape of one object.
    #[must_use]
    pub fn of(fields: &Map<String, Value>) -> Self {
        let mut shape = Self::default();
        shape.add_fields(&mut Vec::new(), fields);
        shape
    }

    fn add_fields(&mut self, path: &mut Path, fields: &Map<String, Value>) {
        for (name, value) in fields {
            self.add(path, name, value);
        }
    }

    fn add(&mut self, path: &mut Path, name: &str, value: &Value) {
        path.push(name.to_owned());
        self.fields.entry(path.clone()).or_default().insert(Kind::of(value));
        match value {
            Value::Object(fields) => self.add_fields(path, fields),
            Value::Array(items) => items.iter().for_each(|item| self.add(path, ELEMENT, item)),
            _ => {}
        }
        path.pop();
    }

    /// True if the field came with something in it.
    pub(super) fn has_value(&self, path: &[String]) -> bool {
        self.fields.get(path).is_some_and(|kinds| kinds.iter().any(|kind| *kind != Kind::Null))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_has_fields_and_kinds_and_no_values() {
        let value = json!({
            "rate": "12.50", "at": "2026-06-12T10:00:00Z", "none": null,
            "list": [{ "id": "secret" }, { "id": 7, "deep": [true] }],
        });
        let shape = Shape::of(value.as_object().unwrap());
        let kinds = |path: &str| -> Vec<Kind> {
            let path: Path = path.split('.').map(str::to_owned).collect();
            shape.fields[&path].iter().copied().collect()
        };
        assert_eq!(kinds("rate"), [Kind::NumberAsText]);
        assert_eq!(kinds("at"), [Kind::Moment]);
        assert_eq!(kinds("list.[].id"), [Kind::Number, Kind::Text]);
        assert_eq!(kinds("list.[].deep.[]"), [Kind::Boolean]);
        assert!(!format!("{shape:?}").contains("secret"));
        assert!(!shape.has_value(&["none".to_owned()]));
    }
}
