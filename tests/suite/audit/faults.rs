//! A record that cannot be kept: what is not on record does not leave.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{folder, server, terms, under_way};
use crate::approvals::maria;
use crate::errors::tells_the_whole_story;
use crate::harness::api::is_create;
use crate::harness::{Answer, Api, Gate, Reply, launch, record};

/// Says that a write was refused since it could not be recorded.
fn is_refused(answer: &Answer) {
    tells_the_whole_story(answer, "audit_unavailable");
    let error = answer.error();
    assert_eq!((answer.code(), &error["reason"]), ("NOT_ALLOWED", &json!("audit_unavailable")), "{error}");
    assert_eq!((&error["outcome"], &error["retryable"]), (&json!("not_done"), &json!(false)), "{error}");
    answer.says(&["recorded first", "Nothing was sent", "operator"]);
}

/// Puts a folder in the place of the log: whoever runs this, it cannot be written to.
fn take_away(log: &Path) {
    std::fs::rename(log, log.with_extension("old")).unwrap();
    std::fs::create_dir(log).unwrap();
}

fn give_back(log: &Path) {
    std::fs::remove_dir(log).unwrap();
    std::fs::rename(log.with_extension("old"), log).unwrap();
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_the_start() {
    let (folder, log) = folder();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for bad in
        [folder.path().to_owned(), folder.path().join("file/audit.jsonl"), folder.path().join("no/such/folder.jsonl")]
    {
        let ran = launch().args(["--audit-log", bad.to_str().unwrap()]).run().await;
        assert_ne!(ran.status, Some(0), "{bad:?}: {ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.contains("audit log"), "{bad:?}: {ran:?}");
        assert!(ran.stderr.contains(bad.to_str().unwrap()) && !ran.stderr.contains("panicked"), "{bad:?}: {ran:?}");
    }
    assert!(!log.exists());
}

#[tokio::test]
async fn a_write_that_cannot_be_recorded_does_not_leave() {
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let host = server(&api, &log).start().await;
    take_away(&log);
    for (tool, arguments) in [
        ("create_milestone", terms()),
        ("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })),
        ("end_contract", json!({ "contractId": "ctr_8Kq2" })),
    ] {
        is_refused(&host.failed(tool, arguments).await);
    }
    assert_eq!(api.upstream.writes(), 0);
    host.done("list_contracts", json!({})).await;
    // Nothing is missing on record, so it goes on when the log is back.
    give_back(&log);
    host.done("create_milestone", terms()).await;
    assert_eq!(record(&log).len(), 2);
}

#[tokio::test]
async fn a_held_log_refuses_the_write_after_a_wait() {
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let host = server(&api, &log).start().await;
    let held = std::fs::File::options().append(true).open(&log).unwrap();
    held.lock().unwrap();
    let began = Instant::now();
    is_refused(&host.failed("create_milestone", terms()).await);
    assert!(began.elapsed() < Duration::from_secs(30), "the wait is bounded: {:?}", began.elapsed());
    assert_eq!(api.upstream.writes(), 0);
    held.unlock().unwrap();
    host.done("create_milestone", terms()).await;

    // What is let go in time is no fault.
    held.lock().unwrap();
    let call = host.begin("end_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    host.tools().await;
    held.unlock().unwrap();
    assert!(!host.end(call).await.is_error());
}

/// An API that holds creates back until the gate opens, and sends `reply` then, or what was stored.
async fn holding(gate: &Gate, reply: Option<Reply>) -> Api {
    let gate = gate.clone();
    Api::meddled([maria()], move |request, world| {
        is_create(request).then(|| match &reply {
            Some(reply) => reply.clone().once_open(&gate),
            None => Reply::json(201, &world.store(request)).once_open(&gate),
        })
    })
    .await
}

#[tokio::test]
async fn an_unwritten_second_line_is_kept_and_pauses_writes() {
    let (_folder, log) = folder();
    let gate = Gate::closed();
    let api = holding(&gate, None).await;
    let (host, call) = under_way(&api, &log).await;
    take_away(&log);
    gate.open();
    let answer = host.end(call).await;
    assert!(!answer.is_error(), "it is done, and that is told: {}", answer.0);
    assert_eq!(answer.structured()["outcome"], "created");
    answer.says(&["WARNING", "record could not be written", "writes are refused until then"]);
    for (tool, arguments) in
        [("create_milestone", with_name("another")), ("end_contract", json!({ "contractId": "ctr_8Kq2" }))]
    {
        is_refused(&host.failed(tool, arguments).await);
    }
    host.done("list_contracts", json!({})).await;
    // When the log is back the line that was kept comes first, and writes go on.
    give_back(&log);
    host.done("create_milestone", with_name("another")).await;
    let lines = record(&log);
    let ids: Vec<&Value> = lines.iter().map(|line| &line["id"]).collect();
    assert_eq!((ids.len(), ids[0], ids[2]), (4, ids[1], ids[3]), "{lines:#?}");
}

fn with_name(name: &str) -> Value {
    let mut terms = terms();
    terms["name"] = json!(name);
    terms
}

#[tokio::test]
async fn a_failure_is_told_with_the_same_warning() {
    let (_folder, log) = folder();
    let gate = Gate::closed();
    let api = holding(&gate, Some(Reply::refusal(409, "CONFLICT", &json!({ "reason": "contract_ended" })))).await;
    let (host, call) = under_way(&api, &log).await;
    take_away(&log);
    gate.open();
    let answer = host.end(call).await;
    assert_eq!(answer.error()["reason"], "contract_ended");
    is_refused(&host.failed("create_milestone", with_name("another")).await);
    answer.says(&["could not be written", "writes are refused until then"]);
}

#[tokio::test]
async fn an_approval_is_given_with_a_warning_too() {
    let (_folder, log) = folder();
    let gate = Gate::closed();
    let held = gate.clone();
    let api = Api::meddled([maria()], move |request, world| {
        request.is_write().then(|| world.answer(request).once_open(&held))
    })
    .await;
    let host = server(&api, &log).start().await;
    let call = host.begin("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    api.upstream.has_seen(1).await;
    take_away(&log);
    gate.open();
    let answer = host.end(call).await;
    answer.says(&["WAITING FOR A PERSON", "WARNING", "record could not be written"]);
    assert!(answer.text().starts_with("WAITING FOR A PERSON"), "{}", answer.text());
}

#[tokio::test]
async fn a_stop_that_cannot_be_recorded_is_told_on_stderr() {
    let (_folder, log) = folder();
    let gate = Gate::closed();
    let api = holding(&gate, None).await;
    let (host, _) = under_way(&api, &log).await;
    take_away(&log);
    host.signal("TERM");
    host.exit_within(Duration::from_secs(10)).await;
    host.stderr_says("audit log").await;
}
