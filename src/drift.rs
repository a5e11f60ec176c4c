//! Compares OpenTrain with what we know of it, to detect changes early: its own description of its API (an OpenAPI
//! document) with our operations, and its answers with our types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::answer::{Joined, Shown, id, shown, text};
use crate::api::catalogue::OPERATIONS;
use crate::api::inputs;
use crate::api::wire::Facts;

mod document;
mod findings;
mod shape;

pub use findings::{Finding, compare as compare_answer};
pub use shape::Shape;

/// The root of the public API. A document may name it in its servers, in its paths, or split between both.
const ROOT: &str = "/api/public/v1";

/// Endpoints that are left out on purpose, with the reason.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("POST /tokens", "a secret has no business in a model's context: a person makes tokens in the app"),
    ("GET /openapi.json", "it is the document itself"),
    ("GET /openapi", "it is the document itself"),
];

/// Fields of endpoints that are left out on purpose, with the reason.
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
    /// The document has an endpoint that our operations lack.
    New(String),
    /// The document lacks an endpoint of our operations; the names of its tools.
    Gone(String, Shown),
    /// The endpoint differs.
    Changed(String, Shown),
}

impl Difference {
    /// One line for a reader. Whoever wrote the document may have written anything into it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match self {
            Self::New(endpoint) => shown!("new:       {}", words(endpoint)),
            Self::Gone(endpoint, tools) => shown!("gone:      {} ({})", words(endpoint), tools),
            Self::Changed(endpoint, what) => shown!("different: {}: {}", words(endpoint), what),
        }
    }
}

/// A method and a path. What is no name is quoted.
fn words(endpoint: &str) -> Shown {
    match endpoint.split_once(' ') {
        Some((method, path)) => shown!("{} {}", id(method), text::path(path)),
        None => text::path(endpoint),
    }
}

/// Lists the differences between the document and our operations, in a fixed order.
///
/// # Errors
/// If the document is not an OpenAPI document.
pub fn compare(document: &Value) -> Result<Vec<Difference>, &'static str> {
    let theirs = document::endpoints(document)?;
    let mut ours: BTreeMap<String, Vec<&Facts>> = BTreeMap::new();
    for facts in OPERATIONS {
        let name = name(facts.method.as_str(), &format!("{}{}", facts.root, facts.path));
        // The description need not contain endpoints outside the public API.
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
            None => drop(differences.insert(Difference::Gone(name.clone(), tools(facts)))),
            Some(theirs) => {
                let changes = changes(name, &Endpoint::of(facts), theirs);
                differences.extend(changes.into_iter().map(|what| Difference::Changed(name.clone(), what)));
            }
        }
    }
    Ok(differences.into_iter().collect())
}

fn tools(facts: &[&Facts]) -> Shown {
    facts.iter().map(|facts| facts.name).joined(", ")
}

/// Names an endpoint by its method and its path below the public API, without the names of path parameters.
fn name(method: &str, path: &str) -> String {
    let parts = below(ROOT, path).unwrap_or(path).trim_end_matches('/').split('/');
    let parts: Vec<&str> = parts.map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
    format!("{} {}", method.to_uppercase(), parts.join("/"))
}

/// The part of `path` below `root`, if there is one.
fn below<'a>(root: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One side's description of an endpoint.
#[derive(Default)]
struct Endpoint {
    fields: BTreeSet<String>,
    required: BTreeSet<String>,
    scopes: BTreeSet<String>,
    /// True if the body accepts any field.
    open: bool,
}

impl Endpoint {
    /// Combines operations on the same endpoint: a field that only one of them needs is not required.
    fn of(facts: &[&Facts]) -> Self {
        let mut endpoint = Self::default();
        for (place, facts) in facts.iter().enumerate() {
            let input = inputs::of(facts.name);
            let sent = |name: &str| !facts.path.contains(&format!("{{{name}}}")) && facts.body != Some(name);
            endpoint.fields.extend(input.fields.keys().filter(|name| sent(name)).cloned());
            let required: BTreeSet<String> = input.required.iter().filter(|name| sent(name)).cloned().collect();
            endpoint.required = if place == 0 { required } else { &endpoint.required & &required };
            endpoint.scopes.extend(facts.gate.scopes.iter().map(|scope| (*scope).to_owned()));
            endpoint.open |= facts.body.is_some();
        }
        endpoint
    }
}

/// Describes the differences.
fn changes(name: &str, ours: &Endpoint, theirs: &Endpoint) -> Vec<Shown> {
    let left_out: Vec<&str> = FIELDS_LEFT_OUT
        .iter()
        .filter(|(endpoint, ..)| *endpoint == name)
        .flat_map(|(_, fields, _)| *fields)
        .copied()
        .collect();
    let mut changes = Vec::new();
    if !ours.open {
        let new = theirs.fields.difference(&ours.fields).filter(|field| !left_out.contains(&field.as_str()));
        let how = |field: &String| if theirs.required.contains(field) { ", required" } else { "" };
        changes.extend(new.map(|field| shown!("new field {}{}", id(field), how(field))));
        changes.extend(ours.fields.difference(&theirs.fields).map(|field| shown!("field {} is gone", id(field))));
        let now = theirs.required.difference(&ours.required).filter(|field| ours.fields.contains(*field));
        changes.extend(now.map(|field| shown!("field {} is required now", id(field))));
        let no_more = ours.required.difference(&theirs.required).filter(|field| theirs.fields.contains(*field));
        changes.extend(no_more.map(|field| shown!("field {} is not required any more", id(field))));
    }
    if !theirs.scopes.is_empty() && theirs.scopes != ours.scopes {
        let list = |scopes: &BTreeSet<String>| scopes.iter().map(|scope| id(scope)).joined(", ");
        changes.push(shown!("scopes are {}; ours are {}", list(&theirs.scopes), list(&ours.scopes)));
    }
    changes
}

fn keys(value: Option<&Value>) -> impl Iterator<Item = String> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone())
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests;
