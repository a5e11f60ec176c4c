//! `account_claim_required`: how the page comes before a person, by each road that a host can have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::errors::tells_the_whole_story;
use crate::harness::launch::{Launch, write_private};
use crate::harness::{CLAIM_PATH, Reply, STATELESS, Upstream, claim_required, launch, milestone};

const OLD: &str = "ot_pat_before_theclaim0000";
const NEW: &str = "ot_pat_after_theclaim11111";

/// An account that a test can claim.
pub(crate) struct Account {
    pub(crate) upstream: Upstream,
    claimed: Arc<AtomicBool>,
}

impl Account {
    pub(crate) async fn unclaimed() -> Self {
        let claimed = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&claimed);
        let upstream = Upstream::answering(move |request, _| match (request.is_write(), seen.load(Ordering::SeqCst)) {
            (false, _) => Reply::refusal(404, "NOT_FOUND", &Value::Null),
            (true, true) => Reply::json(201, &json!({ "milestone": milestone("ms_7Rtd") })),
            (true, false) => claim_required(&format!("http://{}", request.header("host")[0])),
        })
        .await;
        Self { upstream, claimed }
    }

    pub(crate) fn claim(&self) {
        self.claimed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn url(&self) -> String {
        format!("{}{CLAIM_PATH}", self.upstream.origin)
    }

    pub(crate) fn server(&self) -> Launch {
        launch().at(&self.upstream).without_guard()
    }
}

pub(crate) fn terms() -> Value {
    json!({ "contractId": "c", "description": "d", "amountUsd": 300 })
}

pub(crate) fn url_mode() -> Value {
    json!({ "form": {}, "url": {} })
}

/// Says that the answer tells, in both channels, all that a person has to do.
pub(crate) fn is_the_plain_answer(answer: &crate::harness::Answer, url: &str) {
    assert!(answer.is_error(), "{}", answer.0);
    tells_the_whole_story(answer, "account_claim_required");
    let error = answer.error();
    assert_eq!((&error["status"], answer.code()), (&json!(403), "FORBIDDEN"));
    assert_eq!((&error["reason"], &error["claimUrl"]), (&json!("account_claim_required"), &json!(url)));
    assert_eq!((&error["action"], &error["outcome"]), (&json!("create milestones"), &json!("not_done")));
    answer.says(&[
        "Not created",
        "No person owns this account",
        url,
        "OT_API_TOKEN",
        "payments:write",
        "Settings → API keys",
        "req-9d1f3a8e",
    ]);
    answer.says(&["Then repeat this call unchanged"]);
}

