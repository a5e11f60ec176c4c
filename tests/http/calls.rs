//! Calls: the same answers as on stdio in every revision, progress, streams, traces, and states that go on elsewhere.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Api, HANDSHAKES, Reply, STATELESS, Upstream, contract, launch};
use crate::served::message;
use crate::{server, terms};

#[tokio::test]
async fn every_revision_gets_what_stdio_gets() {
    let (api, server) = server().await;
    let key = server.agent("ci", &[]).await;
    let host = launch().at(&api.upstream).start().await;
    let expected = host.call("list_contracts", json!({})).await;
    for revision in HANDSHAKES.into_iter().chain([STATELESS]) {
        let caller = server.caller(&key).speaking(revision);
        let answer = caller.call("list_contracts", json!({ "limit": 50 })).await;
        assert_eq!(answer.text(), expected.text(), "{revision}");
        assert_eq!(answer.structured(), expected.structured(), "{revision}");
        let misspelt = caller.call("get_contract", json!({ "contractID": "x" })).await;
        assert!(misspelt.is_error() && misspelt.text().contains("contractId"), "{}", misspelt.0);
        if revision != STATELESS {
            let hello = json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } });
            let response = caller.asking("initialize", hello).send().await.unwrap();
            assert!(response.headers().get("mcp-session-id").is_none());
            assert_eq!(message(response).await["result"]["protocolVersion"], revision);
        }
    }
}

#[tokio::test]
async fn numbers_go_through_digit_for_digit() {
    let (api, server) = server().await;
    let key = server.agent("ci", &[]).await;
    let body = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"create_milestone","arguments":
        {"contractId":"ctr_8Kq2","description":"d","amountUsd":300.10}}}"#;
    let response = server.caller(&key).bare().header("mcp-protocol-version", "2025-11-25").body(body).send().await;
    let answer = message(response.unwrap()).await;
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!("a"), &json!(false)), "{answer}");
    let sent = api.upstream.requests().into_iter().find(crate::harness::upstream::Request::is_write).unwrap();
    assert!(sent.body().contains("300.10"), "{}", sent.body());
}

