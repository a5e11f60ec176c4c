//! What holds for every answer of the API: envelope, bounds, clock, and the same bytes in every run.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Call, V1, approval, call, claimed_sandbox, end, fund, get, milestone, post, press, release, sandbox};
use crate::sandbox::http::route::MAX_BODY;

#[tokio::test]
async fn what_is_no_operation_has_the_envelope_too() {
    let sandbox = sandbox().await;
    let refusal = async |call: Call| call.send(&sandbox).await.refusal();
    let nothing = Value::Null;
    for path in ["/api/public/v1/none", "/api/public/v1/contracts/", "/api/public/v1", "/api/", "/api/agent/none"] {
        assert_eq!(refusal(get(path)).await, (404, "NOT_FOUND".into(), nothing.clone()), "{path}");
    }
    let wrong = call("DELETE", &format!("{V1}/contracts"), "").send(&sandbox).await;
    assert_eq!(wrong.refusal(), (405, "METHOD_NOT_ALLOWED".into(), nothing.clone()));
    assert_eq!(wrong.header("allow"), Some("GET,HEAD"));
    let rebound = get(&format!("{V1}/contracts")).host("evil.example");
    assert_eq!(refusal(rebound).await, (421, "MISDIRECTED_REQUEST".into(), nothing.clone()));
    let foreign = milestone("ctr_8Kq2", "{}").header("Origin: https://evil.example");
    assert_eq!(refusal(foreign).await, (403, "FORBIDDEN".into(), nothing));
}

