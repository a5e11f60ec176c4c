//! Several servers of one user, and servers that are killed in the middle of a create.

use std::path::Path;

use serde_json::{Value, json};

use super::unknown::is_unknown;
use super::{id, outcome, server, terms, with};
use crate::harness::api::is_create;
use crate::harness::{Api, Gate, Launch, Reply, contract, recorded};

/// A server that shares its state with all others of the same folder.
fn sharing(api: &Api, state: &Path) -> Launch {
    server(api).env("XDG_STATE_HOME", state.to_str().unwrap())
}

/// An API that takes a create, and stores and answers it once the gate opens.
async fn slow(gate: &Gate) -> Api {
    let gate = gate.clone();
    Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
        is_create(request).then(|| Reply::json(201, &world.store(request)).once_open(&gate))
    })
    .await
}

#[tokio::test]
async fn two_servers_at_one_instant_create_one() {
    for window in ["15", "1"] {
        let (state, gate) = (tempfile::tempdir().unwrap(), Gate::closed());
        let api = slow(&gate).await;
        let start = || sharing(&api, state.path()).args(["--duplicate-window", window]).start();
        let (one, other) = (start().await, start().await);
        let calls = (one.begin("create_milestone", terms()).await, other.begin("create_milestone", terms()).await);
        api.upstream.has_seen(2).await;
        gate.open();
        let answers = (one.end(calls.0).await, other.end(calls.1).await);
        assert_eq!((id(&answers.0), api.creates()), (id(&answers.1), 1), "{window}");
        let mut outcomes = [outcome(&answers.0), outcome(&answers.1)];
        outcomes.sort_unstable();
        assert_eq!(outcomes, ["created", "existing"]);
    }
}

#[tokio::test]
async fn another_server_knows_what_a_lagging_list_hides() {
    let state = tempfile::tempdir().unwrap();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, world| {
        is_create(request).then(|| {
            let stored = world.store(request);
            world.contracts[0]["milestones"] = json!([]);
            Reply::json(201, &stored)
        })
    })
    .await;
    let (one, other) = (sharing(&api, state.path()).start().await, sharing(&api, state.path()).start().await);
    let first = one.done("create_milestone", terms()).await;
    let again = other.done("create_milestone", terms()).await;
    assert_eq!((outcome(&again), id(&again), api.creates()), ("existing", id(&first), 1));
    let second = other.done("create_milestone", with(json!({ "name": "Another batch" }))).await;
    assert_eq!((outcome(&second), api.creates()), ("created", 2));
}

#[tokio::test]
async fn another_server_learns_how_days_are_kept() {
    let state = tempfile::tempdir().unwrap();
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let (one, other) = (sharing(&api, state.path()).start().await, sharing(&api, state.path()).start().await);
    one.done("create_milestone", terms()).await;
    let next_day = other.done("create_milestone", with(json!({ "dueDate": "2026-07-16" }))).await;
    assert_eq!((outcome(&next_day), api.creates()), ("created", 2), "{}", next_day.text());
}

#[tokio::test]
async fn creates_in_one_contract_take_turns_even_without_the_look() {
    let (state, gate) = (tempfile::tempdir().unwrap(), Gate::closed());
    let api = slow(&gate).await;
    let start = || sharing(&api, state.path()).without_guard().start();
    let (one, other) = (start().await, start().await);
    let first = one.begin("create_milestone", terms()).await;
    api.upstream.has_seen(1).await;
    let second = other.begin("create_milestone", terms()).await;
    other.done("get_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    assert_eq!(api.creates(), 1, "the second waits");
    gate.open();
    one.end(first).await;
    assert_eq!(outcome(&other.end(second).await), "created");
}

#[tokio::test]
async fn the_lock_of_a_server_that_was_killed_is_free() {
    let (state, gate) = (tempfile::tempdir().unwrap(), Gate::closed());
    let api = slow(&gate).await;
    let first = sharing(&api, state.path()).start().await;
    first.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    first.kill().await;
    gate.open();
    let other = sharing(&api, state.path()).start().await;
    let answer = other.done("create_milestone", with(json!({ "name": "Another batch" }))).await;
    assert_eq!(outcome(&answer), "created");
}

#[tokio::test]
async fn a_server_without_a_folder_for_locks_says_so() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let answer = server(&api).unset("HOME").start().await.done("create_milestone", terms()).await;
    assert_eq!(outcome(&answer), "created");
    answer.says(&["WARNING", "other servers on this machine do not see this create", "XDG_STATE_HOME"]);

    let host = server(&api);
    let file = host.home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let host = host.env("XDG_STATE_HOME", file.to_str().unwrap()).start().await;
    let answer = host.done("create_milestone", with(json!({ "name": "Another batch" }))).await;
    answer.says(&["WARNING", "cannot be used"]);
}

