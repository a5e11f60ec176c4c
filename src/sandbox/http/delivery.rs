//! Delivers events to webhooks, on loopback only: nothing of the sandbox may leave this machine. The API never waits
//! for a delivery.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::Client;
use ring::hmac;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::{Host, Url};

use super::loopback;
use crate::api::hex::hex;
use crate::sandbox::world::{Delivery, MOST_WAITING};

/// How long a receiver may take (reference: guides/verify-webhook-signatures).
const PATIENCE: Duration = Duration::from_secs(10);

/// Delivers to each webhook in order, and a receiver that hangs delays no other. The sandbox's own port gets nothing,
/// since only people may press the buttons of its pages.
pub(super) async fn deliver(mut queue: mpsc::Receiver<Delivery>, own_port: Option<u16>) {
    let mut queues = BTreeMap::<String, mpsc::Sender<Delivery>>::new();
    while let Some(delivery) = queue.recv().await {
        let queue = queues.entry(delivery.webhook.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(MOST_WAITING);
            tokio::spawn(deliver_in_order(receiver, own_port));
            sender
        });
        let _ = queue.try_send(delivery);
    }
}

async fn deliver_in_order(mut queue: mpsc::Receiver<Delivery>, own_port: Option<u16>) {
    let Ok(client) = loopback::client() else { return };
    while let Some(delivery) = queue.recv().await {
        let (webhook, event) = (&delivery.webhook, delivery.event);
        match timeout(PATIENCE, send(&client, &delivery, own_port)).await {
            Ok(Ok(status)) => tracing::info!(webhook, event, status, "webhook delivered"),
            Ok(Err(fault)) => tracing::warn!(webhook, event, %fault, "webhook not delivered"),
            Err(_) => tracing::warn!(webhook, event, "webhook not answered in time"),
        }
    }
}

/// Returns the status of the answer.
async fn send(client: &Client, delivery: &Delivery, own_port: Option<u16>) -> Result<u16, Undelivered> {
    let Delivery { id, url, secret, event, body, .. } = delivery;
    if loopback_address(url).is_none() {
        return Err(Undelivered::Elsewhere);
    }
    if url.port_or_known_default() == own_port {
        return Err(Undelivered::Itself);
    }
    let time = now();
    let request = client
        .post(url.clone())
        .header(USER_AGENT, "OpenTrain-Webhooks/1.0")
        .header(CONTENT_TYPE, "application/json")
        .header("X-OpenTrain-Event", *event)
        .header("X-OpenTrain-Delivery", id)
        .header("X-OpenTrain-Signature", format!("t={time},v1={}", signature(secret, time, body)))
        .body(body.clone());
    Ok(request.send().await?.status().as_u16())
}

#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("the sandbox delivers only to http on this machine")]
    Elsewhere,
    #[error("the sandbox does not deliver to itself")]
    Itself,
    #[error(transparent)]
    Failed(#[from] reqwest::Error),
}

/// The address, if `url` is http on this machine.
fn loopback_address(url: &Url) -> Option<IpAddr> {
    let address = match url.host()? {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) if address == Ipv6Addr::LOCALHOST => IpAddr::V6(address),
        Host::Domain("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => return None,
    };
    (url.scheme() == "http" && address.is_loopback()).then_some(address)
}

/// The real time, since receivers refuse a signature that is more than 5 minutes old.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

/// Hex of HMAC-SHA256 over `<time>.<body>` (reference: guides/verify-webhook-signatures).
fn signature(secret: &str, time: u64, body: &str) -> String {
    hex(hmac_of(secret.as_bytes(), format!("{time}.{body}").as_bytes()).as_ref())
}

fn hmac_of(secret: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_rfc_4231_says() {
        // Test case 2.
        let tag = hmac_of(b"Jefe", b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(tag.as_ref()), expected);
    }

    #[test]
    fn only_http_on_this_machine_is_delivered_to() {
        let address = |url: &str| loopback_address(&Url::parse(url).unwrap()).map(|address| address.to_string());
        assert_eq!(address("http://127.0.0.1:9/x").as_deref(), Some("127.0.0.1"));
        assert_eq!(address("http://127.1.2.3/").as_deref(), Some("127.1.2.3"));
        assert_eq!(address("http://localhost:9/").as_deref(), Some("127.0.0.1"));
        assert_eq!(address("http://[::1]:9/").as_deref(), Some("::1"));
        for url in [
            "https://127.0.0.1/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://example.org/",
            "http://localhost.example.org/",
        ] {
            assert_eq!(address(url), None, "{url}");
        }
    }
}
