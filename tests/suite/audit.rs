//! The record: two lines for each write, the first on disk before the request leaves.

mod faults;
mod place;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::approvals::maria;
use crate::harness::api::is_create;
use crate::harness::launch::{Launch, write_private};
use crate::harness::{Api, Gate, Host, Reply, SECRET, STATELESS, TOKEN, contract, launch, pairs, record, recorded};

/// A folder for a log, and the log.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    (folder, log)
}

fn server(api: &Api, log: &Path) -> Launch {
    launch().at(&api.upstream).args(["--audit-log", log.to_str().unwrap()])
}

fn terms() -> Value {
    json!({ "contractId": "ctr_8Kq2", "description": "Third batch", "amountUsd": 100 })
}

/// The two lines of the one write that was recorded.
fn only(log: &Path) -> (Value, Value) {
    let lines = record(log);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    pairs(&lines).remove(0)
}

#[tokio::test]
async fn a_write_has_two_lines_with_the_documented_fields() {
    for revision in ["2025-11-25", STATELESS] {
        let (_folder, log) = folder();
        let api = Api::of([maria()]).await;
        let host = server(&api, &log).speaking(revision).named("desk").start().await;
        let mut arguments = terms();
        arguments["allowDuplicate"] = json!(false);
        host.done("create_milestone", arguments).await;
        let (before, after) = only(&log);
        for (line, phase) in [(&before, "before"), (&after, "after")] {
            assert_eq!((&line["v"], &line["phase"]), (&json!(1), &json!(phase)), "{line}");
            assert_eq!(
                (&line["tool"], &line["client"]),
                (&json!("create_milestone"), &json!("desk 1")),
                "{revision}: {line}"
            );
            for (name, value) in terms().as_object().unwrap() {
                assert_eq!(&line["arguments"][name], value, "{line}");
            }
            let at: jiff::Timestamp = line["at"].as_str().unwrap().parse().unwrap();
            assert!(jiff::Timestamp::now().duration_since(at).as_secs() < 60, "{line}");
            assert!(line["at"].as_str().unwrap().ends_with('Z'), "UTC: {line}");
        }
        assert_eq!(before["id"], after["id"]);
        assert!(before["id"].as_str().is_some_and(|id| id.len() >= 8), "{before}");
        assert!(before["outcome"].is_null() && before["milestoneId"].is_null(), "{before}");
        assert_eq!((&after["outcome"], &after["milestoneId"]), (&json!("created"), &api.milestones()[2]["id"]));
        let amount: f64 = before["amountUsd"]
            .as_str()
            .map_or_else(|| before["amountUsd"].to_string(), str::to_owned)
            .parse()
            .unwrap();
        assert!((amount - 100.0).abs() < f64::EPSILON, "{before}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let _host = server(&api, &log).start().await;
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn the_first_line_is_on_disk_when_the_request_arrives() {
    let (_folder, log) = folder();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (reading, noted) = (log.clone(), Arc::clone(&seen));
    let api = Api::meddled([maria()], move |request, _| {
        if request.is_write() {
            noted.lock().unwrap().push(std::fs::read_to_string(&reading).unwrap());
        }
        None
    })
    .await;
    let host = server(&api, &log).start().await;
    host.done("create_milestone", terms()).await;
    host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    host.done("request_milestone_approval", json!({ "milestoneId": "ms_1aXf" })).await;
    host.done("end_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    let tools = ["create_milestone", "request_milestone_funding", "request_milestone_approval", "end_contract"];
    for (place, (text, tool)) in seen.lock().unwrap().iter().zip(tools).enumerate() {
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(text.ends_with('\n') && lines.len() == 2 * place + 1, "{tool}: {text}");
        let last = lines.last().unwrap();
        assert_eq!((&last["phase"], &last["tool"]), (&json!("before"), &json!(tool)));
    }
    assert_eq!(record(&log).len(), 8);
}

#[tokio::test]
async fn each_outcome_stands_on_record() {
    type Meddling = fn(&crate::harness::upstream::Request, &mut crate::harness::World) -> Option<Reply>;
    let plain: Meddling = |_, _| None;
    let lost: Meddling = |request, world| {
        is_create(request).then(|| {
            world.store(request);
            Reply::reset()
        })
    };
    let refused: Meddling = |request, _| {
        request.is_write().then(|| Reply::refusal(409, "CONFLICT", &json!({ "reason": "contract_ended" })))
    };
    let broken: Meddling = |request, _| request.is_write().then(|| Reply::refusal(500, "INTERNAL_ERROR", &Value::Null));
    let vanished: Meddling = |request, _| request.is_write().then(Reply::reset);
    let ended: Meddling = |_, world| {
        world.contracts[0]["milestones"] = json!([]);
        None
    };
    let fund = json!({ "milestoneId": "ms_7Rtd" });
    let end = json!({ "contractId": "ctr_8Kq2" });
    for (tool, arguments, meddle, outcome, also) in [
        ("create_milestone", terms(), plain, "created", json!({ "milestoneId": "ms_new1" })),
        ("create_milestone", terms(), lost, "recovered", json!({ "milestoneId": "ms_new1" })),
        ("create_milestone", terms(), refused, "not_done", json!({ "code": "CONFLICT", "requestId": "req-9d1f3a8e" })),
        (
            "create_milestone",
            terms(),
            broken,
            "unknown",
            json!({ "code": "INTERNAL_ERROR", "requestId": "req-9d1f3a8e" }),
        ),
        (
            "request_milestone_funding",
            fund.clone(),
            plain,
            "pending_approval",
            json!({ "milestoneId": "ms_7Rtd", "approvalId": "apr_1" }),
        ),
        (
            "request_milestone_funding",
            fund.clone(),
            refused,
            "not_done",
            json!({ "milestoneId": "ms_7Rtd", "requestId": "req-9d1f3a8e" }),
        ),
        ("request_milestone_funding", fund, vanished, "unknown", json!({ "milestoneId": "ms_7Rtd" })),
        ("end_contract", end.clone(), ended, "done", json!({})),
        ("end_contract", end, plain, "pending_approval", json!({ "approvalId": "apr_1" })),
    ] {
        let (_folder, log) = folder();
        let api = Api::meddled([maria()], meddle).await;
        let host = server(&api, &log).start().await;
        host.call(tool, arguments).await;
        let (_, after) = only(&log);
        assert_eq!((&after["tool"], &after["outcome"]), (&json!(tool), &json!(outcome)), "{after}");
        for (name, value) in also.as_object().unwrap() {
            assert_eq!(&after[name], value, "{tool} {outcome}: {after}");
        }
    }
}

#[tokio::test]
async fn what_is_no_write_is_not_recorded() {
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let host = server(&api, &log).start().await;
    host.done("list_contracts", json!({})).await;
    host.done("get_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    host.failed("get_approval", json!({ "approvalId": "apr_404" })).await;
    // Refused before anything left.
    host.failed("create_milestone", json!({ "contractId": "ctr_8Kq2", "description": " " })).await;
    host.failed("create_milestone", json!({ "contractId": "ctr_8Kq2" })).await;
    assert_eq!(record(&log), [Value::Null; 0]);
    // Nothing is made where it exists already.
    host.done("create_milestone", terms()).await;
    host.done("create_milestone", terms()).await;
    assert_eq!(record(&log).len(), 2);
}

#[tokio::test]
async fn a_write_with_the_token_in_it_is_refused() {
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let host = server(&api, &log).start().await;
    for field in ["description", "name", "contractId"] {
        let mut arguments = terms();
        arguments[field] = json!(format!("Use {TOKEN} to log in"));
        let refused = host.failed("create_milestone", arguments).await;
        assert_eq!((&refused.error()["field"], &refused.error()["outcome"]), (&json!(field), &json!("not_done")));
        refused.says(&["secret token"]);
        assert!(!refused.0.to_string().contains(SECRET), "{}", refused.0);
    }
    assert_eq!(api.upstream.requests().len(), 0);
    assert_eq!(record(&log), [Value::Null; 0]);
}

#[tokio::test]
async fn what_a_client_says_it_is_cannot_break_a_line() {
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let host = server(&api, &log).named("evil\n{\"v\":1}\u{202e}").start().await;
    let mut arguments = terms();
    arguments["description"] = json!("two\nlines\r\nand \u{2028} more");
    host.done("create_milestone", arguments.clone()).await;
    let (before, _) = only(&log);
    assert_eq!(before["arguments"]["description"], arguments["description"]);
    assert_eq!(before["client"], "evil\n{\"v\":1}\u{202e} 1");
}

#[tokio::test]
async fn processes_that_share_a_file_interleave_whole_lines() {
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let mut hosts = Vec::new();
    for number in 0..3 {
        hosts.push(server(&api, &log).named(&format!("host-{number}")).start().await);
    }
    let wordy = "x".repeat(5_000);
    let mut calls = Vec::new();
    for place in 0..10 {
        for (number, host) in hosts.iter().enumerate() {
            let mut arguments = terms();
            arguments["name"] = json!(format!("{place} of {number}"));
            arguments["description"] = json!(wordy);
            calls.push((number, host.begin("create_milestone", arguments).await));
        }
    }
    for (number, call) in calls {
        let answer = hosts[number].end(call).await;
        assert!(!answer.is_error(), "{}", answer.0);
    }
    let lines = record(&log);
    let pairs = pairs(&lines);
    assert_eq!((lines.len(), pairs.len()), (60, 30));
    let mut ids: Vec<&Value> = pairs.iter().map(|(before, _)| &before["id"]).collect();
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 30, "no id is given twice");
    for number in 0..3 {
        let own = pairs.iter().filter(|(before, _)| before["client"] == format!("host-{number} 1"));
        assert_eq!(own.count(), 10);
    }
}

#[tokio::test]
async fn a_stop_leaves_no_write_open() {
    for stop in ["TERM", "HUP"] {
        let (_folder, log) = folder();
        let api = Api::meddled([maria()], |request, _| request.is_write().then(Reply::hang)).await;
        let host = server(&api, &log).start().await;
        host.begin("create_milestone", terms()).await;
        host.begin("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
        // The look before the create, and the two writes.
        api.upstream.has_seen(3).await;
        host.signal(stop);
        host.exit_within(Duration::from_secs(10)).await;
        let lines = record(&log);
        let both = pairs(&lines);
        assert_eq!((lines.len(), both.len()), (4, 2), "{stop}: {lines:#?}");
        for (_, after) in both {
            assert_eq!(after["outcome"], "unknown", "{stop}: {after}");
        }
    }
}

#[tokio::test]
async fn input_end_lets_a_write_finish() {
    let (_folder, log) = folder();
    let gate = Gate::closed();
    let held = gate.clone();
    let api = Api::meddled([maria()], move |request, world| {
        is_create(request).then(|| Reply::json(201, &world.store(request)).once_open(&held))
    })
    .await;
    let host = server(&api, &log).start().await;
    host.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    host.close_input().await;
    gate.open();
    host.exit_within(Duration::from_secs(10)).await;
    assert_eq!(only(&log).1["outcome"], "created");
}

#[tokio::test]
async fn a_death_leaves_the_line_before() {
    let (_folder, log) = folder();
    let api = Api::meddled([maria()], |request, _| request.is_write().then(Reply::hang)).await;
    let host = server(&api, &log).start().await;
    host.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    host.signal("KILL");
    host.exit_within(Duration::from_secs(10)).await;
    let lines = record(&log);
    assert_eq!((lines.len(), &lines[0]["phase"]), (1, &json!("before")));
}

/// Prints the log as a person reads it.
async fn printed(log: &Path) -> crate::harness::Ran {
    launch().args(["audit", log.to_str().unwrap()]).run().await
}

#[tokio::test]
async fn the_printed_record_begins_with_open_writes() {
    let (_folder, log) = folder();
    let api = Api::meddled([maria()], |request, _| {
        (request.is_write() && request.body().contains("lose me"))
            .then(|| Reply::refusal(500, "INTERNAL_ERROR", &Value::Null))
    })
    .await;
    let host = server(&api, &log).named("desk").start().await;
    host.done("create_milestone", terms()).await;
    host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    let mut lost = terms();
    lost["description"] = json!("lose me");
    host.failed("create_milestone", lost).await;
    let mut orphan = record(&log)[0].clone();
    orphan["id"] = json!("feedfeedfeedfeed");
    orphan["arguments"]["description"] = json!("never ended \u{202e}\u{1b}[31m");
    let text = std::fs::read_to_string(&log).unwrap();
    write_private(&log, &format!("{text}{orphan}\n"));

    let ran = printed(&log).await;
    assert_eq!(ran.status, Some(1), "an outcome is unknown: {ran:?}");
    let place = |what: &str| ran.stdout.find(what).unwrap_or_else(|| panic!("{what:?} is missing:\n{}", ran.stdout));
    assert!(ran.stdout.starts_with("2 writes with no known outcome"), "{}", ran.stdout);
    assert!(place("lose me") < place("2 writes with a known outcome") && place("never ended") < place("Third batch"));
    assert!(place("NO OUTCOME") < place("created") && place("unknown") < place("pending_approval"), "{}", ran.stdout);
    for part in ["create_milestone", "$100", "ms_new1", "apr_1", "desk 1", "req-9d1f3a8e"] {
        place(part);
    }
    assert!(!ran.stdout.contains('\u{202e}') && !ran.stdout.contains('\u{1b}'), "nothing hides: {:?}", ran.stdout);
}

#[tokio::test]
async fn a_torn_line_leaves_later_lines_readable() {
    let (_folder, log) = folder();
    let api = Api::of([maria()]).await;
    let host = server(&api, &log).start().await;
    host.done("create_milestone", terms()).await;
    let text = std::fs::read_to_string(&log).unwrap();
    write_private(&log, &format!("{text}{}", &text[..40]));
    let ran = printed(&log).await;
    assert!(ran.status == Some(0) && ran.stdout.contains("line 3 cannot be read"), "{ran:?}");
    assert!(ran.stdout.contains("1 write with a known outcome"), "{ran:?}");

    host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    let ran = printed(&log).await;
    assert!(ran.status == Some(0) && ran.stdout.contains("line 3 cannot be read"), "{ran:?}");
    assert!(ran.stdout.contains("2 writes with a known outcome"), "{ran:?}");
}

#[tokio::test]
async fn a_record_that_is_empty_or_not_there_is_told() {
    let (folder, log) = folder();
    write_private(&log, "");
    let ran = printed(&log).await;
    assert!(ran.status == Some(0) && ran.stdout.contains("0 writes"), "{ran:?}");
    let ran = printed(&folder.path().join("nothing.jsonl")).await;
    assert!(ran.status != Some(0) && ran.stderr.contains("nothing.jsonl"), "{ran:?}");
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_fault() {
    let (_folder, log) = folder();
    let line = json!({ "v": 1, "at": "2026-06-12T10:00:00Z", "id": "a", "phase": "before", "tool": "t", "arguments": { "x": "y".repeat(500) } });
    write_private(&log, &format!("{line}\n").repeat(2_000));
    let (mut command, _home) = launch().args(["audit", log.to_str().unwrap()]).into_command();
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().await.unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A host that has a write under way at `api`, held back by the gate.
async fn under_way(api: &Api, log: &Path) -> (Host, u64) {
    let host = server(api, log).start().await;
    let call = host.begin("create_milestone", terms()).await;
    recorded(log, 1).await;
    api.upstream.has_seen(2).await;
    (host, call)
}

#[tokio::test]
async fn a_held_log_does_not_delay_the_end() {
    let (_folder, log) = folder();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, _| is_create(request).then(Reply::hang)).await;
    let host = server(&api, &log).start().await;
    host.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    let held = std::fs::File::open(&log).unwrap();
    held.lock().unwrap();
    host.signal("TERM");
    // Two seconds are promised; the rest is for a machine that is busy with other tests.
    assert_eq!(host.exit_within(Duration::from_secs(4)).await, Some(0));
}