#[tokio::test]
async fn the_identical_call_after_a_kill_finds_what_landed_late() {
    let (state, gate) = (tempfile::tempdir().unwrap(), Gate::closed());
    let held = gate.clone();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, _| {
        is_create(request).then(|| Reply::hang().once_open(&held))
    })
    .await;
    let log = state.path().join("opentrain-mcp/record.jsonl");
    let start = || sharing(&api, state.path()).start();
    let first = start().await;
    first.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    first.kill().await;

    let other = start().await;
    let call = other.begin("create_milestone", terms()).await;
    // It looks, and what was under way lands only now.
    api.upstream.has_seen(3).await;
    let landed = api.world().put("ctr_8Kq2", &terms());
    let answer = other.end(call).await;
    assert_eq!((outcome(&answer), id(&answer)), ("existing", landed["id"].as_str().unwrap()));
    answer.says(&["This call created nothing", "an earlier call with these terms"]);
    assert_eq!(api.creates(), 1);
    // The end that the first server could not record is on record, too.
    let lines = recorded(&log, 2).await;
    assert_eq!((&lines[1]["id"], &lines[1]["phase"]), (&lines[0]["id"], &json!("after")), "{lines:?}");
    assert_eq!((&lines[1]["outcome"], &lines[1]["milestoneId"]), (&json!("recovered"), &landed["id"]), "{lines:?}");
}

#[tokio::test]
async fn the_identical_call_after_a_kill_creates_what_never_landed() {
    let state = tempfile::tempdir().unwrap();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, world| {
        let is_first = is_create(request) && world.contracts[0]["hung"].is_null();
        is_first.then(|| {
            world.contracts[0]["hung"] = json!(true);
            Reply::hang()
        })
    })
    .await;
    let log = state.path().join("opentrain-mcp/record.jsonl");
    let start = || sharing(&api, state.path()).start();
    let first = start().await;
    first.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    first.kill().await;
    // Other terms are not kept waiting by it.
    let other = start().await;
    let another = other.done("create_milestone", with(json!({ "name": "Another batch" }))).await;
    assert_eq!((outcome(&another), api.upstream.requests().len()), ("created", 4), "one look, one create");
    assert_eq!(outcome(&other.done("create_milestone", terms()).await), "created");
    assert!(api.upstream.requests().len() > 6, "it was looked for a while");
    let lines = recorded(&log, 6).await;
    let end = lines.iter().find(|line| line["phase"] == "after" && line["id"] == lines[0]["id"]);
    assert_eq!(end.map(|line| &line["outcome"]), Some(&json!("unknown")), "{lines:?}");
}

#[tokio::test]
async fn a_server_killed_under_the_lock_leaves_no_double() {
    let (state, gate) = (tempfile::tempdir().unwrap(), Gate::closed());
    let held = gate.clone();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| match is_create(request) {
        true => Some(Reply::hang()),
        false => Some(world.answer(request).once_open(&held)),
    })
    .await;
    let log = state.path().join("record.jsonl");
    let start = || sharing(&api, state.path()).args(["--audit-log", log.to_str().unwrap()]).start();
    let (first, other) = (start().await, start().await);
    first.begin("create_milestone", terms()).await;
    api.upstream.has_seen(1).await;
    // When the second server begins to wait for the lock, nothing was sent yet.
    let call = other.begin("create_milestone", terms()).await;
    other.tools().await;
    gate.open();
    api.upstream.has_seen(2).await;
    first.kill().await;
    // It looks more than once before it would send.
    api.upstream.has_seen(4).await;
    let landed = api.world().put("ctr_8Kq2", &terms());
    let answer = other.end(call).await;
    assert_eq!((outcome(&answer), id(&answer)), ("existing", landed["id"].as_str().unwrap()));
    assert_eq!(api.creates(), 1);
}

#[tokio::test]
async fn a_call_beside_one_with_an_unknown_end_sends_nothing() {
    futures::join!(overtaken(true), overtaken(false));
}

/// The create of the first server is lost while the second one waits for its lock.
async fn overtaken(is_sent_before: bool) {
    let (state, looks, creates) = (tempfile::tempdir().unwrap(), Gate::closed(), Gate::closed());
    let held = (looks.clone(), creates.clone());
    let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| match is_create(request) {
        true if world.contracts[0]["lost"].is_null() => {
            world.contracts[0]["lost"] = json!(true);
            Some(Reply::refusal(503, "UNAVAILABLE", &Value::Null).once_open(&held.1))
        }
        true => None,
        false => Some(world.answer(request).once_open(&held.0)),
    })
    .await;
    let (one, other) = (sharing(&api, state.path()).start().await, sharing(&api, state.path()).start().await);
    let first = one.begin("create_milestone", terms()).await;
    if is_sent_before {
        looks.open();
        api.upstream.has_seen(2).await;
    } else {
        api.upstream.has_seen(1).await;
    }
    let second = other.begin("create_milestone", terms()).await;
    other.tools().await;
    looks.open();
    creates.open();
    for answer in [one.end(first).await, other.end(second).await] {
        is_unknown(&answer, true, "both callers have to wait");
    }
    assert_eq!(api.creates(), 1, "sent before the second call: {is_sent_before}");
    // The second try is a call of its own: it looks, waits and creates.
    assert_eq!(outcome(&other.done("create_milestone", terms()).await), "created");
    assert_eq!(api.creates(), 2);
}
