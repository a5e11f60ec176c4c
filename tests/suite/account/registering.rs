//! `register_agent`.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{CLAIM, NEW, OLD, OpenTrain, REGISTER, bearer, credential_path, kept, line, shows_no_secret};
use crate::harness::launch::write_private;
use crate::harness::{Reply, TOKEN, Upstream, launch};

#[tokio::test]
async fn the_account_is_saved_as_opentrains_own_tools_save_it() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.server().start().await;
    let path = credential_path(&host);
    let answer = host.done("register_agent", json!({ "agentName": "Scout", "organizationName": "Acme" })).await;
    let expected = json!({ "apiToken": OLD, "issuedBy": opentrain.upstream.origin, "claimToken": CLAIM });
    assert_eq!(kept(&path), expected, "a base that only the environment names is not written as baseUrl");
    #[cfg(unix)]
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "for its owner only");
    shows_no_secret("the answer", &answer.0.to_string());
    answer.says(&["Registered", "claim_account"]);
    let structured = answer.structured();
    assert_eq!((&structured["registration_id"], &structured["outcome"]), (&json!("reg_5Tq1"), &json!("created")));
    assert_eq!(
        structured["scopes"],
        json!(["jobs:read", "jobs:write", "payments:read"]),
        "what else came is passed on"
    );
    assert_eq!(structured["claim_token_expires_at"], "2026-06-13T10:00:00.000Z");
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["cli.json", "cli.json.lock"], "nothing is left lying about");
}

#[tokio::test]
async fn the_file_is_where_xdg_config_home_says() {
    let opentrain = OpenTrain::new().await;
    let config = tempfile::tempdir().unwrap();
    let host = opentrain.server().env("XDG_CONFIG_HOME", config.path().to_str().unwrap()).start().await;
    host.done("register_agent", json!({})).await;
    assert_eq!(kept(&config.path().join("opentrain/cli.json"))["apiToken"], OLD);
    assert!(!credential_path(&host).exists(), "and nowhere else");
}

#[tokio::test]
async fn a_registration_is_json_without_a_token() {
    for token in [None, Some(TOKEN)] {
        let opentrain = OpenTrain::new().await;
        let mut server = opentrain.server();
        if let Some(token) = token {
            server = server.env("OT_API_TOKEN", token);
        }
        let host = server.start().await;
        host.done("register_agent", json!({ "agentName": "Scout", "organizationName": "Acme" })).await;
        let sent = opentrain.only(REGISTER);
        assert_eq!(sent.header("content-type"), ["application/json"]);
        let body: Value = serde_json::from_str(sent.body()).unwrap();
        assert_eq!(body, json!({ "agent_name": "Scout", "organization_name": "Acme" }));
        assert!(sent.header("authorization").is_empty(), "with {token:?} in the environment");
    }
}

#[tokio::test]
async fn without_names_an_empty_object_is_sent() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.server().start().await;
    host.done("register_agent", json!({})).await;
    assert_eq!(opentrain.only(REGISTER).body(), "{}");
}

#[tokio::test]
async fn a_new_token_survives_a_restart() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.server().start().await;
    host.done("register_agent", json!({})).await;
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), OLD);
    let config = host.home.path().join(".config");
    let later = opentrain.server().env("XDG_CONFIG_HOME", config.to_str().unwrap()).start().await;
    later.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), OLD, "another process finds it");
    later.done("claim_account", json!({ "email": "mira@example.com" })).await;
}

#[tokio::test]
async fn only_a_person_replaces_a_saved_account() {
    let opentrain = OpenTrain::new().await;
    let saved = json!({
        "apiToken": NEW, "baseUrl": opentrain.upstream.origin, "theirs": { "deep": [1, 2.50] }, "editor": "vi"
    });
    let server = opentrain.server().credentials(&saved.to_string());
    let path = server.credential_path();
    let host = server.start().await;
    for arguments in [json!({}), json!({ "force": true }), json!({ "agentName": "Scout" })] {
        let answer = host.failed("register_agent", arguments.clone()).await;
        assert_eq!(answer.error()["outcome"], "not_done", "{arguments}");
    }
    assert!(opentrain.upstream.requests().is_empty(), "nothing was sent");
    assert_eq!(kept(&path), saved);
    host.failed("register_agent", json!({})).await.says(&["only a person", "opentrain-mcp logout"]);
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), NEW);
}

#[tokio::test]
async fn an_account_of_another_process_is_not_replaced() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.server().start().await;
    let path = credential_path(&host);
    write_private(&path, &opentrain.file(NEW, None));
    host.failed("register_agent", json!({})).await.says(&["only a person", "opentrain-mcp logout"]);
    assert!(opentrain.upstream.requests().is_empty(), "nothing was sent");
    assert_eq!(kept(&path)["apiToken"], NEW);
}

