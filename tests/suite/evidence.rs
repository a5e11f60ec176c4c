//! What proves that a write was done, and what an answer without proof is told as: one table each.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::errors::tells_the_whole_story;
use crate::harness::{Answer, Host, Reply, Upstream, launch};

/// A server whose API gives to a write what a test says, and knows nothing else.
struct Writing {
    upstream: Upstream,
    host: Host,
    next: Arc<Mutex<Reply>>,
}

impl Writing {
    async fn start() -> Self {
        let next = Arc::new(Mutex::new(Reply::new(200, "")));
        let given = Arc::clone(&next);
        let upstream = Upstream::answering(move |request, _| {
            let unknown = Reply::refusal(404, "NOT_FOUND", &Value::Null);
            if request.is_write() { given.lock().unwrap().clone() } else { unknown }
        })
        .await;
        let host = launch().args(["--toolsets", "all"]).at(&upstream).in_memory().await;
        Self { upstream, host, next }
    }

    /// Calls a tool whose one write gets this reply.
    async fn call(&self, tool: &str, reply: Reply) -> Answer {
        *self.next.lock().unwrap() = reply;
        let before = self.upstream.writes();
        let answer = self.host.call(tool, arguments(tool)).await;
        assert_eq!(self.upstream.writes() - before, 1, "{tool} is sent once: {}", answer.0);
        answer
    }

    async fn is_unknown(&self, tool: &str, status: u16, body: &str) {
        let about = format!("{tool}, {status} {body}");
        let answer = self.call(tool, Reply::new(status, body)).await;
        assert!(answer.is_error(), "{about}: {}", answer.0);
        tells_the_whole_story(&answer, &about);
        assert_eq!(answer.error()["outcome"], "unknown", "{about}: {}", answer.0);
        assert!(answer.text().starts_with("UNKNOWN whether it was"), "{about}: {}", answer.text());
        assert!(!answer.hint().contains("Nothing was sent"), "{about}: {}", answer.hint());
    }

    async fn ends_as(&self, outcome: &str, tool: &str, status: u16, body: &str) {
        let reply =
            if status == 204 { Reply::raw("HTTP/1.1 204 No Content\r\n\r\n") } else { Reply::new(status, body) };
        let answer = self.call(tool, reply).await;
        assert!(!answer.is_error(), "{tool}, {status} {body}: {}", answer.0);
        assert_eq!(answer.structured()["outcome"], outcome, "{tool}, {status} {body}: {}", answer.0);
    }
}

