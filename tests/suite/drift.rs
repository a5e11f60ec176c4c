//! `opentrain-mcp drift`: a description of the API, held against what this server knows of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use opentrain_mcp::api::catalogue::OPERATIONS;
use opentrain_mcp::api::inputs;
use opentrain_mcp::api::wire::Facts;
use serde_json::{Value, json};

use crate::harness::{Ran, Refusing, Reply, TOKEN, Upstream, launch};

const ROOT: &str = "/api/public/v1";
const SERVED: &str = "/api/public/v1/openapi.json";

/// The description of an API that is just as this server knows it, whole paths and all.
fn faithful() -> Value {
    let mut endpoints: BTreeMap<(&str, &str), Vec<&Facts>> = BTreeMap::new();
    for facts in OPERATIONS.iter().filter(|facts| facts.root == ROOT) {
        endpoints.entry((facts.path, facts.method.as_str())).or_default().push(facts);
    }
    let mut document = json!({ "openapi": "3.1.0", "info": { "title": "OpenTrain", "version": "v1" }, "paths": {} });
    for ((path, method), all) in endpoints {
        document["paths"][format!("{ROOT}{path}")][method.to_lowercase()] = operation(method, path, &all);
    }
    document
}

/// Several operations on one endpoint are one there: it has the fields of all, and what all need is required.
fn operation(method: &str, path: &str, all: &[&Facts]) -> Value {
    let (mut fields, mut scopes) = (BTreeSet::new(), BTreeSet::new());
    let mut required: Option<BTreeSet<String>> = None;
    for facts in all {
        let input = inputs::of(facts.name);
        let elsewhere = |name: &String| path.contains(&format!("{{{name}}}")) || facts.body == Some(name.as_str());
        let needed: BTreeSet<String> = input.required.iter().filter(|name| !elsewhere(name)).cloned().collect();
        fields.extend(input.fields.keys().filter(|name| !elsewhere(name)).cloned());
        scopes.extend(facts.gate.scopes.iter().copied());
        required = Some(required.map_or(needed.clone(), |known| &known & &needed));
    }
    let required = required.unwrap_or_default();
    let mut operation = json!({ "x-required-scopes": scopes });
    if matches!(method, "GET" | "DELETE") {
        let query = |name: &String| json!({ "name": name, "in": "query", "required": required.contains(name) });
        operation["parameters"] = fields.iter().map(query).collect();
    } else {
        let properties: serde_json::Map<String, Value> = fields.iter().map(|name| (name.clone(), json!({}))).collect();
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        operation["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
    }
    operation
}

const MILESTONES: &str = "/api/public/v1/contracts/{contractId}/milestones";

/// A document in a file.
struct Document {
    folder: tempfile::TempDir,
}

impl Document {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("openapi.json"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("openapi.json")
    }

    async fn held_against_us(&self) -> Ran {
        launch().args(["drift", self.path().to_str().unwrap()]).run().await
    }
}

/// What is said of a faithful description in which one thing was changed.
async fn changed(change: impl FnOnce(&mut Value)) -> Ran {
    let mut document = faithful();
    change(&mut document);
    Document::with(&document.to_string()).held_against_us().await
}

/// The lines that tell of a difference.
fn differences(ran: &Ran) -> Vec<&str> {
    let kinds = ["new:", "gone:", "different:"];
    ran.stdout.lines().filter(|line| kinds.iter().any(|kind| line.starts_with(kind))).collect()
}

#[tokio::test]
async fn a_faithful_description_has_no_difference() {
    let ran = changed(|_| {}).await;
    assert_eq!((ran.status, differences(&ran)), (Some(0), vec![]), "{ran:?}");
    assert!(ran.stdout.contains("no difference") && ran.stderr.is_empty(), "{ran:?}");
}

#[tokio::test]
async fn each_difference_is_told_and_exits_1() {
    type Change = Box<dyn FnOnce(&mut Value)>;
    let create = |change: fn(&mut Value)| -> Change {
        Box::new(move |document| {
            change(&mut document["paths"][MILESTONES]["post"]["requestBody"]["content"]["application/json"]["schema"]);
        })
    };
    let changes: Vec<(&str, Change, &[&str])> = vec![
        (
            "a new path",
            Box::new(|document| document["paths"]["/api/public/v1/disputes"]["get"] = json!({})),
            &["new:", "GET /disputes"],
        ),
        (
            "a new method",
            Box::new(|document| document["paths"][MILESTONES]["put"] = json!({})),
            &["new:", "PUT /contracts/{}/milestones"],
        ),
        (
            "a path that is gone",
            Box::new(|document| {
                document["paths"].as_object_mut().unwrap().remove("/api/public/v1/contracts/{contractId}/end").unwrap();
            }),
            &["gone:", "POST /contracts/{}/end", "end_contract"],
        ),
        (
            "a new field",
            create(|schema| schema["properties"]["currency"] = json!({})),
            &["different:", "new field currency"],
        ),
        (
            "a field that is gone",
            create(|schema| drop(schema["properties"].as_object_mut().unwrap().remove("volume").unwrap())),
            &["different:", "volume is gone"],
        ),
        (
            "a field that is required now",
            create(|schema| schema["required"] = json!(["description", "dueDate"])),
            &["different:", "dueDate is required now"],
        ),
        (
            "a field that is required no more",
            create(|schema| schema["required"] = json!([])),
            &["different:", "description is not required any more"],
        ),
        (
            "a new field that is required",
            create(|schema| {
                schema["properties"]["currency"] = json!({});
                schema["required"] = json!(["description", "currency"]);
            }),
            &["different:", "new field currency, required"],
        ),
        (
            "a new header",
            Box::new(|document| {
                document["paths"][MILESTONES]["post"]["parameters"] =
                    json!([{ "name": "Idempotency-Key", "in": "header" }, { "name": "Accept", "in": "header" }]);
            }),
            &["different:", "new field Idempotency-Key"],
        ),
        (
            "a field that one of two bodies has",
            create(|schema| {
                let known = schema.take();
                let more = json!({ "allOf": [known, { "properties": { "currency": {} }, "required": ["currency"] }] });
                *schema = json!({ "oneOf": [known, more] });
            }),
            &["different:", "new field currency"],
        ),
        (
            "another scope",
            Box::new(|document| {
                document["paths"][MILESTONES]["post"]["x-required-scopes"] = json!(["contracts:write"]);
            }),
            &["different:", "contracts:write", "payments:write"],
        ),
    ];
    for (about, change, parts) in changes {
        let ran = changed(change).await;
        assert_eq!(ran.status, Some(1), "{about}: {ran:?}");
        let told = differences(&ran);
        assert_eq!(told.len(), 1, "{about}: {told:?}");
        assert!(parts.iter().all(|part| told[0].contains(part)), "{about}: {told:?}");
        assert!(ran.stdout.contains("1 difference"), "{about}: {}", ran.stdout);
    }
}

#[tokio::test]
async fn deliberate_omissions_are_no_difference() {
    let ran = changed(|document| {
        document["paths"]["/api/public/v1/tokens"]["post"] = json!({});
        document["paths"]["/api/public/v1/openapi.json"]["get"] = json!({});
    })
    .await;
    assert_eq!((ran.status, differences(&ran)), (Some(0), vec![]), "{ran:?}");
    let ran = changed(|document| document["paths"]["/api/public/v1/disputes"]["get"] = json!({})).await;
    assert!(ran.stdout.contains("POST /tokens: "), "with the reason: {}", ran.stdout);
}

#[tokio::test]
async fn server_paths_and_parameter_names_may_differ() {
    let whole = faithful();
    let mut document = json!({ "openapi": "3.1.0", "servers": [{ "url": ROOT }], "paths": {} });
    for (path, item) in whole["paths"].as_object().unwrap() {
        let path = path.strip_prefix(ROOT).unwrap().replace("{contractId}", "{id}").replace("{jobId}", "{job}");
        document["paths"][path] = item.clone();
    }
    let ran = Document::with(&document.to_string()).held_against_us().await;
    assert_eq!((ran.status, differences(&ran)), (Some(0), vec![]), "{ran:?}");
}

#[tokio::test]
async fn spelling_of_the_document_is_no_difference() {
    let mut document = faithful();
    let content = &mut document["paths"][MILESTONES]["post"]["requestBody"]["content"];
    *content = json!({ "application/json; charset=utf-8": content["application/json"] });
    let team = document["paths"].as_object_mut().unwrap().remove("/api/public/v1/team").unwrap();
    document["paths"]["/api/public/v1/team/"] = team;
    let ran = Document::with(&format!("\u{feff}{document}")).held_against_us().await;
    assert_eq!((ran.status, differences(&ran)), (Some(0), vec![]), "{ran:?}");
}

#[tokio::test]
async fn private_endpoints_may_be_missing() {
    let identity = |fields: Value| json!({ "post": { "requestBody": { "content": { "application/json": { "schema": { "properties": fields } } } } } });
    let known = json!({ "identity_type": {}, "agent_name": {}, "organization_name": {} });
    let ran = changed(|document| document["paths"]["/api/agent/identity"] = identity(known)).await;
    assert_eq!((ran.status, differences(&ran)), (Some(0), vec![]), "{ran:?}");
    let ran =
        changed(|document| document["paths"]["/api/agent/identity"] = identity(json!({ "agent_name": {} }))).await;
    let told = differences(&ran);
    assert_eq!(told, ["different: POST /api/agent/identity: field organization_name is gone"]);
}

#[tokio::test]
async fn what_a_document_says_cannot_hide_text_on_the_terminal() {
    let ran = changed(|document| document["paths"]["/api/public/v1/a\u{202e}b"]["get"] = json!({})).await;
    assert_eq!(differences(&ran), ["new:       GET «/a\\u{202e}b»"]);
}

#[tokio::test]
async fn an_unreadable_document_exits_2_with_the_reason() {
    for text in ["", "not json", "<html>", "{\"paths\": ", "{}", "[]", "null", "{\"paths\": []}", "{\"paths\": 1}"] {
        let document = Document::with(text);
        let ran = document.held_against_us().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{text:?}: {ran:?}");
        assert!(ran.stderr.contains(document.path().to_str().unwrap()), "{text:?}: which: {}", ran.stderr);
    }
    let ran = launch().args(["drift", "no-such-file.json"]).run().await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("no-such-file.json"), "{}", ran.stderr);
}

