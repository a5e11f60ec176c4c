//! How a sandbox is recognised by other processes of the same user: a small JSON at a fixed path.

use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer;
use crate::sandbox::world::state::Shared;

/// Where the marker is.
const PATH: &str = "/sandbox";
/// How long a port may take to say what it is. A sandbox on the same machine needs a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(300);
/// More than any marker has.
const MAX_ANSWER: u64 = 16 * 1024;

/// What a sandbox is called.
const SERVICE: &str = "opentrain-mcp sandbox";
/// What one is called that only its owner uses: whoever looks for a sandbox to share finds another program.
const ALONE: &str = "opentrain-mcp sandbox with faults";

/// What a sandbox says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    service: String,
    version: String,
    user: String,
    /// Tells one from another that is started in its place.
    #[serde(default)]
    instance: u64,
}

impl Marker {
    /// The marker of this version's sandbox, started by `user`.
    pub(crate) fn of(user: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { service: SERVICE.into(), version, user: user.into(), instance: 0 }
    }

    /// The same, of a sandbox that starts now.
    pub(crate) fn starting(self) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instance: u64::try_from(since.as_micros()).unwrap_or_default(), ..self }
    }

    /// The same, for nobody else to share.
    pub(crate) fn alone(self) -> Self {
        Self { service: ALONE.into(), ..self }
    }

    /// What is wrong with sharing the sandbox that this is the marker of; `None` when nothing is.
    fn differs_from(&self, wanted: &Self) -> Option<String> {
        if self.service == ALONE {
            Some("a sandbox with faults on demand, which is not shared".into())
        } else if self.service != wanted.service {
            Some("another program".into())
        } else if self.user != wanted.user {
            Some(format!("the sandbox of another user ({})", self.user.escape_debug()))
        } else if self.version != wanted.version {
            Some(format!("a sandbox of another version ({})", self.version.escape_debug()))
        } else {
            None
        }
    }
}

/// Serves the marker.
pub(crate) fn router(marker: &Marker) -> Router<Shared> {
    let body = json!(marker);
    Router::new().route(PATH, get(move || std::future::ready(answer::json(StatusCode::OK, &body))))
}

/// What holds a port.
#[derive(Debug)]
pub(crate) enum Holder {
    /// A sandbox that can be shared, and which one it is.
    Ours(u64),
    /// Nothing: the port is free, or about to be.
    Nobody,
    /// Something else, in words.
    Stranger(String),
}

/// Asks a port of this machine what is there; answers in bounded time, whatever it is.
pub(crate) async fn ask(port: u16, wanted: &Marker) -> Holder {
    match timeout(PATIENCE, fetch(port)).await {
        Ok(Ok(Some(marker))) => marker.differs_from(wanted).map_or(Holder::Ours(marker.instance), Holder::Stranger),
        Ok(Ok(None)) => Holder::Stranger("another program".into()),
        Ok(Err(fault)) if fault.kind() == io::ErrorKind::ConnectionRefused => Holder::Nobody,
        Ok(Err(fault)) => Holder::Stranger(format!("something that breaks off ({fault})")),
        Err(_) => Holder::Stranger("something that does not answer".into()),
    }
}

/// Reads the marker with one plain HTTP request; `None` where the answer has none.
async fn fetch(port: u16) -> io::Result<Option<Marker>> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    Ok(body.and_then(|body| serde_json::from_str(body).ok()))
}
