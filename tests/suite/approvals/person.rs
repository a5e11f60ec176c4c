//! How the page of a decision comes before its user, and how the call goes on. OpenTrain is asked for one approval,
//! however that goes.

use serde_json::{Value, json};

use super::{maria, server, url_mode, waits_for_a_person};
use crate::harness::launch::write_private;
use crate::harness::{Answer, Api, Host, Reply, STATELESS, launch};

const FUND: &str = "POST /milestones/ms_7Rtd/fund";

fn ids() -> Value {
    json!({ "milestoneId": "ms_7Rtd" })
}

/// An API where each look at an approval finds the next of these statuses; the last one from then on.
async fn deciding(statuses: &'static [&'static str]) -> Api {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    Api::meddled([maria()], move |request, world| {
        if request.path().contains("/approvals/") {
            let look = looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let status = statuses[look.min(statuses.len() - 1)];
            if world.approvals[0]["status"] != status {
                world.decide("apr_1", status);
            }
        }
        None
    })
    .await
}

/// A host of 2025-11-25 whose person is asked for a decision: the call, and what the server asks.
async fn asked(api: &Api) -> (Host, u64, Value) {
    let host = server(api).eliciting(url_mode()).in_memory().await;
    let id = host.begin("request_milestone_funding", ids()).await;
    let request = host.asked().await;
    (host, id, request)
}

