//! Sends events to webhooks, on loopback only: what is not real must not leave this machine. Nothing here holds up the
//! API, and each delivery is bounded in time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use ring::hmac;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::{Host, Url};

/// How long a receiver may take (reference: guides/verify-webhook-signatures).
const PATIENCE: Duration = Duration::from_secs(10);
/// How many deliveries may wait; more are dropped.
const ROOM: usize = 256;

/// An event on its way.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    /// To which webhook: what goes to one keeps its order.
    pub(crate) webhook: String,
    pub(crate) url: Url,
    pub(crate) secret: String,
    pub(crate) event: &'static str,
    /// The event as it is polled.
    pub(crate) body: String,
}

/// Where deliveries are handed in.
#[derive(Debug)]
pub(crate) struct Post(Option<mpsc::Sender<Delivery>>);

impl Post {
    /// A post that delivers, except to the sandbox's own `port`: its pages are pressed by people.
    pub(crate) fn open(port: Option<u16>) -> Self {
        let (sender, receiver) = mpsc::channel(ROOM);
        tokio::spawn(sort(receiver, port));
        Self(Some(sender))
    }

    /// A post that delivers nothing.
    pub(crate) const fn closed() -> Self {
        Self(None)
    }

    /// Hands in `delivery`; returns at once.
    pub(crate) fn send(&self, delivery: Delivery) {
        let Some(sender) = &self.0 else { return };
        if sender.try_send(delivery).is_err() {
            tracing::warn!("too many webhook deliveries wait: one was dropped");
        }
    }
}

/// Gives each webhook a line of its own: a receiver that hangs holds up no other.
async fn sort(mut receiver: mpsc::Receiver<Delivery>, own_port: Option<u16>) {
    let mut lines = BTreeMap::<String, mpsc::Sender<Delivery>>::new();
    while let Some(delivery) = receiver.recv().await {
        let line = lines.entry(delivery.webhook.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(ROOM);
            tokio::spawn(work(receiver, own_port));
            sender
        });
        let _ = line.try_send(delivery);
    }
}

async fn work(mut receiver: mpsc::Receiver<Delivery>, own_port: Option<u16>) {
    while let Some(delivery) = receiver.recv().await {
        let (webhook, event) = (&delivery.webhook, delivery.event);
        match timeout(PATIENCE, delivery.carry(own_port)).await {
            Ok(Ok(status)) => tracing::info!(webhook, event, status, "webhook delivered"),
            Ok(Err(fault)) => tracing::warn!(webhook, event, %fault, "webhook not delivered"),
            Err(_) => tracing::warn!(webhook, event, "webhook not answered in time"),
        }
    }
}

impl Delivery {
    /// Sends it to its receiver, and gives the status of the answer.
    async fn carry(&self, own_port: Option<u16>) -> Result<u16, Undelivered> {
        if loopback(&self.url).is_none() {
            return Err(Undelivered::Elsewhere);
        }
        if self.url.port_or_known_default() == own_port {
            return Err(Undelivered::Itself);
        }
        let (time, Self { secret, body, .. }) = (now(), self);
        let request = client()?
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("X-OpenTrain-Event", self.event)
            .header("X-OpenTrain-Delivery", &self.id)
            .header("X-OpenTrain-Signature", format!("t={time},v1={}", signature(secret, time, body)))
            .body(body.clone());
        Ok(request.send().await?.status().as_u16())
    }
}

/// Why an event did not reach its receiver.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("the sandbox delivers only to http on this machine")]
    Elsewhere,
    #[error("the sandbox does not deliver to itself")]
    Itself,
    #[error(transparent)]
    Failed(#[from] reqwest::Error),
}

/// A client that follows nobody elsewhere: no redirects, no proxy, and localhost is this machine.
fn client() -> reqwest::Result<reqwest::Client> {
    // Set already when an API client was made before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent("OpenTrain-Webhooks/1.0")
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .tls_certs_only([])
        .resolve("localhost", (Ipv4Addr::LOCALHOST, 0).into())
        .build()
}

/// The address of this machine that `url` names, if it names one by http.
fn loopback(url: &Url) -> Option<IpAddr> {
    let address = match url.host()? {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) if address == Ipv6Addr::LOCALHOST => IpAddr::V6(address),
        Host::Domain("localhost") => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => return None,
    };
    (url.scheme() == "http" && address.is_loopback()).then_some(address)
}

/// The real time: receivers refuse what was signed more than 5 minutes ago.
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
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
        let address = |url: &str| loopback(&Url::parse(url).unwrap()).map(|address| address.to_string());
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
