//! `login`: a key that a person has made, and how a running server goes on with it.

use serde_json::{Value, json};

use crate::claim::{terms, url_mode};
use crate::harness::launch::{Launch, write_private};
use crate::harness::{Host, Ran, Reply, TOKEN, Upstream, launch, milestone};

/// A key with every scope that the tests need.
const KEY: &str = "ot_pat_key00001_madebyhand2222";
/// A key that may only read.
const WEAK: &str = "ot_pat_weak0001_madebyhand3333";
const SECRETS: [&str; 2] = ["madebyhand2222", "madebyhand3333"];

/// An OpenTrain that knows both keys.
async fn opentrain() -> Upstream {
    Upstream::answering(|request, _| {
        let bearer = request.header("authorization").first().map_or_else(String::new, ToString::to_string);
        let scopes: &[&str] = match bearer.trim_start_matches("Bearer ") {
            KEY => &["jobs:read", "payments:write"],
            WEAK => &["payments:read"],
            _ => return Reply::refusal(401, "UNAUTHORIZED", &Value::Null),
        };
        match (request.is_write(), request.path()) {
            (false, "/api/public/v1/auth/me") => Reply::json(
                200,
                &json!({ "actor": { "fullName": "Mira Chen" }, "token": { "scopes": scopes }, "account": {} }),
            ),
            (false, _) => Reply::json(200, &json!({ "contracts": [] })),
            (true, _) if scopes.contains(&"payments:write") => {
                Reply::json(201, &json!({ "milestone": milestone("ms_7Rtd") }))
            }
            (true, _) => Reply::refusal(
                403,
                "FORBIDDEN",
                &json!({ "requiredScopes": ["payments:write"], "grantedScopes": scopes }),
            ),
        }
    })
    .await
}

fn file(origin: &str, token: &str) -> Value {
    json!({ "apiToken": token, "baseUrl": origin })
}

