//! The token of a claim is delivered once, and the old one dies in that moment: whatever happens to this process, to its
//! host or beside it, the token that was delivered is on the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::{
    CLAIM, EXCHANGE, NEW, OLD, OpenTrain, bearer, credential_path, granted, holds_the_new_token, is_kept, kept,
};
use crate::harness::{Gate, Host, PATIENCE, Reply, Upstream, launch};

/// Longer than a server that is told to stop gives the calls that are under way.
const LONGER_THAN_ANY_GRACE: Duration = Duration::from_secs(7);

/// An account that is claimed, and a server whose question for the token is held back.
struct Held {
    opentrain: OpenTrain,
    host: Host,
    gate: Gate,
    call: u64,
}

impl Held {
    async fn back() -> Self {
        let gate = Gate::closed();
        let opentrain = OpenTrain::new().await.answers_next([granted().once_open(&gate)]);
        let host = opentrain.registered().start().await;
        let call = host.begin("get_claim_status", json!({})).await;
        opentrain.upstream.has_seen(1).await;
        Self { opentrain, host, gate, call }
    }

    fn path(&self) -> std::path::PathBuf {
        credential_path(&self.host)
    }

    /// The answer comes now, and the process ends with the token on the disk.
    async fn ends_well(&self) {
        let file = kept(&self.path());
        assert_eq!((&file["apiToken"], &file["claimToken"]), (&json!(OLD), &json!(CLAIM)), "not before the answer");
        let (opentrain, path) = (&self.opentrain, self.path());
        self.gate.open();
        self.host.exit_within(PATIENCE).await;
        holds_the_new_token(&path);
        assert_eq!(opentrain.came(), [EXCHANGE]);
    }
}

#[tokio::test]
async fn an_answered_token_is_already_on_the_disk() {
    for _ in 0..5 {
        let held = Held::back().await;
        held.gate.open();
        held.host.end(held.call).await;
        held.host.signal("KILL");
        let path = held.path();
        held.host.exit_within(PATIENCE).await;
        holds_the_new_token(&path);
    }
}

#[tokio::test]
async fn at_no_moment_is_the_file_half_written() {
    let held = Held::back().await;
    let path = held.path();
    let ended = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&ended);
    let reading = tokio::task::spawn_blocking(move || {
        let (mut old, mut new) = (0_u32, 0_u32);
        while !over.load(Ordering::Acquire) || new == 0 {
            let file = kept(&path);
            match (file["apiToken"].as_str(), file["claimToken"].as_str()) {
                (Some(OLD), Some(CLAIM)) => old += 1,
                (Some(NEW), None) => new += 1,
                other => panic!("neither the old account nor the new one: {other:?}"),
            }
        }
        (old, new)
    });
    held.gate.open();
    held.host.end(held.call).await;
    ended.store(true, Ordering::Release);
    let (old, new) = reading.await.unwrap();
    assert!(old + new > 0, "it was looked at");
}

#[tokio::test]
async fn a_kill_before_the_answer_keeps_the_old_account() {
    let held = Held::back().await;
    held.host.signal("KILL");
    held.host.exit_within(PATIENCE).await;
    let file = kept(&held.path());
    assert_eq!((&file["apiToken"], &file["claimToken"]), (&json!(OLD), &json!(CLAIM)));
    // Nothing was delivered, so it is still to be had; and the dead process holds no lock.
    held.opentrain.claim();
    let config = held.host.home.path().join(".config");
    let next = held.opentrain.server().env("XDG_CONFIG_HOME", config.to_str().unwrap()).start().await;
    assert_eq!(next.done("get_claim_status", json!({})).await.structured()["status"], "claimed");
    holds_the_new_token(&held.path());
}

#[tokio::test]
async fn a_kill_after_the_save_leaves_a_whole_file() {
    for _ in 0..5 {
        let held = Held::back().await;
        let path = held.path();
        held.gate.open();
        is_kept(&path, NEW).await;
        held.host.signal("KILL");
        held.host.exit_within(PATIENCE).await;
        holds_the_new_token(&path);
    }
}

#[tokio::test]
async fn a_signal_waits_for_the_token() {
    futures::future::join_all(["TERM", "HUP"].map(async |signal| {
        let held = Held::back().await;
        held.host.signal(signal);
        tokio::time::sleep(LONGER_THAN_ANY_GRACE).await;
        held.ends_well().await;
    }))
    .await;
}

#[tokio::test]
async fn the_end_of_input_waits_for_the_token() {
    let held = Held::back().await;
    held.host.close_input().await;
    tokio::time::sleep(LONGER_THAN_ANY_GRACE).await;
    held.ends_well().await;
}

#[tokio::test]
async fn input_end_with_a_signal_waits_for_the_token() {
    let held = Held::back().await;
    held.host.close_input().await;
    held.host.signal("TERM");
    held.host.signal("TERM");
    tokio::time::sleep(LONGER_THAN_ANY_GRACE).await;
    held.ends_well().await;
}

#[tokio::test]
async fn a_cancelled_call_gets_its_token_all_the_same() {
    let held = Held::back().await;
    held.host.notify("notifications/cancelled", json!({ "requestId": held.call, "reason": "impatient" })).await;
    // What comes after the cancel is read after it.
    held.host.tools().await;
    held.opentrain.claim();
    held.gate.open();
    is_kept(&held.path(), NEW).await;
    holds_the_new_token(&held.path());
    held.host.done("list_contracts", json!({})).await;
    assert_eq!(held.opentrain.last_bearer(), NEW, "and it is in use");
}

