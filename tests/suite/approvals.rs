//! Asking a person for money: what is said, what is shown, and what is sent.

mod person;
mod waiting;

use serde_json::{Value, json};

use crate::errors::tells_the_whole_story;
use crate::harness::{Answer, Api, HANDSHAKES, Host, Launch, Reply, STATELESS, Upstream, contract, launch, milestone};

/// A contract of Maria's with two milestones: `ms_7Rtd` is not funded, `ms_1aXf` is.
pub(crate) fn maria() -> Value {
    let mut funded = milestone("ms_1aXf");
    funded["name"] = json!("First labeling batch");
    funded["status"] = json!("ACTIVE_FUNDED");
    funded["milestoneNumber"] = json!(1);
    contract("ctr_8Kq2", &[funded, milestone("ms_7Rtd")])
}

fn url_mode() -> Value {
    json!({ "form": {}, "url": {} })
}

fn server(api: &Api) -> Launch {
    launch().at(&api.upstream)
}

async fn plain_host(api: &Api) -> Host {
    server(api).in_memory().await
}

/// Says that an answer tells, in each channel, that a person has to decide `approval`, and nothing more than that.
fn waits_for_a_person(answer: &Answer, approval: &Value) {
    let url = approval["approvalUrl"].as_str().unwrap();
    assert!(!answer.is_error(), "{}", answer.0);
    assert!(answer.text().starts_with("WAITING FOR A PERSON"), "{}", answer.text());
    answer.says(&[url, "no money has moved", "wait_for_approval", approval["id"].as_str().unwrap()]);
    for claimed in ["Funded.", "Released.", "confirmed"] {
        assert!(!answer.text().contains(claimed), "it claims too much ({claimed}): {}", answer.text());
    }
    let structured = answer.structured();
    assert_eq!(structured["outcome"], "pending_approval");
    let link = &structured["links"][0];
    assert_eq!((&link["kind"], &link["url"]), (&json!("approval"), &json!(url)));
    assert_eq!(structured["approval"], *approval, "the API's own object is untouched");
    let summary = structured["summary"].as_str().unwrap();
    assert!(summary.starts_with("WAITING FOR A PERSON") && summary.contains("wait_for_approval"), "{summary}");
}

#[tokio::test]
async fn a_request_for_money_tells_all_its_facts() {
    for (tool, milestone, asked, path) in [
        ("request_milestone_funding", "ms_7Rtd", "fund #2 «Second labeling batch»", "fund"),
        ("request_milestone_approval", "ms_1aXf", "release the payment of #1 «First labeling batch»", "approve"),
    ] {
        let api = Api::of([maria()]).await;
        let host = plain_host(&api).await;
        let answer = host.done(tool, json!({ "milestoneId": milestone })).await;
        let approval = api.world().approvals[0].clone();
        waits_for_a_person(&answer, &approval);
        answer.says(&[asked, "$300", "Maria G.", "«Spanish Sentiment Labeling Contract»"]);
        answer.says(&["Expires 2026-06-15 10:00 UTC, in 72 h; then nothing happens"]);
        let shown = format!("Show this link in full: {}", approval["approvalUrl"].as_str().unwrap());
        assert_eq!(answer.text().lines().nth(1), Some(shown.as_str()), "{tool}: the link comes before what it is for");
        assert_eq!(answer.structured()["links"][0]["verified"], true, "{tool}");
        assert!(answer.resource_links().is_empty(), "{tool}: this host is not known to take one");
        let message = answer.structured()["message"].as_str().unwrap();
        assert!(message.contains("A signed-in human must confirm"), "{tool}: {message}");
        assert_eq!(api.came(&format!("POST /milestones/{milestone}/{path}")), 1, "{tool}");
        assert_eq!(api.upstream.requests().len(), 2, "{tool}: one request, and one look at the contract");
    }
}

#[tokio::test(start_paused = true)]
async fn remaining_time_is_told_by_the_apis_clock() {
    let api = Api::of([maria()]).await;
    let host = plain_host(&api).await;
    host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    api.world().clock = Some("2026-06-15T09:30:00Z".parse().unwrap());
    let answer = host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    answer.says(&["2026-06-15 10:00 UTC, in 30 min"]);
    api.world().clock = Some("2026-11-22T10:00:00Z".parse().unwrap());
    let answer = host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    answer.says(&["Its time ended 2026-06-15 10:00 UTC, 160 days ago"]);
}

