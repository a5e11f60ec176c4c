use serde_json::{Map, json};

use super::*;

/// A document that describes exactly our operations: [`compare`] finds no difference.
fn described() -> Value {
    let mut document = json!({ "openapi": "3.1.0", "servers": [{ "url": ROOT }], "paths": {} });
    for facts in OPERATIONS.iter().filter(|facts| facts.root == ROOT) {
        let same = |other: &&Facts| other.path == facts.path && other.method == facts.method;
        let known = Endpoint::of(&OPERATIONS.iter().filter(same).collect::<Vec<_>>());
        let field = |name: &String| (name.clone(), json!({}));
        let required = |name: &String| known.required.contains(name);
        let in_query = matches!(facts.method.as_str(), "GET" | "DELETE");
        let mut operation = json!({ "x-required-scopes": facts.gate.scopes });
        if in_query {
            let parameter = |name: &String| json!({ "name": name, "in": "query", "required": required(name) });
            operation["parameters"] = known.fields.iter().map(parameter).collect();
        } else if !known.fields.is_empty() {
            let properties: Map<String, Value> = known.fields.iter().map(field).collect();
            let schema = json!({ "type": "object", "properties": properties, "required": known.required });
            operation["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
        }
        document["paths"][facts.path][facts.method.as_str().to_lowercase()] = operation;
    }
    document
}

fn findings(document: &Value) -> Vec<String> {
    compare(document).unwrap().iter().map(|difference| difference.shown().to_string()).collect()
}

/// Compares the document after one change.
fn broken(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = described();
    change(&mut document);
    findings(&document)
}

#[test]
fn our_own_description_differs_in_nothing() {
    assert_eq!(findings(&described()), Vec::<String>::new());
}

#[test]
fn whole_paths_other_parameter_names_and_references_are_the_same() {
    let mut document = json!({ "paths": {} });
    for (path, item) in described()["paths"].as_object().unwrap() {
        document["paths"][format!("{ROOT}{}", path.replace("{contractId}", "{id}"))] = item.clone();
    }
    let create = document["paths"]["/api/public/v1/contracts/{id}/milestones"]["post"]["requestBody"].take();
    document["components"] = json!({ "requestBodies": { "Milestone": create } });
    document["paths"]["/api/public/v1/contracts/{id}/milestones"]["post"]["requestBody"] =
        json!({ "$ref": "#/components/requestBodies/Milestone" });
    assert_eq!(findings(&document), Vec::<String>::new());
}

#[test]
fn a_path_may_stand_half_in_the_server() {
    for (server, above) in [("https://x.test/api/public", "/v1"), ("/api/", "/public/v1"), ("https://x.test", ROOT)] {
        let mut document = json!({ "servers": [{ "url": server }], "paths": {} });
        for (path, item) in described()["paths"].as_object().unwrap() {
            document["paths"][format!("{above}{path}")] = item.clone();
        }
        assert_eq!(findings(&document), Vec::<String>::new(), "{server}");
    }
    let next = broken(|document| document["paths"]["/api/public/v10/team"] = json!({ "get": {} }));
    assert_eq!(next, ["new:       GET /api/public/v10/team"]);
}

#[test]
fn endpoints_that_come_and_go_are_named() {
    let new = broken(|document| document["paths"]["/contracts/{contractId}/pause"] = json!({ "post": {} }));
    assert_eq!(new, ["new:       POST /contracts/{}/pause"]);
    let gone =
        broken(|document| drop(document["paths"].as_object_mut().unwrap().remove("/contracts/{contractId}/end")));
    assert_eq!(gone, ["gone:      POST /contracts/{}/end (end_contract)"]);
    assert_eq!(broken(|document| document["paths"]["/tokens"]["post"] = json!({})), Vec::<String>::new());
}

#[test]
fn fields_requirements_and_scopes_that_change_are_named() {
    let schema = |document: &mut Value, change: &dyn Fn(&mut Value)| {
        change(
            &mut document["paths"]["/contracts/{contractId}/milestones"]["post"]["requestBody"]["content"]["application/json"]
                ["schema"],
        );
    };
    for (change, what) in [
        (
            &(|schema: &mut Value| schema["properties"]["currency"] = json!({})) as &dyn Fn(&mut Value),
            "new field currency",
        ),
        (
            &|schema: &mut Value| drop(schema["properties"].as_object_mut().unwrap().remove("volume")),
            "field volume is gone",
        ),
        (&|schema: &mut Value| schema["required"] = json!(["description", "dueDate"]), "field dueDate is required now"),
        (&|schema: &mut Value| schema["required"] = json!([]), "field description is not required any more"),
    ] {
        let differences = broken(|document| schema(document, change));
        assert_eq!(differences, [format!("different: POST /contracts/{{}}/milestones: {what}")]);
    }
    let query = broken(|document| document["paths"]["/contracts"]["get"]["parameters"][0]["required"] = true.into());
    assert_eq!(query, ["different: GET /contracts: field jobId is required now"]);
    let scopes =
        broken(|document| document["paths"]["/contracts"]["get"]["x-required-scopes"] = json!(["contracts:read"]));
    assert_eq!(scopes, ["different: GET /contracts: scopes are contracts:read; ours are payments:read"]);
}

#[test]
fn what_is_no_openapi_document_is_refused() {
    for document in [json!({}), json!([]), json!({ "paths": [] })] {
        assert!(compare(&document).is_err(), "{document}");
    }
}

#[test]
fn a_document_that_refers_to_itself_too_often_is_refused() {
    let mut document = described();
    let all: Vec<Value> = (0..30).map(|place| json!({ "$ref": format!("#/components/schemas/S{place}") })).collect();
    let schemas = (0..30).map(|place| (format!("S{place}"), json!({ "allOf": all, "anyOf": all })));
    document["components"] = json!({ "schemas": schemas.collect::<Map<String, Value>>() });
    document["paths"]["/contracts"]["post"] =
        json!({ "requestBody": { "content": { "application/json": { "schema": { "oneOf": all } } } } });
    assert!(compare(&document).unwrap_err().contains("in a few seconds"));
}
