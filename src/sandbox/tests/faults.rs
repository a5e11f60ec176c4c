//! Faults on demand, as a caller meets them.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use super::{Agent, Call, V1, approval, fund, get, milestone, post};
use crate::api::agent::CLAIM_GRANT;
use crate::api::client::{Caller, Client, Endpoint};
use crate::api::contracts::ListContracts;
use crate::api::error::Error;
use crate::api::milestones::CreateMilestone;
use crate::sandbox::{Embedded, Faults, Sandbox, UserSecret, default_token};

/// A claimed sandbox that fails so.
async fn failing(faults: &str) -> Sandbox {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let sandbox = Sandbox::start_with(listener, &UserSecret::default(), Faults::parse(faults).unwrap()).unwrap();
    post("/claim", "").send(&sandbox).await;
    sandbox
}

fn create() -> Call {
    milestone("ctr_8Kq2", r#"{"description":"d","amountUsd":1}"#)
}

/// How many milestones the contract has.
async fn milestones(sandbox: &Sandbox) -> usize {
    let contract = get(&format!("{V1}/contracts/ctr_8Kq2")).send(sandbox).await.json();
    contract["contract"]["milestones"].as_array().unwrap().len()
}

/// What the server's own client says of one call.
async fn client(sandbox: &Sandbox, wanted: &str) -> Result<u16, Error> {
    let client = Client::new(Box::new(sandbox.origin().clone()), Duration::from_millis(500));
    let token = default_token();
    let caller = Caller { token: Some(&token), ..Caller::nobody(Instant::now() + Duration::from_secs(5)) };
    let wanted: CreateMilestone = serde_json::from_str(wanted).unwrap();
    client.send(&wanted, caller).await.map(|reply| reply.status)
}

/// The system's error below a client's one, if any.
fn cause(fault: reqwest::Error) -> Option<ErrorKind> {
    let causes = std::iter::successors(fault.source(), |cause| (*cause).source());
    causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind).next()
}

const WANTED: &str = r#"{"contractId":"ctr_8Kq2","description":"d","amountUsd":1}"#;

#[tokio::test]
async fn a_lost_reply_is_carried_out_and_never_answered() {
    let sandbox = failing("lost-reply@create_milestone:1-2").await;
    assert_eq!(cause(create().begin(&sandbox).await.unwrap_err()), None, "closed, not reset");
    assert_eq!(milestones(&sandbox).await, 2);
    let Err(Error::Unreachable { what, sent: true }) = client(&sandbox, WANTED).await else { panic!("an answer") };
    let what = what.to_string();
    assert!(what.contains("connection closed before message completed"), "{what}");
    assert_eq!(milestones(&sandbox).await, 3, "carried out once, and not tried again");
    assert_eq!(create().send(&sandbox).await.status, 201);
}

#[tokio::test]
async fn a_reset_comes_before_anything_is_carried_out() {
    let sandbox = failing("reset@create_milestone:1-2").await;
    assert_eq!(cause(create().begin(&sandbox).await.unwrap_err()), Some(ErrorKind::ConnectionReset));
    assert!(matches!(client(&sandbox, WANTED).await, Err(Error::Unreachable { sent: true, .. })));
    assert_eq!(milestones(&sandbox).await, 1);
    assert_eq!(create().send(&sandbox).await.status, 201);
}

#[tokio::test]
async fn a_hang_is_never_answered_and_not_carried_out() {
    let sandbox = failing("hang@create_milestone:1-2").await;
    assert!(timeout(Duration::from_millis(200), create().begin(&sandbox)).await.is_err());
    assert!(matches!(client(&sandbox, WANTED).await, Err(Error::TimedOut { sent: true, .. })));
    assert_eq!(milestones(&sandbox).await, 1, "and others are not held up");
    assert_eq!(create().send(&sandbox).await.status, 201);
}

