//! What holds for every tool.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{
    Answer, Host, Reply, STATELESS, Upstream, contract, contracts, every, free_port, launch, milestone, press,
};

/// Arguments with which `tool` can be called: what it requires, and what the sandbox knows.
pub(crate) fn plausible(tool: &Value) -> Value {
    let schema = &tool["inputSchema"];
    let value = |parameter: &str| match (parameter, schema["properties"][parameter]["type"].as_str()) {
        ("contractId", _) => json!("ctr_8Kq2"),
        ("milestoneId", _) => json!("ms_1aXf"),
        ("approvalId", _) => json!("apr_6Yt"),
        ("email", _) => json!("owner@example.com"),
        ("milestone", _) => json!({ "description": "Label it", "amount": 300 }),
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
    launch().start().await.tools().await
}

fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap()
}

#[tokio::test]
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

#[tokio::test]
async fn each_tool_is_named_after_its_type() {
    let mut source = String::new();
    for folder in ["src/api", "src/tools"] {
        for entry in std::fs::read_dir(crate::root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
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

#[tokio::test]
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

#[tokio::test]
async fn each_parameter_is_described() {
    for tool in tools().await {
        for (parameter, schema) in tool["inputSchema"]["properties"].as_object().unwrap() {
            let described = schema["description"].as_str().is_some_and(|text| text.len() > 5);
            assert!(described, "{}.{parameter}: {schema}", name(&tool));
        }
    }
}

#[tokio::test]
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

#[tokio::test]
async fn all_four_hints_are_there_and_agree_with_each_other_and_with_the_name() {
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

#[tokio::test]
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
        });
        let error = &schema["properties"]["error"]["properties"];
        for part in [
            "status",
            "code",
            "message",
            "reason",
            "field",
            "requestId",
            "action",
            "claimUrl",
            "approvalUrl",
            "billingUrl",
            "details",
            "outcome",
            "retryable",
            "hint",
        ] {
            assert!(error[part].is_object(), "{}: error.{part}", name(&tool));
        }
        jsonschema::validator_for(schema).unwrap_or_else(|fault| panic!("{}: {fault}", name(&tool)));
    }
}

#[tokio::test]
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
    for ours in ["summary", "outcome", "links", "total", "sandbox", "leftOut", "error", "opentrain"] {
        assert!(!theirs.contains(&ours), "{ours} would hide a field of the API");
        for tool in tools().await {
            assert!(tool["outputSchema"]["properties"][ours].is_object(), "{}: {ours} is not described", name(&tool));
        }
    }
}

#[tokio::test]
async fn the_two_heart_tools_cost_a_model_less_than_700_tokens() {
    let mut bytes = 0;
    for tool in tools().await {
        if ["list_contracts", "create_milestone"].contains(&name(&tool)) {
            let read =
                json!({ "name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"] });
            bytes += read.to_string().len();
        }
    }
    assert!(bytes / 4 < 700, "{} tokens", bytes / 4);
}

/// The reference's own approval (api-reference/milestones/fund).
fn pending() -> Value {
    json!({ "id": "apr_6Yt", "type": "milestone_fund", "status": "pending", "milestoneId": "m", "contractId": "c",
        "approvalUrl": "https://app.opentrain.ai/approvals/apr_6Yt", "expiresAt": "2026-06-15T10:00:00.000Z" })
}

