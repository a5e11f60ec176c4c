//! What is sent again, and what never is.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Gate, Refusing, Reply, Upstream, contract, contracts, launch, milestone};

fn one() -> Reply {
    Reply::json(200, &json!({ "contract": contract("c", &[]) }))
}

fn created() -> Reply {
    Reply::json(201, &json!({ "milestone": milestone("ms_7Rtd") }))
}

fn terms() -> Value {
    json!({ "contractId": "c", "description": "d", "amountUsd": 300 })
}

/// Faults that may be gone at the next try.
fn passing() -> Vec<(&'static str, Reply)> {
    let whole = json!({ "contract": contract("c", &[]) }).to_string();
    let mut faults: Vec<(&str, Reply)> = vec![
        ("429", Reply::refusal(429, "RATE_LIMITED", &Value::Null)),
        ("429 with a short Retry-After", Reply::refusal(429, "RATE_LIMITED", &Value::Null).header("Retry-After", "0")),
        ("a page with 503", Reply::new(503, "<html>").header("Retry-After", "0")),
        ("a reset", Reply::reset()),
        ("a closed connection", Reply::raw("")),
        ("a body cut short", Reply::new(200, whole.clone()).cut_after(20)),
        ("JSON that stops", Reply::new(200, &whole.as_bytes()[..40])),
    ];
    faults.extend([502, 503, 504].map(|status| ("a gateway", Reply::refusal(status, "X", &Value::Null))));
    faults
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_three_times_over_passing_faults() {
    let mut runs = Vec::new();
    for (about, fault) in passing() {
        runs.push(tokio::spawn(async move {
            let upstream = Upstream::scripted([fault.clone(), fault.clone(), one()]).await;
            let host = launch().at(&upstream).in_memory().await;
            let answer = host.call("get_contract", json!({ "contractId": "c" })).await;
            assert!(!answer.is_error(), "{about}: {}", answer.0);
            assert_eq!(upstream.requests().len(), 3, "{about}");

            let upstream = Upstream::scripted([fault]).await;
            let host = launch().at(&upstream).in_memory().await;
            let answer = host.failed("get_contract", json!({ "contractId": "c" })).await;
            assert_eq!(upstream.requests().len(), 3, "{about}: no fourth try");
            assert_eq!(answer.error()["retryable"], true, "{about}: {}", answer.0);
        }));
    }
    for run in runs {
        run.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_short_is_asked_for_again() {
    let whole = contracts(3).to_string();
    for fault in [Reply::new(200, whole.clone()).cut_after(300), Reply::new(200, &whole.as_bytes()[..300])] {
        let upstream = Upstream::scripted([fault, Reply::new(200, whole.clone())]).await;
        let host = launch().at(&upstream).in_memory().await;
        let answer = host.call("list_contracts", json!({})).await;
        assert!(!answer.is_error(), "{}", answer.0);
        assert_eq!(upstream.requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn json_that_stops_after_a_brace_is_asked_for_again() {
    let whole = contracts(3).to_string();
    let cut = whole.find("},").unwrap() + 1;
    let upstream =
        Upstream::scripted([Reply::new(200, &whole.as_bytes()[..cut]), Reply::new(200, whole.clone())]).await;
    let host = launch().at(&upstream).in_memory().await;
    let answer = host.call("list_contracts", json!({})).await;
    assert!(!answer.is_error(), "{}", answer.0);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_not_tried_again_over_what_stays() {
    for (status, code) in
        [(400, "BAD_REQUEST"), (403, "FORBIDDEN"), (404, "NOT_FOUND"), (409, "CONFLICT"), (500, "X"), (501, "X")]
    {
        let upstream = Upstream::scripted([Reply::refusal(status, code, &Value::Null)]).await;
        let host = launch().at(&upstream).in_memory().await;
        host.failed("get_contract", json!({ "contractId": "c" })).await;
        assert_eq!(upstream.requests().len(), 1, "{status}");
    }
    let upstream = Upstream::scripted([Reply::new(200, "<html></html>")]).await;
    let host = launch().at(&upstream).in_memory().await;
    host.failed("get_contract", json!({ "contractId": "c" })).await;
    assert_eq!(upstream.requests().len(), 1, "a page of HTML");
}

#[tokio::test(start_paused = true)]
async fn a_short_retry_after_is_slept_through() {
    let busy = Reply::refusal(429, "RATE_LIMITED", &Value::Null).header("Retry-After", "1");
    let upstream = Upstream::scripted([busy, one()]).await;
    let host = launch().at(&upstream).in_memory().await;
    let began = Instant::now();
    host.done("get_contract", json!({ "contractId": "c" })).await;
    assert!(began.elapsed() >= Duration::from_secs(1), "it came back before it was asked to: {:?}", began.elapsed());
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_is_told_and_not_slept_through() {
    for (header, said) in [("17", "17 s"), ("3600", "3600 s")] {
        let busy = Reply::refusal(429, "RATE_LIMITED", &Value::Null).header("Retry-After", header);
        let upstream = Upstream::scripted([busy]).await;
        let host = launch().at(&upstream).without_guard().in_memory().await;
        for (tool, arguments) in [("get_contract", json!({ "contractId": "c" })), ("create_milestone", terms())] {
            let answer = host.failed(tool, arguments).await;
            assert_eq!((answer.code(), &answer.error()["retryable"]), ("RATE_LIMITED", &json!(true)));
            answer.says(&[said]);
        }
        assert_eq!(upstream.requests().len(), 2, "each was sent once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_date_is_read_by_the_apis_clock() {
    let busy = Reply::refusal(503, "X", &Value::Null)
        .header("Date", "Fri, 12 Jun 2026 10:00:00 GMT")
        .header("Retry-After", "Fri, 12 Jun 2026 10:02:00 GMT");
    let upstream = Upstream::scripted([busy]).await;
    let host = launch().at(&upstream).in_memory().await;
    host.failed("get_contract", json!({ "contractId": "c" })).await.says(&["120 s"]);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_retry_after_is_as_good_as_none() {
    for header in ["soon", "-5", "", "99999999999999999999999", "Fri, 12 Jun 1926 10:00:00 GMT"] {
        let busy = Reply::refusal(429, "RATE_LIMITED", &Value::Null).header("Retry-After", header);
        let upstream = Upstream::scripted([busy, one()]).await;
        let host = launch().at(&upstream).in_memory().await;
        host.done("get_contract", json!({ "contractId": "c" })).await;
        assert_eq!(upstream.requests().len(), 2, "{header:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_left_is_never_sent_again() {
    let mut runs = Vec::new();
    for (about, fault) in passing() {
        runs.push(tokio::spawn(async move {
            let upstream = Upstream::answering(move |request, _| match request.is_write() {
                true => fault.clone(),
                false => Reply::refusal(404, "NOT_FOUND", &Value::Null),
            })
            .await;
            let host = launch().at(&upstream).without_guard().in_memory().await;
            host.failed("create_milestone", terms()).await;
            assert_eq!(upstream.writes(), 1, "{about}");
        }));
    }
    for run in runs {
        run.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_on_a_closed_connection_is_stored_once() {
    // The first answer leaves a connection open that is closed when the next request comes on it.
    let upstream = Upstream::answering(|request, _| match (request.is_write(), request.connection) {
        (false, _) => Reply::json(200, &contracts(1)),
        (true, 1) => Reply::raw(""),
        (true, _) => created(),
    })
    .await;
    let host = launch().at(&upstream).without_guard().in_memory().await;
    host.done("list_contracts", json!({})).await;
    let answer = host.failed("create_milestone", terms()).await;
    assert_eq!((upstream.writes(), &answer.error()["outcome"]), (1, &json!("unknown")), "{}", answer.0);
}

#[tokio::test]
async fn a_write_that_was_refused_a_connection_is_sent_again() {
    let nobody = Refusing::new();
    let host = launch().base(&nobody.origin()).without_guard().env("RUST_LOG", "opentrain_mcp=debug").start().await;
    let id = host.begin("create_milestone", terms()).await;
    host.stderr_says("called").await;
    let upstream = Upstream::on(nobody.listen(), |_, _| created());
    let answer = host.end(id).await;
    assert!(!answer.is_error(), "{}", answer.0);
    assert_eq!(upstream.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_slow_call_holds_up_no_other() {
    let gate = Gate::closed();
    let held = one().once_open(&gate);
    let upstream = Upstream::answering(move |request, _| match request.path().ends_with("/slow") {
        true => held.clone(),
        false => one(),
    })
    .await;
    let host = launch().at(&upstream).in_memory().await;
    let slow = host.begin("get_contract", json!({ "contractId": "slow" })).await;
    upstream.has_seen(1).await;
    for _ in 0..20 {
        host.done("get_contract", json!({ "contractId": "quick" })).await;
    }
    assert!(!host.tools().await.is_empty());
    gate.open();
    assert!(!host.end(slow).await.is_error());
}

#[tokio::test(start_paused = true)]
async fn many_calls_at_once_each_get_their_own_answer() {
    let upstream = Upstream::answering(|request, _| {
        let id = request.path().rsplit('/').next().unwrap();
        Reply::json(200, &json!({ "contract": contract(id, &[]) }))
    })
    .await;
    let host = launch().at(&upstream).in_memory().await;
    let mut begun = Vec::new();
    for place in 0..64 {
        let id = format!("ctr_{place}");
        begun.push((host.begin("get_contract", json!({ "contractId": id })).await, id));
    }
    for (call, id) in begun {
        assert_eq!(host.end(call).await.structured()["contract"]["id"], json!(id));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_after_three_limited_attempts() {
    let upstream = Upstream::answering(|request, before| match request.is_write() || before < 3 {
        true => Reply::hang(),
        false => Reply::refusal(404, "NOT_FOUND", &Value::Null),
    })
    .await;
    let host = launch().at(&upstream).without_guard().args(["--timeout", "0.3"]).in_memory().await;
    let read = host.failed("get_contract", json!({ "contractId": "c" })).await;
    assert_eq!(
        (read.code(), &read.error()["outcome"], &read.error()["retryable"]),
        ("TIMEOUT", &json!("not_done"), &json!(true))
    );
    assert_eq!(upstream.requests().len(), 3);
    upstream.was_given_up_on(3).await;
    let write = host.failed("create_milestone", terms()).await;
    assert_eq!(
        (write.code(), &write.error()["outcome"], &write.error()["retryable"]),
        ("TIMEOUT", &json!("unknown"), &json!(false))
    );
    assert_eq!(upstream.writes(), 1);
}
