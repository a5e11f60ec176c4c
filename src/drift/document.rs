//! Reads the endpoints of an OpenAPI document. It knows nothing of our operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Endpoint, ROOT, below, keys, name, texts};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The deepest nesting of composed schemas that is read.
const DEEPEST: usize = 12;

/// Headers that a document does not describe as parameters (`OpenAPI` 3.1, 4.8.12.2.1).
const OWN_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// The endpoints of `document` by name; `None` if it is not an OpenAPI document.
pub(super) fn endpoints(document: &Value) -> Option<BTreeMap<String, Endpoint>> {
    let server = server(document);
    let mut found = BTreeMap::new();
    for (path, item) in document.get("paths")?.as_object()? {
        let whole = if below(ROOT, path).is_some() { path.clone() } else { format!("{server}{path}") };
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.insert(name(method, &whole), endpoint(document, [item, operation]));
            }
        }
    }
    Some(found)
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

/// Combines the descriptions of the path and the method.
fn endpoint(document: &Value, parts: [&Value; 2]) -> Endpoint {
    let mut endpoint = Endpoint::default();
    for part in parts {
        for parameter in items(part.get("parameters")).map(|parameter| resolved(document, parameter)) {
            add_parameter(&mut endpoint, parameter);
        }
        let body = part.get("requestBody").map(|body| resolved(document, body));
        let contents = body.and_then(|body| body.get("content")?.as_object()).into_iter().flatten();
        let schemas = contents.filter_map(|(_, content)| content.get("schema"));
        add_choice(&mut endpoint, document, schemas, &mut Vec::new());
        endpoint.scopes.extend(texts(part.get("x-required-scopes")));
        let security = items(part.get("security")).filter_map(Value::as_object);
        endpoint.scopes.extend(security.flat_map(Map::values).flat_map(|scopes| texts(Some(scopes))));
    }
    endpoint
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

/// Adds a schema, which may be composed of several. A schema that is already being `read` is skipped, because schemas
/// may be recursive.
fn add_schema<'a>(endpoint: &mut Endpoint, document: &'a Value, schema: &'a Value, read: &mut Vec<&'a Value>) {
    if read.len() == DEEPEST || read.iter().any(|known| std::ptr::eq(*known, schema)) {
        return;
    }
    read.push(schema);
    endpoint.fields.extend(keys(schema.get("properties")));
    endpoint.required.extend(texts(schema.get("required")));
    for part in items(schema.get("allOf")) {
        add_schema(endpoint, document, resolved(document, part), read);
    }
    for choice in ["oneOf", "anyOf"] {
        add_choice(endpoint, document, items(schema.get(choice)), read);
    }
    read.pop();
}

/// Adds alternatives: every field of any alternative is possible, and the fields that all alternatives require are
/// required.
fn add_choice<'a>(
    endpoint: &mut Endpoint,
    document: &'a Value,
    choices: impl Iterator<Item = &'a Value>,
    read: &mut Vec<&'a Value>,
) {
    let mut required: Option<BTreeSet<String>> = None;
    for choice in choices {
        let mut alone = Endpoint::default();
        add_schema(&mut alone, document, resolved(document, choice), read);
        endpoint.fields.extend(alone.fields);
        required = Some(match required {
            Some(all) => &all & &alone.required,
            None => alone.required,
        });
    }
    endpoint.required.extend(required.unwrap_or_default());
}

/// Follows local `$ref`s to a schema or a part of one.
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

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
