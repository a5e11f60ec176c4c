//! `claim_account`, and how its page comes before a person.

use serde_json::{Value, json};

use super::{
    CLAIM, CODE, EXCHANGE, GRANT, NEW, OLD, OpenTrain, REGISTER, START, bearer, credential_path, holds_the_new_token,
    oauth, pending, shows_no_secret,
};
use crate::claim::{terms, url_mode};
use crate::harness::{Answer, Reply, STATELESS, Upstream, launch};

fn mira() -> Value {
    json!({ "email": "mira@example.com" })
}

#[tokio::test]
async fn page_code_expiry_and_next_call_are_shown() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().named("Visual Studio Code").start().await;
    let answer = host.done("claim_account", mira()).await;
    let page = format!("{}/claim?token=ot_cat_7f3a", opentrain.upstream.origin);
    answer.says(&[&page, CODE, "30 min", "mira@example.com", "get_claim_status", "Nothing is claimed so far"]);
    let structured = answer.structured();
    assert_eq!((&structured["user_code"], &structured["verification_uri"]), (&json!(CODE), &json!(page)));
    assert_eq!((&structured["expires_in"], &structured["outcome"]), (&json!(1800), &json!("pending_approval")));
    assert_eq!(answer.resource_links(), [page.as_str()]);
    shows_no_secret("the answer", &answer.0.to_string());
}

#[tokio::test]
async fn the_claim_token_goes_in_the_body_only() {
    for environment in [None, Some("ot_pat_environ1_another99secret")] {
        let opentrain = OpenTrain::new().await;
        let mut server = opentrain.registered();
        if let Some(token) = environment {
            server = server.env("OT_API_TOKEN", token);
        }
        let host = server.start().await;
        host.done("claim_account", mira()).await;
        let sent = opentrain.only(START);
        assert_eq!(sent.header("content-type"), ["application/json"]);
        let body: Value = serde_json::from_str(sent.body()).unwrap();
        assert_eq!(body, json!({ "claim_token": CLAIM, "email": "mira@example.com" }));
        assert!(sent.header("authorization").is_empty());
        host.done("get_claim_status", json!({})).await;
        let sent = opentrain.only(EXCHANGE);
        assert_eq!(sent.header("content-type"), ["application/x-www-form-urlencoded"]);
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&sent.body).into_owned().collect();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(fields, [field("grant_type", GRANT), field("claim_token", CLAIM)]);
        assert!(sent.header("authorization").is_empty());
    }
}

#[tokio::test]
async fn where_nothing_is_registered_it_says_so_and_sends_nothing() {
    let opentrain = OpenTrain::new().await;
    for server in [opentrain.server(), opentrain.server().credentials(&opentrain.file(NEW, None))] {
        let host = server.start().await;
        for (tool, arguments) in [("claim_account", mira()), ("get_claim_status", json!({}))] {
            let answer = host.failed(tool, arguments).await;
            assert_eq!(answer.error()["reason"], "not_registered", "{tool}");
            answer.says(&["register_agent"]);
        }
    }
    assert_eq!(opentrain.upstream.writes(), 0, "what the token may do is read, and nothing else");
}

#[tokio::test]
async fn a_token_of_a_claimed_account_says_claimed() {
    let upstream = Upstream::giving(&json!({
        "actor": { "userId": "usr_1" }, "token": { "scopes": ["jobs:read", "proposals:write"] }, "account": {}
    }))
    .await;
    let host = launch().at(&upstream).start().await;
    let answer = host.done("get_claim_status", json!({})).await;
    assert_eq!(answer.structured()["status"], "claimed", "{}", answer.0);
    assert_eq!(upstream.writes(), 0);
}

#[tokio::test]
async fn a_claim_token_goes_only_to_its_own_origin() {
    let opentrain = OpenTrain::claimed().await;
    let stranger = Upstream::giving(&json!({})).await;
    let server = launch().env("OPENTRAIN_API_BASE_URL", &stranger.origin).env("OT_API_TOKEN", NEW);
    let host = server.credentials(&opentrain.file(OLD, Some(CLAIM))).start().await;
    for (tool, arguments) in [("claim_account", mira()), ("get_claim_status", json!({}))] {
        assert_eq!(host.failed(tool, arguments).await.error()["reason"], "not_registered", "{tool}");
    }
    assert!(opentrain.upstream.requests().is_empty());
    let only_own = stranger.requests().iter().all(|request| !request.is_write() && bearer(request) == NEW);
    assert!(only_own, "{:?}", stranger.requests());
}

