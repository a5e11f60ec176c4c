//! A milestone is created once: what was just made is given back, and what is alike is made with a warning.

mod in_flight;
mod manners;
mod together;
mod unknown;

use serde_json::{Value, json};

use crate::harness::{Answer, Api, Host, Launch, Reply, contract, launch};

/// The terms of the reference's example.
fn terms() -> Value {
    json!({
        "contractId": "ctr_8Kq2", "name": "Second labeling batch", "amountUsd": 300, "dueDate": "2026-07-15",
        "description": "Label the next 5,000 posts per the updated guidelines"
    })
}

/// The terms with other values; `null` takes one away.
fn with(changes: Value) -> Value {
    let mut terms = terms();
    terms.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    terms.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    terms
}

fn server(api: &Api) -> Launch {
    launch().at(&api.upstream)
}

async fn plain() -> (Api, Host) {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let host = server(&api).in_memory().await;
    (api, host)
}

fn outcome(answer: &Answer) -> &str {
    answer.structured()["outcome"].as_str().unwrap_or_else(|| panic!("no outcome: {}", answer.0))
}

fn id(answer: &Answer) -> &str {
    answer.structured()["milestone"]["id"].as_str().unwrap_or_else(|| panic!("no milestone: {}", answer.0))
}

#[tokio::test(start_paused = true)]
async fn the_look_comes_first_and_names_the_trainer() {
    let (api, host) = plain().await;
    let answer = host.done("create_milestone", terms()).await;
    assert_eq!(outcome(&answer), "created");
    answer.says(&["Created, NOT funded", "Maria G.", "«Spanish Sentiment Labeling Contract»", "$300", "2026-07-15"]);
    answer.says(&["request_milestone_funding", id(&answer)]);
    let requests: Vec<String> = api.upstream.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(requests, ["GET", "POST"]);
}

