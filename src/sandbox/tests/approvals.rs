//! Asking for money: what is documented for it, and every way to be refused.

use serde_json::{Value, json};

use super::{V1, approval, claimed_sandbox, end, fund, get, paying_sandbox, press, release};

fn conflict(reason: &str) -> (u16, String, Value) {
    (409, "CONFLICT".into(), json!({ "reason": reason }))
}

#[tokio::test]
async fn funding_is_answered_as_in_the_reference() {
    let sandbox = paying_sandbox().await;
    let reply = fund("ms_4Dk7").send(&sandbox).await;
    let expected = concat!(
        r#"{"approval":{"id":"apr_7Rtd","type":"milestone_fund","status":"pending","contractId":"ctr_3Hv7","#,
        r#""milestoneId":"ms_4Dk7","jobId":"job_3Vn6","approvalUrl":"ORIGIN/approvals/apr_7Rtd","#,
        r#""expiresAt":"2026-06-15T10:00:00.000Z","resolvedAt":null,"result":null,"#,
        r#""createdAt":"2026-06-12T10:00:00.000Z"},"message":"Funding request recorded. A signed-in human must confirm "#,
        r#"this approval in the OpenTrain app before any money moves."}"#,
    );
    let origin = sandbox.origin().as_str().trim_end_matches('/');
    assert_eq!((reply.status, reply.body()), (202, expected.replace("ORIGIN", origin).as_str()));

    let milestone = &get(&format!("{V1}/contracts/ctr_3Hv7")).send(&sandbox).await.json()["contract"]["milestones"][1];
    assert_eq!([&milestone["status"], &milestone["invoiceId"]], [&json!("NOT_FUNDED"), &Value::Null]);
}

#[tokio::test]
async fn release_is_answered_as_in_the_reference() {
    let sandbox = claimed_sandbox().await;
    let reply = release("ms_6Hc2").send(&sandbox).await;
    let (body, approval) = (reply.json(), &reply.json()["approval"]);
    assert_eq!(reply.status, 202);
    assert_eq!([&approval["type"], &approval["status"]], ["milestone_approve", "pending"]);
    assert_eq!([&approval["milestoneId"], &approval["contractId"]], ["ms_6Hc2", "ctr_3Hv7"]);
    assert_eq!(approval.get("proposalId"), None);
    let message = "Release request recorded. A signed-in human must confirm this approval in the OpenTrain app before \
                   any money moves.";
    assert_eq!(body["message"], message);
}

