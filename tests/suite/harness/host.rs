//! A host that speaks MCP line by line, so that the wire is seen as it is. At its other end is a process, or a server in
//! this one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream};
use tokio::process::Child;
use tokio::sync::{Mutex as AsyncMutex, Notify};

use super::{PATIENCE, STATELESS};

/// How a host introduces itself.
#[derive(Clone, Debug)]
pub(crate) struct Speaks {
    pub(crate) revision: String,
    pub(crate) capabilities: Value,
    pub(crate) name: String,
}

impl Default for Speaks {
    fn default() -> Self {
        Self { revision: "2025-11-25".into(), capabilities: json!({}), name: "suite".into() }
    }
}

/// A running server and the host at its other end.
pub(crate) struct Host {
    pub(crate) home: TempDir,
    pub(crate) speaks: Speaks,
    process: Option<Process>,
    stdin: AsyncMutex<Option<Box<dyn AsyncWrite + Send + Unpin>>>,
    heard: Arc<Heard>,
    next_id: Mutex<u64>,
}

struct Process {
    child: AsyncMutex<Child>,
    pid: u32,
}

#[derive(Default)]
struct Heard {
    log: Mutex<Log>,
    changed: Notify,
}

#[derive(Default)]
struct Log {
    answers: HashMap<u64, Value>,
    /// Requests of the server that were not taken yet.
    asked: Vec<Value>,
    notifications: Vec<Value>,
    /// Every line of stdout.
    lines: Vec<String>,
    stderr: String,
    ended: bool,
}

impl Heard {
    fn note(&self, change: impl FnOnce(&mut Log)) {
        change(&mut self.log.lock().unwrap());
        self.changed.notify_waiters();
    }

    fn line(&self, line: String) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        self.note(|log| {
            log.lines.push(line);
            match (message.get("method").is_some(), message.get("id")) {
                (true, Some(_)) => log.asked.push(message),
                (true, None) => log.notifications.push(message),
                (false, Some(id)) => {
                    log.answers.insert(id.as_u64().unwrap_or(u64::MAX), message);
                }
                (false, None) => {}
            }
        });
    }
}

impl Host {
    /// The host of a process.
    pub(crate) fn of(mut child: Child, home: TempDir, speaks: Speaks) -> Self {
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let process = Process { pid: child.id().unwrap(), child: AsyncMutex::new(child) };
        let host = Self { process: Some(process), ..Self::over(stdin, stdout, home, speaks) };
        let hearing = Arc::clone(&host.heard);
        tokio::spawn(async move {
            let mut bytes = vec![0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut bytes).await {
                let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                hearing.note(|log| log.stderr.push_str(&text));
            }
        });
        host
    }

    /// The host of a server in this process.
    pub(crate) fn in_memory(pipe: DuplexStream, home: TempDir, speaks: Speaks) -> Self {
        let (output, input) = tokio::io::split(pipe);
        Self::over(input, output, home, speaks)
    }