/// What `claim_account` says when OpenTrain refuses with this description.
async fn refused_with(description: &str) -> Answer {
    let body = json!({ "error": "invalid_request", "error_description": description });
    let upstream = Upstream::scripted([Reply::json(400, &body)]).await;
    let file = json!({ "apiToken": OLD, "baseUrl": upstream.origin, "claimToken": CLAIM });
    let server = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).credentials(&file.to_string());
    server.start().await.failed("claim_account", mira()).await
}

#[tokio::test]
async fn a_refused_claim_says_why() {
    let answer = refused_with("email_already_registered").await;
    assert_eq!((&answer.error()["status"], answer.code()), (&json!(400), "invalid_request"));
    answer.says(&["email_already_registered", "another one"]);
}

#[tokio::test]
async fn a_refused_claim_never_repeats_the_claim_token() {
    let answer = refused_with(&format!("claim_token {CLAIM} is past its window")).await;
    shows_no_secret("the answer", &answer.0.to_string());
}

#[tokio::test]
async fn nobody_is_sent_to_a_page_elsewhere() {
    for page in ["https://evil.example/claim?token=ot_cat_7f3a", "javascript:alert(1)"] {
        for revision in ["2025-11-25", STATELESS] {
            let opentrain = OpenTrain::new().await.with_page(page);
            let host = opentrain.registered().speaking(revision).eliciting(url_mode()).start().await;
            let answer = host.done("claim_account", mira()).await;
            answer.says(&["unverified", "Do not send the user there", CODE]);
            assert!(!answer.text().contains("Show the user this page"), "{revision}: {}", answer.text());
            assert!(answer.resource_links().is_empty(), "{revision} {page}");
            assert!(host.open_requests().is_empty(), "{revision} {page}");
        }
    }
}

#[tokio::test]
async fn elicitation_opens_the_claim_page_with_its_code() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().eliciting(url_mode()).start().await;
    let id = host.begin("claim_account", mira()).await;
    let asked = host.asked().await;
    assert_eq!((&asked["method"], &asked["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
    let page = format!("{}/claim?token=ot_cat_7f3a", opentrain.upstream.origin);
    assert_eq!(asked["params"]["url"], page.as_str());
    assert!(asked["params"]["message"].as_str().is_some_and(|text| text.contains(CODE)), "{asked}");
    assert_eq!(opentrain.count(EXCHANGE), 0, "nothing is asked while the person has not answered");
    host.answer(&asked, json!({ "action": "accept" })).await;
    opentrain.upstream.has_seen(2).await;
    opentrain.claim();
    let answer = host.end(id).await;
    assert_eq!(answer.structured()["status"], "claimed", "{}", answer.0);
    answer.says(&["claimed"]);
    holds_the_new_token(&credential_path(&host));
    assert_eq!(host.notified("notifications/elicitation/complete", 1).await.len(), 1);
    assert_eq!(opentrain.count(START), 1, "one claim is started, whatever is asked afterwards");
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), NEW);
}

#[tokio::test]
async fn the_newest_revision_asks_by_its_result() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().speaking(STATELESS).eliciting(url_mode()).start().await;
    let call = json!({ "name": "claim_account", "arguments": mira() });
    let first = host.result_of("tools/call", call.clone()).await;
    assert_eq!(first["resultType"], "input_required", "{first}");
    let asked = first["inputRequests"].as_object().unwrap();
    let (name, request) = asked.iter().next().unwrap();
    assert!(request["params"]["message"].as_str().is_some_and(|text| text.contains(CODE)), "{first}");
    shows_no_secret("the result", &first.to_string());
    opentrain.claim();
    let mut again = call;
    again["requestState"] = first["requestState"].clone();
    again["inputResponses"] = json!({ name: { "action": "accept" } });
    let last = host.result_of("tools/call", again).await;
    assert_eq!(last["structuredContent"]["status"], "claimed", "{last}");
    assert_eq!(opentrain.count(START), 1);
    holds_the_new_token(&credential_path(&host));
}

