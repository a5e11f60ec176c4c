//! What happened, as events.

use serde_json::{Value, json};

use super::{
    Agent, Sandbox, TWEETS, V1, fund, get, names, paying_sandbox, post, press, publish, ready, release, sandbox,
};

async fn poll(sandbox: &Sandbox, query: &str) -> Value {
    get(&format!("{V1}/updates{query}")).send(sandbox).await.json()
}

fn events(updates: &Value) -> Vec<Value> {
    updates["events"].as_array().unwrap().clone()
}

fn types(updates: &Value) -> Vec<String> {
    events(updates).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

async fn confirm(sandbox: &Sandbox, asked: super::Call) {
    let id = asked.send(sandbox).await.json()["approval"]["id"].take();
    assert_eq!(press(id.as_str().unwrap(), "confirm").send(sandbox).await.status, 303);
}

#[tokio::test]
async fn the_past_is_polled_from_the_beginning() {
    let sandbox = sandbox().await;
    let first = poll(&sandbox, "?limit=2").await;
    assert_eq!(names(&first), ["events", "nextCursor", "hasMore"]);
    assert_eq!([&first["nextCursor"], &first["hasMore"]], [&json!("1002"), &json!(true)]);
    let event = &first["events"][1];
    assert_eq!(names(event), ["id", "type", "apiVersion", "createdAt", "resourceId", "jobId", "data"]);
    let expected = json!({
        "id": "1002", "type": "message.received", "apiVersion": "v1", "createdAt": "2026-06-10T17:00:00.000Z",
        "resourceId": "msg_6Kf30", "jobId": "job_6Tc1",
        "data": { "conversationId": "cnv_6Kf3", "messageId": "msg_6Kf30" },
    });
    assert_eq!(event.to_string(), expected.to_string());
    let all = poll(&sandbox, "").await;
    let times: Vec<_> = events(&all).iter().map(|event| event["createdAt"].as_str().unwrap().to_owned()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let end = all["nextCursor"].as_str().unwrap();
    let rest = poll(&sandbox, &format!("?cursor={end}")).await;
    assert_eq!(rest, json!({ "events": [], "nextCursor": end, "hasMore": false }), "the cursor comes back");
}

#[tokio::test]
async fn each_step_has_its_event() {
    let sandbox = paying_sandbox().await;
    let start = poll(&sandbox, "").await["nextCursor"].as_str().unwrap().to_owned();
    let job = ready(&sandbox, TWEETS).await;
    publish(&job).send(&sandbox).await;
    super::wait(&sandbox, 2).await;
    confirm(&sandbox, post(&format!("{V1}/proposals/prp_7Rtd/hire"), r#"{"milestone":{"name":"a","amount":300}}"#))
        .await;
    confirm(&sandbox, fund("ms_3Qzv")).await;
    confirm(&sandbox, release("ms_7Rtd")).await;
    let since = poll(&sandbox, &format!("?cursor={start}")).await;
    let expected = [
        "proposal.received",
        "proposal.status_changed",
        "contract.created",
        "milestone.status_changed",
        "approval.confirmed",
        "payment.pending",
        "milestone.status_changed",
        "contract.budget_state_changed",
        "approval.confirmed",
        "payment.pending",
        "milestone.status_changed",
        "approval.confirmed",
        "message.received",
    ];
    assert_eq!(types(&since), expected);
    let of = |place: usize| since["events"][place]["data"].clone();
    assert_eq!(of(0), json!({ "proposalId": "prp_7Rtd", "jobId": job }));
    assert_eq!(of(1), json!({ "proposalId": "prp_7Rtd", "status": "HIRED" }));
    assert_eq!(of(2), json!({ "contractId": "ctr_7Rtd", "jobId": job, "proposalId": "prp_7Rtd" }));
    assert_eq!(of(3), json!({ "milestoneId": "ms_7Rtd", "contractId": "ctr_7Rtd", "status": "ACTIVE_FUNDED" }));
    assert_eq!(of(4), json!({ "approvalId": "apr_7Rtd", "status": "confirmed" }));
    assert_eq!(
        of(5),
        json!({ "invoiceId": since["events"][5]["resourceId"], "milestoneId": "ms_3Qzv", "contractId": "ctr_5Lm9" })
    );
    let budget = json!({
        "contractId": "ctr_5Lm9", "previousState": "LOW", "state": "OK", "paymentType": "PAY_PER_HOUR",
        "fundedVolume": 52.5, "consumedVolume": 34, "remainingVolume": 18.5, "consumedFraction": 0.6476,
    });
    assert_eq!(of(7).to_string(), budget.to_string());
    assert_eq!(of(10)["status"], "PAID");
}

#[tokio::test]
async fn what_ends_an_approval_is_told_each_time() {
    let sandbox = paying_sandbox().await;
    let start = poll(&sandbox, "").await["nextCursor"].as_str().unwrap().to_owned();
    let declined = fund("ms_4Dk7").send(&sandbox).await.json()["approval"]["id"].take();
    press(declined.as_str().unwrap(), "decline").send(&sandbox).await;
    let lapsed = fund("ms_4Dk7").send(&sandbox).await.json()["approval"].take();
    for _ in 0..3 {
        post("/clock", "").send(&sandbox).await;
    }
    let since = poll(&sandbox, &format!("?cursor={start}")).await;
    let ends: Vec<_> = events(&since).into_iter().filter(|event| event["type"] == "approval.confirmed").collect();
    assert_eq!([&ends[0]["data"]["status"], &ends[1]["data"]["status"]], ["declined", "expired"]);
    assert_eq!(ends[1]["createdAt"], lapsed["expiresAt"]);
}

#[tokio::test]
async fn a_token_sees_its_scopes_and_own_events() {
    let sandbox = sandbox().await;
    post("/claim", "").send(&sandbox).await;
    let reader = Agent::owner().with_scopes(&["messages:read"], &sandbox).await;
    let seen = reader.get("/updates").send(&sandbox).await.json();
    assert!(!types(&seen).is_empty() && types(&seen).iter().all(|kind| kind == "message.received"), "{seen}");
    let stranger = Agent::owner().with_scopes(&["jobs:read"], &sandbox).await;
    let refused = stranger.get("/updates").send(&sandbox).await.refusal();
    assert_eq!(
        (refused.0, &refused.2["requiredScopes"]),
        (403, &json!(["proposals:read", "messages:read", "payments:read"]))
    );
    let agent = Agent::register(&sandbox).await;
    let none = json!({ "events": [], "nextCursor": null, "hasMore": false });
    assert_eq!(agent.get("/updates").send(&sandbox).await.json(), none);
}

#[tokio::test]
async fn wrong_cursors_and_limits_are_refused() {
    let sandbox = sandbox().await;
    for (query, field) in
        [("?cursor=x", "cursor"), ("?cursor=-1", "cursor"), ("?limit=0", "limit"), ("?limit=201", "limit")]
    {
        let refused = get(&format!("{V1}/updates{query}")).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": field })), "{query}");
    }
}
