//! Compares the shape of an answer of OpenTrain with our types and with the sandbox's answer. What it says names fields
//! and kinds, never a value; a name that could be somebody's own is left out.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::shape::{ELEMENT, Kind, Path, Shape};
use crate::answer::schema::types;
use crate::answer::{Joined, Shown, id, shown};

/// A difference between what came and what we assumed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// A field that neither our types nor the sandbox have.
    New(Shown, Shown),
    /// A field of another kind than in our types.
    Kind(Shown, Shown, Shown),
    /// Text of another form than the sandbox sends.
    Form(Shown, Shown, Shown),
    /// A field that the sandbox sends and OpenTrain does not.
    Missing(Shown),
    /// A list without elements, inside which nothing could be compared.
    Empty(Shown),
}

impl Finding {
    /// True if something is not as we assumed.
    #[must_use]
    pub fn differs(&self) -> bool {
        !matches!(self, Self::Empty(_))
    }

    /// One line for a reader.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match self {
            Self::New(path, kinds) => shown!("new         {}: {}", path, kinds),
            Self::Kind(path, came, ours) => shown!("other kind  {}: {}, not {}", path, came, ours),
            Self::Form(path, came, ours) => shown!("other form  {}: {}, not {}", path, came, ours),
            Self::Missing(path) => shown!("missing     {}", path),
            Self::Empty(path) => shown!("empty       {}: nothing inside could be compared", path),
        }
    }
}

/// What differs between the answer that came, our type of it (a JSON Schema) and the sandbox's answer.
#[must_use]
pub fn compare(came: &Shape, ours: &Map<String, Value>, sandbox: &Shape) -> Vec<Finding> {
    let assumed = Assumed { ours, sandbox };
    let mut findings = BTreeSet::new();
    for (path, kinds) in &came.fields {
        // Inside of a field that is new, everything is new.
        if path.iter().enumerate().any(|(place, _)| place > 0 && !assumed.knows(path.get(..place).unwrap_or_default()))
        {
            continue;
        }
        let name = assumed.name(path);
        if assumed.knows(path) {
            findings.extend(assumed.kind(path, kinds, &name));
        } else if !path.ends_with(&[ELEMENT.to_owned()]) {
            findings.insert(Finding::New(name.clone(), words(kinds)));
        }
        let is_empty = kinds.contains(&Kind::List) && !came.fields.contains_key(&below(path, ELEMENT));
        if is_empty && assumed.knows(&below(path, ELEMENT)) {
            findings.insert(Finding::Empty(name));
        }
    }
    findings.extend(sandbox.fields.keys().filter_map(|path| assumed.missing(path, came)));
    findings.into_iter().collect()
}

fn below(path: &[String], name: &str) -> Path {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn words(kinds: &BTreeSet<Kind>) -> Shown {
    kinds.iter().map(|kind| kind.name()).joined(" or ")
}

struct Assumed<'a> {
    ours: &'a Map<String, Value>,
    sandbox: &'a Shape,
}

