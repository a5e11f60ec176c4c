//! Spans over OTLP: what a collector gets, and that one that is gone costs nothing. The collector is an HTTP server of the
//! test, which reads the protobuf by itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests say what is wrong by failing"
)]

#[allow(dead_code, unused_imports, reason = "it serves other tests too")]
#[path = "../suite/harness/mod.rs"]
mod harness;
#[allow(dead_code, reason = "it serves other tests too")]
#[path = "../http/served.rs"]
mod served;

mod collector;
mod protobuf;

use serde_json::{Value, json};

use crate::collector::Collector;
use crate::harness::{Api, Host, Launch, PATIENCE, Reply, SECRET, contract, launch};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

async fn api() -> Api {
    Api::of([contract("ctr_8Kq2", &[])]).await
}

fn server(api: &Api, collector: &Collector) -> Launch {
    launch().at(&api.upstream).env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.origin())
}

/// Ends a host's server by the end of its input.
async fn end(host: Host) {
    host.close_input().await;
    assert_eq!(host.exit_within(PATIENCE).await, Some(0));
}

fn terms() -> Value {
    json!({ "contractId": "ctr_8Kq2", "description": "Words of the caller", "amountUsd": 5 })
}

#[tokio::test]
async fn a_call_and_its_requests_are_in_the_callers_trace() {
    let (api, collector) = (api().await, Collector::start().await);
    let mut server = server(&api, &collector).over_http().await;
    let key = server.agent("name-of-the-agent", &[]).await;
    let caller = server.caller(&key).header("traceparent", &traceparent("01"));
    assert!(!caller.call("create_milestone", terms()).await.is_error());
    server.stop();
    assert_eq!(server.ended().await, Some(0));

    let spans = collector.spans();
    let call = spans.iter().find(|span| span.name == "tools/call create_milestone").expect("the call");
    assert_eq!((call.trace.as_str(), call.parent.as_str(), call.kind), (TRACE, PARENT, 2), "{call:?}");
    for (name, value) in [
        ("mcp.method.name", "tools/call"),
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", "create_milestone"),
        ("network.transport", "tcp"),
        ("opentrain_mcp.principal", "agent"),
        ("opentrain_mcp.outcome", "created"),
    ] {
        assert_eq!(call.facts[name], value, "{call:?}");
    }
    let requests: Vec<_> = spans.iter().filter(|span| span.parent == call.id).collect();
    let names: Vec<&str> = requests.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET /contracts/{contractId}", "POST /contracts/{contractId}/milestones"]);
    let statuses: Vec<&str> = requests.iter().map(|span| span.facts["http.response.status_code"].as_str()).collect();
    assert_eq!(statuses, ["200", "201"]);
    assert!(requests.iter().all(|span| span.trace == TRACE && span.kind == 3 && !span.is_failed), "{requests:?}");
    // OpenTrain gets the span of the very request.
    let sent: Vec<String> =
        api.upstream.requests().iter().map(|request| request.header("traceparent").join(",")).collect();
    let expected: Vec<String> = requests.iter().map(|span| format!("00-{TRACE}-{}-01", span.id)).collect();
    assert_eq!(sent, expected);
    assert_eq!(collector.resource()["service.name"], "opentrain-mcp");
    let request = &collector.upstream.requests()[0];
    assert_eq!((request.path(), request.header("content-type")), ("/v1/traces", vec!["application/x-protobuf"]));
}

