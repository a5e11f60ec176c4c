//! The overview: one call for a caller with no memory, small whatever there is, and honest about what it could not read.

use serde_json::{Value, json};

use crate::harness::upstream::Request;
use crate::harness::{Api, Gate, Reply, Upstream, contract, launch, milestone};

const SCOPES: [&str; 6] =
    ["jobs:write", "proposals:write", "messages:write", "payments:write", "team:write", "payments:read"];

fn conversation(number: usize) -> Value {
    json!({
        "id": format!("cnv_{number:04}"), "type": "DIRECT_MESSAGE", "bucket": "job", "jobId": format!("job_{number:04}"),
        "proposalId": null, "channelName": null, "unreadCount": 2, "needsReplyCount": 1,
        "lastMessage": { "id": "msg_1", "content": "«ü»".repeat(100), "senderUserId": format!("usr_{number:04}"),
            "isFromViewer": false, "createdAt": "2026-06-12T09:00:00.000Z" }
    })
}

fn job(number: usize) -> Value {
    let status = if number.is_multiple_of(2) { "OPEN" } else { "DRAFT" };
    json!({ "id": format!("job_{number:04}"), "title": "Ü".repeat(200), "status": status, "published": true,
        "proposalCounts": { "total": 9, "unreviewed": 3 } })
}

fn busy_contract(number: usize) -> Value {
    let mut late = milestone(&format!("ms_{number:04}a"));
    late["dueDate"] = json!("2026-01-15T00:00:00.000Z");
    late["needsReview"] = json!(true);
    late["name"] = json!("Ä".repeat(150));
    let mut funded = milestone(&format!("ms_{number:04}b"));
    funded["status"] = json!("ACTIVE_FUNDED");
    let mut contract = contract(&format!("ctr_{number:04}"), &[late, funded]);
    contract["jobId"] = json!(format!("job_{number:04}"));
    contract["freelancer"]["userId"] = json!(format!("usr_{number:04}"));
    contract
}

/// What the account is asked for, by the last part of the path.
fn of_account(request: &Request) -> Reply {
    let body = match request.path().strip_prefix("/api/public/v1").unwrap() {
        "/auth/me" => json!({ "actor": { "fullName": "Mira Chen" }, "token": { "scopes": SCOPES } }),
        "/job-drafts/capabilities" => json!({ "capabilities": { "paymentsWrite": true, "hiring": true } }),
        "/contracts" => json!({ "contracts": (0..500).map(busy_contract).collect::<Vec<_>>() }),
        "/messages" => json!({ "conversations": (0..100).map(conversation).collect::<Vec<_>>(), "nextCursor": "n" }),
        "/jobs/mine" => json!({ "jobs": (0..50).map(job).collect::<Vec<_>>(), "nextCursor": null }),
        "/payments/pending" => json!({ "payments": (0..40).map(|number| json!({
            "id": format!("inv_{number}"), "status": "PENDING_FUNDING", "amountUsd": 12.5,
            "milestone": { "id": "ms_1", "name": "é".repeat(120) } })).collect::<Vec<_>>() }),
        "/credits" => json!({ "credits": { "availableCents": 12_345, "reservedCents": 5, "currency": "usd" } }),
        "/updates" => json!({ "events": (0..200).map(|number| json!({
            "id": number.to_string(), "type": "contract.budget_state_changed", "createdAt": "2026-06-12T08:00:00.000Z",
            "data": { "contractId": format!("ctr_{number:04}"), "previousState": "OK", "state": "LOW",
                "fundedVolume": 10, "consumedVolume": 9, "remainingVolume": 1, "consumedFraction": 0.9 } })).collect::<Vec<_>>(),
            "nextCursor": "200", "hasMore": true }),
        _ => return Reply::refusal(404, "NOT_FOUND", &Value::Null),
    };
    Reply::json(200, &body).header("Date", "Fri, 12 Jun 2026 10:00:00 GMT")
}

