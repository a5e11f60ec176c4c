//! The figures for Prometheus.

use serde_json::json;

use crate::harness::{Api, contract, launch};
use crate::terms;

#[tokio::test]
async fn figures_count_calls_and_show_no_text_of_others() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let server = launch()
        .at(&api.upstream)
        .args(["--metrics", "127.0.0.1:0", "--accept-opentrain-tokens", "--max-milestone-usd", "50"])
        .over_http()
        .await;
    let key = server.agent("very-secret-name", &[]).await;
    let caller = server.caller(&key);
    caller.call("create_milestone", terms("a", 5)).await;
    caller.call("create_milestone", terms("a", 5)).await;
    caller.call("create_milestone", terms("b", 500)).await;
    caller.ask("tools/call", json!({ "name": "tool_of_mine", "arguments": { "x": "argument_of_mine" } })).await;
    server.caller("ot_pat_b0b0b0b0_0wns3cr3tpart11").call("list_contracts", json!({})).await;
    let address = server.logged("/metrics address=").await;
    let text = server.client.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    for line in [
        "opentrain_mcp_calls_total{tool=\"create_milestone\",outcome=\"created\",principal=\"agent\"} 1",
        "opentrain_mcp_calls_total{tool=\"create_milestone\",outcome=\"existing\",principal=\"agent\"} 1",
        "opentrain_mcp_calls_total{tool=\"list_contracts\",outcome=\"done\",principal=\"own_token\"} 1",
        "opentrain_mcp_calls_total{tool=\"other\",outcome=\"not_done\",principal=\"agent\"} 1",
        "opentrain_mcp_refusals_total{reason=\"over_limit\"} 1",
        "opentrain_mcp_creates_total{outcome=\"created\"} 1",
        "opentrain_mcp_creates_total{outcome=\"existing\"} 1",
        "opentrain_mcp_upstream_attempts_total{status=\"201\"} 1",
        "opentrain_mcp_calls_in_flight 0",
        "opentrain_mcp_waits 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    for word in ["very-secret-name", "of_mine", "b0b0", "ctr_8Kq2", "c3f9"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}
