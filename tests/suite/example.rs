//! `mcp.json.example` works as it stands.

use serde_json::{Value, json};

use crate::harness::{free_port, launch};
use crate::root;

fn servers() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(root().join("mcp.json.example")).unwrap();
    let example: Value = serde_json::from_str(&text).expect("mcp.json.example is JSON");
    let keys: Vec<&String> = example.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["mcpServers"]);
    example["mcpServers"].as_object().unwrap().clone()
}

/// Starts what an entry names, with the built binary in place of the installed one.
async fn started(entry: &Value) -> crate::harness::Host {
    assert_eq!(entry["command"], "opentrain-mcp");
    let known = ["command", "args", "env"];
    assert!(entry.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{entry}");
    // A port of its own: the sandbox's own one may be in use on this machine.
    let mut server = launch().env("OPENTRAIN_SANDBOX_PORT", &free_port().to_string());
    for (name, value) in entry["env"].as_object().into_iter().flatten() {
        server = server.env(name, value.as_str().unwrap());
    }
    let args: Vec<&str> = entry["args"].as_array().into_iter().flatten().map(|arg| arg.as_str().unwrap()).collect();
    server.args(args).start().await
}

#[tokio::test]
async fn the_sandbox_entry_works_as_it_is() {
    let servers = servers();
    let entries: Vec<&Value> =
        servers.values().filter(|entry| entry["args"].to_string().contains("--sandbox")).collect();
    assert_eq!(entries.len(), 1, "one entry is to be tried without an account");
    let host = started(entries[0]).await;
    let answer = host.done("list_contracts", json!({})).await;
    assert_eq!(answer.structured()["sandbox"], true);
}

#[tokio::test]
async fn every_entry_starts_and_shows_where_the_token_goes() {
    let servers = servers();
    assert!(servers.values().any(|entry| entry["env"]["OT_API_TOKEN"].is_string()), "the real account is shown");
    for (name, entry) in &servers {
        assert!(!started(entry).await.tools().await.is_empty(), "{name}");
        assert!(!entry["args"].to_string().contains("ot_pat"), "{name}: a token never stands among the arguments");
    }
}
