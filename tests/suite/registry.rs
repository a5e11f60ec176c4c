//! What holds for every tool.

mod answers;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{every, launch};

/// Arguments with which `tool` can be called: what it requires, and what the sandbox knows.
pub(crate) fn plausible(tool: &Value) -> Value {
    let schema = &tool["inputSchema"];
    let value = |parameter: &str| match (parameter, schema["properties"][parameter]["type"].as_str()) {
        ("contractId", _) => json!("ctr_8Kq2"),
        ("milestoneId", _) => json!("ms_1aXf"),
        ("approvalId", _) => json!("apr_6Yt"),
        ("email", _) => json!("owner@example.com"),
        ("milestone", _) => json!({ "description": "Label it", "amount": 300 }),
        ("fields", _) => json!({ "jobTitle": "some text" }),
        ("since", _) => json!("2026-06-01T00:00:00Z"),
        (_, Some("number")) => json!(300),
        (_, Some("integer")) => json!(1),
        (_, Some("boolean")) => json!(true),
        (_, Some("object")) => json!({}),
        (_, Some("array")) => json!([]),
        _ => schema["properties"][parameter]["enum"].get(0).cloned().unwrap_or_else(|| json!("some text")),
    };
    let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    let mut arguments: Value = Value::Object(required.map(|name| (name.to_owned(), value(name))).collect());
    match name(tool) {
        "create_milestone" => arguments["amountUsd"] = json!(300),
        "wait_for_approval" => arguments["timeoutSeconds"] = json!(0),
        _ => {}
    }
    arguments
}

async fn tools() -> Vec<Value> {
    launch().in_memory().await.tools().await
}

fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn names_are_unique_verbs_and_nouns() {
    let tools = tools().await;
    let names: BTreeSet<&str> = tools.iter().map(name).collect();
    assert_eq!(names.len(), tools.len());
    for wanted in ["list_contracts", "get_contract", "create_milestone", "get_auth_status"] {
        assert!(names.contains(wanted), "{wanted} is missing");
    }
    for name in names {
        let words: Vec<&str> = name.split('_').collect();
        assert!(words.len() >= 2 && name.len() <= 64, "{name}");
        assert!(
            words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())),
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn each_tool_is_named_after_its_type() {
    let mut source = String::new();
    let mut folders = vec![crate::root().join("src/api"), crate::root().join("src/tools")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                source.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    for tool in tools().await {
        let mut letters = String::new();
        for word in name(&tool).split('_') {
            letters.push_str(&word[..1].to_uppercase());
            letters.push_str(&word[1..]);
        }
        assert!(source.contains(&format!("struct {letters} ")), "{} has no type {letters}", name(&tool));
    }
}

#[tokio::test(start_paused = true)]
async fn titles_and_descriptions_are_there_and_short_enough() {
    for tool in tools().await {
        let name = name(&tool).to_owned();
        for title in [&tool["title"], &tool["annotations"]["title"]] {
            assert!(title.as_str().is_some_and(|title| !title.is_empty() && title.len() < 60), "{name}: {title}");
        }
        let description = tool["description"].as_str().unwrap();
        assert!((40..2_000).contains(&description.chars().count()), "{name}: {description}");
        assert!(description.chars().all(|letter| !letter.is_control()), "{name}: {description}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_parameter_is_described() {
    for tool in tools().await {
        for (parameter, schema) in tool["inputSchema"]["properties"].as_object().unwrap() {
            let described = schema["description"].as_str().is_some_and(|text| text.len() > 5);
            assert!(described, "{}.{parameter}: {schema}", name(&tool));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn input_schemas_hold_nothing_that_model_apis_refuse() {
    for tool in tools().await {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object", "{}", name(&tool));
        assert!(schema["properties"].is_object(), "{}", name(&tool));
        let known: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(known.iter().any(|known| *known == required), "{}: {required}", name(&tool));
        }
        plain(schema, name(&tool));
    }
}

/// `schema` and every schema in it.
fn plain(schema: &Value, about: &str) {
    let object = schema.as_object().unwrap_or_else(|| panic!("{about}: a boolean schema: {schema}"));
    let forbidden = "$ref $defs definitions oneOf anyOf allOf not const nullable $schema additionalProperties \
                     exclusiveMinimum exclusiveMaximum format";
    for forbidden in forbidden.split_whitespace() {
        assert!(!object.contains_key(forbidden), "{about}: {forbidden} in {schema}");
    }
    let kind = schema["type"].as_str();
    assert!(kind.is_some_and(|kind| kind != "null"), "{about}: the type is one word and not null: {schema}");
    if let Some(choices) = schema["enum"].as_array() {
        assert!(choices.iter().all(Value::is_string), "{about}: {schema}");
    }
    if kind == Some("object") {
        assert!(schema["properties"].is_object(), "{about}: some model APIs want properties in every object: {schema}");
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        plain(inner, &format!("{about}.{name}"));
    }
    if let Some(items) = object.get("items") {
        plain(items, &format!("{about}[]"));
    }
}

#[tokio::test(start_paused = true)]
async fn all_four_hints_agree_with_the_name() {
    for tool in tools().await {
        let hints = &tool["annotations"];
        let hint = |hint: &str| hints[hint].as_bool().unwrap_or_else(|| panic!("{}: no {hint}", name(&tool)));
        let is_read =
            ["list_", "get_", "search_", "read_", "wait_", "poll_"].iter().any(|verb| name(&tool).starts_with(verb));
        // Taking the claimed account's token is no read: it can be taken once.
        let is_read = is_read && name(&tool) != "get_claim_status";
        assert_eq!(hint("readOnlyHint"), is_read, "{}", name(&tool));
        assert!(hint("openWorldHint"), "{}", name(&tool));
        if hint("readOnlyHint") {
            assert!(hint("idempotentHint") && !hint("destructiveHint"), "{}", name(&tool));
        }
        if name(&tool).starts_with("create_") {
            assert!(!hint("idempotentHint") && !hint("destructiveHint"), "{}", name(&tool));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn output_schemas_require_nothing_and_have_room_for_a_failure() {
    for tool in tools().await {
        let schema = &tool["outputSchema"];
        assert_eq!(schema["type"], "object", "{}", name(&tool));
        every(schema, &mut |part| {
            assert!(part.get("required").is_none_or(|value| !value.is_array()), "{}: {part}", name(&tool));
            assert!(part.get("additionalProperties").is_none_or(Value::is_object), "{}: {part}", name(&tool));
            for (field, inner) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                assert!(inner.is_object(), "{}: {field} has a boolean schema", name(&tool));
            }
            assert!(part.get("items").is_none_or(Value::is_object), "{}: {part}", name(&tool));
            assert!(part.get("$ref").is_none(), "{}: {part}", name(&tool));
            // The MCP Inspector's --strict warns of these two.
            assert!(part.get("type").is_none_or(|kind| !kind.is_array()), "{}: {part}", name(&tool));
            let says_nothing = part.as_object().is_some_and(|keys| keys.keys().all(|key| key == "description"));
            assert!(!says_nothing, "{}: a schema without a keyword", name(&tool));
        });
        assert_eq!(schema["properties"]["error"]["type"], "object", "{}", name(&tool));
        jsonschema::validator_for(schema).unwrap_or_else(|fault| panic!("{}: {fault}", name(&tool)));
    }
}

#[tokio::test(start_paused = true)]
async fn all_schemas_together_stay_slim() {
    let tools = tools().await;
    let outputs: usize = tools.iter().map(|tool| tool["outputSchema"].to_string().len()).sum();
    let all = json!({ "tools": tools }).to_string().len();
    assert!(all <= 75_000 && outputs <= 45_000, "{all} bytes in all, {outputs} of output schemas");
}

#[tokio::test(start_paused = true)]
async fn our_few_keys_are_none_of_the_apis() {
    // The keys at the root of every documented answer (api-reference, all families).
    let theirs = [
        "contracts",
        "contract",
        "milestone",
        "approval",
        "message",
        "ok",
        "contractId",
        "status",
        "actor",
        "token",
        "account",
        "featureKey",
        "namespace",
        "rolloutMode",
        "actorIsAdmin",
        "capabilities",
        "draft",
        "authBootstrap",
        "enabled",
        "credits",
        "entries",
        "payments",
        "topUpId",
        "checkoutUrl",
        "topUp",
        "events",
        "hasMore",
        "webhook",
        "webhooks",
        "secret",
        "team",
        "tokens",
        "jobs",
        "job",
        "proposals",
        "proposal",
        "conversation",
        "messages",
    ];
    // `opentrain` holds what would collide with these. No documented answer does, so no schema spends bytes on it.
    for ours in ["summary", "links", "sandbox", "leftOut", "error"] {
        assert!(!theirs.contains(&ours), "{ours} would hide a field of the API");
        for tool in tools().await {
            assert!(tool["outputSchema"]["properties"][ours].is_object(), "{}: {ours} is not described", name(&tool));
        }
    }
}

/// What a host shows a model of a tool, in tokens: a token is about four bytes of compact JSON.
fn tokens(tool: &Value) -> usize {
    let read = json!({ "name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"] });
    read.to_string().len().div_ceil(4)
}

#[tokio::test(start_paused = true)]
async fn the_two_main_tools_cost_under_700_tokens() {
    let tools = tools().await;
    let main = tools.iter().filter(|tool| ["list_contracts", "create_milestone"].contains(&name(tool)));
    let cost: usize = main.map(tokens).sum();
    assert!(cost < 700, "{cost} tokens");
}

#[tokio::test]
async fn the_instructions_and_the_default_tools_cost_under_6500_tokens() {
    let host = launch().bare();
    let initialize = host.shake_hands().await;
    let instructions = initialize["instructions"].to_string().len().div_ceil(4);
    let cost = instructions + host.tools().await.iter().map(tokens).sum::<usize>();
    assert!(cost < 6_500, "{cost} tokens, {instructions} of instructions");
}
