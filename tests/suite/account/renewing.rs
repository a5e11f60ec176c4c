//! A 401 where a claim is under way: the token of the claim is fetched, or found where another process has put it.

use serde_json::{Value, json};

use super::{CLAIM, EXCHANGE, NEW, OLD, OpenTrain, bearer, credential_path, holds_the_new_token, kept, oauth, pending};
use crate::harness::launch::write_private;
use crate::harness::{Reply, TOKEN, record};

const LIST: &str = "GET /api/public/v1/contracts";

#[tokio::test]
async fn the_exchange_is_made_once_and_the_call_repeated() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().start().await;
    let answer = host.done("list_contracts", json!({})).await;
    answer.says(&["a person has claimed the account", "its new token was fetched"]);
    assert_eq!(opentrain.came(), [LIST, EXCHANGE, LIST]);
    let bearers: Vec<String> = opentrain.upstream.requests().iter().map(bearer).collect();
    assert_eq!(bearers, [OLD, "", NEW]);
    holds_the_new_token(&credential_path(&host));
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.count(EXCHANGE), 1);
    let status = host.done("get_claim_status", json!({})).await;
    assert_eq!((&status.structured()["status"], opentrain.count(EXCHANGE)), (&json!("claimed"), 1), "{}", status.0);
}

#[tokio::test]
async fn a_write_is_repeated_after_a_401_too() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().start().await;
    let answer = host.done("create_milestone", crate::claim::terms()).await;
    assert_eq!(answer.structured()["outcome"], "created");
    let create = "POST /api/public/v1/contracts/c/milestones";
    assert_eq!(opentrain.came(), [create, EXCHANGE, create]);
}

#[tokio::test]
async fn an_empty_exchange_leaves_the_401() {
    for (about, reply) in [
        ("pending", pending()),
        ("expired", oauth("expired_token")),
        ("delivered", oauth("invalid_grant")),
        ("lost", Reply::reset()),
    ] {
        let opentrain = OpenTrain::claimed().await.answers_next([reply]);
        let host = opentrain.registered().start().await;
        let answer = host.failed("list_contracts", json!({})).await;
        assert_eq!((&answer.error()["status"], answer.code()), (&json!(401), "UNAUTHORIZED"), "{about}");
        assert_eq!(opentrain.came(), [LIST, EXCHANGE], "{about}");
        assert_eq!(kept(&credential_path(&host))["claimToken"], CLAIM, "{about}: the claim is kept");
    }
}

#[tokio::test]
async fn a_token_of_another_process_needs_no_exchange() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().start().await;
    write_private(&credential_path(&host), &opentrain.file(NEW, None));
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.came(), [LIST, LIST]);
    assert_eq!(opentrain.last_bearer(), NEW);
}

#[tokio::test]
async fn a_token_of_the_environment_is_not_exchanged_for_another() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().env("OT_API_TOKEN", TOKEN).start().await;
    host.failed("list_contracts", json!({})).await;
    assert_eq!(opentrain.came(), [LIST], "a new token would not be used");
    assert_eq!(kept(&credential_path(&host))["claimToken"], CLAIM);
}

#[tokio::test]
async fn calls_with_a_401_share_one_exchange() {
    for _ in 0..20 {
        let opentrain = OpenTrain::claimed().await;
        let host = opentrain.registered().start().await;
        let mut calls = Vec::new();
        for _ in 0..6 {
            calls.push(host.begin("list_contracts", json!({})).await);
        }
        for call in calls {
            let answer = host.end(call).await;
            assert!(!answer.is_error(), "{}", answer.0);
            answer.says(&["Note: "]);
        }
        assert_eq!(opentrain.count(EXCHANGE), 1);
    }
}

#[tokio::test]
async fn in_read_only_mode_nothing_is_exchanged() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().args(["--read-only"]).start().await;
    host.failed("list_contracts", json!({})).await;
    assert_eq!(opentrain.came(), [LIST], "read-only: no call changes anything");
}

#[tokio::test]
async fn while_writes_are_stopped_nothing_is_exchanged() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().start().await;
    let home = host.home.path().to_str().unwrap();
    let frozen = crate::harness::launch().env("HOME", home).args(["freeze"]).run().await;
    assert_eq!(frozen.status, Some(0), "{frozen:?}");
    host.failed("get_claim_status", json!({})).await.says(&["thaw"]);
    assert!(opentrain.upstream.requests().is_empty(), "the tool itself is stopped");
    host.failed("list_contracts", json!({})).await;
    assert_eq!(opentrain.came(), [LIST], "and so is the exchange on behalf of another");
}

#[tokio::test]
async fn an_exchange_on_behalf_of_another_call_is_on_record() {
    let opentrain = OpenTrain::claimed().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let host = opentrain.registered().args(["--audit-log", path.to_str().unwrap()]).start().await;
    host.done("list_contracts", json!({})).await;
    let tools: Vec<Value> = record(&path).iter().map(|line| line["tool"].clone()).collect();
    assert_eq!(tools, ["get_claim_status", "get_claim_status"], "every write is recorded, before and after");
}

#[tokio::test]
async fn the_next_call_finds_a_claim_done_just_now() {
    let opentrain = OpenTrain::new().await.asked_every(1);
    let host = opentrain.registered().start().await;
    host.done("claim_account", json!({ "email": "mira@example.com" })).await;
    host.done("get_claim_status", json!({})).await;
    opentrain.claim();
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.count(EXCHANGE), 2, "it was too early to ask, and so it was waited for");
    assert_eq!(opentrain.last_bearer(), NEW);
}
