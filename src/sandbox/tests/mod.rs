//! The sandbox over real HTTP, as its callers and a person's browser meet it.

mod agent;
mod approvals;
mod contracts;
mod credits;
mod decisions;
mod drafts;
mod examples;
mod fault_texts;
mod faults;
mod gates;
mod guard;
mod hiring;
mod jobs;
mod listing;
mod market;
mod messages;
mod milestones;
mod pages;
mod proposals;
mod sharing;
mod story;
mod tokens;
mod updates;
mod values;
mod webhooks;
mod wire;

use std::net::Ipv4Addr;

use http::header::{HOST, HeaderMap};
use reqwest::redirect::Policy;
use serde_json::Value;
use tokio::net::TcpListener;

use super::{Sandbox, UserSecret, roles};
use crate::api::agent::CLAIM_GRANT;

/// The API's root.
const V1: &str = "/api/public/v1";

/// A fresh sandbox on a free port.
async fn sandbox() -> Sandbox {
    Sandbox::start(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), &UserSecret::default()).unwrap()
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

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
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

/// Lets this many seconds pass, as requests of somebody do.
async fn wait(sandbox: &Sandbox, seconds: usize) {
    let unknown = get(&format!("{V1}/contracts")).without_token().header("Authorization: Bearer unknown");
    let client = client();
    for _ in 0..seconds {
        let reply = unknown.clone().begin_with(&client, sandbox).await.unwrap();
        assert_eq!((reply.status().as_u16(), reply.bytes().await.is_ok()), (401, true));
    }
}

/// A description of a job.
const TWEETS: &str = "Spanish tweet sentiment\nLabel 5,000 tweets in Spanish by sentiment.";
/// The other fields that it needs before it can be published.
const FIELDS: &str = r#"{"dataType":"TEXT","labelTypes":["SENTIMENT"],"languages":["Spanish"],
    "experienceLevel":"INTERMEDIATE","paymentType":"FIXED_PRICE","fixedPrice":300}"#;

/// Drafts a job as the seeded account, and gives its id.
async fn draft(sandbox: &Sandbox, text: &str) -> String {
    let body = serde_json::json!({ "rawJobDescription": text }).to_string();
    let reply = post(&format!("{V1}/job-drafts"), &body).send(sandbox).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()["jobId"].as_str().unwrap().to_owned()
}

/// Drafts a job that can be published.
async fn ready(sandbox: &Sandbox, text: &str) -> String {
    let job = draft(sandbox, text).await;
    let changed = call("PATCH", &format!("{V1}/job-drafts/{job}"), FIELDS).send(sandbox).await;
    assert_eq!(changed.json()["validation"]["publishReady"], true, "{changed:?}");
    job
}

/// Publishes it.
fn publish(job: &str) -> Call {
    post(&format!("{V1}/jobs/{job}/publish"), "")
}

/// The names of an object's fields, in order.
fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap_or_else(|| panic!("no object: {object}")).keys().map(String::as_str).collect()
}

/// An agent with an account of its own.
#[derive(Clone)]
struct Agent {
    token: String,
    claim_token: String,
}

impl Agent {
    /// Registers.
    async fn register(sandbox: &Sandbox) -> Self {
        let made = post("/api/agent/identity", "{}").without_token().send(sandbox).await.json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { token: text("access_token"), claim_token: text("claim_token") }
    }

    /// A person claims the account with link and code, and the agent has its next token.
    async fn claim(self, sandbox: &Sandbox) -> Self {
        let body = format!(r#"{{"claim_token":"{}","email":"person@example.org"}}"#, self.claim_token);
        let started = post("/api/agent/identity/claim", &body).without_token().send(sandbox).await.json();
        let token = started["verification_uri"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
        let form = format!("token={token}&code={}", started["user_code"].as_str().unwrap());
        assert_eq!(post("/claim", &form).send(sandbox).await.status, 303);
        let form = format!("grant_type={CLAIM_GRANT}&claim_token={}", self.claim_token);
        let granted = post("/api/agent/oauth/token", &form).without_token().send(sandbox).await.json();
        Self { token: granted["access_token"].as_str().unwrap().to_owned(), ..self }
    }

    /// A person makes a key with these scopes, for the account of this token.
    async fn with_scopes(self, scopes: &[&str], sandbox: &Sandbox) -> Self {
        let me = self.get("/auth/me").send(sandbox).await.json();
        let form =
            format!("account={}&scope={}", me["account"]["organizationId"].as_str().unwrap(), scopes.join("&scope="));
        let made = post("/employer-settings", &form).send(sandbox).await;
        let made = get(made.header("location").unwrap()).send(sandbox).await;
        let token = made.body().split_once("<code>ot_pat_").unwrap().1.split_once('<').unwrap().0;
        Self { token: format!("ot_pat_{token}"), ..self }
    }

    /// The owner of the seeded account.
    fn owner() -> Self {
        Self { token: token_of("owner").into(), claim_token: String::new() }
    }

    fn call(&self, method: &'static str, path: &str, body: &str) -> Call {
        let call = call(method, &format!("{V1}{path}"), body).without_token();
        call.header(&format!("Authorization: Bearer {}", self.token))
    }

    fn get(&self, path: &str) -> Call {
        self.call("GET", path, "")
    }

    fn post(&self, path: &str, body: &str) -> Call {
        self.call("POST", path, body)
    }
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

    /// Sends it and reads the whole answer.
    async fn send(self, sandbox: &Sandbox) -> Reply {
        let response = self.begin(sandbox).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: response.text().await.unwrap() }
    }

    /// Sends it on a connection of its own, and returns the head of the answer.
    async fn begin(self, sandbox: &Sandbox) -> reqwest::Result<reqwest::Response> {
        self.begin_with(&client(), sandbox).await
    }

    async fn begin_with(self, client: &reqwest::Client, sandbox: &Sandbox) -> reqwest::Result<reqwest::Response> {
        let Self { method, path, host, headers, body } = self;
        let url = format!("{}{path}", sandbox.origin().as_str().trim_end_matches('/'));
        let request = client.request(method.parse().unwrap(), url).header(HOST, host).body(body);
        let headers = headers.iter().map(|header| header.split_once(": ").unwrap());
        headers.fold(request, |request, (name, value)| request.header(name, value)).send().await
    }
}

/// A response.
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn body(&self) -> &str {
        &self.body
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(self.body()).unwrap()
    }

    /// The envelope's `code` and `details`, after a look at the rest of it.
    fn refusal(&self) -> (u16, String, Value) {
        let envelope = self.json();
        assert!(envelope["error"].as_str().is_some_and(|message| !message.is_empty()), "{envelope}");
        assert_eq!(envelope["requestId"].as_str().map(str::len), Some(36), "{envelope}");
        (self.status, envelope["code"].as_str().unwrap().to_owned(), envelope["details"].clone())
    }
}