fn read(path: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A server whose token stands in the credential file.
fn server(upstream: &Upstream, token: &str) -> Launch {
    launch().credentials(&file(&upstream.origin, token).to_string()).without_guard()
}

/// A person logs in on the machine of a running server.
async fn logs_in(host: &Host, key: &str) {
    let ran = launch().env("HOME", host.home.path().to_str().unwrap()).args(["login"]).run_with(key).await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

fn shows_no_secret(ran: &Ran) {
    for secret in SECRETS {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
    }
}

#[tokio::test]
async fn login_saves_a_checked_key_and_keeps_the_rest() {
    let upstream = opentrain().await;
    let mut before = file(&upstream.origin, WEAK);
    before["claimToken"] = json!("ot_clm_c3f9aa02_claimsecret22");
    before["theirs"] = json!({ "deep": [1, 2.5] });
    let login = launch().credentials(&before.to_string()).env("RUST_LOG", "trace").args(["login"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opentrain/cli.json");
    write_private(&path, &before.to_string());
    let ran = login.env("XDG_CONFIG_HOME", folder.path().to_str().unwrap()).run_with(&format!("  {KEY}\n")).await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for part in ["Mira Chen", "payments:write", "send_message", "messages:write", "go on with it", "claim"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    shows_no_secret(&ran);
    let after = read(&path);
    before["apiToken"] = json!(KEY);
    before.as_object_mut().unwrap().remove("claimToken");
    assert_eq!(after, before, "only the fields of the token change");
    let sent = upstream.only_request();
    assert_eq!(
        (sent.path(), sent.header("authorization")[0]),
        ("/api/public/v1/auth/me", format!("Bearer {KEY}").as_str())
    );
}

#[tokio::test]
async fn what_is_no_working_key_is_not_saved() {
    for (typed, part, asked) in [
        ("", "no key", 0),
        ("\n", "no key", 0),
        ("${OT_API_TOKEN}", "placeholder", 0),
        ("OT_API_TOKEN=ot_pat_c3f9_s3cr3tpart99", "give the value alone", 0),
        ("ot_clm_c3f9aa02_claimsecret22", "claim token", 0),
        ("ot_pat_other001_nobodysecret", "does not accept", 1),
    ] {
        let upstream = opentrain().await;
        let login = server(&upstream, WEAK);
        let path = login.home.path().to_owned();
        let before = std::fs::read_to_string(login.credential_path()).unwrap();
        let login = login.args(["login"]);
        let (command, _home) = (login.run_with(typed), path);
        let ran = command.await;
        assert_eq!(ran.status, Some(2), "{typed}: {ran:?}");
        assert!(ran.stderr.contains(part) && ran.stderr.contains("nothing was saved"), "{typed}: {ran:?}");
        assert_eq!(upstream.requests().len(), asked, "{typed}");
        assert!(!before.is_empty() && !ran.stderr.contains("nobodysecret"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_base_of_the_environment_alone_gets_no_key() {
    let upstream = opentrain().await;
    for (stored, named) in
        [(None, "https://app.opentrain.ai"), (Some("https://stored.example"), "https://stored.example")]
    {
        let mut login = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin);
        if let Some(stored) = stored {
            login = login.credentials(&json!({ "baseUrl": stored }).to_string());
        }
        let ran = login.args(["login"]).run_with(KEY).await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        for part in ["OPENTRAIN_API_BASE_URL", named, upstream.origin.as_str()] {
            assert!(ran.stderr.contains(part), "{part}: {ran:?}");
        }
    }
    assert!(upstream.requests().is_empty(), "no key was sent");
    let same = server(&upstream, WEAK).env("OPENTRAIN_API_BASE_URL", &upstream.origin);
    let ran = same.args(["login"]).run_with(KEY).await;
    assert_eq!(ran.status, Some(0), "the stored base named again is no other one: {ran:?}");
}

#[tokio::test]
async fn a_variable_that_takes_precedence_is_named() {
    let upstream = opentrain().await;
    let ran = server(&upstream, WEAK).env("OT_API_TOKEN", TOKEN).args(["login"]).run_with(KEY).await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("Note: OT_API_TOKEN is set here"), "{ran:?}");
}

#[tokio::test]
async fn the_sandbox_needs_no_login() {
    let ran = launch().args(["--sandbox", "login"]).run_with(KEY).await;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("sandbox"), "{ran:?}");
}

#[tokio::test]
async fn a_login_helps_where_a_scope_is_missing() {
    let upstream = opentrain().await;
    let host = server(&upstream, WEAK).start().await;
    let refused = host.failed("create_milestone", terms()).await;
    let page = format!("{}/employer-settings?tab=api-keys", upstream.origin);
    refused.says(&["lacks the scope payments:write", &page, "opentrain-mcp login"]);
    assert_eq!(refused.error()["keyUrl"], page.as_str(), "{}", refused.0);
    logs_in(&host, KEY).await;
    let created = host.done("create_milestone", terms()).await;
    assert_eq!(created.structured()["outcome"], "created");
    created.says(&["another token was put in"]);
    let again = host.done("create_milestone", terms()).await;
    assert!(!again.text().contains("another token"), "it is told once: {}", again.text());
}

#[tokio::test]
async fn a_server_without_a_token_goes_on_after_a_login() {
    let upstream = opentrain().await;
    let host = launch().credentials(&json!({ "baseUrl": upstream.origin }).to_string()).start().await;
    host.failed("list_contracts", json!({})).await.says(&["opentrain-mcp login"]);
    logs_in(&host, KEY).await;
    host.done("list_contracts", json!({})).await;
}

#[tokio::test]
async fn the_page_for_a_key_comes_before_the_user() {
    let upstream = opentrain().await;
    let host = server(&upstream, WEAK).eliciting(url_mode()).start().await;
    let call = host.begin("create_milestone", terms()).await;
    let asked = host.asked().await;
    assert_eq!(asked["params"]["url"], format!("{}/employer-settings?tab=api-keys", upstream.origin));
    assert!(asked["params"]["message"].as_str().unwrap().contains("payments:write"), "{asked}");
    logs_in(&host, KEY).await;
    host.answer(&asked, json!({ "action": "accept" })).await;
    let created = host.end(call).await;
    assert_eq!(created.structured()["outcome"], "created", "{}", created.0);
}

#[tokio::test]
async fn a_token_of_the_environment_is_not_waited_for() {
    let upstream = opentrain().await;
    let host =
        launch().base(&upstream.origin).env("OT_API_TOKEN", WEAK).without_guard().eliciting(url_mode()).start().await;
    let call = host.begin("create_milestone", terms()).await;
    let asked = host.asked().await;
    host.answer(&asked, json!({ "action": "accept" })).await;
    let refused = host.end(call).await;
    refused.says(&["in place of the one in OT_API_TOKEN"]);
    assert_eq!(upstream.writes(), 2, "the call is tried once more, and no further");
}