#[tokio::test]
async fn a_declined_page_gives_the_plain_answer() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().eliciting(url_mode()).start().await;
    let id = host.begin("claim_account", mira()).await;
    host.answer(&host.asked().await, json!({ "action": "decline" })).await;
    host.end(id).await.says(&[CODE, "/claim?token=ot_cat_7f3a", "get_claim_status"]);
    assert_eq!(opentrain.came(), [START]);
}

#[tokio::test]
async fn a_slow_person_leaves_the_approval_pending() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().eliciting(url_mode()).args(["--human-wait", "1"]).start().await;
    let id = host.begin("claim_account", mira()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "{}", answer.0);
    assert_eq!(answer.structured()["status"], "pending");
}

#[tokio::test]
async fn a_scope_from_a_claim_names_the_claim() {
    let lacking = |scope: &str| {
        let details = json!({ "requiredScopes": [scope], "grantedScopes": ["jobs:read"] });
        Reply::json(403, &json!({ "error": "Missing scope", "code": "FORBIDDEN", "details": details }))
    };
    for (scope, by_claim) in [("messages:write", true), ("payments:write", false)] {
        let upstream = Upstream::scripted([lacking(scope)]).await;
        let file = json!({ "apiToken": OLD, "baseUrl": upstream.origin, "claimToken": CLAIM });
        let server = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).credentials(&file.to_string());
        let refused = server.start().await.failed("list_contracts", json!({})).await;
        assert_eq!(refused.text().contains("claim_account"), by_claim, "{scope}: {}", refused.text());
        refused.says(&[scope]);
    }
}

#[tokio::test]
async fn an_unclaimed_refusal_names_claim_account_where_listed() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().start().await;
    let refused = host.failed("create_milestone", terms()).await;
    refused.says(&["claim_account", "get_claim_status"]);
    let host = opentrain.server().credentials(&opentrain.file(OLD, None)).start().await;
    let refused = host.failed("create_milestone", terms()).await;
    assert!(!refused.text().contains("claim_account"), "without a claim token it cannot be done: {}", refused.text());
    refused.says(&["OT_API_TOKEN"]);
}

#[tokio::test]
async fn after_an_accept_the_call_uses_the_new_token() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().eliciting(url_mode()).start().await;
    let id = host.begin("create_milestone", terms()).await;
    let asked = host.asked().await;
    opentrain.claim();
    host.answer(&asked, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "{}", answer.0);
    let create = "POST /api/public/v1/contracts/c/milestones";
    assert_eq!(opentrain.came(), [create, EXCHANGE, create]);
    assert_eq!(opentrain.last_bearer(), NEW);
    holds_the_new_token(&credential_path(&host));
}

#[tokio::test]
async fn an_unclaimed_call_is_not_repeated() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().eliciting(url_mode()).start().await;
    // Sets the pace: as often as one likes.
    let started = host.begin("claim_account", mira()).await;
    host.answer(&host.asked().await, json!({ "action": "decline" })).await;
    host.end(started).await;
    let id = host.begin("create_milestone", terms()).await;
    host.answer(&host.asked().await, json!({ "action": "accept" })).await;
    // The claim, the refused call, and at least two looks.
    opentrain.upstream.has_seen(4).await;
    opentrain.claim();
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "{}", answer.0);
    let writes = opentrain.upstream.requests().into_iter().filter(|request| request.path().ends_with("/milestones"));
    let bearers: Vec<String> = writes.map(|request| super::bearer(&request)).collect();
    assert_eq!(bearers, [OLD, NEW], "once refused, and then with the token of the claim");
}

#[tokio::test]
async fn a_claim_done_after_the_question_is_still_found() {
    // The account is claimed in the moment in which the first question is answered with "not yet".
    let opentrain = OpenTrain::new().await.answers_next([pending()]);
    let host = opentrain.registered().eliciting(url_mode()).start().await;
    let id = host.begin("create_milestone", terms()).await;
    let asked = host.asked().await;
    opentrain.claim();
    host.answer(&asked, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "{}", answer.0);
    assert_eq!(opentrain.last_bearer(), NEW);
}

#[tokio::test]
async fn a_claim_that_ran_out_says_how_to_begin_again() {
    let opentrain = OpenTrain::new().await.answers_next([oauth("expired_token")]);
    let host = opentrain.registered().start().await;
    host.failed("get_claim_status", json!({})).await.says(&["24 hours", "register_agent"]);
    host.done("register_agent", json!({})).await;
    assert_eq!(opentrain.count(REGISTER), 1);
}