#[tokio::test]
async fn an_overview_of_much_is_small_and_costs_eight_requests() {
    let gate = Gate::closed();
    let shut = gate.clone();
    let upstream = Upstream::answering(move |request, _| of_account(request).once_open(&shut)).await;
    let host = launch().at(&upstream).start().await;
    let id = host.begin("get_overview", json!({})).await;
    // None waits for another one: so all together take as long as the slowest.
    upstream.has_seen(8).await;
    gate.open();
    let answer = host.end(id).await;
    assert_eq!(upstream.requests().len(), 8);
    let (text, data) = (answer.text(), answer.structured().to_string());
    assert!(text.len() < 8_000 && data.len() < 24_000, "{} and {} bytes:\n{text}", text.len(), data.len());
    answer.says(&[
        "Friday, 2026-06-12, 10:00 UTC",
        "40 invoices to pay, $500",
        "100 conversations of the latest 100 unread",
        "150 proposals not reviewed, for 50 jobs",
        "25 drafts",
        "500 milestones not funded, $150,000",
        "500 milestones funded and not released, $150,000",
        "credits $123.45",
        "500 milestones past due",
        "200 budgets LOW or DEPLETED",
        "«Maria G.» («Spain»), ctr_0000",
        "more: list_contracts(status \"active\")",
        "get_overview(since \"200\")",
    ]);
    for section in ["waitingForUser", "waitingForYou", "money", "work", "sinceLastTime"] {
        let items = answer.structured()[section]["items"].as_array().unwrap();
        assert!((1..=10).contains(&items.len()), "{section}: {}", items.len());
    }
    assert_eq!(
        answer.structured()["money"]["milestonesByStatus"]["NOT_FUNDED"]["usd"].to_string().replace('"', ""),
        "150000"
    );
}

