//! The sandbox over real HTTP, as its callers and a person's browser meet it.

mod approvals;
mod contracts;
mod decisions;
mod faults;
mod gates;
mod milestones;
mod pages;
mod sharing;
mod wire;

use std::io;
use std::net::Ipv4Addr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Sandbox, roles};

/// The API's root.
const V1: &str = "/api/public/v1";

/// A fresh sandbox on a free port.
async fn sandbox() -> Sandbox {
    Sandbox::start(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), "tester").unwrap()
}

/// One whose account is claimed already.
async fn claimed_sandbox() -> Sandbox {
    let sandbox = sandbox().await;
    assert_eq!(post("/claim", "").send(&sandbox).await.status, 303);
    sandbox
}

/// One with a payment method besides.
async fn paying_sandbox() -> Sandbox {
    let sandbox = claimed_sandbox().await;
    assert_eq!(post("/billing", "").send(&sandbox).await.status, 303);
    sandbox
}

/// The token of a role.
fn token_of(role: &str) -> &'static str {
    roles().iter().find(|known| known.name == role).unwrap().token
}

/// A request in the making, with the owner's token where it is for the API.
#[derive(Clone)]
struct Call {
    method: &'static str,
    path: String,
    host: String,
    headers: Vec<String>,
    body: String,
}

fn call(method: &'static str, path: &str, body: &str) -> Call {
    let call = Call { method, path: path.into(), host: "127.0.0.1".into(), headers: Vec::new(), body: body.to_owned() };
    if path.starts_with("/api/") { call.role("owner") } else { call }
}

fn get(path: &str) -> Call {
    call("GET", path, "")
}

fn post(path: &str, body: &str) -> Call {
    call("POST", path, body)
}

/// Creating a milestone.
fn milestone(contract: &str, body: &str) -> Call {
    post(&format!("{V1}/contracts/{contract}/milestones"), body)
}

/// Asking for a milestone to be funded.
fn fund(milestone: &str) -> Call {
    post(&format!("{V1}/milestones/{milestone}/fund"), "")
}

/// Asking for a milestone's money to be released.
fn release(milestone: &str) -> Call {
    post(&format!("{V1}/milestones/{milestone}/approve"), "")
}

/// Ending a contract.
fn end(contract: &str) -> Call {
    post(&format!("{V1}/contracts/{contract}/end"), "")
}

/// Looking at an approval.
fn approval(id: &str) -> Call {
    get(&format!("{V1}/approvals/{id}"))
}

/// What a person does about an approval: `confirm` or `decline`.
fn press(id: &str, button: &str) -> Call {
    post(&format!("/approvals/{id}/{button}"), "").header("Sec-Fetch-Site: same-origin")
}

impl Call {
    fn role(self, role: &str) -> Self {
        self.without_token().header(&format!("Authorization: Bearer {}", token_of(role)))
    }

    fn without_token(mut self) -> Self {
        self.headers.retain(|header| !header.starts_with("Authorization"));
        self
    }

    fn header(mut self, header: &str) -> Self {
        self.headers.push(header.into());
        self
    }

    fn host(self, host: &str) -> Self {
        Self { host: host.into(), ..self }
    }

    /// Sends it on a connection of its own.
    async fn send(self, sandbox: &Sandbox) -> Reply {
        let (bytes, end) = self.send_raw(sandbox).await;
        end.unwrap();
        Reply::read(String::from_utf8(bytes).unwrap())
    }

    /// Sends it, and gives what came and how it ended.
    async fn send_raw(self, sandbox: &Sandbox) -> (Vec<u8>, io::Result<usize>) {
        let port = sandbox.origin().port().unwrap();
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let Self { method, path, host, headers, body } = self;
        let mut lines = vec![format!("{method} {path} HTTP/1.1"), format!("Host: {host}"), "Connection: close".into()];
        lines.extend(headers);
        lines.push(format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let request = lines.join("\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = connection.read_to_end(&mut bytes).await;
        (bytes, end)
    }
}

/// A response.
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    status: u16,
    whole: String,
}

impl Reply {
    fn read(whole: String) -> Self {
        Self { status: whole.get(9..12).unwrap().parse().unwrap(), whole }
    }

    fn body(&self) -> &str {
        self.whole.split_once("\r\n\r\n").unwrap().1
    }

    fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.whole.split_once("\r\n\r\n").unwrap();
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(self.body()).unwrap()
    }

    /// The envelope's `code` and `details`, after a look at the rest of it.
    fn refusal(&self) -> (u16, String, Value) {
        let envelope = self.json();
        assert!(envelope["error"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.whole);
        assert_eq!(envelope["requestId"].as_str().map(str::len), Some(36), "{}", self.whole);
        (self.status, envelope["code"].as_str().unwrap().to_owned(), envelope["details"].clone())
    }
}