/// Every answer that is checked in both channels: each tool's success, and failures of each.
async fn answers() -> Vec<(String, Value, Answer)> {
    let host = launch().sandbox(free_port()).start().await;
    let tools = host.tools().await;
    let mut answers = Vec::new();
    for claimed in [false, true] {
        for tool in &tools {
            let arguments = plausible(tool);
            let answer = host.call(name(tool), arguments.clone()).await;
            answers.push((format!("{} in the sandbox, claimed: {claimed}", name(tool)), tool.clone(), answer));
            // A tool without parameters takes any key: hosts that cannot call without one add it.
            if tool["inputSchema"]["properties"].as_object().is_some_and(|properties| !properties.is_empty()) {
                let answer = host.failed(name(tool), json!({ "zzz": 1 })).await;
                answers.push((format!("{} with a wrong argument", name(tool)), tool.clone(), answer));
            }
        }
        if !claimed {
            let mut urls = answers.iter().filter_map(|(_, _, answer)| answer.error()["claimUrl"].as_str());
            press(urls.next().expect("the account is unclaimed at first")).await;
        }
    }
    let mut runs = Vec::new();
    for (about, reply) in [
        (
            "a refusal with everything",
            Reply::json(
                409,
                &json!({ "error": "No.", "code": "CONFLICT", "requestId": "r-77",
            "details": { "reason": "of_tomorrow", "field": "amountUsd", "action": "pay", "claimUrl": "https://x.example/c",
                "approvalUrl": "https://x.example/a", "billingUrl": "https://x.example/b", "more": [1, null] } }),
            ),
        ),
        ("a refusal with odd details", Reply::json(400, &json!({ "error": "No.", "code": "X", "details": ["a", 1] }))),
        ("a refusal without details", Reply::refusal(404, "NOT_FOUND", &Value::Null)),
        ("a page of HTML", Reply::new(502, "<html>")),
        (
            "an odd success",
            Reply::json(
                200,
                &json!({ "contracts": [null, { "id": 7, "milestones": [{ "volume": "x" }] }],
            "contract": { "id": null, "freelancer": 5 }, "milestone": { "name": null }, "actor": { "userId": 7 },
            "token": null, "capabilities": { "x": "y" }, "approval": { "id": 7 }, "payments": [null, { "amountUsd": "x" }] }),
            ),
        ),
        (
            "a full success",
            Reply::json(
                200,
                &json!({ "contracts": contracts(2)["contracts"], "contract": contract("c", &[milestone("m")]),
            "milestone": milestone("m"), "actor": { "userId": "u" }, "token": { "scopes": ["payments:write"] }, "capabilities": {}, "approval": pending(), "payments": [] }),
            ),
        ),
    ] {
        let tools = tools.clone();
        runs.push(tokio::spawn(async move {
            let upstream = Upstream::scripted([reply]).await;
            let host = launch().at(&upstream).start().await;
            let mut begun = Vec::new();
            for tool in tools {
                begun.push((host.begin(name(&tool), plausible(&tool)).await, tool));
            }
            let mut answers = Vec::new();
            for (id, tool) in begun {
                answers.push((format!("{}: {about}", name(&tool)), tool, host.end(id).await));
            }
            answers
        }));
    }
    for run in runs {
        answers.extend(run.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn every_answer_is_told_in_either_channel_alone_and_fits_its_schema() {
    for (about, tool, answer) in answers().await {
        let structured = answer.structured();
        assert!(structured.is_object(), "{about}: {}", answer.0);
        let validator = jsonschema::validator_for(&tool["outputSchema"]).unwrap();
        let faults: Vec<String> = validator.iter_errors(structured).map(|fault| fault.to_string()).collect();
        if !about.contains("odd success") {
            assert!(faults.is_empty(), "{about}: {faults:#?}\n{structured}");
        }
        if answer.is_error() {
            crate::errors::tells_the_whole_story(&answer, &about);
        } else {
            tells_a_success(&answer, name(&tool), &about);
        }
    }
}

/// What every success says in each channel.
fn tells_a_success(answer: &Answer, tool: &str, about: &str) {
    let structured = answer.structured();
    let summary = structured["summary"].as_str().unwrap_or_else(|| panic!("{about}: no summary"));
    assert!(!summary.is_empty(), "{about}");
    let first = structured.as_object().unwrap().keys().next().unwrap();
    assert_eq!(first, "summary", "{about}: hosts cut from the end");
    assert!(!answer.text().trim_start().starts_with('{'), "{about}: the text is for reading, not the JSON again");
    assert!(answer.text().len() > 10, "{about}: {}", answer.text());
    // Ids that a next call needs are in the text too.
    let ids: &[&str] = match tool {
        "list_contracts" => &["/contracts/0/id", "/contracts/0/milestones/0/id", "/nextCursor"],
        "get_contract" => &["/contract/id", "/contract/milestones/0/id"],
        "create_milestone" => &["/milestone/id"],
        "list_pending_payments" => &["/payments/0/id"],
        "get_approval" | "wait_for_approval" | "end_contract" => &["/approval/id", "/approval/approvalUrl"],
        _ if tool.starts_with("request_") => &["/approval/id", "/approval/approvalUrl"],
        _ => &[],
    };
    for pointer in ids {
        if let Some(id) = structured.pointer(pointer).and_then(Value::as_str) {
            answer.says(&[id]);
        }
    }
    // What comes next is in the data too, and each call that is named exists.
    if let Some((_, next)) = answer.text().rsplit_once("Next: ") {
        assert!(summary.contains(next.trim()), "{about}: {next:?} is missing from the summary {summary:?}");
    }
    if structured.get("milestone").is_some() && about.starts_with("create_milestone") {
        assert_eq!(structured["outcome"], "created", "{about}");
        assert!(summary.contains("NOT funded"), "{about}: {summary}");
    }
}

#[tokio::test]
async fn fields_that_are_absent_or_null_fit_the_schema() {
    for absent in [true, false] {
        let emptied = |full: Value| -> Value {
            let fields = full.as_object().unwrap().clone().into_iter();
            if absent { json!({}) } else { Value::Object(fields.map(|(name, _)| (name, Value::Null)).collect()) }
        };
        // A write is told as done only where the answer names what it made.
        let identified = |mut emptied: Value| {
            emptied["id"] = json!("x");
            emptied
        };
        let (one, part) = (emptied(contract("c", &[])), identified(emptied(milestone("m"))));
        let body = json!({ "contracts": [one, { "milestones": [part] }], "contract": one, "milestone": part,
            "actor": {}, "token": null, "account": null, "capabilities": {}, "rolloutMode": null,
            "approval": identified(emptied(pending())), "payments": [{ "id": null, "job": {}, "milestone": null }],
            "jobId": "j", "proposalId": "p", "conversationId": "c", "topUpId": "t", "totalJobs": 0, "jobs": [{}],
            "changes": [{}], "proposals": [{}], "proposal": {}, "interview": {}, "freelancer": {}, "conversations": [{}],
            "credits": {}, "entries": [{}], "topUp": {}, "events": [{}] });
        let upstream = Upstream::giving(&body).await;
        let host = launch().at(&upstream).start().await;
        for tool in host.tools().await {
            // Registering and claiming are nothing without the tokens that they give.
            if ["register_agent", "claim_account", "get_claim_status", "send_message"].contains(&name(&tool)) {
                continue;
            }
            let answer = host.done(name(&tool), plausible(&tool)).await;
            let validator = jsonschema::validator_for(&tool["outputSchema"]).unwrap();
            let faults: Vec<String> =
                validator.iter_errors(answer.structured()).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{}, absent: {absent}: {faults:#?}", name(&tool));
        }
    }
}

#[tokio::test]
async fn the_sandbox_says_in_both_channels_that_nothing_is_real() {
    for revision in ["2025-11-25", STATELESS] {
        let host: Host = launch().sandbox(free_port()).speaking(revision).start().await;
        for tool in host.tools().await {
            for arguments in [plausible(&tool), json!({ "zzz": 1 })] {
                let answer = host.call(name(&tool), arguments).await;
                assert!(answer.text().starts_with("SANDBOX, nothing real"), "{}: {}", name(&tool), answer.text());
                assert_eq!(answer.structured()["sandbox"], true, "{}", name(&tool));
            }
        }
    }
    let upstream = Upstream::giving(&contracts(1)).await;
    let host = launch().at(&upstream).start().await;
    let answer = host.done("list_contracts", json!({})).await;
    assert!(answer.structured().get("sandbox").is_none() && !answer.text().contains("SANDBOX"));
}
