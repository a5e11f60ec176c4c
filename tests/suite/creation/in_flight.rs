//! Creates that are under way at the same time, and callers that leave before their end.

use serde_json::{Value, json};

use super::{id, outcome, server, terms, with};
use crate::harness::api::is_create;
use crate::harness::{Api, Gate, Host, Reply, contract, pairs, recorded};

/// An API that holds the answers to creates back until the gate opens; they are stored at once. Only those whose body
/// has `held` in it.
async fn holding(gate: &Gate, held: &'static str) -> Api {
    let gate = gate.clone();
    Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
        let waits = is_create(request) && request.body().contains(held);
        waits.then(|| Reply::json(201, &world.store(request)).once_open(&gate))
    })
    .await
}

/// Waits until the server has begun what it was sent: it takes up requests in their order.
async fn settled(host: &Host) {
    for _ in 0..3 {
        host.tools().await;
    }
}

#[tokio::test(start_paused = true)]
async fn identical_creates_under_way_share_one_request() {
    let gate = Gate::closed();
    let api = holding(&gate, "").await;
    let host = server(&api).in_memory().await;
    let mut calls = Vec::new();
    for _ in 0..5 {
        calls.push(host.begin("create_milestone", terms()).await);
    }
    api.upstream.has_seen(2).await;
    settled(&host).await;
    gate.open();
    let mut ids = Vec::new();
    for call in calls {
        let answer = host.end(call).await;
        ids.push(id(&answer).to_owned());
        assert!(["created", "existing"].contains(&outcome(&answer)), "{}", answer.0);
    }
    ids.dedup();
    assert_eq!((ids.len(), api.creates(), api.milestones().len()), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn they_share_an_unhappy_end_too() {
    let gate = Gate::closed();
    let opened = gate.clone();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, _| {
        is_create(request)
            .then(|| Reply::refusal(409, "CONFLICT", &json!({ "reason": "contract_ended" })).once_open(&opened))
    })
    .await;
    let host = server(&api).in_memory().await;
    let calls = [host.begin("create_milestone", terms()).await, host.begin("create_milestone", terms()).await];
    api.upstream.has_seen(2).await;
    settled(&host).await;
    gate.open();
    for call in calls {
        assert_eq!(host.end(call).await.error()["reason"], "contract_ended");
    }
    assert_eq!(api.creates(), 1);
    // What has ended is over: the next call is a new one.
    host.failed("create_milestone", terms()).await;
    assert_eq!(api.creates(), 2);
}

#[tokio::test(start_paused = true)]
async fn those_that_are_meant_twice_are_made_twice() {
    let gate = Gate::closed();
    let api = holding(&gate, "").await;
    let host = server(&api).in_memory().await;
    let twice = with(json!({ "allowDuplicate": true }));
    let calls = [host.begin("create_milestone", twice.clone()).await, host.begin("create_milestone", twice).await];
    // One after the other: a look and a create each.
    api.upstream.has_seen(2).await;
    gate.open();
    for call in calls {
        assert_eq!(outcome(&host.end(call).await), "created");
    }
    assert_eq!(api.creates(), 2);
}

#[tokio::test(start_paused = true)]
async fn other_contracts_are_not_held_up() {
    let gate = Gate::closed();
    let api = holding(&gate, "Held batch").await;
    api.world().contracts.push(contract("ctr_5Lm9", &[]));
    let host = server(&api).in_memory().await;
    let held = host.begin("create_milestone", with(json!({ "name": "Held batch" }))).await;
    api.upstream.has_seen(2).await;
    for name in ["Third", "Fourth"] {
        let other = host.done("create_milestone", with(json!({ "contractId": "ctr_5Lm9", "name": name }))).await;
        assert_eq!(outcome(&other), "created", "{name}");
    }
    host.done("get_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    gate.open();
    assert_eq!(outcome(&host.end(held).await), "created");
    assert_eq!(api.creates(), 3);
}

#[tokio::test(start_paused = true)]
async fn equal_terms_in_other_writing_share_one_request_too() {
    let gate = Gate::closed();
    let api = holding(&gate, "").await;
    let host = server(&api).in_memory().await;
    let calls = [
        host.begin("create_milestone", terms()).await,
        host.begin("create_milestone", with(json!({ "amountUsd": 300.0 }))).await,
    ];
    api.upstream.has_seen(2).await;
    settled(&host).await;
    gate.open();
    for call in calls {
        host.end(call).await;
    }
    assert_eq!(api.milestones().len(), 1);
}

#[tokio::test]
async fn a_cancel_does_not_end_a_write_that_has_left() {
    let gate = Gate::closed();
    let api = holding(&gate, "").await;
    let host = server(&api);
    let log = host.home.path().join("audit.jsonl");
    let host = host.env("OPENTRAIN_AUDIT_LOG", log.to_str().unwrap()).start().await;
    let call = host.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    host.notify("notifications/cancelled", json!({ "requestId": call })).await;
    settled(&host).await;
    gate.open();
    let lines = recorded(&log, 2).await;
    let (_, after) = pairs(&lines).remove(0);
    assert_eq!((&after["outcome"], &after["milestoneId"]), (&json!("created"), &api.milestones()[0]["id"]));
    assert!(!host.lines().iter().any(|line| line.contains(&format!("\"id\":{call},"))), "no answer is due");
    // It is found, or the end of the same request is still shared: one was made in either case.
    let again = host.done("create_milestone", terms()).await;
    assert_eq!((&json!(id(&again)), api.creates()), (&api.milestones()[0]["id"], 1));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_leaves_others_that_share_the_request() {
    let gate = Gate::closed();
    let api = holding(&gate, "").await;
    let host = server(&api).in_memory().await;
    let first = host.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    let second = host.begin("create_milestone", terms()).await;
    settled(&host).await;
    host.notify("notifications/cancelled", json!({ "requestId": first })).await;
    settled(&host).await;
    gate.open();
    let answer = host.end(second).await;
    assert!(!answer.is_error(), "{}", answer.0);
    assert_eq!((id(&answer), api.creates()), (api.milestones()[0]["id"].as_str().unwrap(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_followed_up_without_its_caller() {
    let gate = Gate::closed();
    let held = gate.clone();
    let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
        is_create(request).then(|| {
            world.store(request);
            Reply::refusal(500, "INTERNAL_ERROR", &Value::Null).once_open(&held)
        })
    })
    .await;
    let host = server(&api);
    let log = host.home.path().join("audit.jsonl");
    let host = host.args(["--audit-log", log.to_str().unwrap()]).in_memory().await;
    let call = host.begin("create_milestone", terms()).await;
    api.upstream.has_seen(2).await;
    host.notify("notifications/cancelled", json!({ "requestId": call })).await;
    settled(&host).await;
    gate.open();
    let lines = recorded(&log, 2).await;
    assert_eq!(pairs(&lines)[0].1["outcome"], "recovered");
}
