//! `check`: the verdict, why, and what is set.

use serde_json::{Value, json};

use super::account;
use crate::harness::launch::write_private;
use crate::harness::{Reply, SECRET, TOKEN, Upstream, free_port, launch};

#[tokio::test]
async fn check_shows_settings_sources_and_state() {
    let scopes = ["payments:write", "jobs:write", "proposals:write", "messages:write"];
    let upstream = Upstream::giving(&account(&scopes, json!({ "paymentsWrite": true }))).await;
    let ran = launch().at(&upstream).args(["--timeout", "9", "check"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for part in [
        upstream.origin.as_str(),
        "OPENTRAIN_API_BASE_URL",
        "OT_API_TOKEN",
        "personal API token",
        "--timeout",
        "default",
        "Mira Chen",
        "payments:write",
        "Nothing would be refused",
    ] {
        assert!(ran.stdout.contains(part), "{part:?} is missing from:\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET));
    assert!(!ran.stdout.contains("only the toolsets"), "no limit is set: {}", ran.stdout);
    let paths: Vec<String> = upstream.requests().iter().map(|request| request.path().to_owned()).collect();
    let features = "/api/public/v1/job-drafts/capabilities";
    assert_eq!(paths, ["/api/public/v1/auth/me", features, features]);
}

#[tokio::test]
async fn check_names_refusals_reasons_and_remedies() {
    for (body, parts) in [
        (account(&["payments:read"], json!({})), ["create_milestone", "payments:write", "Settings → API keys"]),
        (
            account(&["payments:write"], json!({ "paymentsWrite": false })),
            ["create_milestone", "public_api_payments_write", "switched off"],
        ),
    ] {
        let upstream = Upstream::giving(&body).await;
        let ran = launch().at(&upstream).args(["check"]).run().await;
        assert_eq!(ran.status, Some(1), "{ran:?}");
        for part in parts {
            assert!(ran.stdout.contains(part), "{part:?} is missing from:\n{}", ran.stdout);
        }
    }
}

#[tokio::test]
async fn check_says_once_how_to_get_a_token() {
    let upstream = Upstream::scripted([Reply::refusal(401, "UNAUTHORIZED", &Value::Null)]).await;
    for server in [launch().credentials("{"), launch().at(&upstream).credentials("{")] {
        let ran = server.args(["check"]).run().await;
        assert_eq!(ran.status, Some(1), "{ran:?}");
        for once in ["Settings → API keys", "is not the JSON"] {
            assert_eq!(ran.stdout.matches(once).count(), 1, "{once}: {}", ran.stdout);
        }
        assert!(ran.stdout.contains("OT_API_TOKEN"), "{}", ran.stdout);
    }
}

#[tokio::test]
async fn check_names_each_refusal_once_with_its_tools() {
    let upstream = Upstream::giving(&account(&["payments:read"], json!({}))).await;
    let ran = launch().at(&upstream).args(["check"]).run().await;
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("would be refused: ")).collect();
    assert!(lines.iter().any(|line| line.contains("create_milestone, request_milestone_funding")), "{lines:?}");
    let reasons: std::collections::BTreeSet<_> = lines.iter().map(|line| line.split(": ").nth(2)).collect();
    assert_eq!(reasons.len(), lines.len(), "{lines:?}");
}

#[tokio::test]
async fn check_gives_its_verdict_first_and_the_defaults_last() {
    let upstream = Upstream::giving(&account(&["payments:read"], json!({}))).await;
    let ran = launch().at(&upstream).args(["--timeout", "9", "check"]).run().await;
    assert!(
        ran.stdout.starts_with("NOT READY. ") && ran.stdout.contains("tools would be refused.\n"),
        "{}",
        ran.stdout
    );
    let place = |part: &str| ran.stdout.find(part).unwrap_or_else(|| panic!("{part} is missing: {}", ran.stdout));
    assert!(place("get_auth_status: ") < place("\ntimeout "));
    assert!(place("\ntimeout ") < place("(default)"));
}

#[tokio::test]
async fn check_tells_a_missing_scope_once() {
    let upstream = Upstream::giving(&account(&["payments:read"], json!({}))).await;
    let ran = launch().at(&upstream).args(["check"]).run().await;
    assert!(!ran.stdout.contains("for want of"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("create_milestone").count(), 1, "{}", ran.stdout);
}

#[tokio::test]
async fn check_fails_while_writes_are_frozen_and_says_so_first() {
    let scopes = ["payments:write", "jobs:write", "proposals:write", "messages:write"];
    let upstream = Upstream::giving(&account(&scopes, json!({}))).await;
    let server = launch().at(&upstream);
    write_private(&server.home.path().join(".config/opentrain/mcp-frozen"), "since noon\nan audit\n");
    let ran = server.args(["check"]).run().await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let first = ran.stdout.lines().next().unwrap();
    assert!(first.starts_with("NOT READY. ") && first.contains("an audit") && first.contains("thaw"), "{first}");
}

#[tokio::test]
async fn check_tells_units_and_what_the_sandbox_ignores_in_columns() {
    let server = launch().sandbox(free_port()).env("OT_API_TOKEN", TOKEN);
    let ran = server.args(["--max-milestone-usd", "500", "check"]).run().await;
    let settings: Vec<&str> = ran.stdout.lines().filter(|line| line.ends_with(')')).collect();
    let cell = |name: &str| {
        let line = settings.iter().find(|line| line.split(' ').next() == Some(name)).expect(name);
        line.split_at("max-milestone-usd  ".len()).1.to_owned()
    };
    assert_eq!(cell("timeout"), "30 s  (default)");
    assert_eq!(cell("duplicate-window"), "15 min  (default)");
    assert_eq!(cell("max-milestone-usd"), "$500  (--max-milestone-usd)");
    assert_eq!(cell("token"), "ignored: the sandbox is on  (OT_API_TOKEN)");
}
