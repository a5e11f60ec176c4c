//! What holds for the answers of every tool.

use serde_json::{Value, json};

use super::{name, plausible};
use crate::harness::{
    Answer, Host, Reply, STATELESS, Upstream, contract, contracts, free_port, launch, milestone, press,
};

/// The reference's own approval (api-reference/milestones/fund).
fn pending() -> Value {
    json!({ "id": "apr_6Yt", "type": "milestone_fund", "status": "pending", "milestoneId": "m", "contractId": "c",
        "approvalUrl": "https://app.opentrain.ai/approvals/apr_6Yt", "expiresAt": "2026-06-15T10:00:00.000Z" })
}

/// Every answer that is checked in both channels: each tool's success, and failures of each.
async fn answers() -> Vec<(String, Value, Answer)> {
    let host = launch().sandbox(free_port()).in_memory().await;
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
            let host = launch().at(&upstream).in_memory().await;
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

#[tokio::test(start_paused = true)]
async fn every_answer_is_whole_in_either_channel() {
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

#[tokio::test(start_paused = true)]
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
        let host = launch().at(&upstream).in_memory().await;
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
