//! Who may do what: the token and the three gates.

use serde_json::{Value, json};

use super::{V1, claimed_sandbox, end, fund, get, milestone, release, sandbox};

const MILESTONE: &str = r#"{"description":"Label the next 5,000 posts","amountUsd":300}"#;

#[tokio::test]
async fn without_a_valid_token_it_is_401() {
    let sandbox = sandbox().await;
    let listing = || get(&format!("{V1}/contracts"));
    for refused in [
        listing().without_token(),
        listing().without_token().header("Authorization: Bearer ot_pat_somebody_else"),
        listing().without_token().header("Authorization: Bearer"),
        listing().without_token().header("Authorization: Basic b3duZXI6"),
        listing().role("revoked"),
    ] {
        let reply = refused.send(&sandbox).await;
        assert_eq!(reply.refusal(), (401, "UNAUTHORIZED".into(), Value::Null));
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    assert_eq!(listing().send(&sandbox).await.status, 200);
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let sandbox = claimed_sandbox().await;
    for role in ["claimed-agent", "read-only"] {
        let (status, code, details) = milestone("ctr_8Kq2", MILESTONE).role(role).send(&sandbox).await.refusal();
        assert_eq!((status, code.as_str()), (403, "FORBIDDEN"));
        assert_eq!(details["requiredScopes"], json!(["payments:write"]));
        assert!(details["grantedScopes"].as_array().unwrap().contains(&json!("payments:read")));
    }
}

#[tokio::test]
async fn a_feature_that_is_off_is_named() {
    let sandbox = claimed_sandbox().await;
    let refusal = milestone("ctr_8Kq2", MILESTONE).role("feature-off").send(&sandbox).await.refusal();
    assert_eq!(refusal, (403, "FORBIDDEN".into(), json!({ "featureKey": "public_api_payments_write" })));
    let features = get(&format!("{V1}/job-drafts/capabilities")).role("feature-off").send(&sandbox).await.json();
    assert_eq!(features["capabilities"]["paymentsWrite"], false);
    assert_eq!(features["capabilities"]["hiring"], true);
}

#[tokio::test]
async fn an_unclaimed_account_is_told_where_to_be_claimed() {
    let sandbox = sandbox().await;
    let reply = milestone("ctr_8Kq2", MILESTONE).send(&sandbox).await;
    let claim_url = format!("{}claim", sandbox.origin());
    let details = json!({ "reason": "account_claim_required", "action": "create milestones", "claimUrl": claim_url });
    assert_eq!(reply.refusal(), (403, "FORBIDDEN".into(), details));
    assert_eq!(reply.json()["error"], "A human must claim this agent account before it can create milestones.");
    for path in ["contracts", "contracts/ctr_8Kq2", "payments/pending"] {
        assert_eq!(get(&format!("{V1}/{path}")).send(&sandbox).await.status, 200, "reading works before the claim");
    }
}

#[tokio::test]
async fn whatever_moves_money_has_all_the_gates() {
    let sandbox = sandbox().await;
    for (call, action) in [
        (fund("ms_4Dk7"), "fund milestones"),
        (release("ms_6Hc2"), "approve milestones"),
        (end("ctr_8Kq2"), "end contracts"),
    ] {
        let refusal = async |role| call.clone().role(role).send(&sandbox).await.refusal();
        let claim_url = format!("{}claim", sandbox.origin());
        let details = json!({ "reason": "account_claim_required", "action": action, "claimUrl": claim_url });
        assert_eq!(refusal("owner").await, (403, "FORBIDDEN".into(), details));
        assert_eq!(refusal("feature-off").await.2, json!({ "featureKey": "public_api_payments_write" }));
        assert_eq!(refusal("claimed-agent").await.2["requiredScopes"], json!(["payments:write"]));
        assert_eq!(refusal("revoked").await.0, 401);
    }
}

#[tokio::test]
async fn the_gates_stand_in_order_and_before_the_input() {
    let sandbox = sandbox().await;
    let gate = async |role| milestone("ctr_none", "no JSON").role(role).send(&sandbox).await.refusal();
    assert_eq!(gate("revoked").await.0, 401);
    assert!(gate("read-only").await.2["requiredScopes"].is_array());
    assert!(gate("feature-off").await.2["featureKey"].is_string());
    assert_eq!(gate("owner").await.2["reason"], "account_claim_required");
    super::post("/claim", "").send(&sandbox).await;
    assert_eq!(gate("owner").await.0, 400);
    assert_eq!(milestone("ctr_none", MILESTONE).send(&sandbox).await.status, 404);
}

#[tokio::test]
async fn the_claim_ends_the_token_of_the_time_before() {
    let sandbox = sandbox().await;
    let me = |role| get(&format!("{V1}/auth/me")).role(role);
    assert_eq!(me("fresh-agent").send(&sandbox).await.json()["token"]["id"], "sandboxfresh");
    super::post("/claim", "").send(&sandbox).await;
    assert_eq!(me("fresh-agent").send(&sandbox).await.status, 401);
    let body = me("owner").send(&sandbox).await.json();
    assert_eq!(body["token"]["scopes"].as_array().map(Vec::len), Some(11));
    assert_eq!(body["actor"]["fullName"], "Mira Chen");
    assert!(!body.to_string().contains("notarealsecret"), "a token's secret is in no answer");
}
