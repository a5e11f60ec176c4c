//! How a sandbox is recognised by other processes of the same user: a small JSON at a fixed path.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;

use super::response;
use crate::sandbox::world::Shared;

const PATH: &str = "/sandbox";
/// How long a port may take to say what it is. A sandbox on the same machine needs a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(300);
/// More bytes than a marker has.
const ENOUGH: usize = 16 * 1024;

const SERVICE: &str = "opentrain-mcp sandbox";
/// The service of a sandbox that only its owner uses: to all others it is another program.
const ALONE: &str = "opentrain-mcp sandbox with faults";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    service: String,
    version: String,
    user: String,
    /// Tells a sandbox from one that is started later in its place.
    #[serde(default)]
    instance: u64,
}

impl Marker {
    /// The marker of a sandbox of this version, started by `user`.
    pub(super) fn of(user: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION").into();
        Self { service: SERVICE.into(), version, user: user.into(), instance: 0 }
    }

    /// The same for a sandbox that starts now.
    pub(super) fn starting(self) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { instance: u64::try_from(since.as_micros()).unwrap_or_default(), ..self }
    }

    /// The same for a sandbox that is not shared.
    pub(super) fn alone(self) -> Self {
        Self { service: ALONE.into(), ..self }
    }

    fn is_like(&self, wanted: &Self) -> bool {
        (&self.service, &self.version, &self.user) == (&wanted.service, &wanted.version, &wanted.user)
    }
}

/// Serves the marker.
pub(super) fn router(marker: &Marker) -> Router<Shared> {
    let body = json!(marker);
    Router::new().route(PATH, get(move || std::future::ready(response::json(StatusCode::OK, &body))))
}

/// What holds a port.
#[derive(Debug)]
pub(super) enum Holder {
    /// A sandbox that can be shared, by its instance.
    Ours(u64),
    /// Nothing: the port is free, or about to be.
    Nobody,
    /// Something else, in words.
    Stranger(&'static str),
}

/// Asks a port of this machine what is there; answers in bounded time.
pub(super) async fn ask(client: &Client, port: u16, wanted: &Marker) -> Holder {
    match timeout(PATIENCE, fetch(client, port)).await {
        Ok(Ok(body)) => match serde_json::from_slice::<Marker>(&body) {
            Ok(found) if found.is_like(wanted) => Holder::Ours(found.instance),
            Ok(_) => Holder::Stranger("a sandbox of another user or version, or one with faults"),
            Err(_) => Holder::Stranger("another program"),
        },
        Ok(Err(fault)) if fault.is_connect() => Holder::Nobody,
        Ok(Err(_)) => Holder::Stranger("a program that does not answer as a sandbox does"),
        Err(_) => Holder::Stranger("a program that does not answer"),
    }
}

async fn fetch(client: &Client, port: u16) -> reqwest::Result<Vec<u8>> {
    let url = format!("http://{}:{port}{PATH}", Ipv4Addr::LOCALHOST);
    let mut response = client.get(url).send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await?.filter(|_| body.len() < ENOUGH) {
        body.extend(chunk);
    }
    Ok(body)
}
