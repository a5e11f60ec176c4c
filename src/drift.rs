//! Holds OpenTrain's own description of its API (an OpenAPI document) against our operations, so that a change there is
//! seen before it is felt.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::api::catalogue::{Facts, OPERATIONS};

/// Where the public API starts; a document may name it in its servers or in its paths.
const ROOT: &str = "/api/public/v1";

/// How deep schemas are read that are put together of others.
const DEEPEST: usize = 12;

/// Headers that a document does not describe as parameters (`OpenAPI` 3.1, 4.8.12.2.1).
const OWN_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Endpoints that are left out on purpose, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("POST /tokens", "a secret has no business in a model's context: a person makes tokens in the app"),
    ("GET /openapi.json", "it is the document itself"),
    ("GET /openapi", "it is the document itself"),
];

/// Fields of endpoints that are left out on purpose, and why.
pub const FIELDS_LEFT_OUT: &[(&str, &[&str], &str)] = &[
    (
        "POST /job-drafts",
        &["source", "format", "job", "jsonLd", "xml"],
        "imports from other systems: a model describes a job in words",
    ),
    ("POST /credits/top-ups", &["amount"], "an alias of amountUsd"),
    ("POST /api/agent/identity", &["identity_type"], "its only value is the one that is meant without it"),
];

/// A difference between the document and our operations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The document has an endpoint that we have not.
    New(String),
    /// We have an endpoint that the document has not.
    Gone(String),
    /// Both have it, and it is not the same.
    Changed(String, String),
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New(endpoint) => write!(formatter, "new:       {endpoint}"),
            Self::Gone(endpoint) => write!(formatter, "gone:      {endpoint}"),
            Self::Changed(endpoint, what) => write!(formatter, "different: {endpoint}: {what}"),
        }
    }
}

/// What the document and our operations say differently, in a fixed order.
///
/// # Errors
/// When it is no OpenAPI document.
pub fn compare(document: &Value) -> Result<Vec<Difference>, &'static str> {
    let theirs = endpoints(document).ok_or("this is no OpenAPI document: it has no paths")?;
    let mut ours: BTreeMap<String, Vec<&Facts>> = BTreeMap::new();
    for facts in OPERATIONS {
        let name = endpoint(facts.method.as_str(), below_root(&format!("{}{}", facts.root, facts.path)));
        // What lies outside of the public API may be missing in its description.
        if facts.root == ROOT || theirs.contains_key(&name) {
            ours.entry(name).or_default().push(facts);
        }
    }
    let mut differences = BTreeSet::new();
    for name in theirs.keys().filter(|name| !ours.contains_key(*name)) {
        if !LEFT_OUT.iter().any(|(left_out, _)| left_out == name) {
            differences.insert(Difference::New(name.clone()));
        }
    }
    for (name, facts) in &ours {
        match theirs.get(name) {
            None => drop(differences.insert(Difference::Gone(format!("{name} ({})", names(facts))))),
            Some(theirs) => {
                let changes = changes(name, &Side::ours(facts), &Side::theirs(document, theirs));
                differences.extend(changes.into_iter().map(|what| Difference::Changed(name.clone(), what)));
            }
        }
    }
    Ok(differences.into_iter().collect())
}

fn names(facts: &[&Facts]) -> String {
    facts.iter().map(|facts| facts.name).collect::<Vec<_>>().join(", ")
}

fn below_root(path: &str) -> &str {
    path.strip_prefix(ROOT).unwrap_or(path)
}

/// An endpoint by method and path, whatever the path's parameters are called.
fn endpoint(method: &str, path: &str) -> String {
    let path: Vec<&str> =
        path.trim_end_matches('/').split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
    format!("{} {}", method.to_uppercase(), path.join("/"))
}

/// The endpoints of the document, each with what the path and the method say of it.
fn endpoints(document: &Value) -> Option<BTreeMap<String, Vec<&Value>>> {
    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let mut found = BTreeMap::new();
    for (path, item) in document.get("paths")?.as_object()? {
        let path = below_root(path);
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.insert(endpoint(method, path), vec![item, operation]);
            }
        }
    }
    Some(found)
}

/// What one side says of an endpoint.
#[derive(Default)]
struct Side {
    fields: BTreeSet<String>,
    required: BTreeSet<String>,
    scopes: BTreeSet<String>,
    /// The body takes any field.
    open: bool,
}

impl Side {
    /// Two operations on one endpoint are taken together: what only one of them needs is not required.
    fn ours(facts: &[&Facts]) -> Self {
        let mut side = Self::default();
        for (place, facts) in facts.iter().enumerate() {
            let schema = (facts.schema)();
            let sent =
                |name: &String| !facts.path.contains(&format!("{{{name}}}")) && facts.body != Some(name.as_str());
            side.fields.extend(keys(schema.get("properties")).filter(sent));
            let required: BTreeSet<String> = texts(schema.get("required")).filter(sent).collect();
            side.required = if place == 0 { required } else { &side.required & &required };
            side.scopes.extend(facts.gate.scopes.iter().map(|scope| (*scope).to_owned()));
            side.open |= facts.body.is_some();
        }
        side
    }