#[tokio::test]
async fn no_word_of_a_caller_is_exported() {
    let (api, collector) = (api().await, Collector::start().await);
    let mut server = server(&api, &collector).args(["--accept-opentrain-tokens"]).over_http().await;
    let key = server.agent("name-of-the-agent", &[]).await;
    let caller = server.caller(&key);
    caller.call("create_milestone", terms()).await;
    caller.call("get_contract", json!({ "contractId": "ctr_of_nobody" })).await;
    caller.ask("tools/call", json!({ "name": "tool_of_mine", "arguments": { "x": "argument_of_mine" } })).await;
    caller.ask("resources/read", json!({ "uri": "opentrain://contracts/ctr_8Kq2" })).await;
    server.caller("ot_pat_b0b0b0b0_0wns3cr3tpart11").call("list_contracts", json!({})).await;
    server.stop();
    assert_eq!(server.ended().await, Some(0));
    let names: Vec<String> = collector.spans().into_iter().map(|span| span.name).collect();
    for name in ["tools/call get_contract", "tools/call", "resources/read", "GET /contracts"] {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
    let failed = collector.spans().into_iter().find(|span| span.name == "tools/call").unwrap();
    assert!(failed.is_failed && failed.facts["error.type"] == "not_done", "{failed:?}");
    for request in collector.upstream.requests() {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        for word in [
            SECRET,
            &key,
            "otm_",
            "ot_pat_",
            "b0b0b0b0",
            "name-of-the-agent",
            "Words of the caller",
            "ctr_8Kq2",
            "ctr_of_nobody",
            "tool_of_mine",
            "argument_of_mine",
            "tester",
        ] {
            assert!(!text.contains(word), "{word} was exported: {text}");
        }
    }
}

#[tokio::test]
async fn a_trace_in_meta_counts_and_one_unsampled_passes_by() {
    let (api, collector) = (api().await, Collector::start().await);
    let mut server = server(&api, &collector).over_http().await;
    let key = server.agent("ci", &[]).await;
    let call = |flags: &str| json!({ "name": "list_contracts", "arguments": {}, "_meta": { "traceparent": traceparent(flags) } });
    server.caller(&key).ask("tools/call", call("01")).await;
    server.caller(&key).ask("tools/call", call("00")).await;
    server.caller(&key).call("list_contracts", json!({})).await;
    server.stop();
    assert_eq!(server.ended().await, Some(0));
    let calls: Vec<_> = collector.spans().into_iter().filter(|span| span.name == "tools/call list_contracts").collect();
    let parents: Vec<&str> = calls.iter().map(|span| span.parent.as_str()).collect();
    assert_eq!(parents, [PARENT, ""], "a call without a trace begins one: {calls:?}");
    let sent =
        api.upstream.requests().iter().map(|request| request.header("traceparent").join(",")).collect::<Vec<_>>();
    assert_eq!(sent[1], traceparent("00"), "it goes on unchanged");
    assert!(sent[2].contains(&calls[1].trace) && calls[1].trace != TRACE, "{sent:?}");
}

#[tokio::test]
async fn spans_on_stdin_leave_at_the_end() {
    let (api, collector) = (api().await, Collector::start().await);
    let host = server(&api, &collector).env("OTEL_SERVICE_NAME", "desk").start().await;
    assert!(!host.call("list_contracts", json!({})).await.is_error());
    end(host).await;
    let call = collector.spans().into_iter().find(|span| span.name == "tools/call list_contracts").expect("the call");
    assert_eq!((&*call.facts["network.transport"], &*call.facts["opentrain_mcp.principal"]), ("pipe", "local"));
    assert_eq!(collector.resource()["service.name"], "desk");
}

#[tokio::test]
async fn a_request_that_fails_says_so_and_is_counted() {
    let collector = Collector::start().await;
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |_, _| Some(Reply::new(503, "{}"))).await;
    let mut server = server(&api, &collector).over_http().await;
    let key = server.agent("ci", &[]).await;
    assert!(server.caller(&key).call("list_contracts", json!({})).await.is_error());
    server.stop();
    assert_eq!(server.ended().await, Some(0));
    let requests: Vec<_> = collector.spans().into_iter().filter(|span| span.name == "GET /contracts").collect();
    let again: Vec<&str> = requests.iter().map(|span| span.facts["http.request.resend_count"].as_str()).collect();
    assert_eq!(again, ["0", "1", "2"]);
    assert!(requests.iter().all(|span| span.is_failed && span.facts["http.response.status_code"] == "503"));
    let call = collector.spans().into_iter().find(|span| span.name.starts_with("tools/call")).unwrap();
    assert!(call.is_failed, "{call:?}");
}

#[tokio::test]
async fn a_collector_that_is_gone_breaks_nothing() {
    let hanging = Collector::answering(Reply::hang()).await;
    let refusing = Collector::answering(Reply::new(503, "busy")).await;
    let nobody = format!("http://127.0.0.1:{}", crate::harness::free_port());
    for endpoint in [hanging.origin(), refusing.origin(), nobody] {
        let api = api().await;
        let mut server = launch()
            .at(&api.upstream)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cr3t-of-the-collector")
            .env("OTEL_BSP_SCHEDULE_DELAY", "20")
            .env("OTEL_BSP_MAX_QUEUE_SIZE", "8")
            .over_http()
            .await;
        let key = server.agent("ci", &[]).await;
        for _ in 0..40 {
            assert!(!server.caller(&key).call("list_contracts", json!({})).await.is_error(), "{endpoint}");
        }
        server.stop();
        assert_eq!(server.ended().await, Some(0), "{endpoint}: {}", server.log());
        assert!(!server.log().contains("s3cr3t-of-the-collector"), "{}", server.log());
        assert!(server.log().matches("spans cannot be exported").count() <= 1, "it is said once: {}", server.log());
    }
}

#[tokio::test]
async fn the_standard_variables_are_obeyed() {
    let (api, collector) = (api().await, Collector::start().await);
    let start = || launch().at(&api.upstream).env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cr3t,x-more=1");
    let endpoint = format!("{}/mine", collector.origin());
    for (name, value, is_exported) in [
        ("OTEL_TRACES_SAMPLER", "always_off", false),
        ("OTEL_SDK_DISABLED", "true", false),
        ("OTEL_TRACES_EXPORTER", "none", false),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=mine", true),
    ] {
        let host = start().env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint).env(name, value).start().await;
        assert!(!host.call("list_contracts", json!({})).await.is_error());
        end(host).await;
        assert_eq!(!collector.upstream.requests().is_empty(), is_exported, "{name}={value}");
    }
    let request = &collector.upstream.requests()[0];
    assert_eq!(
        (request.path(), request.header("x-key"), request.header("x-more")),
        ("/mine", vec!["s3cr3t"], vec!["1"])
    );
    let resource = collector.resource();
    assert_eq!((&*resource["service.name"], &*resource["deployment.environment.name"]), ("mine", "test"));
    // Without a collector nothing is exported, and nobody is asked.
    let host = start().start().await;
    assert!(!host.call("list_contracts", json!({})).await.is_error());
    end(host).await;
    let ran = start().env("OTEL_TRACES_EXPORTER", "otlp").env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").run().await;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf"), "{ran:?}");
}