#[tokio::test]
async fn odd_parts_of_a_document_stop_nothing() {
    // A reference to itself, one to nowhere, and parts of another kind than they should be.
    let ran = changed(|document| {
        document["components"] = json!({ "schemas": { "Loop": { "$ref": "#/components/schemas/Loop" } } });
        let paths = &mut document["paths"];
        paths["/api/public/v1/loop"]["post"] =
            json!({ "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Loop" } } } } });
        paths["/api/public/v1/nowhere"]["get"] = json!({ "parameters": [{ "$ref": "#/nowhere" }, 5, null] });
        paths["/api/public/v1/odd"] = json!({ "get": [], "parameters": "none", "x-more": 1 });
        paths["/api/public/v1/text"] = json!("text");
    })
    .await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let told = differences(&ran);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|line| line.starts_with("new:")), "{told:?}");
}

#[tokio::test]
async fn a_schema_that_holds_itself_is_read_to_an_end() {
    let ran = changed(|document| {
        document["components"] =
            json!({ "schemas": { "Tree": { "properties": {}, "allOf": [{ "$ref": "#/components/schemas/Tree" }] } } });
        document["paths"][MILESTONES]["post"]["requestBody"]["content"]["application/json"]["schema"] =
            json!({ "$ref": "#/components/schemas/Tree" });
    })
    .await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
}

