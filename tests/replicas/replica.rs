//! A server over HTTP that may be killed at any moment, and a caller of it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::harness::launch::binary;
use crate::harness::{TOKEN, free_port};

/// What all replicas have in common.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) api: String,
    pub(crate) ledger: String,
    pub(crate) agents: String,
}

pub(crate) struct Replica {
    shared: Shared,
    home: TempDir,
    pub(crate) port: u16,
    child: Child,
}

impl Replica {
    pub(crate) async fn start(shared: &Shared) -> Self {
        let (home, port) = (tempfile::tempdir().unwrap(), free_port());
        let child = spawn(shared, &home, port);
        let replica = Self { shared: shared.clone(), home, port, child };
        replica.answers().await;
        replica
    }

    /// Ends it with -9, and starts it again at the same address.
    pub(crate) async fn kill_and_start(&mut self) {
        self.child.kill().await.unwrap();
        self.child = spawn(&self.shared, &self.home, self.port);
        self.answers().await;
    }

    /// The status of `/readyz`.
    pub(crate) async fn readiness(&self) -> u16 {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        client().get(url).send().await.map_or(0, |reply| reply.status().as_u16())
    }

    async fn answers(&self) {
        let url = format!("http://127.0.0.1:{}/healthz", self.port);
        let waiting = async {
            while !client().get(&url).send().await.is_ok_and(|reply| reply.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let log = || std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
        assert!(tokio::time::timeout(Duration::from_secs(60), waiting).await.is_ok(), "a replica: {}", log());
    }
}

fn spawn(shared: &Shared, home: &TempDir, port: u16) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(home.path().join("log")).unwrap();
    let mut server = Command::new(binary());
    server.args(["serve", "--http", &format!("127.0.0.1:{port}"), "--agents", &shared.agents]).env_clear();
    server.env("HOME", home.path()).env("OPENTRAIN_LEDGER", &shared.ledger).env("OPENTRAIN_TIMEOUT", "2");
    server.env("OPENTRAIN_API_BASE_URL", &shared.api).env("OT_API_TOKEN", TOKEN);
    server.env("OPENTRAIN_SEAL_KEYS", "5a".repeat(32)).env("OPENTRAIN_TEST_USER_HOME", "/nonexistent");
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
    server.spawn().unwrap()
}

/// Makes a key for an agent, as an operator does. Returns it.
pub(crate) async fn add_agent(agents: &str, name: &str, day_usd: &str) -> String {
    let ran = crate::harness::launch()
        .args(["agents", "add", name, "--max-day-usd", day_usd, "--agents", agents])
        .run()
        .await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let key = ran.stdout.split_whitespace().find(|word| word.starts_with("otm_"));
    key.unwrap_or_else(|| panic!("no key: {ran:?}")).to_owned()
}

fn client() -> reqwest::Client {
    static CLIENT: std::sync::LazyLock<reqwest::Client> = std::sync::LazyLock::new(|| {
        // Fails if it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(70)).build().unwrap()
    });
    CLIENT.clone()
}

/// Calls a tool with an agent's key. `None` if there is no answer, as after a kill.
pub(crate) async fn call(port: u16, key: &str, tool: &str, arguments: &Value) -> Option<Value> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                       "params": { "name": tool, "arguments": arguments } });
    let request = client().post(format!("http://127.0.0.1:{port}/mcp")).bearer_auth(key);
    let request = request
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2025-11-25")
        .body(body.to_string());
    let reply = request.send().await.ok()?;
    let status = reply.status().as_u16();
    let text = reply.text().await.ok()?;
    assert!(status == 200 || status >= 502, "{status}: {text}");
    if status != 200 {
        return None;
    }
    // One object, or an event stream whose last event is the answer.
    let data = text.lines().rev().find_map(|line| line.strip_prefix("data:")).unwrap_or(&text);
    let message: Value = serde_json::from_str(data).ok()?;
    Some(message.get("result").unwrap_or_else(|| panic!("{message}")).clone())
}
