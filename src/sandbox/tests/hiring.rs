//! Hiring: asked for, decided by a person, and what is there then.

use serde_json::{Value, json};

use super::{Call, Sandbox, V1, approval, claimed_sandbox, get, names, paying_sandbox, post, press};

/// The reference's request (api-reference/proposals/hire).
const TERMS: &str = r#"{"milestone":{"name":"First labeling batch","description":"Label the first 5,000 posts per the guidelines","amount":300,"dueDate":"2026-07-01"}}"#;

fn hire(proposal: &str, body: &str) -> Call {
    post(&format!("{V1}/proposals/{proposal}/hire"), body)
}

async fn ask(sandbox: &Sandbox, body: &str) -> String {
    let reply = hire("prp_5Aj3", body).send(sandbox).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.json()["approval"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn hiring_needs_a_payment_method() {
    let sandbox = claimed_sandbox().await;
    let refused = hire("prp_5Aj3", TERMS).send(&sandbox).await.refusal();
    let billing_url = format!("{}billing", sandbox.origin());
    assert_eq!(
        refused,
        (409, "CONFLICT".into(), json!({ "reason": "payment_method_required", "billingUrl": billing_url }))
    );
    post("/billing", "").send(&sandbox).await;
    let reply = hire("prp_5Aj3", TERMS).send(&sandbox).await;
    let expected = json!({
        "approval": {
            "id": "apr_7Rtd", "type": "proposal_hire", "status": "pending", "contractId": null, "milestoneId": null,
            "jobId": "job_8Lx2", "proposalId": "prp_5Aj3",
            "approvalUrl": format!("{}approvals/apr_7Rtd", sandbox.origin()),
            "expiresAt": "2026-06-15T10:00:01.000Z", "resolvedAt": null, "result": null,
            "createdAt": "2026-06-12T10:00:01.000Z",
        },
        "message": "Hire request recorded. A signed-in human must confirm this approval in the OpenTrain app before the \
                    freelancer is hired and any money moves.",
    });
    assert_eq!((reply.status, reply.json().to_string()), (202, expected.to_string()));
    let again = hire("prp_5Aj3", TERMS).send(&sandbox).await;
    assert_eq!(again.body(), reply.body(), "the same request is the same approval");
}

#[tokio::test]
async fn other_terms_supersede_what_waits() {
    let sandbox = paying_sandbox().await;
    let first = ask(&sandbox, TERMS).await;
    let second = ask(&sandbox, &TERMS.replace("300", "250")).await;
    assert_ne!(first, second);
    let status = async |id: &str| approval(id).send(&sandbox).await.json()["approval"].take();
    let old = status(&first).await;
    assert_eq!([&old["status"], &old["result"]], [&json!("expired"), &Value::Null]);
    assert!(old["resolvedAt"].is_string());
    assert_eq!(status(&second).await["status"], "pending");
    assert_eq!(press(&first, "confirm").send(&sandbox).await.status, 409);
}

#[tokio::test]
async fn the_page_shows_the_fees() {
    let sandbox = paying_sandbox().await;
    let id = ask(&sandbox, TERMS).await;
    let page = get(&format!("/approvals/{id}")).send(&sandbox).await;
    for part in [
        "Hire this candidate?",
        "Anna S.",
        "First labeling batch",
        "$300",
        "$30 (10 %)",
        "$9.95, once",
        "$339.95",
        ">Confirm: hire for $339.95<",
        "92 of 100",
        "$15 an hour",
        ">Decline<",
    ] {
        assert!(page.body().contains(part), "{part}: {}", page.body());
    }
    assert!(!page.body().contains("from credits"), "the credits do not cover it");
    assert!(get("/").send(&sandbox).await.body().contains("Hire <bdi>Anna S.</bdi> for $339.95</a>"));
    assert_eq!(press(&id, "decline").send(&sandbox).await.status, 303);
    assert!(get(&format!("/approvals/{id}")).send(&sandbox).await.body().contains("You declined"));
    let proposal = get(&format!("{V1}/proposals/prp_5Aj3")).send(&sandbox).await.json();
    assert_eq!(proposal["proposal"]["status"]["raw"], "SHORTLISTED");
}

#[tokio::test]
async fn confirming_makes_the_contract_with_a_funded_milestone() {
    let sandbox = paying_sandbox().await;
    let id = ask(&sandbox, TERMS).await;
    assert_eq!(press(&id, "confirm").send(&sandbox).await.status, 303);
    let confirmed = approval(&id).send(&sandbox).await.json()["approval"].take();
    let result =
        json!({ "hired": true, "contractId": "ctr_7Rtd", "jobId": "job_8Lx2", "freelancerUserId": "usr_2Ve9" });
    assert_eq!([&confirmed["status"], &confirmed["result"]], [&json!("confirmed"), &result]);
    assert_eq!([&confirmed["contractId"], &confirmed["proposalId"]], [&Value::Null, &json!("prp_5Aj3")]);

    let contract = get(&format!("{V1}/contracts/ctr_7Rtd")).send(&sandbox).await.json()["contract"].take();
    let reference = get(&format!("{V1}/contracts/ctr_8Kq2")).send(&sandbox).await.json()["contract"].take();
    assert_eq!(names(&contract), names(&reference));
    assert_eq!(
        [&contract["paymentType"], &contract["rateUsd"], &contract["proposalId"]],
        [&json!("PAY_PER_HOUR"), &json!(14), &json!("prp_5Aj3")]
    );
    assert_eq!(contract["freelancer"]["profilePath"], "/profile/anna-s");
    let milestone = &contract["milestones"][0];
    assert_eq!(names(milestone), names(&reference["milestones"][0]));
    assert_eq!(
        [&milestone["status"], &milestone["amountUsd"], &milestone["milestoneNumber"]],
        [&json!("ACTIVE_FUNDED"), &json!(300), &json!(1)]
    );
    assert_eq!([&milestone["volume"], &milestone["dueDate"]], [&json!(21.43), &json!("2026-07-01T00:00:00.000Z")]);
    assert_eq!(milestone["invoiceId"], "inv_7Rtd");

    let proposal = get(&format!("{V1}/proposals/prp_5Aj3")).send(&sandbox).await.json()["proposal"].take();
    assert_eq!(
        [&proposal["status"], &proposal["contract"]],
        [&json!({ "raw": "HIRED", "label": "Hired" }), &json!({ "id": "ctr_7Rtd" })]
    );
    let jobs = get(&format!("{V1}/jobs/mine?status=ONGOING")).send(&sandbox).await.json();
    assert!(jobs["jobs"].as_array().unwrap().iter().any(|job| job["id"] == "job_8Lx2"));
    let talk = contract["jobDmConversationId"].as_str().unwrap();
    let messages = get(&format!("{V1}/messages?conversationId={talk}")).send(&sandbox).await.json();
    assert_eq!(messages["messages"][0]["senderUserId"], "usr_2Ve9", "the trainer writes first");
    let again = hire("prp_5Aj3", TERMS).send(&sandbox).await.refusal();
    assert_eq!((again.0, &again.2["reason"]), (409, &json!("proposal_already_hired")));
}

#[tokio::test]
async fn what_cannot_be_hired_is_refused() {
    let sandbox = paying_sandbox().await;
    let refusal = async |proposal: &str, body: &str| hire(proposal, body).send(&sandbox).await.refusal();
    assert_eq!(refusal("prp_none", TERMS).await, (404, "NOT_FOUND".into(), json!({ "proposalId": "prp_none" })));
    assert_eq!(refusal("prp_3Yw5", TERMS).await.0, 403);
    assert_eq!(refusal("prp_9Fb6", TERMS).await.2, json!({ "reason": "proposal_not_a_fit" }));
    for (body, field) in [
        ("{}", "milestone"),
        (r#"{"milestone":{"amount":300}}"#, "milestone.description"),
        (r#"{"milestone":{"name":"x"}}"#, "milestone"),
        (r#"{"milestone":{"name":"x","amount":0}}"#, "milestone.amount"),
        (r#"{"milestone":{"name":"x","amount":1e25}}"#, "milestone.amount"),
        (r#"{"milestone":{"name":"x","amount":1,"dueDate":"soon"}}"#, "milestone.dueDate"),
    ] {
        assert_eq!(refusal("prp_5Aj3", body).await, (400, "BAD_REQUEST".into(), json!({ "field": field })), "{body}");
    }
    let read_only = hire("prp_5Aj3", TERMS).role("read-only").send(&sandbox).await.refusal();
    assert_eq!(read_only.2["requiredScopes"], json!(["proposals:write"]));
}

#[tokio::test]
async fn two_who_are_asked_about_are_hired_once() {
    let sandbox = paying_sandbox().await;
    let id = ask(&sandbox, TERMS).await;
    press(&id, "confirm").send(&sandbox).await;
    let later = hire("prp_2Xm4", TERMS).send(&sandbox).await;
    assert_eq!(later.status, 202, "another candidate can still be hired: {later:?}");
}
