//! `--max-day-usd`: counted from the audit log, so it outlives a restart and holds across processes that share the log.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{is_refused, server};
use crate::harness::launch::{Launch, write_private};
use crate::harness::{Answer, Api, Gate, Host, Reply, contract, pairs, record};

/// A folder for a log.
fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    (folder, log)
}

fn limited(api: &Api, limit: &str, log: &Path) -> Launch {
    server(api).env("OPENTRAIN_MAX_DAY_USD", limit).env("OPENTRAIN_AUDIT_LOG", log.to_str().unwrap())
}

async fn bare() -> Api {
    Api::of([contract("ctr_8Kq2", &[])]).await
}

async fn create(host: &Host, name: &str, amount: impl Into<Value>) -> Answer {
    host.call("create_milestone", terms(name, amount.into())).await
}

fn terms(name: &str, amount: Value) -> Value {
    json!({ "contractId": "ctr_8Kq2", "description": "Label", "name": name, "amountUsd": amount })
}

fn is_made(answer: &Answer) -> String {
    assert!(!answer.is_error(), "{}", answer.0);
    answer.structured()["milestone"]["id"].as_str().unwrap().to_owned()
}

fn is_over(answer: &Answer, limit: &str, amount: &str) {
    is_refused(answer, "over_limit", amount);
    let details = &answer.error()["details"];
    assert_eq!((details["limitUsd"].to_string().as_str(), details["amountUsd"].to_string().as_str()), (limit, amount));
    answer.says(&["a day", "Do not split"]);
}

#[tokio::test(start_paused = true)]
async fn the_sum_is_exact_and_outlives_a_restart() {
    let (_folder, log) = folder();
    let api = bare().await;
    for name in ["a", "b", "c"] {
        let host = limited(&api, "300.30", &log).in_memory().await;
        is_made(&create(&host, name, 100.10).await);
    }
    let host = limited(&api, "300.30", &log).in_memory().await;
    let answer = create(&host, "d", 0.01).await;
    is_over(&answer, "300.3", "300.31");
    answer.says(&["$300.30 of it is used"]);
    assert_eq!(api.creates(), 3);
    let refused = record(&log).iter().filter(|line| line["phase"] == "refused").count();
    assert_eq!((record(&log).len(), refused), (7, 1), "what was refused did not begin");
}

#[tokio::test(start_paused = true)]
async fn each_milestone_counts_once_at_its_largest_figure() {
    let (_folder, log) = folder();
    let api = bare().await;
    let host = limited(&api, "300", &log).in_memory().await;
    let id = is_made(&create(&host, "a", 200).await);
    let ids = json!({ "milestoneId": id });
    host.done("request_milestone_funding", ids.clone()).await;
    host.done("request_milestone_funding", ids.clone()).await;
    api.world().decide("apr_1", "confirmed");
    host.done("request_milestone_approval", json!({ "milestoneId": id, "contractId": "ctr_8Kq2" })).await;
    is_over(&create(&host, "b", 100.01).await, "300", "300.01");
    // The same milestone has grown since.
    api.world().milestone(&id)["amountUsd"] = json!(250);
    host.done("request_milestone_approval", ids.clone()).await;
    is_over(&create(&host, "b", 50.01).await, "300", "300.01");
    api.world().milestone(&id)["amountUsd"] = json!(300.01);
    is_over(&host.failed("request_milestone_approval", ids).await, "300", "300.01");
    is_made(&create(&host, "b", 50).await);
}