#[tokio::test]
async fn a_truncated_answer_is_half_of_what_was_carried_out() {
    let sandbox = failing("truncated@create_milestone:1-2").await;
    let mut answer = create().begin(&sandbox).await.unwrap();
    assert_eq!(answer.status(), 201);
    let length = usize::try_from(answer.content_length().unwrap()).unwrap();
    let half = answer.chunk().await.unwrap().unwrap();
    assert_eq!(half.len(), length / 2);
    assert!(half.starts_with(br#"{"milestone":{"id":"ms_7Rtd""#), "{half:?}");
    assert!(answer.chunk().await.is_err(), "the rest never comes");
    let Err(Error::Unreadable(fault)) = client(&sandbox, WANTED).await else { panic!("a whole answer") };
    assert!(fault.truncated);
    assert_eq!(milestones(&sandbox).await, 3);
}

#[tokio::test]
async fn a_proxy_can_answer_instead_of_the_api() {
    let sandbox = failing("429@create_milestone:1,502@create_milestone:2,html@create_milestone:3").await;
    let limited = create().send(&sandbox).await;
    assert_eq!((limited.refusal().0, limited.refusal().1.as_str()), (429, "RATE_LIMITED"));
    assert_eq!(limited.header("retry-after"), Some("1"));
    for status in [502, 200] {
        let page = create().send(&sandbox).await;
        assert_eq!((page.status, page.header("content-type")), (status, Some("text/html; charset=utf-8")));
        assert!(page.body().starts_with("<!DOCTYPE html>"));
    }
    assert_eq!(milestones(&sandbox).await, 1);
    assert_eq!(create().send(&sandbox).await.status, 201);
}

#[tokio::test]
async fn calls_are_counted_for_each_operation_refused_ones_too() {
    let sandbox = failing("502@request_milestone_funding:2,502@get_approval:*").await;
    assert_eq!(fund("ms_none").send(&sandbox).await.status, 404);
    assert_eq!(create().send(&sandbox).await.status, 201);
    assert_eq!(fund("ms_4Dk7").send(&sandbox).await.status, 502);
    assert_eq!(fund("ms_4Dk7").send(&sandbox).await.status, 409);
    for _ in 0..3 {
        assert_eq!(approval("apr_none").send(&sandbox).await.status, 502);
    }
    let front = get("/").send(&sandbox).await;
    assert!(front.body().contains("502@request_milestone_funding:2,502@get_approval:*"), "pages never fail");
}

#[tokio::test]
async fn a_read_is_tried_again_over_a_broken_connection() {
    let sandbox = failing("reset@list_contracts:1,lost-reply@list_contracts:2").await;
    let client = Client::new(Box::new(sandbox.origin().clone()), Duration::from_secs(1));
    let token = default_token();
    let caller = Caller { token: Some(&token), ..Caller::nobody(Instant::now() + Duration::from_secs(5)) };
    let reply = client.send(&ListContracts::default(), caller).await.unwrap();
    assert_eq!(reply.read::<ListContracts>().unwrap().output.contracts.len(), 6);
}

#[tokio::test]
async fn a_sandbox_with_faults_is_shared_by_nobody() {
    let faults = || Faults::parse("502@list_contracts:1").unwrap();
    let user = tempfile::tempdir().unwrap();
    let secret = || UserSecret::in_folder(Some(user.path().to_owned()));
    let plain = Sandbox::start(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), &secret()).unwrap();
    let port = plain.origin().port().unwrap();
    let failing = Embedded::new(port, secret()).with_faults(faults());
    let own = failing.origin().await.unwrap();
    assert_ne!(&own, plain.origin());
    assert_eq!(failing.origin().await.unwrap(), own);

    let near = own.port().unwrap();
    let other = Embedded::new(near, secret());
    assert_ne!(other.origin().await.unwrap(), own);
    let failing_too = Embedded::new(near, secret()).with_faults(faults());
    assert_ne!(failing_too.origin().await.unwrap(), own);
    let unfailing = Embedded::new(port, secret()).with_faults(Faults::none());
    assert_eq!(&unfailing.origin().await.unwrap(), plain.origin());
}

#[tokio::test]
async fn too_many_requests_are_said_in_the_endpoints_own_way() {
    let sandbox = failing("429@register_agent:1,429@search_jobs:1").await;
    let reply = post("/api/agent/identity", "{}").without_token().send(&sandbox).await;
    let body = reply.json();
    assert_eq!((reply.status, body["error"].as_str()), (429, Some("rate_limit_exceeded")));
    assert!(body["error_description"].is_string() && body.get("code").is_none(), "{body}");
    let reply = get(&format!("{V1}/jobs")).without_token().send(&sandbox).await;
    assert_eq!(reply.refusal(), (429, "RATE_LIMITED".into(), serde_json::Value::Null));
    assert_eq!(reply.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_token_whose_delivery_was_lost_is_gone() {
    let sandbox = failing("lost-reply@get_claim_status:1").await;
    let agent = Agent::register(&sandbox).await;
    let claim_token = agent.claim_token.clone();
    let body = format!(r#"{{"claim_token":"{claim_token}","email":"a@example.org"}}"#);
    let started = post("/api/agent/identity/claim", &body).without_token().send(&sandbox).await.json();
    let token = started["verification_uri"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
    let form = format!("token={token}&code={}", started["user_code"].as_str().unwrap());
    assert_eq!(post("/claim", &form).send(&sandbox).await.status, 303);
    let form = format!("grant_type={CLAIM_GRANT}&claim_token={claim_token}");
    let poll = || post("/api/agent/oauth/token", &form).without_token();
    assert!(poll().begin(&sandbox).await.is_err());
    assert_eq!(poll().send(&sandbox).await.json()["error"], "invalid_grant");
}
