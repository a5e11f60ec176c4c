//! The server over HTTP, and clients of it that send exactly what a test says.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::harness::launch::{Launch, binary};
use crate::harness::{Answer, PATIENCE, STATELESS};

/// A running server over HTTP. It is killed with this value.
pub(crate) struct HttpServer {
    pub(crate) origin: String,
    pub(crate) home: TempDir,
    pub(crate) child: Child,
    pub(crate) client: Client,
    env: Vec<(String, String)>,
    log: Arc<Mutex<String>>,
}

/// A client with a key.
#[derive(Clone)]
pub(crate) struct Caller {
    url: String,
    client: Client,
    revision: &'static str,
    headers: Vec<(String, String)>,
    capabilities: Value,
}

impl Launch {
    /// Starts the server over HTTP on a free port.
    pub(crate) async fn over_http(self) -> HttpServer {
        let launch = self.args(["serve", "--http", "127.0.0.1:0"]).env("RUST_LOG", "info,rmcp=error");
        let env = launch.env.clone();
        let (mut command, home) = launch.into_command();
        command.stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let writing = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut log = writing.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        // Only the first of these can succeed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let server = HttpServer { origin: String::new(), home, child, client, env, log };
        let address = server.logged("serving MCP over HTTP at /mcp address=").await;
        HttpServer { origin: format!("http://{address}"), ..server }
    }
}

impl HttpServer {
    /// Waits until a line of the log has `before`, and returns the word behind it.
    pub(crate) async fn logged(&self, before: &str) -> String {
        let found = || {
            let log = self.log.lock().unwrap();
            log.split_once(before).map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default().to_owned())
        };
        let waiting = async {
            loop {
                if let Some(word) = found() {
                    return word;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("{before:?} is not in the log: {}", self.log()))
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Runs another command of the same user.
    pub(crate) async fn command(&self, args: &[&str]) -> String {
        let mut command = Command::new(binary());
        command.args(args).env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Adds an agent, waits until the server knows it, and returns its key.
    pub(crate) async fn agent(&self, name: &str, limits: &[&str]) -> String {
        let key = self.command(&[&["agents", "add", name], limits].concat()).await;
        self.admits(&key, true).await;
        key
    }

    /// Waits until the server admits this key, or refuses it.
    pub(crate) async fn admits(&self, key: &str, admits: bool) {
        let waiting = async {
            while (self.caller(key).post(&json!({})).await.status() != 401) != admits {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "the server does not take up the change");
    }

    /// A client of revision 2026-07-28 with this key.
    pub(crate) fn caller(&self, key: &str) -> Caller {
        Caller {
            url: format!("{}/mcp", self.origin),
            client: self.client.clone(),
            revision: STATELESS,
            headers: vec![("authorization".into(), format!("Bearer {key}"))],
            capabilities: json!({}),
        }
    }

    /// A request to any path.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.origin))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// Sends SIGTERM.
    pub(crate) fn stop(&self) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it does not end").unwrap().code()
    }
}

impl Caller {
    pub(crate) fn speaking(mut self, revision: &'static str) -> Self {
        self.revision = revision;
        self
    }

    pub(crate) fn eliciting(mut self) -> Self {
        self.capabilities = json!({ "elicitation": { "form": {}, "url": {} } });
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same endpoint, with this behind its path.
    pub(crate) fn with_query(mut self, query: &str) -> Self {
        self.url.push_str(query);
        self
    }

    /// Another replica with the same key and headers.
    pub(crate) fn at(mut self, server: &HttpServer) -> Self {
        self.url = format!("{}/mcp", server.origin);
        self
    }

    /// The same through a proxy on loopback.
    pub(crate) fn at_port(mut self, port: u16) -> Self {
        self.url = format!("http://127.0.0.1:{port}/mcp");
        self
    }

    /// Sends a body as it is.
    pub(crate) fn bare(&self) -> RequestBuilder {
        let mut request = self.client.post(&self.url).header("content-type", "application/json");
        request = request.header("accept", "application/json, text/event-stream");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    pub(crate) async fn post(&self, message: &Value) -> Response {
        self.bare().body(message.to_string()).send().await.unwrap()
    }

    /// A request of the caller's revision, ready to be sent.
    pub(crate) fn asking(&self, method: &str, mut params: Value) -> RequestBuilder {
        let mut request = self.bare().header("mcp-protocol-version", self.revision);
        if self.revision >= STATELESS {
            request = request.header("mcp-method", method);
            if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
                request = request.header("mcp-name", name);
            }
            let meta = params.as_object_mut().unwrap().entry("_meta").or_insert_with(|| json!({}));
            meta["io.modelcontextprotocol/protocolVersion"] = json!(self.revision);
            meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
            meta["io.modelcontextprotocol/clientInfo"] = json!({ "name": "tester", "version": "1" });
        }
        request.body(json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string())
    }

    /// The whole answer to a request.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        message(self.asking(method, params).send().await.unwrap()).await
    }

    /// Calls a tool.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answer {
        let message = self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert!(message["result"].is_object(), "{tool}: {message}");
        Answer(message["result"].clone())
    }

    pub(crate) async fn tools(&self) -> Vec<String> {
        let message = self.ask("tools/list", json!({})).await;
        let tools = message["result"]["tools"].as_array().unwrap_or_else(|| panic!("{message}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// The answer in a response: its body, or its last event.
pub(crate) async fn message(response: Response) -> Value {
    let text = response.text().await.unwrap();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
    serde_json::from_str(events.unwrap_or(&text)).unwrap_or_else(|fault| panic!("no message ({fault}): {text}"))
}