    fn over(
        stdin: impl AsyncWrite + Send + Unpin + 'static,
        stdout: impl AsyncRead + Send + Unpin + 'static,
        home: TempDir,
        speaks: Speaks,
    ) -> Self {
        let heard = Arc::new(Heard::default());
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                hearing.line(line);
            }
            hearing.note(|log| log.ended = true);
        });
        let stdin = AsyncMutex::new(Some(Box::new(stdin) as Box<_>));
        Self { home, speaks, process: None, stdin, heard, next_id: Mutex::new(1) }
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("a server in memory has no process")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process().pid
    }

    /// Sends one line as it is.
    pub(crate) async fn send_line(&self, line: &str) {
        let mut stdin = self.stdin.lock().await;
        let stdin = stdin.as_mut().expect("stdin is closed");
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
    }

    pub(crate) async fn notify(&self, method: &str, params: Value) {
        self.send_line(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()).await;
    }

    /// Sends a request, and says under which id.
    pub(crate) async fn ask(&self, method: &str, mut params: Value) -> u64 {
        if self.speaks.revision.as_str() >= STATELESS && method != "initialize" {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(self.speaks.revision);
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.speaks.capabilities.clone();
            params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({ "name": self.speaks.name, "version": "1" });
        }
        let id = {
            let mut next = self.next_id.lock().unwrap();
            *next += 1;
            *next
        };
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send_line(&request.to_string()).await;
        id
    }

    /// The whole message that answers the request `id`.
    pub(crate) async fn reply_to(&self, id: u64) -> Value {
        self.until(&format!("the answer to {id}"), |log| log.answers.remove(&id)).await
    }

    /// Asks, and gives the result; a JSON-RPC error fails the test.
    pub(crate) async fn result_of(&self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        let message = self.reply_to(id).await;
        assert!(message["error"].is_null(), "{method} was answered with a JSON-RPC error: {message}");
        message["result"].clone()
    }

    pub(crate) async fn initialize(&self) -> Value {
        let Speaks { revision, capabilities, name } = &self.speaks;
        let info = json!({ "name": name, "version": "1" });
        let params = json!({ "protocolVersion": revision, "capabilities": capabilities, "clientInfo": info });
        self.result_of("initialize", params).await
    }

    pub(crate) async fn shake_hands(&self) -> Value {
        let result = self.initialize().await;
        self.notify("notifications/initialized", json!({})).await;
        result
    }

    /// Begins a call, and says under which id.
    pub(crate) async fn begin(&self, tool: &str, arguments: Value) -> u64 {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// The end of a call.
    pub(crate) async fn end(&self, id: u64) -> Answer {
        let message = self.reply_to(id).await;
        assert!(message["error"].is_null(), "the call was answered with a JSON-RPC error: {message}");
        Answer(message["result"].clone())
    }

    /// Calls a tool.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answer {
        let id = self.begin(tool, arguments).await;
        self.end(id).await
    }

    /// Calls a tool that must fail.
    pub(crate) async fn failed(&self, tool: &str, arguments: Value) -> Answer {
        let answer = self.call(tool, arguments).await;
        assert!(answer.is_error(), "a failure was expected: {}", answer.0);
        answer
    }

    /// Calls a tool that must succeed.
    pub(crate) async fn done(&self, tool: &str, arguments: Value) -> Answer {
        let answer = self.call(tool, arguments).await;
        assert!(!answer.is_error(), "a success was expected: {}", answer.0);
        answer
    }

    pub(crate) async fn tools(&self) -> Vec<Value> {
        self.result_of("tools/list", json!({})).await["tools"].as_array().unwrap().clone()
    }

    /// The next request of the server.
    pub(crate) async fn asked(&self) -> Value {
        self.until("a request of the server", |log| (!log.asked.is_empty()).then(|| log.asked.remove(0))).await
    }

    /// Answers a request of the server.
    pub(crate) async fn answer(&self, request: &Value, result: Value) {
        self.send_line(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string()).await;
    }

    /// Requests of the server that nobody has taken.
    pub(crate) fn open_requests(&self) -> Vec<Value> {
        self.heard.log.lock().unwrap().asked.clone()
    }

    /// Notifications of this kind, so far.
    pub(crate) fn notifications(&self, method: &str) -> Vec<Value> {
        let log = self.heard.log.lock().unwrap();
        log.notifications.iter().filter(|message| message["method"] == method).cloned().collect()
    }

    /// Waits for so many notifications of this kind.
    pub(crate) async fn notified(&self, method: &str, many: usize) -> Vec<Value> {
        self.until(&format!("{many} times {method}"), |log| {
            let all = log.notifications.iter().filter(|message| message["method"] == method);
            let all: Vec<Value> = all.cloned().collect();
            (all.len() >= many).then_some(all)
        })
        .await
    }

    /// Every line of stdout so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.heard.log.lock().unwrap().lines.clone()
    }

    /// The first line of stdout that holds this.
    pub(crate) async fn line_with(&self, what: &str) -> String {
        self.until(&format!("{what:?} on stdout"), |log| log.lines.iter().find(|line| line.contains(what)).cloned())
            .await
    }

    pub(crate) fn stderr(&self) -> String {
        self.heard.log.lock().unwrap().stderr.clone()
    }

    /// Waits until stderr says this.
    pub(crate) async fn stderr_says(&self, what: &str) {
        self.until(&format!("{what:?} on stderr"), |log| log.stderr.contains(what).then_some(())).await;
    }

    pub(crate) async fn close_input(&self) {
        drop(self.stdin.lock().await.take());
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Ends the process with -9.
    pub(crate) async fn kill(&self) {
        self.process().child.lock().await.kill().await.unwrap();
    }

    /// Waits for the end of the process, for `limit` at most, and gives its exit status.
    pub(crate) async fn exit_within(&self, limit: Duration) -> Option<i32> {
        let mut child = self.process().child.lock().await;
        let ended = tokio::time::timeout(limit, child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("it did not end within {limit:?}; stderr: {}", self.stderr()));
        let status = ended.unwrap().code();
        drop(child);
        // What it had said last may still be on its way.
        self.until("the end of stdout", |log| log.ended.then_some(())).await;
        status
    }

    /// A field of /proc/<pid>/status, in kB.
    pub(crate) fn memory(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    async fn until<T>(&self, what: &str, mut look: impl FnMut(&mut Log) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let changed = self.heard.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = look(&mut self.heard.log.lock().unwrap()) {
                    return found;
                }
                changed.await;
            }
        };
        if let Ok(found) = tokio::time::timeout(PATIENCE, waiting).await {
            return found;
        }
        let log = self.heard.log.lock().unwrap();
        panic!("waited in vain for {what}\nstdout: {:#?}\nstderr: {}", log.lines, log.stderr)
    }
}

/// The result of a call.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    pub(crate) fn is_error(&self) -> bool {
        self.0["isError"] == true
    }

    pub(crate) fn text(&self) -> &str {
        self.0["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {}", self.0))
    }

    pub(crate) fn structured(&self) -> &Value {
        &self.0["structuredContent"]
    }

    pub(crate) fn error(&self) -> &Value {
        &self.0["structuredContent"]["error"]
    }

    pub(crate) fn code(&self) -> &str {
        self.error()["code"].as_str().unwrap_or_else(|| panic!("no code: {}", self.0))
    }

    pub(crate) fn message(&self) -> &str {
        self.error()["message"].as_str().unwrap()
    }

    pub(crate) fn hint(&self) -> &str {
        self.error()["hint"].as_str().unwrap()
    }

    /// The `resource_link`s' addresses.
    pub(crate) fn resource_links(&self) -> Vec<&str> {
        let blocks = self.0["content"].as_array().unwrap();
        blocks
            .iter()
            .filter(|block| block["type"] == "resource_link")
            .map(|block| block["uri"].as_str().unwrap())
            .collect()
    }

    /// Says that this text holds all of these.
    pub(crate) fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.text().contains(part), "{part:?} is missing from the text:\n{}", self.text());
        }
        self
    }
}
