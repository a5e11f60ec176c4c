//! Creating milestones: what is documented for it, and every way to be refused.

use serde_json::{Value, json};

use super::{V1, claimed_sandbox, get, milestone};

#[tokio::test]
async fn the_example_of_the_reference_gives_its_answer() {
    let sandbox = claimed_sandbox().await;
    let body = concat!(
        r#"{"name":"Second labeling batch","description":"Label the next 5,000 posts per the updated guidelines","#,
        r#""amountUsd":300,"dueDate":"2026-07-15"}"#
    );
    let reply = milestone("ctr_8Kq2", body).send(&sandbox).await;
    let created = concat!(
        r#"{"milestone":{"id":"ms_7Rtd","name":"Second labeling batch","#,
        r#""description":"Label the next 5,000 posts per the updated guidelines","status":"NOT_FUNDED","#,
        r#""amountUsd":300,"volume":null,"milestoneNumber":2,"dueDate":"2026-07-15T00:00:00.000Z","#,
        r#""pendingApproval":false,"needsReview":false,"invoiceId":null,"createdAt":"2026-06-12T10:00:00.000Z"}}"#,
    );
    assert_eq!((reply.status, reply.body()), (201, created));
    let contract = get(&format!("{V1}/contracts/ctr_8Kq2")).send(&sandbox).await.json();
    assert_eq!(contract["contract"]["milestones"][1], reply.json()["milestone"]);
    assert_eq!(milestone("ctr_8Kq2", body).send(&sandbox).await.json()["milestone"]["milestoneNumber"], 3);
}

#[tokio::test]
async fn amount_and_volume_stay_as_they_were_written() {
    let sandbox = claimed_sandbox().await;
    let created = async |contract: &str, body: &str| {
        let milestone = milestone(contract, body).send(&sandbox).await.json()["milestone"].take();
        format!("{} {}", milestone["amountUsd"], milestone["volume"])
    };
    for (contract, body, expected) in [
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":12.5}"#, "12.5 null"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":0.1,"volume":7}"#, "0.1 null"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":300.10}"#, "300.10 null"),
        ("ctr_5Lm9", r#"{"description":"d","volume":12.5}"#, "150 12.5"),
        ("ctr_5Lm9", r#"{"description":"d","volume":12.5,"amountUsd":150}"#, "150 12.5"),
        ("ctr_5Lm9", r#"{"description":"d","volume":0.1,"amountUsd":1.2}"#, "1.2 0.1"),
        ("ctr_7Nd1", r#"{"description":"d","volume":333}"#, "11.655 333"),
        ("ctr_7Nd1", r#"{"description":"d","volume":3,"amountUsd":0.105}"#, "0.105 3"),
    ] {
        assert_eq!(created(contract, body).await, expected, "{contract} {body}");
    }
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let sandbox = claimed_sandbox().await;
    for (contract, body, field) in [
        ("ctr_8Kq2", "", "description"),
        ("ctr_8Kq2", "{}", "description"),
        ("ctr_8Kq2", r#"{"amountUsd":300}"#, "description"),
        ("ctr_8Kq2", r#"{"description":null,"amountUsd":300}"#, "description"),
        ("ctr_8Kq2", r#"{"description":"","amountUsd":300}"#, "description"),
        ("ctr_8Kq2", r#"{"description":7,"amountUsd":300}"#, "description"),
        ("ctr_8Kq2", r#"{"description":"d"}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","volume":3}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":"300"}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":{}}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":[300]}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":true}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":1e400}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":0.00000000000000000000000000001}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":300,"name":5}"#, "name"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":0}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":-1}"#, "amountUsd"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":300,"dueDate":"15.07.2026"}"#, "dueDate"),
        ("ctr_8Kq2", r#"{"description":"d","amountUsd":300,"dueDate":"2026-02-30"}"#, "dueDate"),
        ("ctr_5Lm9", r#"{"description":"d"}"#, "volume"),
        ("ctr_5Lm9", r#"{"description":"d","amountUsd":150}"#, "volume"),
        ("ctr_5Lm9", r#"{"description":"d","volume":-2}"#, "volume"),
        ("ctr_5Lm9", r#"{"description":"d","volume":79000000000000000000000000000}"#, "volume"),
        ("ctr_5Lm9", r#"{"description":"d","volume":12.5,"amountUsd":150.01}"#, "amountUsd"),
        ("ctr_7Nd1", r#"{"description":"d"}"#, "volume"),
        ("ctr_7Nd1", r#"{"description":"d","volume":333,"amountUsd":11.66}"#, "amountUsd"),
        ("ctr_4Jx9", r#"{"description":"d"}"#, "volume"),
    ] {
        let refusal = milestone(contract, body).send(&sandbox).await.refusal();
        assert_eq!(refusal, (400, "BAD_REQUEST".into(), json!({ "field": field })), "{contract} {body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused() {
    let sandbox = claimed_sandbox().await;
    for body in ["{", "no JSON", "[]", "null", r#""text""#, "{\"description\":\"\u{0}\"}"] {
        let refusal = milestone("ctr_8Kq2", body).send(&sandbox).await.refusal();
        assert_eq!(refusal, (400, "BAD_REQUEST".into(), Value::Null), "{body}");
    }
}

#[tokio::test]
async fn a_contract_must_be_active_and_have_a_rate() {
    let sandbox = claimed_sandbox().await;
    let refusal = async |contract: &str| {
        milestone(contract, r#"{"description":"d","amountUsd":3,"volume":75}"#).send(&sandbox).await.refusal()
    };
    assert_eq!(refusal("ctr_none").await, (404, "NOT_FOUND".into(), Value::Null));
    assert_eq!(refusal("ctr_9Ep3").await, (404, "NOT_FOUND".into(), Value::Null));
    assert_eq!(refusal("ctr_2Bd4").await, (409, "CONFLICT".into(), json!({ "reason": "contract_ended" })));
    assert_eq!(refusal("ctr_4Jx9").await, (409, "CONFLICT".into(), json!({ "reason": "contract_rate_missing" })));
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace() {
    let sandbox = claimed_sandbox().await;
    let listing = async || get(&format!("{V1}/contracts")).send(&sandbox).await.body().to_owned();
    let before = listing().await;
    for contract in ["ctr_8Kq2", "ctr_2Bd4", "ctr_9Ep3"] {
        assert!(milestone(contract, r#"{"description":"d"}"#).send(&sandbox).await.status >= 400);
    }
    assert_eq!(listing().await, before);
    let created = milestone("ctr_8Kq2", r#"{"description":"d","amountUsd":1}"#).send(&sandbox).await.json();
    assert_eq!(created["milestone"]["id"], "ms_7Rtd");
}
