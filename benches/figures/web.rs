//! Both servers over HTTP, and clients of them that keep their connections. Every call is one POST in the revision that
//! most hosts speak.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::host::Server;
use super::upstream::Upstream;
use super::{Fault, bare};

/// One principal may have 16 calls in flight, so several share the work.
const AGENTS: usize = 4;
const CALL: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_contracts","arguments":{}}}"#;

/// A server over HTTP.
pub(crate) struct Web {
    child: Child,
    _home: TempDir,
    address: String,
    /// The keys of its agents; the bare server asks for none and gets one all the same.
    keys: Vec<String>,
}

impl Web {
    pub(crate) fn start(server: Server, upstream: &Upstream) -> Result<Self, Fault> {
        let home = tempfile::tempdir()?;
        let mut keys = Vec::new();
        for agent in 0..AGENTS {
            let mut add = Command::new(env!("CARGO_BIN_EXE_opentrain-mcp"));
            let key = add.args(["agents", "add", &format!("agent-{agent}")]).env("HOME", home.path()).output()?;
            keys.push(String::from_utf8(key.stdout)?.trim().to_owned());
        }
        let mut command = server.command(upstream, home.path())?;
        match server {
            Server::Ours => command.args(["serve", "--http", "127.0.0.1:0", "--log-filter", "info,rmcp=error"]),
            Server::Bare => command.arg(bare::OVER_HTTP),
        };
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
        let address =
            lines.by_ref().map_while(Result::ok).find_map(|line| Some(line.split_once("address=")?.1.to_owned()));
        // A server must not wait for someone to read its log.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, _home: home, address: address.ok_or("it does not serve")?, keys })
    }

    /// One call after the other over one connection; the time of each.
    pub(crate) fn one_at_a_time(&self, calls: usize) -> Result<Vec<Duration>, Fault> {
        runtime()?.block_on(async {
            let mut connection = Connection::to(self, 0).await?;
            let mut times = Vec::with_capacity(calls);
            for _ in 0..calls {
                let start = Instant::now();
                connection.call().await?;
                times.push(start.elapsed());
            }
            Ok(times)
        })
    }

    /// `calls` calls over `in_flight` connections; the time that all of them took.
    pub(crate) fn many(&self, calls: usize, in_flight: usize) -> Result<Duration, Fault> {
        runtime()?.block_on(async {
            let mut connections = Vec::new();
            for number in 0..in_flight {
                connections.push(Connection::to(self, number).await?);
            }
            let start = Instant::now();
            let work = connections.into_iter().map(|mut connection| async move {
                for _ in 0..calls / in_flight {
                    connection.call().await?;
                }
                Ok::<_, Fault>(())
            });
            futures::future::try_join_all(work).await?;
            Ok(start.elapsed())
        })
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Fault> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    async fn to(web: &Web, number: usize) -> Result<Self, Fault> {
        let stream = TcpStream::connect(&web.address).await?;
        stream.set_nodelay(true)?;
        let key = web.keys.get(number % AGENTS).ok_or("no key")?;
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\nContent-Length: {}\r\n\r\n{CALL}",
            web.address,
            CALL.len()
        );
        Ok(Self { stream, request: request.into_bytes(), answer: Vec::new() })
    }

    /// Sends the call, and reads its answer whole.
    async fn call(&mut self) -> Result<(), Fault> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let mut whole = None;
        while whole.is_none_or(|whole| self.answer.len() < whole) {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if whole.is_none()
                && let Some(head) = self.answer.windows(4).position(|part| part == b"\r\n\r\n")
            {
                let text = std::str::from_utf8(self.answer.get(..head).unwrap_or_default())?.to_ascii_lowercase();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
                whole = Some(head + 4 + length.ok_or_else(|| format!("no length: {text}"))?.trim().parse::<usize>()?);
            }
        }
        let text = String::from_utf8_lossy(&self.answer);
        let is_success = text.contains("\"result\":{") && !text.contains("\"isError\":true");
        if is_success { Ok(()) } else { Err(format!("not a success: {text}").into()) }
    }
}