#[tokio::test(start_paused = true)]
async fn a_plain_host_gets_the_link_in_each_channel() {
    let account = Account::unclaimed().await;
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS] {
        let host = account.server().speaking(revision).named("Visual Studio Code").in_memory().await;
        let answer = host.call("create_milestone", terms()).await;
        is_the_plain_answer(&answer, &account.url());
        let expected: &[&str] = if revision < "2025-06-18" { &[] } else { &[&account.url()] };
        assert_eq!(answer.resource_links(), expected, "{revision}");
        assert!(host.open_requests().is_empty(), "{revision}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_host_gets_no_resource_links() {
    let account = Account::unclaimed().await;
    for revision in ["2025-06-18", "2025-11-25", STATELESS] {
        let host = account.server().speaking(revision).named("mcp").in_memory().await;
        let answer = host.call("create_milestone", terms()).await;
        is_the_plain_answer(&answer, &account.url());
        assert!(answer.resource_links().is_empty(), "{revision}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_with_forms_only_gets_no_url() {
    let account = Account::unclaimed().await;
    for revision in ["2025-06-18", "2025-11-25", STATELESS] {
        for modes in [json!({}), json!({ "form": {} })] {
            let host = account.server().speaking(revision).eliciting(modes.clone()).in_memory().await;
            let answer = host.call("create_milestone", terms()).await;
            is_the_plain_answer(&answer, &account.url());
            assert!(host.open_requests().is_empty(), "{revision} {modes}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn older_revisions_get_no_url_elicitation() {
    let account = Account::unclaimed().await;
    let host = account.server().speaking("2025-06-18").eliciting(url_mode()).in_memory().await;
    is_the_plain_answer(&host.call("create_milestone", terms()).await, &account.url());
    assert!(host.open_requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_an_accept_the_call_is_retried_until_claimed() {
    let account = Account::unclaimed().await;
    let host = account.server().eliciting(url_mode()).in_memory().await;
    let call = json!({ "name": "create_milestone", "arguments": terms(), "_meta": { "progressToken": "p-1" } });
    let id = host.ask("tools/call", call).await;
    let asked = host.asked().await;
    assert_eq!((&asked["method"], &asked["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
    assert_eq!(asked["params"]["url"], account.url().as_str());
    assert!(asked["params"]["elicitationId"].as_str().is_some_and(|id| !id.is_empty()));
    assert!(asked["params"]["message"].as_str().is_some_and(|text| text.contains("claim") && !text.contains("http")));
    assert_eq!(account.upstream.writes(), 1, "nothing is tried while the person has not answered");

    host.answer(&asked, json!({ "action": "accept" })).await;
    account.upstream.has_seen(2).await;
    let progress = host.notified("notifications/progress", 1).await;
    assert_eq!(progress[0]["params"]["progressToken"], "p-1");
    account.claim();
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "{}", answer.0);
    assert_eq!(answer.structured()["outcome"], "created");
    let complete = host.notified("notifications/elicitation/complete", 1).await;
    assert_eq!(complete[0]["params"]["elicitationId"], asked["params"]["elicitationId"]);
    assert!(host.open_requests().is_empty(), "it is asked once");
    let values: Vec<f64> = host
        .notifications("notifications/progress")
        .iter()
        .map(|note| note["params"]["progress"].as_f64().unwrap())
        .collect();
    assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "progress rises: {values:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_progress_token_there_is_no_progress() {
    let account = Account::unclaimed().await;
    let host = account.server().eliciting(url_mode()).in_memory().await;
    let id = host.begin("create_milestone", terms()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    account.upstream.has_seen(2).await;
    account.claim();
    assert!(!host.end(id).await.is_error());
    assert!(host.notifications("notifications/progress").is_empty());
}

#[tokio::test(start_paused = true)]
async fn decline_cancel_and_faults_retry_nothing() {
    let account = Account::unclaimed().await;
    for (place, reply) in [
        json!({ "result": { "action": "decline" } }),
        json!({ "result": { "action": "cancel" } }),
        json!({ "result": { "action": "something new" } }),
        json!({ "result": {} }),
        json!({ "error": { "code": -32602, "message": "url mode is not supported" } }),
        json!({ "error": { "code": -32601, "message": "Method not found" } }),
    ]
    .into_iter()
    .enumerate()
    {
        let host = account.server().eliciting(url_mode()).in_memory().await;
        let id = host.begin("create_milestone", terms()).await;
        let mut message = reply.clone();
        message["jsonrpc"] = json!("2.0");
        message["id"] = host.asked().await["id"].clone();
        host.send_line(&message.to_string()).await;
        is_the_plain_answer(&host.end(id).await, &account.url());
        assert!(host.open_requests().is_empty(), "{reply}");
        assert_eq!(account.upstream.writes(), place + 1, "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_person_is_bounded_the_elicitation_included() {
    let account = Account::unclaimed().await;
    // Nobody answers.
    let host = account.server().eliciting(url_mode()).env("OPENTRAIN_HUMAN_WAIT", "0.5").in_memory().await;
    let id = host.begin("create_milestone", terms()).await;
    host.asked().await;
    is_the_plain_answer(&host.end(id).await, &account.url());
    // The page is opened, and nothing is done there.
    let host = account.server().eliciting(url_mode()).args(["--human-wait", "3"]).in_memory().await;
    let id = host.begin("create_milestone", terms()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    let before = account.upstream.writes();
    is_the_plain_answer(&host.end(id).await, &account.url());
    assert!(account.upstream.writes() >= before, "it was looked at");
}

#[tokio::test(start_paused = true)]
async fn no_waiting_means_no_asking() {
    let account = Account::unclaimed().await;
    for revision in ["2025-11-25", STATELESS] {
        let server = account.server().speaking(revision).eliciting(url_mode()).env("OPENTRAIN_HUMAN_WAIT", "0");
        let host = server.in_memory().await;
        is_the_plain_answer(&host.call("create_milestone", terms()).await, &account.url());
        assert!(host.open_requests().is_empty(), "{revision}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_other_answer_or_fault_ends_the_trying() {
    for (about, later, code) in [
        ("another refusal", Reply::refusal(409, "CONFLICT", &json!({ "reason": "contract_ended" })), "CONFLICT"),
        ("a page", Reply::new(403, "<html>"), "BAD_RESPONSE"),
        ("too many calls", Reply::refusal(429, "RATE_LIMITED", &Value::Null), "RATE_LIMITED"),
    ] {
        let upstream = Upstream::answering(move |request, before| match (request.is_write(), before) {
            (false, _) => Reply::refusal(404, "NOT_FOUND", &Value::Null),
            (true, 0) => claim_required(&format!("http://{}", request.header("host")[0])),
            (true, _) => later.clone(),
        })
        .await;
        let host = launch().at(&upstream).without_guard().eliciting(url_mode()).in_memory().await;
        let id = host.begin("create_milestone", terms()).await;
        host.answer(&host.asked().await, json!({ "action": "accept" })).await;
        let answer = host.end(id).await;
        assert_eq!(answer.code(), code, "{about}: {}", answer.0);
        assert_eq!(upstream.writes(), 2, "{about}");
    }
}

#[tokio::test]
async fn input_end_stops_the_wait_for_a_person() {
    let account = Account::unclaimed().await;
    for accepted in [false, true] {
        let host = account.server().eliciting(url_mode()).start().await;
        host.begin("create_milestone", terms()).await;
        let asked = host.asked().await;
        if accepted {
            let before = account.upstream.requests().len();
            host.answer(&asked, json!({ "action": "accept" })).await;
            account.upstream.has_seen(before + 1).await;
        }
        host.close_input().await;
        // At once; the limit is below what the wait for a person would take, and what is in flight is given.
        assert_eq!(host.exit_within(Duration::from_secs(4)).await, Some(0), "accepted: {accepted}");
    }
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_a_person_too() {
    let account = Account::unclaimed().await;
    let host = account.server().eliciting(url_mode()).start().await;
    host.begin("create_milestone", terms()).await;
    host.asked().await;
    host.signal("TERM");
    assert_eq!(host.exit_within(Duration::from_secs(4)).await, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_stops_asking_the_person() {
    let account = Account::unclaimed().await;
    let host = account.server().eliciting(url_mode()).in_memory().await;
    let id = host.begin("create_milestone", terms()).await;
    let asked = host.asked().await;
    host.notify("notifications/cancelled", json!({ "requestId": id })).await;
    host.tools().await;
    account.claim();
    host.answer(&asked, json!({ "action": "accept" })).await;
    host.tools().await;
    assert_eq!(account.upstream.writes(), 1, "nothing is made after the call was given up");
}

/// An account whose claim replaces the token.
async fn replaced_by_the_claim() -> Upstream {
    Upstream::answering(|request, before| {
        let bearer = request.header("authorization")[0].to_owned();
        match (request.is_write(), before) {
            (false, _) => Reply::refusal(404, "NOT_FOUND", &Value::Null),
            (true, 0) => claim_required(&format!("http://{}", request.header("host")[0])),
            (true, _) if bearer == format!("Bearer {NEW}") => {
                Reply::json(201, &json!({ "milestone": milestone("ms_1") }))
            }
            (true, _) => Reply::refusal(401, "UNAUTHORIZED", &Value::Null),
        }
    })
    .await
}

fn file(origin: &str, token: &str) -> String {
    json!({ "apiToken": token, "baseUrl": origin }).to_string()
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_meets_401_reads_the_credential_file_again() {
    let upstream = replaced_by_the_claim().await;
    let server = launch().credentials(&file(&upstream.origin, OLD)).without_guard().eliciting(url_mode());
    let path = server.credential_path();
    let host = server.in_memory().await;
    let id = host.begin("create_milestone", terms()).await;
    let asked = host.asked().await;
    write_private(&path, &file(&upstream.origin, NEW));
    host.answer(&asked, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "{}", answer.0);
    let bearers: Vec<String> =
        upstream.requests().iter().map(|request| request.header("authorization")[0].to_owned()).collect();
    assert_eq!(bearers, [OLD, OLD, NEW].map(|token| format!("Bearer {token}")));
}

#[tokio::test(start_paused = true)]
async fn without_a_new_token_the_text_blames_the_claim() {
    let upstream = replaced_by_the_claim().await;
    let server = launch().credentials(&file(&upstream.origin, OLD)).without_guard().eliciting(url_mode());
    let host = server.in_memory().await;
    let id = host.begin("create_milestone", terms()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert_eq!((&answer.error()["status"], answer.code()), (&json!(401), "UNAUTHORIZED"));
    answer.says(&[
        "Claiming has replaced the token",
        "OT_API_TOKEN",
        "Settings → API keys",
        "repeat this call unchanged",
    ]);
}

#[tokio::test(start_paused = true)]
async fn a_401_reads_the_credential_file_once() {
    let upstream =
        Upstream::answering(|request, _| match request.header("authorization")[0] == format!("Bearer {NEW}") {
            true => Reply::json(200, &json!({ "contracts": [] })),
            false => Reply::refusal(401, "UNAUTHORIZED", &Value::Null),
        })
        .await;
    let server = launch().credentials(&file(&upstream.origin, OLD));
    let path = server.credential_path();
    let host = server.in_memory().await;
    host.failed("list_contracts", json!({})).await.says(&["not valid", "OT_API_TOKEN"]);
    assert_eq!(upstream.requests().len(), 1, "the same token is not tried twice");
    write_private(&path, &file(&upstream.origin, NEW));
    host.done("list_contracts", json!({})).await;
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_an_unverified_link() {
    for foreign in [
        "https://evil.example/claim",
        "http://127.0.0.1:1/claim",
        "http://user:pass@HOST/claim",
        "javascript:alert(1)",
        "no url",
    ] {
        let told = foreign.to_owned();
        let upstream = Upstream::answering(move |request, _| {
            let url = told.replace("HOST", request.header("host")[0]);
            Reply::refusal(403, "FORBIDDEN", &json!({ "reason": "account_claim_required", "claimUrl": url }))
        })
        .await;
        let url = foreign.replace("HOST", upstream.origin.trim_start_matches("http://"));
        for revision in ["2025-11-25", STATELESS] {
            let server = launch().at(&upstream).without_guard().speaking(revision).eliciting(url_mode());
            let host = server.in_memory().await;
            let answer = host.failed("create_milestone", terms()).await;
            assert_eq!(answer.error()["claimUrl"], url.as_str());
            answer.says(&[&url, "unverified"]);
            assert!(answer.hint().contains("Do not send the user there"), "{}", answer.hint());
            assert!(!answer.hint().contains(&format!("Open {url}")), "{}", answer.hint());
            assert!(answer.resource_links().is_empty(), "{revision} {url}");
            assert!(host.open_requests().is_empty(), "{revision} {url}");
        }
    }
}
