//! Lets other processes of the same user recognise a sandbox: a small JSON at a fixed path, with a proof that the
//! sandbox knows the user's secret.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use http::StatusCode;
use reqwest::Client;
use ring::hmac::Key;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;

use super::response;
use super::secret::{is_proof, prove};
use crate::sandbox::world::Shared;

const PATH: &str = "/sandbox";
/// How long a port may take to say what it is. A sandbox on the same machine needs a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(300);
/// No marker has this many bytes.
const ENOUGH: usize = 16 * 1024;

const SERVICE: &str = "opentrain-mcp sandbox";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    service: String,
    version: String,
    /// Tells a sandbox from one that is started later in its place.
    #[serde(default)]
    instance: u64,
    /// The answer to the question of a process that looks for a sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

impl Marker {
    pub(super) fn starting() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let instance = u64::try_from(since.as_micros()).unwrap_or_default();
        Self { service: SERVICE.into(), version: env!("CARGO_PKG_VERSION").into(), instance, proof: None }
    }

    fn is_this_version(&self) -> bool {
        self.service == SERVICE && self.version == env!("CARGO_PKG_VERSION")
    }
}

/// Serves the marker. The whole query is the question; without a key there is no proof, and nobody shares the sandbox.
pub(super) fn router(marker: Marker, port: u16, key: Option<Key>) -> Router<Shared> {
    let answer = move |RawQuery(question): RawQuery| {
        let proof = question.zip(key.as_ref()).map(|(question, key)| prove(key, port, &question));
        let marker = Marker { proof, ..marker.clone() };
        std::future::ready(response::json(StatusCode::OK, &json!(marker)))
    };
    Router::new().route(PATH, get(answer))
}

/// What holds a port.
#[derive(Debug)]
pub(super) enum Holder {
    /// A sandbox that can be shared, by its instance.
    Ours(u64),
    /// Nothing: the port is free, or about to be.
    Nobody,
    /// Another program; the text describes it.
    Stranger(&'static str),
}

/// Asks a port of this machine what is there, in bounded time.
pub(super) async fn ask(client: &Client, port: u16, key: Option<&Key>) -> Holder {
    let Ok(question) = getrandom::u64() else { return Holder::Stranger("a program that cannot be asked") };
    let question = format!("{question:016x}");
    let proves = |found: &Marker| {
        key.zip(found.proof.as_deref()).is_some_and(|(key, proof)| is_proof(key, port, &question, proof))
    };
    match timeout(PATIENCE, fetch(client, port, &question)).await {
        Ok(Ok(body)) => match serde_json::from_slice::<Marker>(&body) {
            Ok(found) if found.is_this_version() && proves(&found) => Holder::Ours(found.instance),
            Ok(_) => Holder::Stranger("a sandbox of another user or version, or one with faults"),
            Err(_) => Holder::Stranger("another program"),
        },
        Ok(Err(fault)) if fault.is_connect() => Holder::Nobody,
        Ok(Err(_)) => Holder::Stranger("a program that does not answer as a sandbox does"),
        Err(_) => Holder::Stranger("a program that does not answer"),
    }
}

async fn fetch(client: &Client, port: u16, question: &str) -> reqwest::Result<Vec<u8>> {
    let url = format!("http://{}:{port}{PATH}?{question}", Ipv4Addr::LOCALHOST);
    let mut response = client.get(url).send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await?.filter(|_| body.len() < ENOUGH) {
        body.extend(chunk);
    }
    Ok(body)
}
