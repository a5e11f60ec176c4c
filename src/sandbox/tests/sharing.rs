//! How the servers of one user find one sandbox, and what they do about everything else.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::{get, sandbox};
use crate::api::client::{Caller, Client, Endpoint};
use crate::api::contracts::ListContracts;
use crate::api::error::Error;
use crate::api::milestones::CreateMilestone;
use crate::sandbox::{Embedded, Sandbox, UserSecret, default_token};

async fn free_port() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().unwrap().port()
}

/// The state folder of a user. Each test has a user of its own: tests run side by side, on neighbouring ports.
fn user() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn secret(user: &TempDir) -> UserSecret {
    UserSecret::in_folder(Some(user.path().to_owned()))
}

fn embedded(port: u16, user: &TempDir) -> Embedded {
    Embedded::new(port, secret(user))
}

async fn answers(origin: &Url) -> bool {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let Ok(answer) = client.get(origin.join("/sandbox").unwrap()).send().await else { return false };
    answer.text().await.is_ok_and(|text| text.contains(r#""service":"opentrain-mcp sandbox""#))
}

/// Waits until nothing answers there.
async fn gone(origin: &Url) {
    let silence = async {
        while answers(origin).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), silence).await.unwrap();
}

#[tokio::test]
async fn it_says_what_it_is() {
    let mut marker = get("/sandbox").send(&sandbox().await).await.json();
    let version = env!("CARGO_PKG_VERSION");
    let expected = serde_json::json!({ "service": "opentrain-mcp sandbox", "version": version });
    assert!(marker["instance"].take().as_u64().is_some_and(|instance| instance > 0), "which one it is");
    marker.as_object_mut().unwrap().shift_remove("instance");
    assert_eq!(marker, expected);
}

#[tokio::test]
async fn it_starts_at_the_first_call_and_stops_when_dropped() {
    let user = self::user();
    let listener = free_port().await;
    let port = port_of(&listener);
    drop(listener);
    let embedded = embedded(port, &user);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err(), "nothing before the first call");
    let origin = embedded.origin().await.unwrap();
    assert_eq!(embedded.origin().await.unwrap(), origin);
    assert!(answers(&origin).await);
    drop(embedded);
    gone(&origin).await;
}

#[tokio::test]
async fn sandboxes_started_at_once_are_one() {
    let user = self::user();
    let listener = free_port().await;
    let port = port_of(&listener);
    drop(listener);
    let all: Vec<_> = (0..8).map(|_| embedded(port, &user)).collect();
    let origins = futures::future::join_all(all.iter().map(Endpoint::origin)).await;
    for origin in origins {
        assert_eq!(origin.unwrap().port(), Some(port));
    }
}

#[tokio::test]
async fn a_sandbox_in_the_foreground_is_shared() {
    let user = self::user();
    let foreground = Sandbox::start(free_port().await, &secret(&user)).unwrap();
    let shared = embedded(foreground.origin().port().unwrap(), &user);
    assert_eq!(&shared.origin().await.unwrap(), foreground.origin());
}

#[tokio::test]
async fn links_work_after_the_owner_is_gone() {
    let user = self::user();
    let owner = Sandbox::start(free_port().await, &secret(&user)).unwrap();
    let origin = owner.origin().clone();
    let sharer = embedded(origin.port().unwrap(), &user);
    assert_eq!(sharer.origin().await.unwrap(), origin);
    drop(owner);
    gone(&origin).await;
    assert_eq!(sharer.origin().await.unwrap(), origin);
    assert!(answers(&origin).await);
}

#[tokio::test]
async fn a_replaced_sandbox_is_announced_once() {
    for heir in ["itself", "a third process"] {
        let user = self::user();
        let owner = Sandbox::start(free_port().await, &secret(&user)).unwrap();
        let origin = owner.origin().clone();
        let sharer = embedded(origin.port().unwrap(), &user);
        for _ in 0..2 {
            sharer.origin().await.unwrap();
            assert_eq!(sharer.take_notice(), None, "{heir}: it is the same one");
        }
        drop(owner);
        gone(&origin).await;
        let third = embedded(origin.port().unwrap(), &user);
        if heir != "itself" {
            assert_eq!(third.origin().await.unwrap(), origin);
        }
        assert_eq!(sharer.origin().await.unwrap(), origin);
        assert!(sharer.take_notice().is_some_and(|notice| notice.contains("a fresh one")), "{heir}");
        sharer.origin().await.unwrap();
        assert_eq!((sharer.take_notice(), third.take_notice()), (None, None), "{heir}: it is told once");
    }
}

#[tokio::test]
async fn another_users_sandbox_is_passed_over() {
    let somebody = user();
    let another = user();
    let others = Sandbox::start(free_port().await, &secret(&somebody)).unwrap();
    let mine = embedded(others.origin().port().unwrap(), &another);
    let origin = mine.origin().await.unwrap();
    assert_ne!(&origin, others.origin());
    assert!(answers(&origin).await);
}

#[tokio::test]
async fn a_port_without_a_sandbox_is_passed_over_quickly() {
    let user = self::user();
    let silent = free_port().await;
    let started = Instant::now();
    let origin = embedded(port_of(&silent), &user).origin().await.unwrap();
    assert_ne!(origin.port(), Some(port_of(&silent)));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());

    let babbler = free_port().await;
    let port = port_of(&babbler);
    let babble = tokio::spawn(async move {
        while let Ok((mut connection, _)) = babbler.accept().await {
            let _ = connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"service\":\"another\"}").await;
        }
    });
    assert_ne!(embedded(port, &user).origin().await.unwrap().port(), Some(port));
    babble.abort();
}

#[tokio::test]
async fn our_client_reads_the_sandbox() {
    let user = self::user();
    let client = Client::new(Box::new(embedded(0, &user)), Duration::from_secs(5));
    let token = default_token();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let caller = Caller { token: Some(&token), ..Caller::nobody(deadline) };
    let reply = client.send(&ListContracts::default(), caller).await.unwrap();
    let read = reply.read::<ListContracts>().unwrap();
    assert_eq!(read.output.contracts.len(), 6);
    assert_eq!(reply.date.unwrap().to_string(), "2026-06-12T10:00:00Z");

    let wanted = r#"{"contractId":"ctr_8Kq2","description":"d","amountUsd":300}"#;
    let wanted: CreateMilestone = serde_json::from_str(wanted).unwrap();
    let Err(Error::Refused(refusal)) = client.send(&wanted, caller).await else { panic!("an unclaimed account") };
    assert_eq!((refusal.status, refusal.reason()), (403, Some("account_claim_required")));
    let claim_url = client.origin().await.unwrap().join("claim").unwrap();
    assert_eq!(refusal.detail_text("claimUrl"), Some(claim_url.as_str()));
}

#[tokio::test]
async fn it_is_never_served_beyond_loopback() {
    let user = self::user();
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
    let fault = Sandbox::start(listener, &secret(&user)).unwrap_err();
    assert!(fault.to_string().contains("loopback"), "{fault}");
}
