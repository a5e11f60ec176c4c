//! Reads the endpoints of an OpenAPI document. It knows nothing of our operations.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Endpoint, ROOT, below, keys, name, texts};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The deepest nesting of composed schemas that is read.
const DEEPEST: usize = 12;

/// The most names that are read, counted as often as they are used. OpenTrain's own description has some thousands; one
/// that refers to itself in many ways would take for ever.
const MOST_NAMES: usize = 1_000_000;

/// Headers that a document does not describe as parameters (`OpenAPI` 3.1, 4.8.12.2.1).
const OWN_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// A document, and how many more names are read in it.
struct Document<'a> {
    root: &'a Value,
    left: Cell<usize>,
}

/// The endpoints of `document` by name.
///
/// # Errors
/// If it is not an OpenAPI document, or one that takes too long.
pub(super) fn endpoints(document: &Value) -> Result<BTreeMap<String, Endpoint>, &'static str> {
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or("this is no OpenAPI document: it has no paths")?;
    let (document, server) = (Document { root: document, left: Cell::new(MOST_NAMES) }, server(document));
    let mut found = BTreeMap::new();
    for (path, item) in paths {
        let whole = if below(ROOT, path).is_some() { path.clone() } else { format!("{server}{path}") };
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.insert(name(method, &whole), document.endpoint([item, operation]));
                if document.left.get() == 0 {
                    return Err("its schemas refer to each other in more ways than can be read in a few seconds");
                }
            }
        }
    }
    Ok(found)
}

/// The path prefix of all paths: from the first server that leads to the public API. Other servers, such as a gateway,
/// say nothing about OpenTrain's own paths.
fn server(document: &Value) -> &str {
    let urls = items(document.get("servers")).filter_map(|server| server.get("url")?.as_str());
    let leads_there = |path: &&str| below(path, ROOT).is_some();
    urls.map(path_of).find(leads_there).unwrap_or_default()
}

/// The path of a server's URL, which may consist of the path only.
fn path_of(url: &str) -> &str {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|start| rest.get(start..)).unwrap_or_default(),
        None => url,
    };
    path.trim_end_matches('/')
}

impl<'a> Document<'a> {
    /// Combines the descriptions of the path and the method.
    fn endpoint(&self, parts: [&'a Value; 2]) -> Endpoint {
        let mut endpoint = Endpoint::default();
        for part in parts {
            for parameter in self.items(part.get("parameters")).map(|parameter| self.resolved(parameter)) {
                add_parameter(&mut endpoint, parameter);
            }
            let body = part.get("requestBody").map(|body| self.resolved(body));
            let contents = body.and_then(|body| body.get("content")?.as_object()).into_iter().flatten();
            let schemas = contents.filter_map(|(_, content)| content.get("schema"));
            self.add_choice(&mut endpoint, schemas, &mut Vec::new());
            endpoint.scopes.extend(texts(part.get("x-required-scopes")));
            let security = items(part.get("security")).filter_map(Value::as_object);
            endpoint.scopes.extend(security.flat_map(Map::values).flat_map(|scopes| texts(Some(scopes))));
        }
        endpoint
    }

    /// Counts names, and says whether any may still be read.
    fn pays(&self, names: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(names));
        self.left.get() > 0
    }

    /// Adds a schema, which may be composed of several. A schema that is already being `read` is skipped, because
    /// schemas may be recursive.
    fn add_schema(&self, endpoint: &mut Endpoint, schema: &'a Value, read: &mut Vec<&'a Value>) {
        if read.len() == DEEPEST || read.iter().any(|known| std::ptr::eq(*known, schema)) {
            return;
        }
        let (properties, required) = (schema.get("properties"), schema.get("required"));
        let properties_len = properties.and_then(Value::as_object).map_or(0, Map::len);
        if !self.pays(1 + properties_len + required.and_then(Value::as_array).map_or(0, Vec::len)) {
            return;
        }
        read.push(schema);
        endpoint.fields.extend(keys(properties));
        endpoint.required.extend(texts(required));
        for part in self.items(schema.get("allOf")) {
            self.add_schema(endpoint, self.resolved(part), read);
        }
        for choice in ["oneOf", "anyOf"] {
            self.add_choice(endpoint, self.items(schema.get(choice)), read);
        }
        read.pop();
    }

    /// Adds alternatives: every field of any alternative is possible, and the fields that all alternatives require are
    /// required.
    fn add_choice(&self, endpoint: &mut Endpoint, choices: impl Iterator<Item = &'a Value>, read: &mut Vec<&'a Value>) {
        let mut required: Option<BTreeSet<String>> = None;
        for choice in choices {
            let mut alone = Endpoint::default();
            self.add_schema(&mut alone, self.resolved(choice), read);
            endpoint.fields.extend(alone.fields);
            required = Some(match required {
                Some(all) => &all & &alone.required,
                None => alone.required,
            });
        }
        endpoint.required.extend(required.unwrap_or_default());
    }

    /// Follows local `$ref`s to a schema or a part of one.
    fn resolved(&self, mut value: &'a Value) -> &'a Value {
        for _ in 0..8 {
            let target = value.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
            match target.and_then(|target| self.root.pointer(target)) {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }

    /// The items of a list, as long as names may be read.
    fn items(&self, value: Option<&'a Value>) -> impl Iterator<Item = &'a Value> {
        items(value).take_while(|item| self.pays(1 + item.get("$ref").and_then(Value::as_str).map_or(0, str::len) / 64))
    }
}

fn add_parameter(endpoint: &mut Endpoint, parameter: &Value) {
    let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
    let counts = match parameter.get("in").and_then(Value::as_str) {
        Some("query") => true,
        Some("header") => !OWN_HEADERS.contains(&name.to_lowercase().as_str()),
        _ => false,
    };
    if counts {
        endpoint.fields.insert(name.to_owned());
        if parameter.get("required") == Some(&Value::Bool(true)) {
            endpoint.required.insert(name.to_owned());
        }
    }
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
