//! Sends events to webhooks, on loopback only: what is not real must not leave this machine. Nothing here holds up the
//! API, and each delivery is bounded in time.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::hmac;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::{Host, Url};

/// How long a receiver may take (reference: guides/verify-webhook-signatures).
const PATIENCE: Duration = Duration::from_secs(10);
/// How many deliveries may wait; more are dropped.
const ROOM: usize = 256;
/// As much of an answer as is read.
const MAX_ANSWER: u64 = 1_024;

/// An event on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) id: String,
    /// To which webhook: what goes to one keeps its order.
    pub(super) webhook: String,
    pub(super) url: Url,
    pub(super) secret: String,
    pub(super) event: &'static str,
    /// The event as it is polled.
    pub(super) body: String,
}

/// Where deliveries are handed in.
#[derive(Debug)]
pub(super) struct Post(Option<mpsc::Sender<Delivery>>);

impl Post {
    /// A post that delivers, except to the sandbox's own `port`: its pages are pressed by people.
    pub(super) fn open(port: Option<u16>) -> Self {
        let (sender, receiver) = mpsc::channel(ROOM);
        tokio::spawn(sort(receiver, port));
        Self(Some(sender))
    }

    /// A post that delivers nothing.
    pub(super) const fn closed() -> Self {
        Self(None)
    }

    /// Hands in `delivery`; returns at once.
    pub(super) fn send(&self, delivery: Delivery) {
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
    /// Carries it to its receiver, and tells the answer's status line.
    async fn carry(&self, own_port: Option<u16>) -> io::Result<String> {
        let refused = |why| io::Error::new(io::ErrorKind::PermissionDenied, why);
        let port = self.url.port_or_known_default().unwrap_or(80);
        let address = loopback(&self.url).ok_or_else(|| refused("only http on this machine is delivered to"))?;
        if Some(port) == own_port {
            return Err(refused("the sandbox does not deliver to itself"));
        }
        let mut connection = TcpStream::connect((address, port)).await?;
        connection.write_all(self.request(now()).as_bytes()).await?;
        let mut answer = Vec::new();
        connection.take(MAX_ANSWER).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
    }

    /// The request, sent at `time`.
    fn request(&self, time: u64) -> String {
        let Self { id, url, secret, event, body, .. } = self;
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let signature = signature(secret, time, body);
        [
            format!("POST {}{query} HTTP/1.1", url.path()),
            format!("Host: {host}{port}"),
            "Content-Type: application/json".into(),
            "User-Agent: OpenTrain-Webhooks/1.0".into(),
            format!("X-OpenTrain-Event: {event}"),
            format!("X-OpenTrain-Delivery: {id}"),
            format!("X-OpenTrain-Signature: t={time},v1={signature}"),
            "Connection: close".into(),
            format!("Content-Length: {}\r\n\r\n{body}", body.len()),
        ]
        .join("\r\n")
    }
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
