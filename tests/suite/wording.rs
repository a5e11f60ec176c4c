//! What the tools cost a model that has read them all.

use serde_json::{Value, json};

use crate::harness::{TOKEN, launch};

/// Name, description and input schema of one tool, in tokens: bytes of compact JSON by 4.
fn tokens(tool: &Value) -> usize {
    let read = json!({
        "name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"]
    });
    read.to_string().len().div_ceil(4)
}

#[tokio::test]
async fn all_tools_together_cost_less_than_8_000_tokens() {
    let host = launch().env("OT_API_TOKEN", TOKEN).args(["--toolsets", "all"]).start().await;
    let tools = host.tools().await;
    assert!(tools.len() >= 41, "there are {}", tools.len());
    let mut costs: Vec<(usize, &str)> =
        tools.iter().map(|tool| (tokens(tool), tool["name"].as_str().unwrap())).collect();
    costs.sort_unstable_by(|one, other| other.cmp(one));
    let all: usize = costs.iter().map(|(tokens, _)| tokens).sum();
    println!("{} tools, {all} tokens", tools.len());
    assert!(all < 8_000, "{all} tokens; the dearest: {:?}", &costs[..10]);
}

#[tokio::test]
async fn no_tool_is_dearer_than_500_tokens() {
    let host = launch().env("OT_API_TOKEN", TOKEN).args(["--toolsets", "all"]).start().await;
    for tool in host.tools().await {
        assert!(tokens(&tool) <= 500, "{} costs {}", tool["name"], tokens(&tool));
    }
}