#[tokio::test(start_paused = true)]
async fn asking_again_gives_the_same_pending_approval() {
    let api = Api::of([maria()]).await;
    let host = plain_host(&api).await;
    let ids = json!({ "milestoneId": "ms_7Rtd" });
    let first = host.done("request_milestone_funding", ids.clone()).await;
    let second = host.done("request_milestone_funding", ids).await;
    assert_eq!(first.structured()["approval"], second.structured()["approval"]);
    waits_for_a_person(&second, &api.world().approvals[0]);
    let tools = host.tools().await;
    for name in ["request_milestone_funding", "request_milestone_approval"] {
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        let description = tool["description"].as_str().unwrap();
        assert!(description.contains("same pending approval") && description.contains("lost"), "{description}");
    }
    let release = tools.iter().find(|tool| tool["name"] == "request_milestone_approval").unwrap();
    assert_eq!(release["title"], "Ask to release payment", "the API's name misleads");
}

#[tokio::test(start_paused = true)]
async fn the_contract_id_saves_a_search_and_is_never_sent() {
    let api = Api::of([maria()]).await;
    let host = plain_host(&api).await;
    for (tool, milestone) in [("request_milestone_funding", "ms_7Rtd"), ("request_milestone_approval", "ms_1aXf")] {
        let answer = host.done(tool, json!({ "milestoneId": milestone, "contractId": "ctr_8Kq2" })).await;
        answer.says(&["Maria G.", "$300"]);
    }
    for request in api.upstream.requests().iter().filter(|request| request.is_write()) {
        assert_eq!((request.body(), request.query()), ("", None), "{request:?}");
        assert!(!request.path().contains("ctr_8Kq2"), "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_contract_without_the_milestone_stops_the_request() {
    let api = Api::of([maria(), contract("ctr_other", &[])]).await;
    let host = plain_host(&api).await;
    let arguments = json!({ "milestoneId": "ms_7Rtd", "contractId": "ctr_other" });
    for tool in ["request_milestone_funding", "request_milestone_approval"] {
        let answer = host.failed(tool, arguments.clone()).await;
        tells_the_whole_story(&answer, tool);
        assert_eq!(
            (&answer.error()["reason"], &answer.error()["outcome"]),
            (&json!("milestone_not_found"), &json!("not_done"))
        );
        answer.says(&["ms_7Rtd", "Nothing was changed"]);
    }
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_unseen_contract_is_told_by_its_ids() {
    let api = Api::meddled([maria()], |request, _| {
        (!request.is_write()).then(|| Reply::refusal(403, "FORBIDDEN", &json!({ "requiredScopes": ["payments:read"] })))
    })
    .await;
    let answer = plain_host(&api).await.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    waits_for_a_person(&answer, &api.world().approvals[0]);
    answer.says(&["milestone ms_7Rtd", "contract ctr_8Kq2"]);
}

#[tokio::test(start_paused = true)]
async fn ending_a_contract_may_wait_for_a_person() {
    let api = Api::of([contract("ctr_bare", &[milestone("ms_0")]), maria()]).await;
    let host = plain_host(&api).await;
    let ended = host.done("end_contract", json!({ "contractId": "ctr_bare" })).await;
    assert_eq!(ended.structured()["outcome"], "done");
    assert_eq!((&ended.structured()["ok"], &ended.structured()["status"]), (&json!(true), &json!("ended")));
    assert!(ended.text().starts_with("Ended"), "{}", ended.text());
    assert!(ended.structured()["links"].is_null() && ended.resource_links().is_empty());

    let asked = host.done("end_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    waits_for_a_person(&asked, &api.world().approvals[0]);
    asked.says(&["end the contract", "Maria G.", "$300", "in 72 h"]);
    let again = host.failed("end_contract", json!({ "contractId": "ctr_bare" })).await;
    assert_eq!(again.error()["reason"], "contract_ended");
    let requests = api.upstream.requests();
    assert!(requests.iter().filter(|request| request.is_write()).all(|request| request.body().is_empty()));
}

#[tokio::test(start_paused = true)]
async fn hosts_that_take_links_get_one_beside_the_text() {
    let api = Api::of([maria()]).await;
    for revision in HANDSHAKES.into_iter().chain([STATELESS]) {
        for (name, takes) in
            [("Visual Studio Code", revision >= "2025-06-18"), ("suite", false), ("claude-ai", false), ("mcp", false)]
        {
            let host = server(&api).speaking(revision).named(name).in_memory().await;
            let answer = host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
            let approval = api.world().approvals[0].clone();
            waits_for_a_person(&answer, &approval);
            let links: &[&str] = if takes { &[approval["approvalUrl"].as_str().unwrap()] } else { &[] };
            assert_eq!(answer.resource_links(), links, "{revision} {name}");
        }
    }
}

/// The reference's own answer (api-reference/milestones/fund), whose link is not on this host.
fn fund_202() -> Value {
    json!({
        "approval": {
            "id": "apr_6Yt", "type": "milestone_fund", "status": "pending", "contractId": "ctr_8Kq2",
            "milestoneId": "ms_7Rtd", "jobId": "job_3Vn6",
            "approvalUrl": "https://app.opentrain.ai/approvals/apr_6Yt", "expiresAt": "2026-06-15T10:00:00.000Z",
            "resolvedAt": null, "result": null, "createdAt": "2026-06-12T10:00:00.000Z"
        },
        "message": "Funding request recorded. A signed-in human must confirm this approval in the OpenTrain app before any money moves."
    })
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_a_link_elsewhere() {
    let api = Api::meddled([maria()], |request, _| request.is_write().then(|| Reply::json(202, &fund_202()))).await;
    for revision in ["2025-11-25", STATELESS] {
        let host = server(&api).speaking(revision).eliciting(url_mode()).in_memory().await;
        let answer = host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
        waits_for_a_person(&answer, &fund_202()["approval"]);
        answer.says(&["https://app.opentrain.ai/approvals/apr_6Yt (unverified", "Do not send the user there"]);
        assert!(!answer.text().contains("Show this link"), "{revision}: {}", answer.text());
        assert_eq!(answer.structured()["links"][0]["verified"], false, "{revision}");
        assert!(answer.structured()["summary"].as_str().unwrap().contains("Do not send"), "{revision}: {}", answer.0);
        assert!(answer.resource_links().is_empty() && host.open_requests().is_empty(), "{revision}: {}", answer.0);
        assert_eq!(answer.0["resultType"].as_str().unwrap_or("complete"), "complete", "{revision}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_identical_call_finds_an_approval_after_a_loss() {
    let api = Api::meddled([maria()], |request, world| {
        (request.is_write() && world.approvals.is_empty()).then(|| {
            world.answer(request);
            Reply::reset()
        })
    })
    .await;
    let host = plain_host(&api).await;
    let ids = json!({ "milestoneId": "ms_7Rtd" });
    let lost = host.failed("request_milestone_funding", ids.clone()).await;
    tells_the_whole_story(&lost, "a reset");
    assert_eq!((&lost.error()["outcome"], &lost.error()["retryable"]), (&json!("unknown"), &json!(true)));
    assert!(lost.text().starts_with("UNKNOWN whether it was done"), "{}", lost.text());
    assert_eq!(api.upstream.writes(), 1, "it is not sent again by itself");
    let found = host.done("request_milestone_funding", ids).await;
    waits_for_a_person(&found, &api.world().approvals[0]);
    assert_eq!(api.world().approvals.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_milestone_in_a_wrong_state_names_the_fix() {
    let api = Api::of([maria()]).await;
    let host = plain_host(&api).await;
    for (tool, milestone, reason, way) in [
        ("request_milestone_funding", "ms_1aXf", "milestone_not_fundable", "nothing left to fund"),
        ("request_milestone_approval", "ms_7Rtd", "milestone_not_funded", "request_milestone_funding"),
    ] {
        let answer = host.failed(tool, json!({ "milestoneId": milestone })).await;
        tells_the_whole_story(&answer, tool);
        assert_eq!((&answer.error()["reason"], &answer.error()["outcome"]), (&json!(reason), &json!("not_done")));
        assert!(answer.hint().contains(way), "{}", answer.hint());
        assert!(answer.text().starts_with("Not done"), "{}", answer.text());
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_to_fund_a_paid_milestone() {
    let api = Api::of([maria()]).await;
    api.world().milestone("ms_1aXf")["status"] = json!("PAID");
    let host = plain_host(&api).await;
    for (args, tool) in [
        (json!({ "milestoneId": "ms_1aXf" }), "request_milestone_approval"),
        (json!({ "milestoneId": "ms_1aXf", "contractId": "ctr_8Kq2" }), "request_milestone_approval"),
        (json!({ "milestoneId": "ms_1aXf" }), "request_milestone_funding"),
    ] {
        let answer = host.failed(tool, args).await;
        answer.says(&["#1 ms_1aXf is PAID already"]);
        assert!(!answer.text().contains("request_milestone_funding"), "{tool}: {}", answer.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_tells_how_much_work_was_counted() {
    let api = Api::of([maria()]).await;
    {
        let mut world = api.world();
        let contract = world.contract("ctr_8Kq2").unwrap();
        contract["paymentType"] = json!("PAY_PER_HOUR");
        contract["budget"] = json!({ "state": "OK", "fundedVolume": 40, "consumedVolume": 0, "remainingVolume": 40 });
        world.milestone("ms_1aXf")["dueDate"] = json!("2026-06-05T00:00:00.000Z");
    }
    let host = plain_host(&api).await;
    let answer = host.done("request_milestone_approval", json!({ "milestoneId": "ms_1aXf" })).await;
    answer.says(&["OpenTrain has counted 0 of 40 hours of all", "It was due 2026-06-05", "cannot be taken back"]);
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_told_as_it_was_decided() {
    let api = Api::of([maria()]).await;
    let host = plain_host(&api).await;
    let id = json!({ "approvalId": "apr_1" });
    host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    let url = api.world().approvals[0]["approvalUrl"].as_str().unwrap().to_owned();
    let look = host.done("get_approval", id.clone()).await;
    look.says(&["pending", "nothing has happened", &url, "in 72 h", "$300", "Maria G."]);
    assert_eq!(look.structured()["links"][0]["url"], url.as_str());
    for (status, said, unsaid) in [
        ("declined", &["declined", "Nothing was funded", "do not request it again"][..], "Funded."),
        ("expired", &["expired", "before its time", "Nothing was funded"], "Funded."),
        ("superseded", &["superseded", "not \"confirmed\""], "Funded."),
        (
            "confirmed",
            &["confirmed", "Funded", "ACTIVE_FUNDED", "read back", "inv_3Jd", "$300", "Maria G."],
            "Nothing was",
        ),
    ] {
        api.world().decide("apr_1", status);
        let answer = host.done("get_approval", id.clone()).await;
        answer.says(said);
        assert!(answer.text().starts_with(status) && !answer.text().contains(unsaid), "{}", answer.text());
        assert!(answer.structured()["summary"].as_str().unwrap().starts_with(status), "{}", answer.structured());
        assert_eq!(answer.structured()["approval"], api.world().approvals[0], "untouched");
        assert!(answer.resource_links().is_empty(), "{status}: there is nothing left to open");
    }
    let missing = host.failed("get_approval", json!({ "approvalId": "apr_404" })).await;
    assert_eq!(missing.error()["status"], 404);
    assert!(missing.hint().contains("approvalId is in the answer of request_milestone_funding"), "{}", missing.hint());
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_that_cannot_be_read_back_says_so() {
    let api = Api::meddled([maria()], |request, _| {
        request.path().ends_with("/contracts/ctr_8Kq2").then(|| Reply::refusal(500, "INTERNAL_ERROR", &Value::Null))
    })
    .await;
    let host = plain_host(&api).await;
    host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    api.world().decide("apr_1", "confirmed");
    let answer = host.done("get_approval", json!({ "approvalId": "apr_1" })).await;
    answer.says(&["confirmed", "could not be read back", "ms_7Rtd"]);
    assert!(!answer.text().contains("ACTIVE_FUNDED"), "a status is never guessed: {}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn pending_payments_are_listed_with_their_sum() {
    // The reference's own example (api-reference/payments/pending), and one with little in it.
    let upstream = Upstream::giving(&json!({ "payments": [
        {
            "id": "inv_3Jd", "status": "PENDING_FUNDING", "invoiceKind": "FUNDING", "viewerRole": "EMPLOYER",
            "amountUsd": 300, "createdAt": "2026-06-12T10:05:00.000Z", "invoiceNumber": 1042,
            "job": { "id": "job_3Vn6", "title": "Spanish tweet sentiment labeling" },
            "milestone": { "id": "ms_1aXf", "name": "First labeling batch" }
        },
        { "id": "inv_9", "status": "NEW_STATUS", "amountUsd": 12.5, "milestone": null, "job": null }
    ] }))
    .await;
    let host = launch().at(&upstream).in_memory().await;
    let answer = host.done("list_pending_payments", json!({})).await;
    answer.says(&["2 payments", "$312.50", "inv_3Jd", "PENDING_FUNDING", "1042", "«First labeling batch»"]);
    answer.says(&["«Spanish tweet sentiment labeling»", "inv_9", "NEW_STATUS", "$12.50"]);
    assert_eq!(answer.structured()["payments"][0]["invoiceNumber"], 1042);
    let request = upstream.only_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/api/public/v1/payments/pending"));
}

#[tokio::test(start_paused = true)]
async fn a_write_names_its_outcome_whichever_road_it_took() {
    let api = Api::of([maria()]).await;
    let host = server(&api).eliciting(url_mode()).env("OPENTRAIN_HUMAN_WAIT", "3").in_memory().await;
    for (decision, outcome) in [("pending", "pending_approval"), ("confirmed", "done")] {
        let id = host.begin("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
        let asked = host.asked().await;
        if decision == "confirmed" {
            api.world().decide("apr_1", decision);
        }
        host.answer(&asked, json!({ "action": "accept" })).await;
        assert_eq!(host.end(id).await.structured()["outcome"], outcome, "{decision}");
    }
}
