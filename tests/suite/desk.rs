//! Prompts, the completion of their arguments, and resources.

use serde_json::{Value, json};

use crate::harness::{Host, Reply, STATELESS, Upstream, contract, free_port, launch, milestone};

async fn refusal_of(host: &Host, method: &str, params: Value) -> Value {
    let id = host.ask(method, params).await;
    let message = host.reply_to(id).await;
    assert!(!message["error"].is_null(), "{method} was expected to fail: {message}");
    message["error"].clone()
}

async fn prompt(host: &Host, name: &str, arguments: Value) -> String {
    let result = host.result_of("prompts/get", json!({ "name": name, "arguments": arguments })).await;
    result["messages"][0]["content"]["text"].as_str().unwrap().to_owned()
}

async fn completed(host: &Host, reference: Value, argument: &str, typed: &str) -> Value {
    let params = json!({ "ref": reference, "argument": { "name": argument, "value": typed } });
    host.result_of("completion/complete", params).await["completion"].clone()
}

/// An account with two contracts and a job.
async fn account() -> Upstream {
    Upstream::answering(|request, _| match request.path() {
        "/api/public/v1/contracts" => {
            let mut other = contract("ctr_Zz9", &[]);
            other["title"] = json!("Voice recordings");
            Reply::json(200, &json!({ "contracts": [contract("ctr_8Kq2", &[milestone("ms_1")]), other] }))
        }
        "/api/public/v1/contracts/ctr_8Kq2" => Reply::json(200, &json!({ "contract": contract("ctr_8Kq2", &[]) })),
        _ => Reply::refusal(404, "NOT_FOUND", &Value::Null),
    })
    .await
}