impl Assumed<'_> {
    fn knows(&self, path: &[String]) -> bool {
        self.schema(path).is_some() || self.sandbox.fields.contains_key(path)
    }

    /// The schema of a field in our types.
    fn schema(&self, path: &[String]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.ours.get("properties")?.get(first)?, |schema, name| match name.as_str() {
            ELEMENT => schema.get("items"),
            name => schema.get("properties")?.get(name),
        })
    }

    /// The path for a reader. A name that is not known could be a user's own text: only one that looks like a name in a
    /// program is shown, and none inside of an object that holds any names.
    fn name(&self, path: &[String]) -> Shown {
        let mut shown = Shown::default();
        for (place, name) in path.iter().enumerate() {
            let (inside, whole) = (path.get(..place).unwrap_or_default(), path.get(..=place).unwrap_or_default());
            let is_open = place > 0
                && self.knows(inside)
                && self.schema(inside).is_none_or(|schema| schema.get("properties").is_none())
                && !self.sandbox.fields.keys().any(|known| known.len() > place && known.starts_with(inside));
            let is_plain = name.len() <= 40
                && name.starts_with(|letter: char| letter.is_ascii_lowercase())
                && name.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '_');
            match name.as_str() {
                ELEMENT => shown.push(ELEMENT),
                name => {
                    shown.push(if shown.is_empty() { "" } else { "." });
                    shown.push(if self.knows(whole) || (is_plain && !is_open) { id(name) } else { "*".into() });
                }
            }
        }
        shown
    }

    /// Whether the kinds of a known field are those that we read it as.
    fn kind(&self, path: &[String], kinds: &BTreeSet<Kind>, name: &Shown) -> Option<Finding> {
        let types = self.schema(path).map(types).unwrap_or_default();
        // Each field of ours reads null as absent.
        let allowed = |kind: &&Kind| **kind == Kind::Null || types.iter().any(|name| kind.is_allowed_by(name));
        if !types.is_empty() && !kinds.iter().all(|kind| allowed(&kind)) {
            return Some(Finding::Kind(name.clone(), words(kinds), types.into_iter().map(id).joined(" or ")));
        }
        let sandbox = self.sandbox.fields.get(path)?;
        let only = |kinds: &BTreeSet<Kind>, kind| kinds.iter().all(|found| *found == kind || *found == Kind::Null);
        let is_moment_here = only(sandbox, Kind::Moment) && sandbox.contains(&Kind::Moment);
        let is_other = kinds.contains(&Kind::Text) || kinds.contains(&Kind::NumberAsText);
        (is_moment_here && is_other).then(|| Finding::Form(name.clone(), words(kinds), Kind::Moment.name().into()))
    }

    /// A field that the sandbox sends with a value, and that did not come though the object around it did.
    fn missing(&self, path: &[String], came: &Shape) -> Option<Finding> {
        let inside = path.get(..path.len().checked_sub(1)?)?;
        let has_room = inside.is_empty() || came.fields.get(inside).is_some_and(|kinds| kinds.contains(&Kind::Object));
        let is_missing = path.last().is_some_and(|name| name != ELEMENT)
            && has_room
            && self.sandbox.has_value(path)
            && !came.fields.contains_key(path);
        is_missing.then(|| Finding::Missing(self.name(path)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn findings(came: Value) -> Vec<String> {
        let ours = json!({ "properties": {
            "contract": { "type": "object", "properties": {
                "rateUsd": { "anyOf": [{ "type": "number" }, { "type": "null" }] },
                "createdAt": { "minLength": 0 },
                "freelancer": { "properties": {} },
                "milestones": { "type": "array", "items": { "type": "object", "properties": { "id": { "type": "string" } } } },
                "budget": { "type": "object", "properties": { "state": { "type": "string" } } },
            } },
            "answers": { "type": "object" },
        } });
        let sandbox = json!({ "contract": {
            "rateUsd": 12, "createdAt": "2026-06-12T10:00:00Z", "milestones": [{ "id": "ms_1" }],
            "budget": { "state": "OK" }, "freelancer": { "name": "Maria" }, "endDate": null,
        } });
        let found = compare(&Shape::of(&object(came)), &object(ours), &Shape::of(&object(sandbox)));
        found.iter().map(|finding| finding.shown().to_string()).collect()
    }

    fn faithful() -> Value {
        json!({ "contract": {
            "rateUsd": 15.5, "createdAt": "2027-01-01T00:00:00Z", "milestones": [{ "id": "cm1" }],
            "budget": { "state": "LOW" }, "freelancer": { "name": "Ada" },
        } })
    }

    #[test]
    fn an_answer_as_assumed_has_no_findings() {
        assert_eq!(findings(faithful()), [""; 0]);
        let mut nothing = faithful();
        nothing["contract"]["rateUsd"] = Value::Null;
        assert_eq!(findings(nothing), [""; 0], "null is absent");
    }

    #[test]
    fn every_difference_is_found() {
        let mut other = faithful();
        other["contract"]["currency"] = json!({ "code": "EUR" });
        other["contract"]["rateUsd"] = json!("15.50");
        other["contract"]["createdAt"] = json!("1 May");
        other["contract"]["milestones"] = json!([]);
        other["contract"].as_object_mut().unwrap().remove("budget");
        assert_eq!(
            findings(other),
            [
                "new         contract.currency: an object",
                "other kind  contract.rateUsd: a number as text, not number",
                "other form  contract.createdAt: text, not a moment",
                "missing     contract.budget",
                "empty       contract.milestones: nothing inside could be compared",
            ]
        );
    }

    #[test]
    fn names_that_could_be_private_are_not_shown() {
        let mut other = faithful();
        other["answers"] = json!({ "why_me": 1 });
        other["contract"]["maria@example.org"] = json!(1);
        other["contract"]["cm4x8s2k1"] = json!(1);
        other["contract"]["freelancer"]["Rates"] = json!({ "secretName": 1 });
        let found = findings(other).join("\n");
        assert!(found.contains("new         answers.*: a number"), "{found}");
        for private in ["why_me", "maria", "cm4x", "Rates", "secretName"] {
            assert!(!found.contains(private), "{private}: {found}");
        }
    }
}
