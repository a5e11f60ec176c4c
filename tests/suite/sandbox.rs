//! The whole loop over `--sandbox`: an agent is refused, a person presses the button of the real page, the agent goes
//! on.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Host, Page, Reply, Upstream, free_port, launch, press};

fn terms() -> Value {
    json!({ "contractId": "ctr_8Kq2", "name": "Second labeling batch", "description": "The next 5,000 posts", "amountUsd": 300, "dueDate": "2026-07-15" })
}

async fn milestones_of(host: &Host, contract: &str) -> Vec<Value> {
    let answer = host.done("get_contract", json!({ "contractId": contract })).await;
    answer.structured()["contract"]["milestones"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_main_job_is_done_claim_included() {
    let port = free_port();
    let host = launch().sandbox(port).start().await;
    let listed = host.done("list_contracts", json!({ "status": "active" })).await;
    assert!(listed.structured()["total"].as_u64().unwrap() >= 4);
    listed.says(&["ctr_8Kq2", "«Maria G.» («Spain»)"]);
    let before = milestones_of(&host, "ctr_8Kq2").await;

    let refused = host.failed("create_milestone", terms()).await;
    assert_eq!(refused.error()["reason"], "account_claim_required");
    let url = refused.error()["claimUrl"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("http://127.0.0.1:{port}/claim"));
    refused.says(&["Not created", &url]);
    assert_eq!(milestones_of(&host, "ctr_8Kq2").await, before, "a refusal changes nothing");

    let after = press(&url).await;
    assert!(after.contains("The account is claimed"), "{after}");
    let created = host.done("create_milestone", terms()).await;
    let milestone = &created.structured()["milestone"];
    assert_eq!((&milestone["status"], &milestone["amountUsd"]), (&json!("NOT_FUNDED"), &json!(300)));
    created.says(&["Created, NOT funded", milestone["id"].as_str().unwrap(), "due 2026-07-15", "ctr_8Kq2"]);
    let now = milestones_of(&host, "ctr_8Kq2").await;
    assert_eq!((now.len(), &now[now.len() - 1]), (before.len() + 1, milestone));
}

#[tokio::test]
async fn two_servers_of_one_user_share_a_sandbox() {
    let port = free_port();
    let state = tempfile::tempdir().unwrap();
    let of_user = || launch().sandbox(port).env("XDG_STATE_HOME", state.path().to_str().unwrap());
    let (first, second) = (of_user().start().await, of_user().start().await);
    let refused = first.failed("create_milestone", terms()).await;
    let again = second.failed("create_milestone", terms()).await;
    assert_eq!(refused.error()["claimUrl"], again.error()["claimUrl"]);
    press(refused.error()["claimUrl"].as_str().unwrap()).await;
    let created = second.done("create_milestone", terms()).await;
    let seen = milestones_of(&first, "ctr_8Kq2").await;
    assert!(seen.contains(&created.structured()["milestone"]), "what one does the other sees");
}

#[tokio::test]
async fn a_link_outlives_the_server_that_had_the_sandbox() {
    let port = free_port();
    let state = tempfile::tempdir().unwrap();
    let of_user = || launch().sandbox(port).env("XDG_STATE_HOME", state.path().to_str().unwrap());
    let (first, second) = (of_user().start().await, of_user().start().await);
    let url = first.failed("create_milestone", terms()).await.error()["claimUrl"].as_str().unwrap().to_owned();
    second.done("list_contracts", json!({})).await;
    first.close_input().await;
    first.exit_within(std::time::Duration::from_secs(6)).await;
    let again = second.failed("create_milestone", terms()).await;
    assert_eq!(again.error()["claimUrl"], url.as_str());
    again.says(&["a fresh one took its place"]);
    second.stderr_says("a fresh one took its place").await;
    press(&url).await;
    let created = second.done("create_milestone", terms()).await;
    assert!(!created.text().contains("a fresh one"), "it is told once: {}", created.text());
}

#[tokio::test]
async fn a_webhook_that_cannot_be_reached_is_named() {
    let host = launch().sandbox(free_port()).args(["--toolsets", "webhooks"]).start().await;
    for (url, reached) in [("https://example.org/hook", false), ("http://127.0.0.1:9/hook", true)] {
        let created = host.done("create_webhook", json!({ "url": url, "eventTypes": ["payment.pending"] })).await;
        assert_eq!(created.text().contains("from now on"), reached, "{}", created.text());
        assert_eq!(created.text().contains("loopback only"), !reached, "{}", created.text());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_user_can_read_a_webhooks_secret() {
    use std::os::unix::fs::PermissionsExt;
    let host = launch().sandbox(free_port()).args(["--toolsets", "webhooks"]).start().await;
    let wanted = json!({ "url": "http://127.0.0.1:9/hook", "eventTypes": ["payment.pending"] });
    let created = host.done("create_webhook", wanted).await;
    let file = std::path::Path::new(created.structured()["secretFile"].as_str().unwrap()).to_owned();
    for (path, mode) in [(file.as_path(), 0o600), (file.parent().unwrap(), 0o700)] {
        let found = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}

#[tokio::test]
async fn a_strangers_port_is_passed_over_with_a_warning() {
    let stranger = Upstream::scripted([Reply::new(200, "{\"service\":\"another\"}")]).await;
    let host = launch().sandbox(stranger.port()).start().await;
    let refused = host.failed("create_milestone", terms()).await;
    let url = refused.error()["claimUrl"].as_str().unwrap();
    assert!(!url.contains(&format!(":{}/", stranger.port())), "{url}");
    host.stderr_says("passes over").await;
    host.stderr_says(&format!("the sandbox is at {}", url.trim_end_matches("claim"))).await;
    assert!(!stranger.requests().iter().any(|request| !request.header("authorization").is_empty()), "it got no token");
    press(url).await;
    host.done("create_milestone", terms()).await;
}

#[tokio::test]
async fn a_port_whose_owner_never_answers_is_passed_over_too() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let host = launch().sandbox(port).start().await;
    host.done("list_contracts", json!({})).await;
    host.stderr_says("passes over").await;
}

#[tokio::test]
async fn the_sandbox_of_another_user_is_not_shared() {
    let port = free_port();
    let first = launch().sandbox(port).start().await;
    let second = launch().sandbox(port).start().await;
    let one = first.failed("create_milestone", terms()).await;
    let other = second.failed("create_milestone", terms()).await;
    assert_ne!(one.error()["claimUrl"], other.error()["claimUrl"]);
}

#[tokio::test]
async fn what_the_sandbox_refuses_is_what_the_reference_documents() {
    let host = launch().sandbox(free_port()).start().await;
    let url = host.failed("create_milestone", terms()).await.error()["claimUrl"].as_str().unwrap().to_owned();
    press(&url).await;
    for (arguments, status, reason, field, said) in [
        (json!({ "contractId": "ctr_nope", "description": "d", "amountUsd": 1 }), 404, "", "", "list_contracts"),
        (
            json!({ "contractId": "ms_1aXf", "description": "d", "amountUsd": 1 }),
            404,
            "",
            "",
            "milestone id does not work",
        ),
        (json!({ "contractId": "ctr_9Ep3", "description": "d", "amountUsd": 1 }), 404, "", "", "another account"),
        (
            json!({ "contractId": "ctr_2Bd4", "description": "d", "amountUsd": 1 }),
            409,
            "contract_ended",
            "",
            "has ended",
        ),
        (
            json!({ "contractId": "ctr_4Jx9", "description": "d", "volume": 1 }),
            409,
            "contract_rate_missing",
            "",
            "rate",
        ),
        (json!({ "contractId": "ctr_8Kq2", "description": "d" }), 400, "", "amountUsd", "amountUsd is required"),
        (json!({ "contractId": "ctr_5Lm9", "description": "d", "amountUsd": 120 }), 400, "", "volume", "volume"),
        (
            json!({ "contractId": "ctr_5Lm9", "description": "d", "amountUsd": 100, "volume": 10 }),
            400,
            "",
            "amountUsd",
            "120",
        ),
    ] {
        let answer = host.failed("create_milestone", arguments.clone()).await;
        let text = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
        assert_eq!(answer.error()["status"], status, "{arguments}");
        assert_eq!((&answer.error()["reason"], &answer.error()["field"]), (&text(reason), &text(field)), "{arguments}");
        answer.says(&["Not created", said]);
        assert!(answer.hint().matches("rate").count() <= 1, "nothing is said twice: {}", answer.hint());
    }
}

#[tokio::test]
async fn an_account_of_the_sandbox_is_kept_in_memory() {
    let host = launch().sandbox(free_port()).start().await;
    let config = host.home.path().join(".config");
    host.done("register_agent", json!({ "agentName": "Scout" })).await;
    let started = host.done("claim_account", json!({ "email": "mira@example.com" })).await;
    let page = started.structured()["verification_uri"].as_str().unwrap().to_owned();
    let code = started.structured()["user_code"].as_str().unwrap();
    assert_eq!(Page::open(&page).await.press(&[("code", code)]).await.status, 200);
    let claimed = host.done("get_claim_status", json!({})).await;
    assert_eq!(claimed.structured()["status"], "claimed");
    claimed.says(&["OPENTRAIN_API_BASE_URL"]);
    assert!(!config.exists(), "nothing of the user's is touched");
}
