//! Webhooks, and what they are sent.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::hmac;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{Agent, Call, Sandbox, V1, call, fund, get, names, paying_sandbox, post, press, sandbox};

fn create(url: &str, types: &[&str]) -> Call {
    post(&format!("{V1}/webhooks"), &json!({ "url": url, "eventTypes": types }).to_string())
}

/// A receiver on this machine.
struct Receiver(TcpListener);

impl Receiver {
    async fn open() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?from=sandbox", self.0.local_addr().unwrap().port())
    }

    /// The head and the body of the next request, answered with 200.
    async fn next(&self) -> (String, String) {
        let (mut connection, _) = timeout(Duration::from_secs(10), self.0.accept()).await.unwrap().unwrap();
        let mut bytes = Vec::new();
        loop {
            let mut part = [0; 4096];
            let length = connection.read(&mut part).await.unwrap();
            bytes.extend_from_slice(&part[..length]);
            let text = String::from_utf8(bytes.clone()).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let wanted: usize = header(head, "Content-Length").parse().unwrap();
                if body.len() >= wanted {
                    connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
                    return (head.to_owned(), body.to_owned());
                }
            }
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
        .unwrap_or_else(|| panic!("{name}: {head}"))
}

async fn decide(sandbox: &Sandbox, button: &str) -> Value {
    let id = fund("ms_4Dk7").send(sandbox).await.json()["approval"]["id"].take();
    press(id.as_str().unwrap(), button).send(sandbox).await;
    id
}

#[tokio::test]
async fn a_webhook_is_made_listed_and_deleted() {
    let sandbox = sandbox().await;
    let made = create("https://hooks.example.com/a", &["approval.confirmed", "message.received"]).send(&sandbox).await;
    let body = made.json();
    assert_eq!((made.status, names(&body)), (201, vec!["webhook", "secret", "message"]));
    assert_eq!(body["secret"], "whsec_sandbox11notarealsecret0011");
    let expected = json!({
        "id": "wh_7Rtd", "url": "https://hooks.example.com/a", "eventTypes": ["approval.confirmed", "message.received"],
        "status": "ACTIVE", "createdAt": "2026-06-12T10:00:00.000Z", "disabledAt": null, "disabledReason": null,
    });
    assert_eq!(body["webhook"].to_string(), expected.to_string());
    let one = get(&format!("{V1}/webhooks/wh_7Rtd")).send(&sandbox).await.json();
    assert_eq!(one, json!({ "webhook": expected }));
    assert_eq!(get(&format!("{V1}/webhooks")).send(&sandbox).await.json(), json!({ "webhooks": [expected] }));
    let delete = || call("DELETE", &format!("{V1}/webhooks/wh_7Rtd"), "");
    assert_eq!(delete().send(&sandbox).await.json(), json!({ "webhook": expected, "deleted": true }));
    let missing = (404, "NOT_FOUND".to_owned(), json!({ "resource": "webhooks", "webhookId": "wh_7Rtd" }));
    assert_eq!(delete().send(&sandbox).await.refusal(), missing);
    assert_eq!(get(&format!("{V1}/webhooks/wh_7Rtd")).send(&sandbox).await.refusal(), missing);
}

#[tokio::test]
async fn a_webhook_is_refused_as_documented() {
    let sandbox = sandbox().await;
    let long = format!("https://hooks.example.com/{}", "x".repeat(2_048));
    for url in ["http://hooks.example.com/", "ftp://localhost/", "no address", "", &long] {
        let refused = create(url, &["approval.confirmed"]).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": "url" })), "{url}");
    }
    for types in [&[][..], &["approval.everything"]] {
        let refused = create("https://hooks.example.com/", types).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": "eventTypes" })));
    }
    for role in ["claimed-agent", "read-only"] {
        let refused =
            create("https://hooks.example.com/", &["approval.confirmed"]).role(role).send(&sandbox).await.refusal();
        assert_eq!((refused.0, &refused.2["requiredScopes"]), (403, &json!(["webhooks:manage"])));
    }
    post("/claim", "").send(&sandbox).await;
    let key = Agent::owner().with_scopes(&["webhooks:manage", "payments:read"], &sandbox).await;
    let unread = json!({ "url": "https://hooks.example.com/", "eventTypes": ["message.received"] }).to_string();
    let refused = key.post("/webhooks", &unread).send(&sandbox).await.refusal();
    assert_eq!((refused.0, &refused.2["requiredScopes"]), (403, &json!(["messages:read"])));

    for number in 0..10 {
        let url = format!("http://localhost:9/{number}");
        assert_eq!(create(&url, &["approval.confirmed"]).send(&sandbox).await.status, 201);
    }
    let full = create("http://localhost:9/", &["approval.confirmed"]).send(&sandbox).await.refusal();
    assert_eq!(full, (409, "CONFLICT".into(), json!({ "reason": "webhook_limit_reached" })));
}