#[tokio::test]
async fn a_long_call_becomes_a_stream() {
    let upstream = Upstream::scripted([Reply::hang()]).await;
    let server = launch().at(&upstream).env("OPENTRAIN_TIMEOUT", "1").over_http().await;
    let key = server.agent("ci", &[]).await;
    let response = server
        .caller(&key)
        .asking("tools/call", json!({ "name": "send_message", "arguments": {} }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let call = json!({ "name": "get_contract", "arguments": { "contractId": "ctr_1" } });
    let response = server.caller(&key).asking("tools/call", call).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let text = response.text().await.unwrap();
    assert!(text.starts_with(":\n\n") && text.contains("data: {\"jsonrpc\":\"2.0\""), "{text}");
    assert!(text.contains("UPSTREAM") || text.contains("TIMED_OUT") || text.contains("TIMEOUT"), "{text}");
}

#[tokio::test]
async fn a_wait_reports_progress_before_its_answer() {
    let pending =
        json!({ "approval": { "id": "apr_1", "status": "pending", "approvalUrl": "https://app.opentrain.ai/a" } });
    let upstream = Upstream::giving(&pending).await;
    let server = launch().at(&upstream).over_http().await;
    let key = server.agent("ci", &[]).await;
    for revision in ["2025-11-25", STATELESS] {
        let call = json!({ "name": "wait_for_approval", "arguments": { "approvalId": "apr_1", "timeoutSeconds": 1 },
                           "_meta": { "progressToken": "p" } });
        let response = server.caller(&key).speaking(revision).asking("tools/call", call).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream", "{revision}");
        let text = response.text().await.unwrap();
        let events: Vec<Value> =
            text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
        assert_eq!(events[0]["method"], "notifications/progress", "{text}");
        assert_eq!(events[0]["params"]["progressToken"], "p");
        assert!(events.last().unwrap()["result"].is_object(), "{text}");
    }
}

#[tokio::test]
async fn a_trace_goes_on_to_the_api() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let server = launch().at(&api.upstream).over_http().await;
    let key = server.agent("ci", &[]).await;
    let traces = [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    ];
    server.caller(&key).header("traceparent", traces[0]).call("list_contracts", json!({})).await;
    let call = json!({ "name": "list_contracts", "arguments": {}, "_meta": { "traceparent": traces[1] } });
    server.caller(&key).ask("tools/call", call).await;
    server.caller(&key).header("traceparent", "junk").call("list_contracts", json!({})).await;
    let sent: Vec<String> =
        api.upstream.requests().iter().map(|request| request.header("traceparent").join(",")).collect();
    assert_eq!(sent, [traces[0], traces[1], ""]);
}

#[tokio::test]
async fn a_sealed_state_works_at_any_replica_for_its_caller() {
    let keys = ["11".repeat(32), "22".repeat(32)];
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let claim = format!("http://{}/claim", listener.local_addr().unwrap());
    let refused = json!({ "reason": "account_claim_required", "claimUrl": claim });
    let claims = Upstream::on(listener, move |request, _| {
        if request.is_write() {
            Reply::refusal(403, "forbidden", &refused)
        } else {
            Reply::json(200, &json!({ "contract": contract("ctr_8Kq2", &[]) }))
        }
    });
    let start = |keys: String| launch().at(&claims).env("OPENTRAIN_SEAL_KEYS", &keys).env("OPENTRAIN_HUMAN_WAIT", "1");
    let first = start(keys[0].clone()).over_http().await;
    let second = start(format!("{},{}", keys[1], keys[0])).over_http().await;
    let third = start(keys[1].clone()).over_http().await;
    let (one, two) = (first.agent("one", &[]).await, first.agent("two", &[]).await);
    let agents = std::fs::read(first.home.path().join(".config/opentrain-mcp/agents.toml")).unwrap();
    for replica in [&second, &third] {
        let path = replica.home.path().join(".config/opentrain-mcp/agents.toml");
        crate::harness::launch::write_private(&path, &String::from_utf8(agents.clone()).unwrap());
        replica.admits(&two, true).await;
    }
    let caller = first.caller(&one).eliciting();
    let call = json!({ "name": "create_milestone", "arguments": terms("a", 5) });
    let asked = caller.ask("tools/call", call.clone()).await["result"].clone();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let mut again = call;
    again["inputResponses"] = json!({ "person": { "action": "decline" } });
    again["requestState"] = asked["requestState"].clone();
    let writes = claims.writes();
    let there = caller.clone().at(&second).ask("tools/call", again.clone()).await;
    assert_eq!(there["result"]["resultType"], "complete", "{there}");
    assert_eq!(claims.writes(), writes, "the other replica knows that it was declined");
    for (caller, why) in
        [(first.caller(&two).eliciting(), "another principal"), (caller.at(&third), "a replica without the key")]
    {
        let before = claims.writes();
        let anew = caller.ask("tools/call", again.clone()).await;
        assert_eq!((claims.writes(), &anew["result"]["resultType"]), (before + 1, &json!("input_required")), "{why}");
    }
}

#[tokio::test]
async fn a_person_confirms_what_a_key_may_not_do_alone() {
    let (api, server) = server().await;
    let key = server.agent("careful", &["--confirm", "person"]).await;
    assert!(server.command(&["agents", "list"]).await.contains("a person confirms"));
    let call = json!({ "name": "end_contract", "arguments": { "contractId": "ctr_8Kq2" } });
    // No older revision names what the host can do in each request, and this one does not take forms.
    for caller in [server.caller(&key).speaking("2025-11-25").eliciting(), server.caller(&key)] {
        let refused = caller.ask("tools/call", call.clone()).await["result"].clone();
        assert_eq!(refused["structuredContent"]["error"]["reason"], "not_confirmed", "{refused}");
    }
    let caller = server.caller(&key).eliciting();
    let asked = caller.ask("tools/call", call.clone()).await["result"].clone();
    assert_eq!(asked["inputRequests"]["person"]["params"]["mode"], "form", "{asked}");
    let mut again = call.clone();
    again["inputResponses"] = json!({ "person": { "action": "accept", "content": { "confirm": true } } });
    again["requestState"] = asked["requestState"].clone();
    let other = server.agent("other", &["--confirm", "person"]).await;
    let stolen = server.caller(&other).eliciting().ask("tools/call", again.clone()).await["result"].clone();
    assert_eq!(stolen["resultType"], "input_required", "another agent's yes: {stolen}");
    assert_eq!(api.upstream.writes(), 0);
    let ended = caller.ask("tools/call", again.clone()).await["result"].clone();
    assert_eq!(ended["structuredContent"]["outcome"], "done", "{ended}");
    assert_eq!(caller.ask("tools/call", again).await["result"], ended);
    assert_eq!(api.upstream.writes(), 1);
    // A key without the rule is left to its host.
    api.world().contract("ctr_8Kq2").unwrap()["status"] = json!("active");
    let free = server.agent("free", &[]).await;
    let ended = server.caller(&free).ask("tools/call", call).await["result"].clone();
    assert_eq!(ended["structuredContent"]["outcome"], "done", "{ended}");
}
