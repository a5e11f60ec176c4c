//! A host, reduced to pipes: it starts a server and speaks lines of JSON-RPC to it. What it measures is the server's
//! time, since it does nothing else meanwhile.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::upstream::{ORIGIN_VARIABLE, TOKEN, TOKEN_VARIABLE, Upstream};
use super::{Fault, bare};

const INITIALIZE: &str =
    r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"figures","version":"0"}}"#;

/// Who is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    Ours,
    Bare,
}

impl Server {
    fn command(self, upstream: &Upstream, home: &Path) -> std::io::Result<Command> {
        let mut command = match self {
            Self::Ours => Command::new(env!("CARGO_BIN_EXE_opentrain-mcp")),
            Self::Bare => Command::new(std::env::current_exe()?),
        };
        if matches!(self, Self::Bare) {
            command.arg(bare::FLAG);
        }
        // What is set where this runs must not be measured.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["OPENTRAIN_", "OT_", "RUST_", "XDG_"].iter().any(|start| text.starts_with(start)) {
                command.env_remove(name);
            }
        }
        command.env(ORIGIN_VARIABLE, &upstream.origin).env(TOKEN_VARIABLE, TOKEN).env("HOME", home);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Ok(command)
    }
}

/// A server under way.
pub(crate) struct Host {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: String,
    asked: u64,
    /// From the start of the process to the answer to `initialize`.
    pub(crate) started_in: Duration,
    /// Ours keeps its record and locks there.
    _home: TempDir,
}

impl Host {
    /// Starts `server` and initializes it, with a home of its own on the disk that the project is on.
    pub(crate) fn start(server: Server, upstream: &Upstream) -> Result<Self, Fault> {
        Self::start_in(Path::new(env!("CARGO_TARGET_TMPDIR")), server, upstream)
    }

    /// The same with the home in `folder`.
    pub(crate) fn start_in(folder: &Path, server: Server, upstream: &Upstream) -> Result<Self, Fault> {
        let home = tempfile::tempdir_in(folder)?;
        let mut command = server.command(upstream, home.path())?;
        let start = Instant::now();
        let mut child = command.spawn()?;
        let input = child.stdin.take().ok_or("no stdin")?;
        let output = BufReader::with_capacity(1 << 16, child.stdout.take().ok_or("no stdout")?);
        let (line, started_in) = (String::new(), Duration::ZERO);
        let mut host = Self { child, input, output, line, asked: 0, started_in, _home: home };
        host.ask("initialize", INITIALIZE)?;
        host.started_in = start.elapsed();
        host.input.write_all(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")?;
        Ok(host)
    }

    /// Sends a request and waits for the line that answers it; the time that took.
    pub(crate) fn ask(&mut self, method: &str, params: &str) -> Result<Duration, Fault> {
        let request = self.request(method, params);
        let start = Instant::now();
        self.input.write_all(request.as_bytes())?;
        self.read()?;
        let took = start.elapsed();
        self.is_success()?;
        Ok(took)
    }

    /// Calls a tool once.
    pub(crate) fn call(&mut self, tool: &str, arguments: &str) -> Result<Duration, Fault> {
        self.ask("tools/call", &call_params(tool, arguments))
    }

    /// Calls a tool `calls` times, keeping `in_flight` under way; the time all of it took.
    pub(crate) fn call_many(
        &mut self,
        tool: &str,
        arguments: &str,
        calls: usize,
        in_flight: usize,
    ) -> Result<Duration, Fault> {
        let params = call_params(tool, arguments);
        let requests: Vec<String> = (0..calls).map(|_| self.request("tools/call", &params)).collect();
        let (first, later) = requests.split_at(in_flight.min(calls));
        let first = first.concat();
        let mut later = later.iter();
        let start = Instant::now();
        self.input.write_all(first.as_bytes())?;
        for _ in 0..calls {
            self.read()?;
            self.is_success()?;
            if let Some(request) = later.next() {
                self.input.write_all(request.as_bytes())?;
            }
        }
        Ok(start.elapsed())
    }

    /// The last answer, as it came.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// The result of the last answer.
    pub(crate) fn result(&self) -> Result<Value, Fault> {
        let mut answer: Value = serde_json::from_str(&self.line)?;
        Ok(answer.get_mut("result").map(Value::take).unwrap_or_default())
    }

    /// The `structuredContent` of the last answer.
    pub(crate) fn structured(&self) -> Result<Value, Fault> {
        Ok(self.result()?.get_mut("structuredContent").map(Value::take).unwrap_or_default())
    }

    /// A figure in KiB that Linux keeps of the process (`VmRSS`, `VmHWM`); `None` on other systems.
    pub(crate) fn memory(&self, figure: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }

    fn request(&mut self, method: &str, params: &str) -> String {
        self.asked += 1;
        format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"{method}\",\"params\":{params}}}\n", self.asked)
    }

    fn read(&mut self) -> Result<(), Fault> {
        self.line.clear();
        match self.output.read_line(&mut self.line)? {
            0 => Err("the server ended in the middle of the conversation".into()),
            _ => Ok(()),
        }
    }

    fn is_success(&self) -> Result<(), Fault> {
        let failed = !self.line.contains("\"result\":{") || self.line.contains("\"isError\":true");
        if failed { Err(format!("not a success: {}", self.line).into()) } else { Ok(()) }
    }
}

fn call_params(tool: &str, arguments: &str) -> String {
    format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#)
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