#[tokio::test(start_paused = true)]
async fn funding_what_was_made_before_counts_too() {
    let (_folder, log) = folder();
    let api = bare().await;
    let ids: Vec<String> = (0..3)
        .map(|place| {
            let made = api.world().put("ctr_8Kq2", &terms(&format!("old {place}"), json!(100)));
            made["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let host = limited(&api, "250", &log).in_memory().await;
    for id in &ids[..2] {
        host.done("request_milestone_funding", json!({ "milestoneId": id })).await;
    }
    is_over(&host.failed("request_milestone_funding", json!({ "milestoneId": ids[2] })).await, "250", "300");
    assert_eq!(api.upstream.writes(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_done_and_what_existed_do_not_count() {
    let (_folder, log) = folder();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, _| {
        let refused = request.is_write() && request.body().contains("refuse me");
        refused.then(|| Reply::refusal(409, "CONFLICT", &json!({ "reason": "contract_ended" })))
    })
    .await;
    let host = limited(&api, "300", &log).in_memory().await;
    for _ in 0..3 {
        assert_eq!(create(&host, "refuse me", 300).await.error()["reason"], "contract_ended");
    }
    let id = is_made(&create(&host, "a", 200).await);
    for _ in 0..3 {
        assert_eq!(is_made(&create(&host, "a", 200).await), id);
    }
    is_made(&create(&host, "b", 100).await);
    is_over(&create(&host, "c", 0.01).await, "300", "300.01");
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_or_was_never_ended_counts() {
    let (_folder, log) = folder();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, _| {
        let lost = request.is_write() && request.body().contains("lose me");
        lost.then(|| Reply::refusal(500, "INTERNAL_ERROR", &Value::Null))
    })
    .await;
    let host = limited(&api, "300", &log).in_memory().await;
    assert_eq!(create(&host, "lose me", 100).await.error()["outcome"], "unknown");
    // A process that died in the middle left its first line only.
    let (before, _) = pairs(&record(&log)).remove(0);
    let mut orphan = before.clone();
    orphan["id"] = json!("feedfeedfeedfeed");
    let text = format!("{}{orphan}\n", std::fs::read_to_string(&log).unwrap());
    write_private(&log, &text);
    is_over(&create(&host, "a", 100.01).await, "300", "300.01");
    is_made(&create(&host, "a", 100).await);
}

#[tokio::test(start_paused = true)]
async fn yesterday_does_not_count() {
    let (folder, log) = folder();
    let api = bare().await;
    let host = limited(&api, "300", &log).in_memory().await;
    is_made(&create(&host, "a", 300).await);
    is_over(&create(&host, "b", 1).await, "300", "301");
    let today = record(&log)[0]["at"].as_str().unwrap()[..10].to_owned();
    let yesterday = today.parse::<jiff::civil::Date>().unwrap().yesterday().unwrap().to_string();
    let text =
        std::fs::read_to_string(&log).unwrap().replace(&format!("\"at\":\"{today}"), &format!("\"at\":\"{yesterday}"));
    assert!(text.contains(&yesterday), "{text}");
    let log = folder.path().join("of-yesterday.jsonl");
    write_private(&log, &text);
    let host = limited(&api, "300", &log).in_memory().await;
    is_made(&create(&host, "b", 300).await);
}

#[tokio::test(start_paused = true)]
async fn processes_that_share_the_log_never_go_beyond_it_together() {
    let (_folder, log) = folder();
    let api = bare().await;
    let mut hosts = Vec::new();
    for _ in 0..3 {
        hosts.push(limited(&api, "1000", &log).env("OPENTRAIN_MAX_MILESTONE_USD", "500").in_memory().await);
    }
    let mut calls = Vec::new();
    for place in 0..8 {
        for (number, host) in hosts.iter().enumerate() {
            let terms = terms(&format!("part {place} of {number}"), json!(90));
            calls.push((number, host.begin("create_milestone", terms).await));
        }
    }
    let mut made = 0;
    for (number, call) in calls {
        let answer = hosts[number].end(call).await;
        if answer.is_error() {
            is_over(&answer, "1000", "1080");
        } else {
            made += 1;
        }
    }
    assert_eq!((made, api.creates()), (11, 11), "11 × $90 is $990");
    let refused = record(&log).iter().filter(|line| line["phase"] == "refused").count();
    assert_eq!((record(&log).len(), refused), (22 + 13, 13));
}

#[tokio::test(start_paused = true)]
async fn open_writes_count_until_known_to_have_failed() {
    let (_folder, log) = folder();
    let gate = Gate::closed();
    let held = gate.clone();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, _| {
        let held_back = request.is_write() && request.body().contains("hold me");
        held_back.then(|| Reply::refusal(409, "CONFLICT", &Value::Null).once_open(&held))
    })
    .await;
    let host = limited(&api, "300", &log).in_memory().await;
    let call = host.begin("create_milestone", terms("hold me", json!(250))).await;
    api.upstream.has_seen(2).await;
    let other = limited(&api, "300", &log).in_memory().await;
    is_over(&create(&other, "a", 51).await, "300", "301");
    is_made(&create(&other, "a", 50).await);
    gate.open();
    assert_eq!(host.end(call).await.error()["outcome"], "not_done");
    is_made(&create(&other, "b", 250).await);
}

#[tokio::test]
async fn a_torn_line_does_not_hide_the_others() {
    let (_folder, log) = folder();
    let api = bare().await;
    let host = limited(&api, "300", &log).start().await;
    is_made(&create(&host, "a", 200).await);
    let text = std::fs::read_to_string(&log).unwrap();
    write_private(&log, &format!("{text}{{\"v\":1,\"at\":\"20"));
    is_over(&create(&host, "b", 101).await, "300", "301");
    is_made(&create(&host, "b", 100).await);
    let text = std::fs::read_to_string(&log).unwrap();
    assert_eq!(text.lines().filter(|line| serde_json::from_str::<Value>(line).is_err()).count(), 1, "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_hire_that_is_asked_for_again_counts_once() {
    let (_folder, log) = folder();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, world| {
        request.path().ends_with("/hire").then(|| {
            let (id, origin) = (request.path().split('/').nth(5).unwrap(), request.header("host")[0]);
            let approval = json!({ "id": format!("apr_{id}"), "type": "proposal_hire", "status": "pending",
                "proposalId": id, "approvalUrl": format!("http://{origin}/approvals/apr_{id}"), "expiresAt": world.ago(-60) });
            Reply::json(202, &json!({ "approval": approval, "message": "Recorded." }))
        })
    })
    .await;
    let host = limited(&api, "500", &log).in_memory().await;
    let hire = |proposal: &str, amount: u32| json!({ "proposalId": proposal, "milestone": { "name": "First", "amount": amount } });
    for _ in 0..3 {
        host.done("hire_proposal", hire("prop_1", 300)).await;
    }
    is_over(&host.failed("hire_proposal", hire("prop_2", 201)).await, "500", "501");
    is_over(&host.failed("hire_proposal", hire("prop_1", 501)).await, "500", "501");
    host.done("hire_proposal", hire("prop_2", 200)).await;
}