fn arguments(tool: &str) -> Value {
    match tool {
        "close_job" | "publish_job" => json!({ "jobId": "job_1" }),
        "update_job" => json!({ "jobId": "job_1", "fields": { "title": "t" } }),
        "create_job_draft" => json!({ "jobDescription": "d" }),
        "delete_webhook" => json!({ "webhookId": "wh_1" }),
        "revoke_token" => json!({ "tokenId": "tok_1" }),
        "end_contract" => json!({ "contractId": "ctr_1" }),
        "send_message" => json!({ "conversationId": "cnv_1", "content": "c" }),
        "request_milestone_funding" => json!({ "milestoneId": "ms_1" }),
        "invite_team_member" => json!({ "email": "anna@example.com" }),
        other => panic!("no arguments for {other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_without_evidence_is_unknown() {
    let api = Writing::start().await;
    let contradicted = [
        (200, r#"{"ok":false}"#),
        (200, r#"{"success":false}"#),
        (200, r#"{"error":"it failed"}"#),
        (200, r#"{"error":{"message":"it failed"}}"#),
        (202, "{}"),
        (202, r#"{"approval":"apr_1"}"#),
        (200, "<html>OK</html>"),
        (200, "Internal error"),
        (200, "[]"),
        (200, r#"{"ok":"#),
    ];
    for tool in ["close_job", "delete_webhook", "revoke_token", "end_contract", "publish_job"] {
        for (status, body) in contradicted {
            api.is_unknown(tool, status, body).await;
        }
    }
    for (tool, status, body) in [
        ("close_job", 200, r#"{"jobId":"job_1","status":"OPEN"}"#),
        ("delete_webhook", 200, r#"{"deleted":false}"#),
        ("revoke_token", 200, r#"{"token":{"id":"tok_1","status":"active"}}"#),
        ("end_contract", 200, r#"{"contractId":"ctr_1","status":"active"}"#),
        ("publish_job", 200, r#"{"jobId":"job_1","status":"DRAFT"}"#),
        ("publish_job", 200, "{}"),
        ("update_job", 200, r#"{"other":1}"#),
        ("create_job_draft", 201, "{}"),
        ("create_job_draft", 201, r#"{"jobId":null}"#),
        ("create_job_draft", 201, r#"{"jobId":" "}"#),
        ("create_job_draft", 201, r#"{"ok":true}"#),
        ("create_job_draft", 201, ""),
        ("send_message", 201, r#"{"message":{}}"#),
        ("send_message", 201, r#"{"message":{"id":null}}"#),
        ("send_message", 202, ""),
        ("request_milestone_funding", 202, r#"{"approval":{}}"#),
        ("request_milestone_funding", 202, r#"{"approval":{"id":""}}"#),
        ("request_milestone_funding", 202, r#"{"message":"Recorded."}"#),
        ("request_milestone_funding", 200, r#"{"ok":true}"#),
        ("invite_team_member", 200, "{}"),
    ] {
        api.is_unknown(tool, status, body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_with_nothing_to_give_back_is_done() {
    let api = Writing::start().await;
    for tool in ["close_job", "delete_webhook", "revoke_token", "end_contract"] {
        for (status, body) in [
            (204, ""),
            (200, ""),
            (200, " \n"),
            (200, "null"),
            (200, "OK"),
            (200, "\"done\""),
            (200, "{}"),
            (200, "true"),
        ] {
            api.ends_as("done", tool, status, body).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_documented_field_is_evidence_enough() {
    let api = Writing::start().await;
    for (outcome, tool, status, body) in [
        ("done", "publish_job", 200, r#"{"jobId":"job_1"}"#),
        ("done", "publish_job", 200, r#"{"status":"OPEN"}"#),
        ("done", "update_job", 200, r#"{"ok":true}"#),
        ("done", "close_job", 200, r#"{"status":"CLOSED","error":null}"#),
        ("done", "revoke_token", 200, r#"{"token":{"status":"REVOKED"}}"#),
        ("created", "create_job_draft", 201, r#"{"jobId":7}"#),
        ("created", "create_job_draft", 200, r#"{"jobId":"job_9","error":""}"#),
        ("pending_approval", "request_milestone_funding", 202, r#"{"approval":{"id":"apr_1"}}"#),
        (
            "pending_approval",
            "end_contract",
            202,
            r#"{"approval":{"id":"apr_1","status":"PENDING"},"status":"active"}"#,
        ),
    ] {
        api.ends_as(outcome, tool, status, body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_box_in_between_leaves_a_write_unknown() {
    let api = Writing::start().await;
    for status in [408, 460, 499, 500, 502, 503, 504, 520, 524, 599] {
        for body in ["", "<html>gateway</html>", r#"{"message":"upstream timed out"}"#] {
            api.is_unknown("close_job", status, body).await;
        }
    }
    for status in [400, 403, 404, 409, 410, 413, 422, 429, 451] {
        let answer = api.call("close_job", Reply::new(status, r#"{"error":"No.","code":"X"}"#)).await;
        assert_eq!(answer.error()["outcome"], "not_done", "{status}: {}", answer.0);
        tells_the_whole_story(&answer, &status.to_string());
    }
    for (status, outcome) in
        [(301, "unknown"), (302, "unknown"), (303, "unknown"), (307, "not_done"), (308, "not_done")]
    {
        let answer = api.call("close_job", Reply::new(status, "").header("Location", "/elsewhere")).await;
        assert_eq!(answer.error()["outcome"], outcome, "{status}: {}", answer.0);
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_other_shapes_say_what_they_say() {
    let api = Writing::start().await;
    for (status, body, says, code) in [
        (
            403,
            r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Your plan ended"}"#,
            "Your plan ended",
            "",
        ),
        (403, r#"{"message":"Key is out of quota"}"#, "Key is out of quota", ""),
        (403, r#"{"Message":"User is not authorized"}"#, "User is not authorized", ""),
        (400, r#"{"error":{"code":"plan_limit","message":"Too many jobs"}}"#, "Too many jobs", "plan_limit"),
        (400, r#"{"errors":[{"message":"Too long","field":"title"},{"message":"No amount"}]}"#, "title: Too long", ""),
        (400, r#"{"errors":{"title":["is too long"]}}"#, "title: is too long", ""),
        (422, r#"{"detail":[{"loc":["body","title"],"msg":"field required"}]}"#, "body.title: field required", ""),
        (
            401,
            r#"{"error":"invalid_token","error_description":"The token expired"}"#,
            "The token expired",
            "invalid_token",
        ),
        (429, r#"{"error":"Too Many Requests","message":"Slow down"}"#, "Slow down", ""),
    ] {
        let answer = api.call("close_job", Reply::new(status, body)).await;
        assert_eq!(answer.error()["outcome"], "not_done", "{body}: {}", answer.0);
        answer.says(&[says]);
        assert!(code.is_empty() || answer.code() == code, "{body}: {}", answer.0);
        assert!(!answer.text().contains("scope"), "{body} names no scope: {}", answer.text());
    }
}