#[tokio::test]
async fn the_prompts_name_the_tools_as_they_are_listed() {
    let host = launch().sandbox(free_port()).args(["--tool-prefix", "ot_"]).start().await;
    let listed = host.result_of("prompts/list", json!({})).await;
    let names: Vec<&str> =
        listed["prompts"].as_array().unwrap().iter().map(|prompt| prompt["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["weekly_review", "plan_milestones", "hire_for_job", "pay_day"]);
    let text =
        prompt(&host, "plan_milestones", json!({ "contractId": "ctr_8Kq2", "budgetUsd": "1,300.50", "parts": "3" }))
            .await;
    for part in ["ctr_8Kq2", "$1,300.50", "3 of them", "ot_create_milestone", "ot_get_contract", "before I agree"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for name in ["weekly_review", "pay_day"] {
        assert!(prompt(&host, name, json!({})).await.contains("ot_list_contracts"), "{name}");
    }
    assert!(prompt(&host, "hire_for_job", json!({ "jobId": "job_8Lx2" })).await.contains("job_8Lx2"));
}

#[tokio::test]
async fn a_prompt_without_its_tool_is_not_offered() {
    let host = launch().sandbox(free_port()).args(["--read-only"]).start().await;
    let listed = host.result_of("prompts/list", json!({})).await.to_string();
    assert!(listed.contains("weekly_review") && !listed.contains("pay_day"), "{listed}");
    let refused = refusal_of(&host, "prompts/get", json!({ "name": "pay_day" })).await;
    assert_eq!(refused["code"], -32602, "{refused}");
}

#[tokio::test]
async fn a_wrong_prompt_or_argument_is_named() {
    let host = launch().sandbox(free_port()).start().await;
    for (params, part) in [
        (json!({ "name": "payday" }), "pay_day was probably meant"),
        (json!({ "name": "plan_milestones" }), "contractId is missing"),
        (json!({ "name": "plan_milestones", "arguments": { "contractId": " " } }), "contractId is missing"),
        (
            json!({ "name": "plan_milestones", "arguments": { "contractId": "c", "budgetUsd": "-5" } }),
            "budgetUsd must be",
        ),
        (json!({ "name": "plan_milestones", "arguments": { "contractId": "c", "parts": "2.5" } }), "parts must be"),
        (json!({ "name": "pay_day", "arguments": { "contractId": "c" } }), "has no argument"),
        (json!({ "arguments": {} }), "name"),
    ] {
        let refused = refusal_of(&host, "prompts/get", params.clone()).await;
        assert_eq!(refused["code"], -32602, "{params}: {refused}");
        assert!(refused["message"].as_str().unwrap().contains(part), "{params}: {refused}");
    }
}

#[tokio::test]
async fn arguments_are_completed_with_ids_of_the_account() {
    let upstream = account().await;
    let host = launch().at(&upstream).start().await;
    let plan = json!({ "type": "ref/prompt", "name": "plan_milestones" });
    let template = json!({ "type": "ref/resource", "uri": "opentrain://contracts/{contractId}" });
    for (typed, ids) in [
        ("", vec!["ctr_8Kq2", "ctr_Zz9"]),
        ("ctr_z", vec!["ctr_Zz9"]),
        ("VOICE", vec!["ctr_Zz9"]),
        ("maria", vec!["ctr_8Kq2", "ctr_Zz9"]),
        ("nobody", vec![]),
    ] {
        for reference in [&plan, &template] {
            let completion = completed(&host, reference.clone(), "contractId", typed).await;
            assert_eq!(completion["values"], json!(ids), "{typed}");
            assert_eq!((&completion["total"], &completion["hasMore"]), (&json!(ids.len()), &json!(false)));
        }
    }
    assert_eq!(upstream.requests().len(), 1, "the list is kept for a minute");
    assert_eq!(completed(&host, plan, "budgetUsd", "3").await["values"], json!([]));
    let unknown = json!({ "ref": { "type": "ref/prompt", "name": "no" }, "argument": { "name": "x", "value": "" } });
    assert_eq!(refusal_of(&host, "completion/complete", unknown).await["code"], -32602);
}

#[tokio::test]
async fn an_account_that_cannot_be_read_completes_nothing() {
    let host = launch().env("OPENTRAIN_API_BASE_URL", "http://127.0.0.1:1").start().await;
    let reference = json!({ "type": "ref/prompt", "name": "hire_for_job" });
    assert_eq!(completed(&host, reference, "jobId", "").await["values"], json!([]));
}

#[tokio::test]
async fn a_resource_has_the_words_of_its_tool() {
    let upstream = account().await;
    let host = launch().at(&upstream).start().await;
    let templates = host.result_of("resources/templates/list", json!({})).await;
    let uris: Vec<&Value> =
        templates["resourceTemplates"].as_array().unwrap().iter().map(|template| &template["uriTemplate"]).collect();
    assert!(uris.contains(&&json!("opentrain://contracts/{contractId}")), "{templates}");
    let read = host.result_of("resources/read", json!({ "uri": "opentrain://contracts/ctr_8Kq2" })).await;
    let said = host.done("get_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    assert_eq!(read["contents"][0]["text"], said.text());
    assert_eq!(read["contents"][0]["uri"], "opentrain://contracts/ctr_8Kq2");
}

#[tokio::test]
async fn the_writes_of_today_are_a_listed_resource() {
    let upstream = account().await;
    let host = launch().at(&upstream).args(["--max-milestone-usd", "50"]).start().await;
    let listed = host.result_of("resources/list", json!({})).await;
    assert_eq!(listed["resources"][0]["uri"], "opentrain://record/today", "{listed}");
    let today = async || {
        let read = host.result_of("resources/read", json!({ "uri": "opentrain://record/today" })).await;
        read["contents"][0]["text"].as_str().unwrap().to_owned()
    };
    assert!(today().await.contains(": 0 writes."), "{}", today().await);
    host.failed("send_message", json!({ "conversationId": "cnv_1", "content": "Hello" })).await;
    host.failed("create_milestone", json!({ "contractId": "ctr_8Kq2", "description": "d", "amountUsd": 60 })).await;
    let text = today().await;
    for part in [": 1 write", "send_message · not_done", "create_milestone · refused by the operator's rule over_limit"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn an_unknown_resource_has_the_code_of_the_revision() {
    for (revision, code) in [("2025-11-25", -32002), (STATELESS, -32602)] {
        let upstream = account().await;
        let host = launch().at(&upstream).speaking(revision).start().await;
        for uri in [
            "opentrain://contracts/ctr_none",
            "opentrain://contracts/",
            "opentrain://contracts/a/b",
            "file:///etc/passwd",
        ] {
            let refused = refusal_of(&host, "resources/read", json!({ "uri": uri })).await;
            assert_eq!(refused["code"], code, "{revision} {uri}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_resource_that_cannot_be_read_says_why() {
    let upstream = Upstream::scripted([Reply::refusal(401, "UNAUTHORIZED", &Value::Null)]).await;
    let host = launch().at(&upstream).start().await;
    let refused = refusal_of(&host, "resources/read", json!({ "uri": "opentrain://contracts/c" })).await;
    assert_eq!(refused["code"], -32603, "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("OT_API_TOKEN"), "{refused}");
}