#[tokio::test]
async fn the_apis_own_document_is_fetched_by_default() {
    let upstream = Upstream::giving(&faithful()).await;
    for server in [launch().at(&upstream), launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin)] {
        let ran = server.args(["drift"]).run().await;
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert!(ran.stdout.contains(&format!("{}{SERVED}", upstream.origin)), "{}", ran.stdout);
    }
    for request in upstream.requests() {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", SERVED));
        assert!(request.header("authorization").is_empty(), "it needs no token, and gets none");
    }
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn a_document_at_a_url_is_fetched_without_token() {
    let configured = Upstream::giving(&json!({})).await;
    let mut document = faithful();
    document["paths"]["/api/public/v1/disputes"]["get"] = json!({});
    let upstream = Upstream::giving(&document).await;
    let url = format!("{}/some/where.json?version=2", upstream.origin);
    let ran = launch().at(&configured).env("OT_API_TOKEN", TOKEN).args(["drift", &url]).run().await;
    assert_eq!((ran.status, differences(&ran).len()), (Some(1), 1), "{ran:?}");
    let request = upstream.only_request();
    assert_eq!(request.target, "/some/where.json?version=2");
    assert!(request.header("authorization").is_empty());
    assert!(configured.requests().is_empty());
}

#[tokio::test]
async fn an_unreachable_document_exits_2_with_the_reason() {
    for (about, reply) in [
        ("not found", Reply::refusal(404, "NOT_FOUND", &Value::Null)),
        ("a page", Reply::new(200, "<html>hello</html>")),
        ("no document", Reply::json(200, &json!({ "hello": true }))),
        ("cut", Reply::json(200, &faithful()).cut_after(100)),
        ("elsewhere", Reply::new(302, "").header("Location", "https://example.com/openapi.json")),
    ] {
        let upstream = Upstream::scripted([reply]).await;
        let ran = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).args(["drift"]).run().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{about}: {ran:?}");
        assert!(!ran.stderr.is_empty(), "{about}");
    }
    let nobody = Refusing::new();
    let ran = launch().env("OPENTRAIN_API_BASE_URL", &nobody.origin()).args(["drift"]).run().await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
}

#[tokio::test]
async fn a_plain_url_to_another_machine_is_refused() {
    let ran = launch().env("OPENTRAIN_TIMEOUT", "1").args(["drift", "http://192.0.2.1/openapi.json"]).run().await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("plain http"), "{}", ran.stderr);
}