#[tokio::test]
async fn each_approval_that_is_looked_up_is_shown() {
    let upstream = Upstream::answering(|request, _| match request.path().strip_prefix("/api/public/v1/approvals/") {
        Some(id) => Reply::json(
            200,
            &json!({ "approval": { "id": id, "type": "milestone_fund", "status": "pending", "contractId": "ctr_0001",
                "milestoneId": "ms_0001a", "approvalUrl": format!("http://{}/approvals/{id}?code=ab12cd34", request.header("host")[0]),
                "expiresAt": "2026-06-15T10:00:00.000Z" } }),
        ),
        None => of_account(request),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let line = |place: usize| {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(60 - i64::try_from(place).unwrap());
        json!({ "v": 1, "at": at.to_string(), "id": format!("{place:016x}"), "phase": "after", "arguments": {},
            "tool": "request_milestone_funding", "base": upstream.origin, "principal": "c3f9aa01",
            "amountUsd": "300", "approvalId": format!("apr_{place}"), "outcome": "pending_approval" })
        .to_string()
            + "\n"
    };
    std::fs::write(&record, (0..14).map(line).collect::<String>()).unwrap();
    let host = launch().at(&upstream).args(["--audit-log", record.to_str().unwrap()]).start().await;
    let answer = host.done("get_overview", json!({})).await;
    answer.says(&["14 requests to decide, $2,400 and what is not known", "apr_13: fund", "6 more: get_approval"]);
    let (text, data) = (answer.text(), answer.structured().to_string());
    let (shown, looked) = (text.matches(": fund «").count(), upstream.requests().len() - 8);
    assert_eq!((shown, looked), (8, 8), "{text}");
    assert!(text.len() < 8_000 && data.len() < 24_000, "{} and {} bytes:\n{text}", text.len(), data.len());
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_the_rest_comes() {
    let upstream = Upstream::answering(|request, _| match request.path() {
        "/api/public/v1/contracts" => {
            Reply::refusal(403, "FORBIDDEN", &json!({ "requiredScopes": ["payments:read"], "grantedScopes": [] }))
        }
        "/api/public/v1/credits" => Reply::refusal(403, "FORBIDDEN", &json!({ "featureKey": "public_api_credits" })),
        "/api/public/v1/jobs/mine" => Reply::new(200, "[]"),
        _ => of_account(request),
    })
    .await;
    let host = launch().at(&upstream).start().await;
    let answer = host.done("get_overview", json!({ "since": "7" })).await;
    answer.says(&[
        "Milestones could not be read (this token lacks payments:read)",
        "Credits could not be read (public_api_credits is switched off for this account)",
        "Jobs and proposals could not be read",
        "SINCE LAST TIME: 200 events",
        "conversations",
    ]);
    assert!(upstream.requests().iter().any(|request| request.query().is_some_and(|query| query.contains("cursor=7"))));
}

#[tokio::test]
async fn an_overview_without_a_token_fails_as_other_reads_do() {
    let upstream = Upstream::scripted([Reply::refusal(401, "UNAUTHORIZED", &Value::Null)]).await;
    let host = launch().at(&upstream).start().await;
    assert_eq!(host.failed("get_overview", json!({})).await.error()["status"], 401);
}

#[tokio::test]
async fn an_evening_with_no_memory_finds_what_was_asked() {
    let mut asked = milestone("ms_1");
    asked["milestoneNumber"] = json!(1);
    let api = Api::of([contract("ctr_8Kq2", &[asked])]).await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let record = record.to_str().unwrap();
    let server = || launch().at(&api.upstream).args(["--audit-log", record]).start();
    let morning = server().await;
    let request = morning.done("request_milestone_funding", json!({ "milestoneId": "ms_1" })).await;
    let url = request.structured()["approval"]["approvalUrl"].as_str().unwrap().to_owned();
    let evening = server().await;
    let overview = evening.done("get_overview", json!({})).await;
    overview.says(&[
        "1 request to decide, $300",
        "fund «Second labeling batch» for «Maria G.» («Spain»), ctr_8Kq2",
        &url,
    ]);
    overview.says(&["expires 2026-06-15 10:00 UTC, in 72 h"]);
    let item = &overview.structured()["waitingForUser"]["items"][0];
    assert_eq!((&item["approvalId"], &item["amountUsd"]), (&json!("apr_1"), &json!(300)), "{item}");
    assert_eq!(overview.structured()["links"][0]["url"], url.as_str());
    assert_eq!(api.came("GET /approvals/apr_1"), 1);
    // The person decides; the next overview says so.
    api.world().decide("apr_1", "confirmed");
    let night = server().await.done("get_overview", json!({})).await;
    night.says(&["apr_1: confirmed: fund «Second labeling batch»", "funded and not released, $300"]);
    assert!(!night.text().contains("to decide"), "{}", night.text());
}

#[tokio::test]
async fn an_evening_names_candidates_and_money_that_is_held() {
    let api = crate::dry_run::api().await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let record = record.to_str().unwrap();
    let server = || launch().at(&api.upstream).args(["--audit-log", record]).start();
    let morning = server().await;
    let hire = json!({ "proposalId": "prp_1", "milestone": { "name": "First", "amount": 100 } });
    morning.done("hire_proposal", hire).await;
    morning.done("end_contract", json!({ "contractId": "ctr_1" })).await;
    let overview = server().await.done("get_overview", json!({})).await;
    overview.says(&["2 requests to decide, $400", "hire «Anna S.», prp_1 with «First», $100"]);
    overview.says(&["end «Maria G.» («Spain»), ctr_1", "$300 funded in it"]);
    let ran = launch().at(&api.upstream).args(["--audit-log", record, "audit"]).run().await;
    assert!(ran.stdout.contains("for «Anna S.»") && !ran.stdout.contains("\\u{ab}"), "{ran:?}");
}

#[tokio::test]
async fn people_are_named_once_they_were_read() {
    let upstream = Upstream::answering(|request, _| match request.query() {
        Some(query) if query.contains("conversationId") => {
            Reply::json(200, &json!({ "messages": [conversation(3)["lastMessage"]], "nextCursor": null }))
        }
        _ => of_account(request),
    })
    .await;
    let host = launch().at(&upstream).start().await;
    let before = host.done("list_conversations", json!({})).await;
    assert!(!before.text().contains("Maria G."), "{}", before.text());
    host.done("list_contracts", json!({})).await;
    host.done("list_conversations", json!({})).await.says(&["cnv_0003 · «Maria G.» («Spain»), ctr_0003"]);
    let messages = host.done("read_messages", json!({ "conversationId": "cnv_0003" })).await;
    messages.says(&[
        "Conversation cnv_0003 with «Maria G.» («Spain»), ctr_0003",
        "«Maria G.» («Spain»), 2026-06-12 09:00 UTC",
    ]);
}

#[tokio::test]
async fn what_stops_a_write_is_said_before_the_first_one() {
    let unclaimed = ["jobs:read", "jobs:write", "proposals:read", "messages:read", "payments:read", "team:read"];
    let body = json!({ "actor": { "fullName": "Mira Chen" }, "token": { "scopes": unclaimed },
        "capabilities": { "hiring": false } });
    let upstream = Upstream::giving(&body).await;
    let host = launch().at(&upstream).args(["--max-day-usd", "500"]).start().await;
    for tool in ["get_auth_status", "get_overview"] {
        let answer = host.done(tool, json!({})).await;
        answer.says(&[
            "No person has claimed this account",
            "lacks payments:write",
            "public_api_hiring is switched off",
        ]);
        answer.says(&["$0 of $500 are used today"]);
    }
    let check = launch().at(&upstream).args(["check"]).run().await;
    assert_eq!(check.status, Some(1), "{check:?}");
    assert!(check.stdout.starts_with("NOT READY. No person has claimed"), "{}", check.stdout);
}