    fn theirs(document: &Value, said: &[&Value]) -> Self {
        let mut side = Self::default();
        let parameters = said.iter().filter_map(|part| part.get("parameters")?.as_array()).flatten();
        for parameter in parameters.map(|parameter| resolved(document, parameter)) {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            let sent = match parameter.get("in").and_then(Value::as_str) {
                Some("query") => true,
                Some("header") => !OWN_HEADERS.contains(&name.to_lowercase().as_str()),
                _ => false,
            };
            if sent {
                side.fields.insert(name.to_owned());
                if parameter.get("required") == Some(&Value::Bool(true)) {
                    side.required.insert(name.to_owned());
                }
            }
        }
        for part in said {
            let body = part.get("requestBody").map(|body| resolved(document, body));
            let contents = body.and_then(|body| body.get("content")?.as_object()).into_iter().flatten();
            let schemas = contents.filter_map(|(_, content)| content.get("schema"));
            side.add_choice(document, schemas, &mut Vec::new());
            side.scopes.extend(texts(part.get("x-required-scopes")));
            let security = part.get("security").and_then(Value::as_array).into_iter().flatten();
            side.scopes.extend(
                security
                    .filter_map(Value::as_object)
                    .flat_map(|one| one.values())
                    .flat_map(|scopes| texts(Some(scopes))),
            );
        }
        side
    }

    /// A body may be put together of several schemas. What is being `read` already adds nothing: a schema may be a part
    /// of itself.
    fn add_body<'a>(&mut self, document: &'a Value, schema: &'a Value, read: &mut Vec<&'a Value>) {
        if read.len() == DEEPEST || read.iter().any(|known| std::ptr::eq(*known, schema)) {
            return;
        }
        read.push(schema);
        self.fields.extend(keys(schema.get("properties")));
        self.required.extend(texts(schema.get("required")));
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.add_body(document, resolved(document, part), read);
        }
        for choice in ["oneOf", "anyOf"] {
            self.add_choice(document, schema.get(choice).and_then(Value::as_array).into_iter().flatten(), read);
        }
        read.pop();
    }

    /// Of alternatives, each field is possible, and required is what all of them require.
    fn add_choice<'a>(
        &mut self,
        document: &'a Value,
        choices: impl Iterator<Item = &'a Value>,
        read: &mut Vec<&'a Value>,
    ) {
        let mut required: Option<BTreeSet<String>> = None;
        for choice in choices {
            let mut side = Self::default();
            side.add_body(document, resolved(document, choice), read);
            self.fields.extend(side.fields);
            required = Some(required.map_or_else(|| side.required.clone(), |all| &all & &side.required));
        }
        self.required.extend(required.unwrap_or_default());
    }
}

/// What differs, in words.
fn changes(endpoint: &str, ours: &Side, theirs: &Side) -> Vec<String> {
    let left_out: Vec<&str> = FIELDS_LEFT_OUT
        .iter()
        .filter(|(name, ..)| *name == endpoint)
        .flat_map(|(_, fields, _)| *fields)
        .copied()
        .collect();
    let mut changes = Vec::new();
    if !ours.open {
        let new = theirs.fields.difference(&ours.fields).filter(|field| !left_out.contains(&field.as_str()));
        let how = |field: &String| if theirs.required.contains(field) { ", required" } else { "" };
        changes.extend(new.map(|field| format!("new field {field}{}", how(field))));
        changes.extend(ours.fields.difference(&theirs.fields).map(|field| format!("field {field} is gone")));
        let now = theirs.required.difference(&ours.required).filter(|field| ours.fields.contains(*field));
        changes.extend(now.map(|field| format!("field {field} is required now")));
        let no_more = ours.required.difference(&theirs.required).filter(|field| theirs.fields.contains(*field));
        changes.extend(no_more.map(|field| format!("field {field} is not required any more")));
    }
    if !theirs.scopes.is_empty() && theirs.scopes != ours.scopes {
        let list = |scopes: &BTreeSet<String>| scopes.iter().cloned().collect::<Vec<_>>().join(", ");
        changes.push(format!("scopes are {}; ours are {}", list(&theirs.scopes), list(&ours.scopes)));
    }
    changes
}

/// A schema or a part of one, through one or more local `$ref`s.
fn resolved<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    for _ in 0..8 {
        let target = value.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        match target.and_then(|target| document.pointer(target)) {
            Some(target) => value = target,
            None => break,
        }
    }
    value
}

fn keys(value: Option<&Value>) -> impl Iterator<Item = String> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone())
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests;