#[tokio::test]
async fn an_unusable_saved_account_is_not_replaced() {
    for saved in [
        json!({ "apiToken": NEW, "baseUrl": "https://opentrain.example" }),
        json!({ "apiToken": "no token at all" }),
        json!({ "claimToken": CLAIM }),
    ] {
        let opentrain = OpenTrain::new().await;
        let server = opentrain.server().credentials(&saved.to_string());
        let path = server.credential_path();
        let host = server.start().await;
        host.failed("register_agent", json!({})).await.says(&["only a person", "opentrain-mcp logout"]);
        assert!(opentrain.upstream.requests().is_empty(), "{saved}: nothing was sent");
        assert_eq!(kept(&path), saved);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_a_link_stays_one() {
    let opentrain = OpenTrain::new().await;
    let server = opentrain.server();
    let path = server.credential_path();
    let elsewhere = path.with_file_name("elsewhere.json");
    write_private(&elsewhere, "{}");
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let host = server.start().await;
    host.done("register_agent", json!({})).await;
    assert!(path.is_symlink());
    assert_eq!(kept(&elsewhere)["apiToken"], OLD);
}

#[tokio::test]
async fn an_unreadable_file_is_left_and_nothing_sent() {
    for broken in ["{\"apiToken\": \"ot_pat_half", "[]", "{\"apiToken\": 5}"] {
        let opentrain = OpenTrain::new().await;
        let server = opentrain.server().credentials(broken);
        let path = server.credential_path();
        let host = server.start().await;
        host.failed("register_agent", json!({})).await.says(&["cli.json"]);
        assert!(opentrain.upstream.requests().is_empty(), "{broken}: nothing was sent");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
    }
}

#[tokio::test]
async fn without_a_place_to_save_nothing_is_sent() {
    let opentrain = OpenTrain::new().await;
    let server = opentrain.server();
    let path = server.credential_path();
    std::fs::create_dir_all(path.with_extension("json.lock")).unwrap();
    let host = server.start().await;
    let answer = host.failed("register_agent", json!({})).await;
    answer.says(&["cli.json"]);
    assert_eq!(answer.error()["reason"], "secret_not_kept", "a token is not what is missing: {}", answer.0);
    assert!(opentrain.upstream.requests().is_empty(), "nothing was sent");
    std::fs::remove_dir(path.with_extension("json.lock")).unwrap();
    host.done("register_agent", json!({})).await;
    assert_eq!(kept(&path)["apiToken"], OLD, "it works as soon as the way is free");
}

#[tokio::test]
async fn an_environment_token_stays_in_use_with_a_note() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.server().env("OPENTRAIN_PERSONAL_API_TOKEN", TOKEN).start().await;
    let answer = host.done("register_agent", json!({})).await;
    answer.says(&["OPENTRAIN_PERSONAL_API_TOKEN", "in use"]);
    assert_eq!(kept(&credential_path(&host))["apiToken"], OLD, "the file is written all the same");
    host.call("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), TOKEN);
}

#[tokio::test]
async fn a_refusal_names_a_way_out_and_saves_nothing() {
    for (status, error, said) in [
        (403, "anonymous_not_enabled", "A person makes a key"),
        (429, "rate_limit_exceeded", "Wait"),
        (400, "unsupported_identity_type", "unsupported_identity_type"),
    ] {
        let body = json!({ "error": error, "error_description": "No agents today." });
        let upstream = Upstream::scripted([Reply::json(status, &body)]).await;
        let host = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).start().await;
        let answer = host.failed("register_agent", json!({})).await;
        answer.says(&["No agents today", said]);
        assert_eq!((&answer.error()["status"], answer.code()), (&json!(status), error));
        assert_eq!(upstream.requests().len(), 1, "{error}: a registration is never sent twice");
        assert!(!credential_path(&host).exists(), "{error}");
    }
}

#[tokio::test]
async fn an_answer_without_tokens_is_unknown() {
    for (about, reply) in [
        ("no tokens", Reply::json(200, &json!({ "identity_type": "anonymous" }))),
        ("half of it", Reply::json(200, &json!({ "access_token": OLD, "claim_token": CLAIM })).cut_after(20)),
        ("nothing", Reply::reset()),
        ("a page", Reply::new(200, "<html>hello</html>")),
    ] {
        let upstream = Upstream::scripted([reply]).await;
        let host = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).start().await;
        let answer = host.failed("register_agent", json!({})).await;
        assert_eq!(answer.error()["outcome"], "unknown", "{about}: {}", answer.0);
        assert_eq!(upstream.requests().iter().filter(|request| line(request) == REGISTER).count(), 1, "{about}");
        assert!(!credential_path(&host).exists(), "{about}");
        shows_no_secret(about, &answer.0.to_string());
    }
}

#[tokio::test]
async fn an_answer_that_repeats_its_tokens_elsewhere_shows_none() {
    let body = json!({
        "access_token": OLD, "claim_token": CLAIM, "refresh_token": "ot_ref_0_somethingelse", "scopes": ["jobs:read"],
        "message": format!("Your token is {OLD}."), "links": { "claim": format!("https://x.example/?t={CLAIM}") }
    });
    let upstream = Upstream::scripted([Reply::json(200, &body)]).await;
    let host = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).without_guard().start().await;
    let answer = host.done("register_agent", json!({})).await;
    shows_no_secret("the answer", &answer.0.to_string());
    assert!(answer.structured().get("refresh_token").is_none(), "{}", answer.0);
    assert_eq!(answer.structured()["scopes"], json!(["jobs:read"]), "the rest is there");
    assert_eq!(kept(&credential_path(&host))["apiToken"], OLD, "and what is kept is not masked");
}

#[tokio::test]
async fn a_missing_token_is_told_with_a_way_out() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.server().start().await;
    let answer = host.failed("list_contracts", json!({})).await;
    assert_eq!(answer.code(), "NOT_CONFIGURED");
    assert!(opentrain.upstream.requests().is_empty());
    host.done("register_agent", json!({})).await;
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.upstream.requests().iter().map(bearer).collect::<Vec<_>>(), ["", OLD]);
}
