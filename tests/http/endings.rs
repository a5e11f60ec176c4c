//! How calls end when their caller goes away, and when the server stops.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Gate, Reply, Upstream, contract, launch, milestone, recorded};
use crate::served::{HttpServer, message};
use crate::terms;

/// An API whose creates wait for the gate.
async fn gated() -> (Gate, Upstream, HttpServer) {
    let gate = Gate::closed();
    let held = gate.clone();
    let upstream = Upstream::answering(move |request, _| match request.is_write() {
        true => Reply::json(201, &json!({ "milestone": milestone("ms_1") })).once_open(&held),
        false if request.path().contains("approvals") => Reply::hang(),
        false => Reply::json(200, &json!({ "contracts": [contract("ctr_8Kq2", &[])] })),
    })
    .await;
    let server = launch().at(&upstream).without_guard().over_http().await;
    (gate, upstream, server)
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_its_read_upstream() {
    let (_gate, upstream, server) = gated().await;
    let key = server.agent("ci", &[]).await;
    for revision in ["2025-11-25", "2026-07-28"] {
        let call = json!({ "name": "get_approval", "arguments": { "approvalId": "apr_1" } });
        let seen = upstream.requests().len();
        let call = tokio::spawn(server.caller(&key).speaking(revision).asking("tools/call", call).send());
        upstream.has_seen(seen + 1).await;
        call.abort();
        upstream.was_given_up_on(seen + 1).await;
    }
}

#[tokio::test]
async fn a_write_that_has_left_is_followed_to_its_end() {
    let (gate, upstream, server) = gated().await;
    let key = server.agent("ci", &[]).await;
    let call = json!({ "name": "create_milestone", "arguments": terms("a", 300) });
    let call = tokio::spawn(server.caller(&key).asking("tools/call", call).send());
    upstream.has_seen(1).await;
    call.abort();
    let path = server.home.path().join(".local/state/opentrain-mcp/record.jsonl");
    recorded(&path, 1).await;
    gate.open();
    let lines = recorded(&path, 2).await;
    assert_eq!((&lines[1]["outcome"], &lines[1]["milestoneId"]), (&json!("created"), &json!("ms_1")), "{lines:?}");
}

#[tokio::test]
async fn a_stop_takes_no_new_call_and_ends_the_writes() {
    let (gate, upstream, mut server) = gated().await;
    let key = server.agent("ci", &[]).await;
    assert_eq!(server.get("/readyz").await.status(), 200);
    // Two contracts: creates in one of them take turns.
    let create = |contract: &str| {
        let mut terms = terms("a", 300);
        terms["contractId"] = json!(contract);
        server.caller(&key).asking("tools/call", json!({ "name": "create_milestone", "arguments": terms }))
    };
    let waiting = tokio::spawn(create("ctr_1").send());
    let left = tokio::spawn(create("ctr_2").send());
    upstream.has_seen(2).await;
    left.abort();
    server.stop();
    while server.get("/readyz").await.status() != 503 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.get("/healthz").await.status(), 200);
    let refused = server.caller(&key).asking("tools/list", json!({})).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    gate.open();
    let answer = message(waiting.await.unwrap().unwrap()).await;
    assert_eq!(answer["result"]["structuredContent"]["outcome"], "created", "{answer}");
    assert_eq!(server.ended().await, Some(0));
    let lines = recorded(&server.home.path().join(".local/state/opentrain-mcp/record.jsonl"), 4).await;
    let ends = lines.iter().filter(|line| line["outcome"] == "created").count();
    assert_eq!((lines.len(), ends), (4, 2), "{lines:?}");
}