#[tokio::test]
async fn a_body_over_the_bound_is_not_read() {
    let sandbox = claimed_sandbox().await;
    let body = |length: usize| format!(r#"{{"description":"{}","amountUsd":1}}"#, "x".repeat(length - 32));
    assert_eq!(body(100).len(), 100);
    assert_eq!(milestone("ctr_8Kq2", &body(MAX_BODY)).send(&sandbox).await.status, 201);
    let refusal = milestone("ctr_8Kq2", &body(MAX_BODY + 1)).send(&sandbox).await.refusal();
    assert_eq!(refusal, (413, "PAYLOAD_TOO_LARGE".into(), Value::Null));
}

#[tokio::test]
async fn each_request_takes_a_second_and_has_an_id() {
    let sandbox = sandbox().await;
    let listing = || get(&format!("{V1}/contracts"));
    assert_eq!(listing().send(&sandbox).await.header("date"), Some("Fri, 12 Jun 2026 10:00:00 GMT"));
    let unknown = || listing().without_token().header("Authorization: Bearer unknown");
    let refused = unknown().send(&sandbox).await;
    assert_eq!(refused.header("date"), Some("Fri, 12 Jun 2026 10:00:01 GMT"));
    post("/claim", "").send(&sandbox).await;
    let again = unknown().send(&sandbox).await;
    assert_eq!(again.header("date"), Some("Fri, 12 Jun 2026 10:00:02 GMT"));
    assert_ne!(again.json()["requestId"], refused.json()["requestId"]);
}

/// A milestone from the claim to its release, with refusals.
fn a_payment() -> Vec<Call> {
    let amount = r#"{"description":"d","amountUsd":300}"#;
    vec![
        get("/"),
        milestone("ctr_8Kq2", amount),
        get("/claim"),
        post("/claim", ""),
        milestone("ctr_8Kq2", amount),
        milestone("ctr_5Lm9", amount),
        milestone("ctr_5Lm9", r#"{"description":"d","volume":2}"#),
        get(&format!("{V1}/contracts")),
        get(&format!("{V1}/contracts/ctr_8Kq2")),
        get(&format!("{V1}/auth/me")),
        get(&format!("{V1}/job-drafts/capabilities")),
        get(&format!("{V1}/none")),
        fund("ms_4Dk7"),
        post("/billing", ""),
        fund("ms_4Dk7"),
        get("/approvals/apr_7Rtd"),
        press("apr_7Rtd", "confirm"),
        approval("apr_7Rtd"),
        release("ms_4Dk7"),
        end("ctr_5Lm9"),
        get(&format!("{V1}/payments/pending")),
    ]
}

/// An account from its registration, a job, a hire, and what came of it.
fn a_hire() -> Vec<Call> {
    vec![
        post("/api/agent/identity", "{}").without_token(),
        post(
            "/api/agent/identity/claim",
            r#"{"claim_token":"ot_clm_sandboxagent12_notarealsecret0012","email":"a@example.org"}"#,
        ),
        get("/claim?token=ot_cat_sandboxclaim13_notarealsecret0013"),
        post("/claim", "token=ot_cat_sandboxclaim13_notarealsecret0013&code=439218"),
        post("/employer-settings", "scope=payments:write"),
        get(&format!("{V1}/tokens")),
        get(&format!("{V1}/team")),
        get(&format!("{V1}/jobs/mine")),
        post(&format!("{V1}/job-drafts"), r#"{"rawJobDescription":"Bird calls\n$20 per hour, English, experts"}"#),
        get(&format!("{V1}/jobs")).without_token(),
        get(&format!("{V1}/jobs/facets")).without_token(),
        get(&format!("{V1}/jobs/job_8Lx2/proposals")),
        get(&format!("{V1}/proposals/prp_5Aj3/interview")),
        get(&format!("{V1}/freelancers/maria-g")),
        post(&format!("{V1}/proposals/prp_5Aj3/hire"), r#"{"milestone":{"name":"a","amount":300}}"#),
        get("/approvals/apr_kKWX"),
        press("apr_kKWX", "confirm"),
        get(&format!("{V1}/messages")),
        post(&format!("{V1}/credits/top-ups"), r#"{"amountUsd":100}"#),
        post("/checkout/top_7Rtd", ""),
        get(&format!("{V1}/credits/ledger")),
        post(&format!("{V1}/webhooks"), r#"{"url":"http://localhost:9/","eventTypes":["approval.confirmed"]}"#),
        get(&format!("{V1}/updates")),
        post("/clock", ""),
        get("/"),
    ]
}

#[tokio::test]
async fn two_fresh_sandboxes_answer_the_same_bytes() {
    let calls = [a_payment(), a_hire()].concat();
    let mut runs = Vec::new();
    for _ in 0..2 {
        let sandbox = sandbox().await;
        let mut run = Vec::new();
        for call in &calls {
            let reply = call.clone().send(&sandbox).await;
            run.push(format!("{reply:?}").replace(&sandbox.origin().port().unwrap().to_string(), "PORT"));
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_request_without_a_token_takes_no_time() {
    let sandbox = sandbox().await;
    let date =
        async || get(&format!("{V1}/contracts")).without_token().send(&sandbox).await.header("date").map(str::to_owned);
    let before = date().await;
    get(&format!("{V1}/nowhere")).without_token().send(&sandbox).await;
    post(&format!("{V1}/webhooks"), "").header("Sec-Fetch-Site: cross-site").send(&sandbox).await;
    assert_eq!(date().await, before);
    get(&format!("{V1}/contracts")).send(&sandbox).await;
    assert_ne!(date().await, before);
}

#[tokio::test(start_paused = true)]
async fn half_a_request_ends_after_ten_seconds() {
    for half in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", HALF_A_BODY] {
        let sandbox = sandbox().await;
        let mut stream = TcpStream::connect(("127.0.0.1", sandbox.origin().port().unwrap())).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let began = tokio::time::Instant::now();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(began.elapsed() < std::time::Duration::from_secs(21), "{half:?}: {:?}", began.elapsed());
        assert!(half != HALF_A_BODY || answer.starts_with("HTTP/1.1 408"), "{half:?}: {answer}");
    }
}

/// A body that does not arrive.
const HALF_A_BODY: &str = "POST /claim HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\na";