#[tokio::test]
async fn a_contract_ends_at_once_only_without_money_in_it() {
    let sandbox = paying_sandbox().await;
    let asked = end("ctr_5Lm9").send(&sandbox).await;
    let approval = &asked.json()["approval"];
    assert_eq!((asked.status, &approval["type"]), (202, &json!("contract_end")));
    assert_eq!([approval.get("milestoneId"), approval.get("proposalId")], [Some(&Value::Null), Some(&Value::Null)]);
    let contract = async || get(&format!("{V1}/contracts/ctr_5Lm9")).send(&sandbox).await.json()["contract"].take();
    assert_eq!([&contract().await["status"], &contract().await["endDate"]], [&json!("active"), &Value::Null]);

    let id = release("ms_2Fhw").send(&sandbox).await.json()["approval"]["id"].as_str().unwrap().to_owned();
    assert_eq!(press(&id, "confirm").send(&sandbox).await.status, 303);
    let ended = end("ctr_5Lm9").send(&sandbox).await;
    assert_eq!((ended.status, ended.body()), (200, r#"{"ok":true,"contractId":"ctr_5Lm9","status":"ended"}"#));
    let contract = contract().await;
    assert_eq!([&contract["status"], &contract["endDate"]], ["ended", "2026-06-12T10:00:04.000Z"]);
    assert_eq!(contract["updatedAt"], contract["endDate"]);
    assert_eq!(end("ctr_5Lm9").send(&sandbox).await.refusal(), conflict("contract_ended"));
}

#[tokio::test]
async fn asking_again_gives_the_same_approval_while_it_is_open() {
    let sandbox = paying_sandbox().await;
    for call in [fund("ms_4Dk7"), release("ms_6Hc2"), end("ctr_7Nd1")] {
        let first = call.clone().send(&sandbox).await;
        let again = call.send(&sandbox).await;
        assert_eq!((again.status, again.body()), (202, first.body()));
    }
    let payments = get(&format!("{V1}/payments/pending")).send(&sandbox).await.json();
    assert_eq!(payments["payments"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn asking_after_a_decline_makes_a_new_approval() {
    let sandbox = paying_sandbox().await;
    let ask = async || fund("ms_4Dk7").send(&sandbox).await.json()["approval"]["id"].as_str().unwrap().to_owned();
    let declined = ask().await;
    press(&declined, "decline").send(&sandbox).await;
    let expired = ask().await;
    for _ in 0..3 {
        super::post("/clock", "").send(&sandbox).await;
    }
    let open = ask().await;
    assert!(declined != expired && expired != open && open != declined);
    let status = async |id: &str| approval(id).send(&sandbox).await.json()["approval"]["status"].take();
    assert_eq!(
        [status(&declined).await, status(&expired).await, status(&open).await],
        ["declined", "expired", "pending"]
    );
}

#[tokio::test]
async fn an_approval_expires_after_72_hours() {
    let sandbox = paying_sandbox().await;
    let id = fund("ms_4Dk7").send(&sandbox).await.json()["approval"]["id"].as_str().unwrap().to_owned();
    let look = async || approval(&id).send(&sandbox).await.json()["approval"].take();
    let pass = async || assert_eq!(super::post("/clock", "").send(&sandbox).await.header("location"), Some("/"));
    pass().await;
    pass().await;
    assert_eq!(look().await["status"], "pending");
    pass().await;
    let expired = look().await;
    assert_eq!([&expired["status"], &expired["result"]], [&json!("expired"), &Value::Null]);
    assert_eq!(expired["resolvedAt"], expired["expiresAt"]);
    assert_eq!(press(&id, "confirm").send(&sandbox).await.status, 409);
    assert_eq!(press(&id, "decline").send(&sandbox).await.status, 409);
    assert_eq!(look().await["status"], "expired");
    let contract = get(&format!("{V1}/contracts/ctr_3Hv7")).send(&sandbox).await.json();
    assert_eq!(contract["contract"]["milestones"][1]["status"], "NOT_FUNDED");
}

#[tokio::test]
async fn funding_needs_an_unfunded_milestone_and_a_payment_method() {
    let sandbox = claimed_sandbox().await;
    let refusal = async |milestone: &str| fund(milestone).send(&sandbox).await.refusal();
    for milestone in ["ms_6Hc2", "ms_8Yp4", "ms_7Wd5"] {
        assert_eq!(refusal(milestone).await, conflict("milestone_not_fundable"), "{milestone}");
    }
    for milestone in ["ms_none", "ms_2Gj8", "ctr_3Hv7"] {
        assert_eq!(refusal(milestone).await, (404, "NOT_FOUND".into(), Value::Null), "{milestone}");
    }
    let billing_url = format!("{}billing", sandbox.origin());
    let details = json!({ "reason": "payment_method_required", "billingUrl": billing_url });
    assert_eq!(refusal("ms_4Dk7").await, (409, "CONFLICT".into(), details));
    assert_eq!(super::post("/billing", "").send(&sandbox).await.status, 303);
    assert_eq!(fund("ms_4Dk7").send(&sandbox).await.status, 202);

    let funding = fund("ms_3Qzv").send(&sandbox).await.json()["approval"]["id"].as_str().unwrap().to_owned();
    let ending = end("ctr_5Lm9").send(&sandbox).await.json()["approval"]["id"].as_str().unwrap().to_owned();
    press(&ending, "confirm").send(&sandbox).await;
    assert_eq!(refusal("ms_3Qzv").await, conflict("contract_ended"));
    assert_eq!(approval(&funding).send(&sandbox).await.json()["approval"]["status"], "pending");
}

#[tokio::test]
async fn only_a_funded_milestone_of_an_active_contract_is_released() {
    let sandbox = claimed_sandbox().await;
    let refusal = async |milestone: &str| release(milestone).send(&sandbox).await.refusal();
    for milestone in ["ms_4Dk7", "ms_8Yp4", "ms_7Wd5"] {
        assert_eq!(refusal(milestone).await, conflict("milestone_not_funded"), "{milestone}");
    }
    for milestone in ["ms_none", "ms_2Gj8"] {
        assert_eq!(refusal(milestone).await, (404, "NOT_FOUND".into(), Value::Null), "{milestone}");
    }
    let ending = end("ctr_8Kq2").send(&sandbox).await.json()["approval"]["id"].as_str().unwrap().to_owned();
    press(&ending, "confirm").send(&sandbox).await;
    assert_eq!(refusal("ms_1aXf").await, conflict("contract_ended"));
}

#[tokio::test]
async fn only_an_active_contract_of_ours_is_ended() {
    let sandbox = claimed_sandbox().await;
    let refusal = async |contract: &str| end(contract).send(&sandbox).await.refusal();
    assert_eq!(refusal("ctr_2Bd4").await, conflict("contract_ended"));
    for contract in ["ctr_none", "ctr_9Ep3"] {
        assert_eq!(refusal(contract).await, (404, "NOT_FOUND".into(), Value::Null), "{contract}");
    }
}

#[tokio::test]
async fn an_approval_that_is_not_there_is_named() {
    let sandbox = claimed_sandbox().await;
    let details = json!({ "resource": "approvals", "approvalId": "apr_none" });
    assert_eq!(approval("apr_none").send(&sandbox).await.refusal(), (404, "NOT_FOUND".into(), details));
    assert_eq!(approval("apr_none").role("revoked").send(&sandbox).await.status, 401);
    assert_eq!(approval("apr_none").role("read-only").send(&sandbox).await.status, 404, "reading is enough");
}

#[tokio::test]
async fn what_waits_for_money_is_listed_with_its_invoice() {
    let sandbox = paying_sandbox().await;
    let payments = async || get(&format!("{V1}/payments/pending")).send(&sandbox).await.body().to_owned();
    assert_eq!(payments().await, r#"{"payments":[]}"#);
    let id = fund("ms_4Dk7").send(&sandbox).await.json()["approval"]["id"].as_str().unwrap().to_owned();
    let expected = concat!(
        r#"{"payments":[{"id":"inv_7Rtd","status":"PENDING_FUNDING","invoiceKind":"FUNDING","#,
        r#""viewerRole":"EMPLOYER","amountUsd":300,"createdAt":"2026-06-12T10:00:01.000Z","invoiceNumber":1042,"#,
        r#""job":{"id":"job_3Vn6","title":"Spanish tweet sentiment labeling"},"#,
        r#""milestone":{"id":"ms_4Dk7","name":"Second labeling batch"}}]}"#,
    );
    assert_eq!(payments().await, expected);
    end("ctr_8Kq2").send(&sandbox).await;
    assert_eq!(payments().await, expected, "ending is no payment");

    press(&id, "confirm").send(&sandbox).await;
    assert_eq!(payments().await, r#"{"payments":[]}"#);
    release("ms_4Dk7").send(&sandbox).await;
    let payout = payments().await;
    assert!(payout.contains(r#"{"id":"inv_7Rtd","status":"PENDING_PAYOUT""#), "{payout}");
    release("ms_1aXf").send(&sandbox).await;
    let both = payments().await;
    assert!(both.starts_with(r#"{"payments":[{"id":"inv_3Jd1","status":"PENDING_PAYOUT""#), "{both}");
    assert!(both.contains(r#""invoiceNumber":1041"#), "{both}");
}