#[tokio::test(start_paused = true)]
async fn the_person_sees_the_page_and_the_request() {
    let api = deciding(&["confirmed"]).await;
    let (host, id, request) = asked(&api).await;
    assert_eq!((&request["method"], &request["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
    assert_eq!(request["params"]["url"], api.world().approvals[0]["approvalUrl"]);
    let message = request["params"]["message"].as_str().unwrap();
    for part in ["fund", "«Second labeling batch»", "$300", "Maria G."] {
        assert!(message.contains(part), "{part:?} is missing: {message}");
    }
    assert!(!message.contains("http"), "the address is no part of the words: {message}");
    assert_eq!(api.came("GET /approvals"), 0, "nothing is looked at before the person has opened the page");
    host.answer(&request, json!({ "action": "accept" })).await;
    host.end(id).await;
    assert_eq!(api.came(FUND), 1);
}

#[tokio::test(start_paused = true)]
async fn after_an_accept_the_approval_is_awaited() {
    for (statuses, said, unsaid) in [
        (&["confirmed"][..], &["confirmed", "Funded", "ACTIVE_FUNDED (read back)", "inv_3Jd"][..], "Nothing"),
        (&["pending", "confirmed"], &["confirmed", "ACTIVE_FUNDED (read back)"], "Nothing"),
        (&["pending", "declined"], &["declined", "Nothing was funded"], "Funded."),
        (&["expired"], &["expired", "Nothing was funded"], "Funded."),
    ] {
        let api = deciding(statuses).await;
        let (host, id, request) = asked(&api).await;
        host.answer(&request, json!({ "action": "accept" })).await;
        let answer = host.end(id).await;
        assert!(!answer.is_error(), "{statuses:?}: {}", answer.0);
        answer.says(said);
        assert!(!answer.text().contains(unsaid), "{statuses:?}: {}", answer.text());
        assert_eq!(answer.structured()["approval"]["status"], *statuses.last().unwrap());
        assert_eq!(api.came("GET /approvals/apr_1"), statuses.len(), "{statuses:?}: it stops at the decision");
        assert_eq!(api.came(FUND), 1, "{statuses:?}: never a second request");
        let complete = host.notified("notifications/elicitation/complete", 1).await;
        assert_eq!(complete[0]["params"]["elicitationId"], request["params"]["elicitationId"]);
        assert!(host.open_requests().is_empty(), "{statuses:?}: it is asked once");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_guessed_when_the_wait_for_the_person_ends() {
    let api = deciding(&["pending"]).await;
    let host = server(&api).eliciting(url_mode()).env("OPENTRAIN_HUMAN_WAIT", "3").in_memory().await;
    let id = host.begin("request_milestone_funding", ids()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "pending is no error: {}", answer.0);
    let url = api.world().approvals[0]["approvalUrl"].as_str().unwrap().to_owned();
    answer.says(&["pending", "nothing has happened", &url, "wait_for_approval"]);
    assert_eq!(answer.structured()["approval"]["status"], "pending");
    assert_eq!(api.came(FUND), 1);
    let complete = host.notifications("notifications/elicitation/complete");
    assert!(complete.is_empty(), "nobody has decided: {complete:?}");
}

#[tokio::test(start_paused = true)]
async fn decline_cancel_and_host_faults_give_the_plain_answer() {
    for reply in [
        json!({ "result": { "action": "decline" } }),
        json!({ "result": { "action": "cancel" } }),
        json!({ "error": { "code": -32601, "message": "Method not found" } }),
    ] {
        let api = deciding(&["pending"]).await;
        let (host, id, request) = asked(&api).await;
        let mut message = reply.clone();
        message["jsonrpc"] = json!("2.0");
        message["id"] = request["id"].clone();
        host.send_line(&message.to_string()).await;
        waits_for_a_person(&host.end(id).await, &api.world().approvals[0]);
        assert_eq!((api.came(FUND), api.came("GET /approvals")), (1, 0), "{reply}");
        assert!(host.open_requests().is_empty(), "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_without_elicitation_get_the_plain_answer() {
    let api = deciding(&["pending"]).await;
    for (revision, modes, wait) in [
        ("2025-11-25", json!({ "form": {} }), "40"),
        ("2025-06-18", url_mode(), "40"),
        ("2025-11-25", url_mode(), "0"),
        (STATELESS, url_mode(), "0"),
        (STATELESS, json!({ "form": {} }), "40"),
    ] {
        let host = server(&api).speaking(revision).eliciting(modes.clone());
        let host = host.env("OPENTRAIN_HUMAN_WAIT", wait).in_memory().await;
        waits_for_a_person(&host.call("request_milestone_funding", ids()).await, &api.world().approvals[0]);
        assert!(host.open_requests().is_empty(), "{revision} {modes} {wait}");
    }
}

/// The call in revision 2026-07-28, first round: what it asks for, and its state.
async fn first_round(host: &Host, tool: &str, arguments: Value) -> (Value, String) {
    let id = host.begin(tool, arguments).await;
    let result = host.reply_to(id).await["result"].clone();
    assert_eq!(result["resultType"], "input_required", "{result}");
    let requests = result["inputRequests"].as_object().unwrap();
    assert_eq!(requests.len(), 1, "{result}");
    let (key, request) = requests.iter().next().unwrap();
    let mut request = request.clone();
    request["key"] = json!(key);
    (request, result["requestState"].as_str().unwrap().to_owned())
}

async fn second_round(host: &Host, tool: &str, arguments: Value, answer: (&Value, &str), state: &str) -> Answer {
    let (request, action) = answer;
    let responses = json!({ request["key"].as_str().unwrap(): { "action": action } });
    let call = json!({ "name": tool, "arguments": arguments, "inputResponses": responses, "requestState": state });
    let id = host.ask("tools/call", call).await;
    host.end(id).await
}

async fn modern(api: &Api) -> Host {
    server(api).speaking(STATELESS).eliciting(url_mode()).env("OPENTRAIN_HUMAN_WAIT", "3").in_memory().await
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_the_newest_revision_only_looks() {
    for (statuses, said) in [
        (&["confirmed"][..], &["confirmed", "Funded", "ACTIVE_FUNDED (read back)"][..]),
        (&["declined"], &["declined", "Nothing was funded"]),
        (&["expired"], &["expired", "Nothing was funded"]),
        (&["pending"], &["pending", "nothing has happened", "wait_for_approval"]),
    ] {
        let api = deciding(statuses).await;
        let host = modern(&api).await;
        let (request, state) = first_round(&host, "request_milestone_funding", ids()).await;
        assert_eq!((&request["method"], &request["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
        assert_eq!(request["params"]["url"], api.world().approvals[0]["approvalUrl"]);
        assert_eq!(api.came("GET /approvals"), 0);
        let answer = second_round(&host, "request_milestone_funding", ids(), (&request, "accept"), &state).await;
        assert_eq!(
            (&answer.0["resultType"], answer.is_error()),
            (&json!("complete"), false),
            "{statuses:?}: {}",
            answer.0
        );
        answer.says(said);
        assert_eq!(api.came(FUND), 1, "{statuses:?}: OpenTrain is not asked for another");
        assert!(api.came("GET /approvals/apr_1") >= 1, "{statuses:?}");
        assert!(host.open_requests().is_empty(), "this revision has no requests of the server");
    }
}

#[tokio::test(start_paused = true)]
async fn anything_but_an_accept_looks_once() {
    for action in ["decline", "cancel", "of tomorrow"] {
        let api = deciding(&["pending"]).await;
        let host = modern(&api).await;
        let (request, state) = first_round(&host, "request_milestone_funding", ids()).await;
        let answer = second_round(&host, "request_milestone_funding", ids(), (&request, action), &state).await;
        assert_eq!((&answer.0["resultType"], answer.is_error()), (&json!("complete"), false), "{action}: {}", answer.0);
        let url = api.world().approvals[0]["approvalUrl"].as_str().unwrap().to_owned();
        answer.says(&[&url, "nothing has happened"]);
        assert_eq!((api.came(FUND), api.came("GET /approvals/apr_1")), (1, 1), "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_fits_its_tool_arguments_and_process_only() {
    let api = deciding(&["confirmed"]).await;
    let host = modern(&api).await;
    let (request, state) = first_round(&host, "request_milestone_funding", ids()).await;
    let (_, foreign) = first_round(&modern(&api).await, "request_milestone_funding", ids()).await;
    let (_, of_end) = first_round(&host, "end_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    let mut flipped = state.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let mut with_contract = ids();
    with_contract["contractId"] = json!("ctr_8Kq2");
    for (about, arguments, state) in [
        ("changed", ids(), flipped.as_str()),
        ("cut", ids(), &state[..state.len() - 4]),
        ("another process's", ids(), foreign.as_str()),
        ("another tool's", ids(), of_end.as_str()),
        ("other arguments'", with_contract, state.as_str()),
    ] {
        let responses = json!({ request["key"].as_str().unwrap(): { "action": "accept" } });
        let call = json!({
            "name": "request_milestone_funding", "arguments": arguments, "inputResponses": responses, "requestState": state
        });
        let id = host.ask("tools/call", call).await;
        let message = host.reply_to(id).await;
        assert_eq!(message["result"]["resultType"], "input_required", "{about}: it counts as none: {message}");
    }
    assert_eq!(api.came("GET /approvals"), 0, "no such state leads to an approval");
    let funding = api.world().approvals.iter().filter(|approval| approval["type"] == "milestone_fund").count();
    assert_eq!(funding, 1, "all of them were the same pending approval");
}

#[tokio::test(start_paused = true)]
async fn a_state_dies_with_its_token() {
    let api = Api::meddled([maria()], |request, world| {
        let old = request.header("authorization")[0].contains("before");
        (old && world.contracts[0]["revoked"] == true).then(|| Reply::refusal(401, "UNAUTHORIZED", &Value::Null))
    })
    .await;
    let file = |token: &str| json!({ "apiToken": token, "baseUrl": api.upstream.origin }).to_string();
    let launch = launch().credentials(&file("ot_pat_before_0000000000"));
    let path = launch.credential_path();
    let host = launch.speaking(STATELESS).eliciting(url_mode()).in_memory().await;
    let (request, state) = first_round(&host, "request_milestone_funding", ids()).await;
    write_private(&path, &file("ot_pat_after_1111111111"));
    api.world().contracts[0]["revoked"] = json!(true);
    host.done("get_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    let responses = json!({ request["key"].as_str().unwrap(): { "action": "accept" } });
    let call = json!({
        "name": "request_milestone_funding", "arguments": ids(), "inputResponses": responses, "requestState": state
    });
    let id = host.ask("tools/call", call).await;
    let result = host.reply_to(id).await["result"].clone();
    assert_eq!(result["resultType"], "input_required", "somebody else's state counts as none: {result}");
    assert_eq!(api.came("GET /approvals"), 0);
}

/// An API without a payment method; `host` is where a person adds one.
async fn without_a_card(host: Option<&'static str>) -> Api {
    Api::meddled([maria()], move |request, world| {
        if !request.path().ends_with("/fund") || world.contracts[0]["card"] == true {
            return None;
        }
        let own = format!("http://{}", request.header("host")[0]);
        let url = format!("{}/settings/billing", host.unwrap_or(&own));
        Some(Reply::refusal(409, "CONFLICT", &json!({ "reason": "payment_method_required", "billingUrl": url })))
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_missing_payment_method_opens_its_page() {
    let api = without_a_card(None).await;
    let (host, id, request) = asked(&api).await;
    let url = format!("{}/settings/billing", api.upstream.origin);
    assert_eq!(request["params"]["url"], url.as_str());
    api.world().contracts[0]["card"] = json!(true);
    host.answer(&request, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    waits_for_a_person(&answer, &api.world().approvals[0]);
    assert_eq!(api.came(FUND), 2, "the refusal had changed nothing");
    assert!(host.open_requests().is_empty(), "it is asked once");

    let api = without_a_card(None).await;
    let host = modern(&api).await;
    let (request, state) = first_round(&host, "request_milestone_funding", ids()).await;
    api.world().contracts[0]["card"] = json!(true);
    let answer = second_round(&host, "request_milestone_funding", ids(), (&request, "accept"), &state).await;
    waits_for_a_person(&answer, &api.world().approvals[0]);
    assert_eq!(answer.0["resultType"], "complete", "it never asks twice");
}

#[tokio::test(start_paused = true)]
async fn a_missing_payment_method_is_told_in_each_channel() {
    let api = without_a_card(None).await;
    let host = server(&api).named("Visual Studio Code").in_memory().await;
    let url = format!("{}/settings/billing", api.upstream.origin);
    let answer = host.failed("request_milestone_funding", ids()).await;
    crate::errors::tells_the_whole_story(&answer, "payment_method_required");
    assert_eq!((&answer.error()["billingUrl"], &answer.error()["outcome"]), (&json!(url), &json!("not_done")));
    answer.says(&["payment method", &url]);
    assert_eq!(answer.resource_links(), [url.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_a_billing_page_elsewhere() {
    for foreign in ["https://app.opentrain.ai.evil.example", "https://checkout.stripe.com"] {
        let api = without_a_card(Some(foreign)).await;
        for revision in ["2025-11-25", STATELESS] {
            let host = server(&api).speaking(revision).eliciting(url_mode()).in_memory().await;
            let answer = host.failed("request_milestone_funding", ids()).await;
            answer.says(&[&format!("{foreign}/settings/billing (unverified"), "Do not send the user there"]);
            assert!(answer.hint().contains("Do not send the user there"), "{revision}: {}", answer.hint());
            assert!(answer.resource_links().is_empty() && host.open_requests().is_empty(), "{revision}: {}", answer.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_approval_still_shows_its_page() {
    let api = Api::meddled([maria()], |request, _| {
        let looks = request.path().contains("/approvals/");
        looks.then(|| Reply::refusal(404, "NOT_FOUND", &json!({ "resource": "approvals" })))
    })
    .await;
    let (host, id, request) = asked(&api).await;
    host.answer(&request, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "it was asked for: {}", answer.0);
    let url = api.world().approvals[0]["approvalUrl"].as_str().unwrap().to_owned();
    answer.says(&["WAITING FOR A PERSON", "could not be looked at", &url, "wait_for_approval"]);
    assert_eq!(answer.structured()["outcome"], "pending_approval");
    assert_eq!(api.came(FUND), 1);
}
