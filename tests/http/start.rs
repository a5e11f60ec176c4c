//! The start over HTTP: what it refuses, and what it says.

use crate::harness::launch;
use crate::server;

#[tokio::test]
async fn a_wrong_setting_ends_the_start_and_names_itself() {
    for (args, variable, part) in [
        (&["--http", "0.0.0.0:0"] as &[&str], ("A", "a"), "--public-url"),
        (&["--http", "nowhere"], ("A", "a"), "127.0.0.1:8787"),
        (&["--http", "127.0.0.1:0", "--public-url", "http://mcp.example.com"], ("A", "a"), "https"),
        (&["--http", "127.0.0.1:0", "--authorization-server", "https://a.example.com"], ("A", "a"), "--public-url"),
        (&["--http", "127.0.0.1:0", "--allowed-origin", "app.example.com"], ("A", "a"), "--allowed-origin"),
        (&["--http", "127.0.0.1:0", "--trusted-proxy", "proxy"], ("A", "a"), "10.0.0.0/8"),
        (&["--http", "127.0.0.1:0"], ("OPENTRAIN_SEAL_KEYS", "0a0b"), "OPENTRAIN_SEAL_KEYS"),
        (&["--http", "127.0.0.1:0", "--agents", "/proc/self/mem"], ("A", "a"), "/proc/self/mem"),
    ] {
        let ran = launch()
            .args(["--sandbox", "--sandbox-port", "0", "serve"])
            .args(args.iter().copied())
            .env(variable.0, variable.1)
            .run()
            .await;
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(part) && !ran.stderr.contains("0a0b"), "{ran:?}");
    }
}

#[tokio::test]
async fn the_start_says_what_an_operator_should_know() {
    let (_api, server) = server().await;
    server.logged("OPENTRAIN_SEAL_KEYS is not set").await;
    server.logged("every call is refused: `opentrain-mcp agents add NAME`").await;
}

#[tokio::test]
async fn an_authorization_server_is_named_if_one_is_set() {
    let server = launch()
        .sandbox(0)
        .args(["--public-url", "https://mcp.example.com", "--authorization-server", "https://auth.example.com"])
        .over_http()
        .await;
    let document: serde_json::Value =
        serde_json::from_str(&server.get("/.well-known/oauth-protected-resource/mcp").await.text().await.unwrap())
            .unwrap();
    assert_eq!(document["resource"], "https://mcp.example.com/mcp");
    assert_eq!(document["authorization_servers"], serde_json::json!(["https://auth.example.com"]));
    let refused = server.request(reqwest::Method::POST, "/mcp").send().await.unwrap();
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("https://mcp.example.com/.well-known/oauth-protected-resource/mcp"), "{challenge}");
}