#[tokio::test]
async fn a_cancelled_wait_for_a_person_still_gets_its_token() {
    let gate = Gate::closed();
    let opentrain = OpenTrain::new().await.answers_next([granted().once_open(&gate)]);
    let host = opentrain.registered().eliciting(json!({ "url": {} })).start().await;
    let call = host.begin("create_milestone", crate::claim::terms()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    opentrain.upstream.has_seen(2).await;
    assert_eq!(opentrain.count(EXCHANGE), 1, "{:?}", opentrain.came());
    host.notify("notifications/cancelled", json!({ "requestId": call, "reason": "impatient" })).await;
    host.tools().await;
    opentrain.claim();
    gate.open();
    is_kept(&credential_path(&host), NEW).await;
}

#[tokio::test]
async fn a_signal_during_a_wait_waits_for_the_token() {
    let gate = Gate::closed();
    let opentrain = OpenTrain::new().await.answers_next([granted().once_open(&gate)]);
    let host = opentrain.registered().eliciting(json!({ "url": {} })).start().await;
    host.begin("create_milestone", crate::claim::terms()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    opentrain.upstream.has_seen(2).await;
    host.signal("TERM");
    tokio::time::sleep(LONGER_THAN_ANY_GRACE).await;
    gate.open();
    host.exit_within(PATIENCE).await;
    holds_the_new_token(&credential_path(&host));
}

#[tokio::test]
async fn two_processes_share_one_exchange() {
    let gate = Gate::closed();
    let opentrain = OpenTrain::new().await.answers_next([granted().once_open(&gate)]);
    let first = opentrain.registered().start().await;
    let config = first.home.path().join(".config");
    let second = opentrain.server().env("XDG_CONFIG_HOME", config.to_str().unwrap()).start().await;
    second.done("list_contracts", json!({})).await;
    let calls = (first.begin("get_claim_status", json!({})).await, second.begin("get_claim_status", json!({})).await);
    opentrain.upstream.has_seen(2).await;
    opentrain.claim();
    gate.open();
    for answer in [first.end(calls.0).await, second.end(calls.1).await] {
        assert_eq!(answer.structured()["status"], "claimed", "{}", answer.0);
    }
    assert_eq!(opentrain.count(EXCHANGE), 1);
    holds_the_new_token(&credential_path(&first));
    for host in [&first, &second] {
        host.done("list_contracts", json!({})).await;
        assert_eq!(opentrain.last_bearer(), NEW);
    }
    assert_eq!(opentrain.upstream.requests().iter().filter(|request| bearer(request) == NEW).count(), 2);
}

#[tokio::test]
async fn simultaneous_calls_make_one_exchange() {
    let gate = Gate::closed();
    let opentrain = OpenTrain::new().await.answers_next([granted().once_open(&gate)]);
    let host = opentrain.registered().start().await;
    let mut calls = Vec::new();
    for _ in 0..5 {
        calls.push(host.begin("get_claim_status", json!({})).await);
    }
    opentrain.upstream.has_seen(1).await;
    opentrain.claim();
    gate.open();
    for call in calls {
        host.end(call).await.says(&["claimed"]);
    }
    assert_eq!(opentrain.count(EXCHANGE), 1);
    holds_the_new_token(&credential_path(&host));
}

/// A registration whose answer is held back, in a server that has saved nothing yet.
async fn registering(gate: &Gate) -> (Host, std::path::PathBuf) {
    let answer = json!({ "access_token": OLD, "claim_token": CLAIM, "scopes": ["jobs:read"] });
    let upstream = Upstream::scripted([Reply::json(200, &answer).once_open(gate)]).await;
    let host = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).without_guard().start().await;
    host.begin("register_agent", json!({})).await;
    upstream.has_seen(1).await;
    let path = credential_path(&host);
    (host, path)
}

#[tokio::test]
async fn a_registration_is_waited_for_whatever_ends_the_server() {
    futures::future::join_all(["TERM", "end of input"].map(async |ends| {
        let gate = Gate::closed();
        let (host, path) = registering(&gate).await;
        if ends == "TERM" {
            host.signal(ends);
        } else {
            host.close_input().await;
        }
        tokio::time::sleep(LONGER_THAN_ANY_GRACE).await;
        gate.open();
        host.exit_within(PATIENCE).await;
        let file = kept(&path);
        assert_eq!((&file["apiToken"], &file["claimToken"]), (&json!(OLD), &json!(CLAIM)), "{ends}");
    }))
    .await;
}

#[tokio::test]
async fn a_stopped_call_from_the_shell_saves_its_token() {
    let gate = Gate::closed();
    let opentrain = OpenTrain::new().await.answers_next([granted().once_open(&gate)]);
    let host = opentrain.registered().args(["call", "get_claim_status"]).bare();
    let path = credential_path(&host);
    opentrain.upstream.has_seen(1).await;
    host.signal("INT");
    gate.open();
    host.exit_within(PATIENCE).await;
    holds_the_new_token(&path);
}