#[tokio::test]
async fn an_event_is_delivered_as_it_is_polled_and_signed() {
    let sandbox = paying_sandbox().await;
    let receiver = Receiver::open().await;
    let made = create(&receiver.url(), &["approval.confirmed"]).send(&sandbox).await.json();
    let id = decide(&sandbox, "confirm").await;
    let (head, body) = receiver.next().await;
    assert!(head.starts_with("POST /hook?from=sandbox HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "User-Agent"), "OpenTrain-Webhooks/1.0");
    assert_eq!(header(&head, "X-OpenTrain-Event"), "approval.confirmed");
    assert_eq!(header(&head, "X-OpenTrain-Delivery"), "dlv_7Rtd");
    let polled = get(&format!("{V1}/updates")).send(&sandbox).await.json();
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        polled["events"].as_array().unwrap().last().unwrap().clone()
    );
    assert!(body.contains(id.as_str().unwrap()));

    let signature = header(&head, "X-OpenTrain-Signature");
    let (time, hex) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(time.parse().unwrap()) < 300, "receivers tolerate 5 minutes: {time}");
    let digits: Vec<_> = hex.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
    let bytes: Vec<_> = digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, made["secret"].as_str().unwrap().as_bytes());
    hmac::verify(&key, format!("{time}.{body}").as_bytes(), &bytes).unwrap();
}

#[tokio::test]
async fn wanted_events_arrive_in_order() {
    let sandbox = paying_sandbox().await;
    let receiver = Receiver::open().await;
    create(&receiver.url(), &["payment.pending", "milestone.status_changed"]).send(&sandbox).await;
    decide(&sandbox, "decline").await;
    decide(&sandbox, "confirm").await;
    let mut types = Vec::new();
    for _ in 0..3 {
        let (head, _) = receiver.next().await;
        types.push(header(&head, "X-OpenTrain-Event").to_owned());
    }
    assert_eq!(types, ["payment.pending", "payment.pending", "milestone.status_changed"]);
}

#[tokio::test]
async fn a_receiver_that_hangs_or_is_gone_holds_up_nothing() {
    let sandbox = paying_sandbox().await;
    let (hanging, good) = (Receiver::open().await, Receiver::open().await);
    let gone = Receiver::open().await.url();
    for url in [&hanging.url(), &gone, "https://127.0.0.1:9/", &good.url()] {
        assert_eq!(create(url, &["approval.confirmed"]).send(&sandbox).await.status, 201);
    }
    decide(&sandbox, "decline").await;
    assert!(good.next().await.1.contains("declined"));
}

#[tokio::test]
async fn the_sandbox_presses_no_button_of_its_own() {
    let sandbox = paying_sandbox().await;
    let waiting = fund("ms_4Dk7").send(&sandbox).await.json()["approval"]["id"].take();
    let id = waiting.as_str().unwrap();
    let own = format!("{}approvals/{id}/confirm", sandbox.origin());
    assert_eq!(create(&own, &["payment.pending"]).send(&sandbox).await.status, 201);
    let receiver = Receiver::open().await;
    create(&receiver.url(), &["payment.pending"]).send(&sandbox).await;
    super::release("ms_6Hc2").send(&sandbox).await;
    receiver.next().await;
    let status = super::approval(id).send(&sandbox).await.json()["approval"]["status"].take();
    assert_eq!(status, "pending");
}