#[tokio::test(start_paused = true)]
async fn equal_terms_in_other_writing_are_the_same_milestone() {
    for other in [
        json!({}),
        json!({ "amountUsd": 300.0 }),
        json!({ "amountUsd": 3e2 }),
        json!({ "name": "  Second labeling batch " }),
        json!({ "description": "Label the next 5,000 posts per the updated guidelines\n" }),
        json!({ "dueDate": "2026-07-15T00:00:00Z" }),
        json!({ "dueDate": "2026-07-15T02:00:00+02:00" }),
        json!({ "allowDuplicate": false }),
        json!({ "amountUsd": null }),
    ] {
        let (api, host) = plain().await;
        let first = host.done("create_milestone", terms()).await;
        let again = host.done("create_milestone", with(other.clone())).await;
        assert_eq!((outcome(&again), id(&again)), ("existing", id(&first)), "{other}");
        assert!(again.text().starts_with("Nothing was created"), "{other}: {}", again.text());
        again.says(&["allowDuplicate: true", id(&first), "Maria G."]);
        assert_eq!(again.structured()["milestone"], first.structured()["milestone"], "{other}: the API's own object");
        assert_eq!(api.creates(), 1, "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn decimals_are_compared_digit_for_digit() {
    let (api, host) = plain().await;
    host.done("create_milestone", with(json!({ "amountUsd": 300.10 }))).await;
    let same = host.done("create_milestone", with(json!({ "amountUsd": 300.1 }))).await;
    assert_eq!(outcome(&same), "existing");
    let other = host.done("create_milestone", with(json!({ "amountUsd": 300.11 }))).await;
    assert_eq!((outcome(&other), api.creates()), ("created", 2));
}

#[tokio::test(start_paused = true)]
async fn any_other_term_makes_another_milestone() {
    for other in [
        json!({ "amountUsd": 300.01 }),
        json!({ "description": "Label the next 5,001 posts" }),
        json!({ "name": "Third labeling batch" }),
        json!({ "name": "second labeling batch" }),
        json!({ "name": null }),
        json!({ "dueDate": "2026-07-16" }),
        json!({ "dueDate": "2026-07-15T00:00:01Z" }),
        json!({ "dueDate": null }),
        json!({ "volume": 2 }),
    ] {
        let (api, host) = plain().await;
        host.done("create_milestone", terms()).await;
        let second = host.done("create_milestone", with(other.clone())).await;
        assert_eq!((outcome(&second), api.creates()), ("created", 2), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_omitted_amount_fits_the_apis_own() {
    let mut hourly = contract("ctr_8Kq2", &[]);
    hourly["paymentType"] = json!("PAY_PER_HOUR");
    hourly["rateUsd"] = json!(12);
    let api = Api::of([hourly]).await;
    let host = server(&api).in_memory().await;
    let by_volume = with(json!({ "amountUsd": null, "volume": 12.50 }));
    let first = host.done("create_milestone", by_volume.clone()).await;
    assert_eq!(first.structured()["milestone"]["amountUsd"], 150);
    for again in [by_volume, with(json!({ "amountUsd": 150, "volume": 12.5 }))] {
        assert_eq!(outcome(&host.done("create_milestone", again).await), "existing");
    }
    let other = with(json!({ "amountUsd": null, "volume": 12.51 }));
    assert_eq!(outcome(&host.done("create_milestone", other).await), "created");
}

#[tokio::test(start_paused = true)]
async fn whatever_became_of_it_since_it_is_the_same_milestone() {
    for status in ["ACTIVE_FUNDED", "RELEASED", "OF_TOMORROW"] {
        let (api, host) = plain().await;
        let first = host.done("create_milestone", terms()).await;
        api.world().milestone(id(&first))["status"] = json!(status);
        let again = host.done("create_milestone", terms()).await;
        assert_eq!((outcome(&again), id(&again)), ("existing", id(&first)), "{status}");
        again.says(&[status]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_window_is_measured_by_the_apis_clock() {
    for (minutes, window, expected) in
        [(14, "15", "existing"), (16, "15", "created"), (16, "20", "existing"), (2, "1", "created")]
    {
        let (api, _) = plain().await;
        let host = server(&api).env("OPENTRAIN_DUPLICATE_WINDOW", window).in_memory().await;
        api.world().put("ctr_8Kq2", &terms());
        let made = api.world().ago(minutes * 60);
        api.world().contracts[0]["milestones"][0]["createdAt"] = json!(made);
        let again = host.done("create_milestone", terms()).await;
        assert_eq!(outcome(&again), expected, "{minutes} minutes ago, a window of {window}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_contract_and_another_process_are_told_apart() {
    let api = Api::of([contract("ctr_8Kq2", &[]), contract("ctr_5Lm9", &[])]).await;
    let first = server(&api).in_memory().await.done("create_milestone", terms()).await;
    // Nothing is kept in the process: a new one finds it in the contract.
    let restarted = server(&api).in_memory().await.done("create_milestone", terms()).await;
    assert_eq!((outcome(&restarted), id(&restarted)), ("existing", id(&first)));
    let elsewhere = with(json!({ "contractId": "ctr_5Lm9" }));
    let other = server(&api).in_memory().await.done("create_milestone", elsewhere).await;
    assert_eq!((outcome(&other), api.creates()), ("created", 2));
}

#[tokio::test(start_paused = true)]
async fn a_window_of_zero_turns_the_look_off() {
    let (api, _) = plain().await;
    let host = server(&api).args(["--duplicate-window", "0"]).in_memory().await;
    for _ in 0..2 {
        assert_eq!(outcome(&host.done("create_milestone", terms()).await), "created");
    }
    assert_eq!((api.creates(), api.upstream.requests().len()), (2, 2), "nothing but the two requests");
}

#[tokio::test(start_paused = true)]
async fn a_second_milestone_is_made_when_meant() {
    let (api, host) = plain().await;
    host.done("create_milestone", terms()).await;
    let second = host.done("create_milestone", with(json!({ "allowDuplicate": true }))).await;
    assert_eq!((outcome(&second), api.creates()), ("created", 2));
    for request in api.upstream.requests().iter().filter(|request| request.is_write()) {
        let mut body: Value = serde_json::from_str(request.body()).unwrap();
        body["contractId"] = json!("ctr_8Kq2");
        assert_eq!(body, terms(), "the body is what was given: {}", request.body());
        assert!(!request.body().contains("allowDuplicate") && !request.target.contains("allowDuplicate"));
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_only_alike_is_made_and_mentioned() {
    let (api, host) = plain().await;
    let first = host.done("create_milestone", terms()).await;
    assert!(!first.text().contains("WARNING"), "{}", first.text());
    let other_words = with(json!({ "description": "Label five thousand more posts", "name": "Batch two" }));
    let second = host.done("create_milestone", other_words).await;
    assert_eq!(outcome(&second), "created");
    second.says(&["WARNING", "same amount and due date", id(&first)]);
    let other_day = host.done("create_milestone", with(json!({ "dueDate": "2026-08-01" }))).await;
    assert!(!other_day.text().contains("WARNING"), "{}", other_day.text());
    assert_eq!(api.creates(), 3);
}

#[tokio::test(start_paused = true)]
async fn of_many_that_are_alike_a_few_are_named() {
    let (_api, host) = plain().await;
    let named = |number: usize| with(json!({ "name": format!("Batch {number}") }));
    for number in 0..6 {
        host.done("create_milestone", named(number)).await;
    }
    let last = host.done("create_milestone", named(6)).await;
    assert_eq!(last.text().matches("WARNING").count(), 3, "{}", last.text());
    last.says(&["And 3 more like it"]);
}

/// An API whose looks at a contract fail for good.
async fn blind(reply: Reply) -> Api {
    Api::meddled([contract("ctr_8Kq2", &[])], move |request, _| (!request.is_write()).then(|| reply.clone())).await
}

/// Ways in which a look fails, and whether the identical call may help.
fn failing_looks() -> Vec<(&'static str, bool, Reply)> {
    let busy = Reply::refusal(429, "RATE_LIMITED", &Value::Null).header("Retry-After", "600");
    vec![
        ("no scope to read", false, Reply::refusal(403, "FORBIDDEN", &json!({ "requiredScopes": ["payments:read"] }))),
        ("a fault", true, Reply::refusal(500, "INTERNAL_ERROR", &Value::Null)),
        ("a fault of a proxy", true, Reply::new(502, "<html></html>")),
        ("a long wait", true, busy),
        ("a page", true, Reply::new(200, "<html></html>")),
        ("another answer", true, Reply::json(200, &json!({ "ok": true }))),
        ("resets", true, Reply::reset()),
        ("silence", true, Reply::hang()),
    ]
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_when_the_look_fails() {
    for (about, retryable, reply) in failing_looks() {
        let api = blind(reply).await;
        let host = server(&api).env("OPENTRAIN_TIMEOUT", "0.3").in_memory().await;
        let answer = host.failed("create_milestone", terms()).await;
        assert_eq!((&answer.error()["outcome"], api.creates()), (&json!("not_done"), 0), "{about}");
        assert_eq!(answer.error()["retryable"], retryable, "{about}: {}", answer.text());
        answer.says(&["Not created", "Nothing was sent", "the contract is read before"]);
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_meant_second_milestone_skips_the_look() {
    for (about, _, reply) in failing_looks() {
        let api = blind(reply).await;
        let host = server(&api).env("OPENTRAIN_TIMEOUT", "0.3").in_memory().await;
        let answer = host.done("create_milestone", with(json!({ "allowDuplicate": true }))).await;
        assert_eq!((outcome(&answer), api.creates()), ("created", 1), "{about}");
        answer.says(&["WARNING", "could not be looked at first", "ctr_8Kq2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_warning_stands_in_both_channels() {
    let api = blind(Reply::refusal(500, "INTERNAL_ERROR", &Value::Null)).await;
    let terms = with(json!({ "allowDuplicate": true }));
    let answer = server(&api).in_memory().await.done("create_milestone", terms).await;
    answer.says(&["WARNING"]);
    assert!(answer.structured().to_string().contains("could not be looked at first"), "{}", answer.structured());
}

#[tokio::test(start_paused = true)]
async fn the_description_says_how_to_make_parts_that_are_alike() {
    let (_api, host) = plain().await;
    let tools = host.tools().await;
    let tool = tools.iter().find(|tool| tool["name"] == "create_milestone").unwrap();
    assert!(tool["description"].as_str().unwrap().contains("give parts different names"), "{tool}");
    assert_eq!(tool["inputSchema"]["properties"]["allowDuplicate"]["type"], "boolean");
}
