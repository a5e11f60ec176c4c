//! `opentrain-mcp logout`.

use serde_json::{Value, json};

use super::{CLAIM, NEW, OLD, OpenTrain, REVOKE, kept, shows_no_secret};
use crate::harness::launch::write_private;
use crate::harness::{Refusing, Reply, TOKEN, Upstream, launch};

#[tokio::test]
async fn logout_revokes_the_token_and_keeps_other_keys() {
    let opentrain = OpenTrain::new().await;
    let mut file: Value = serde_json::from_str(&opentrain.file(OLD, Some(CLAIM))).unwrap();
    file["theirs"] = json!({ "deep": [1, 2.5] });
    let config = tempfile::tempdir().unwrap();
    let path = config.path().join("opentrain/cli.json");
    write_private(&path, &file.to_string());
    let server = opentrain.server().env("XDG_CONFIG_HOME", config.path().to_str().unwrap());
    let ran = server.env("RUST_LOG", "trace").args(["logout"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("Revoked"), "{}", ran.stdout);
    let sent = opentrain.only(REVOKE);
    assert_eq!(sent.header("content-type"), ["application/x-www-form-urlencoded"]);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&sent.body).into_owned().collect();
    assert_eq!(fields, [("token".to_owned(), OLD.to_owned())]);
    assert!(sent.header("authorization").is_empty());
    let left = kept(&path);
    assert_eq!((left.get("apiToken"), left.get("claimToken")), (None, None));
    assert_eq!(left.get("baseUrl"), None, "it would lead the next token there");
    assert_eq!(left["theirs"], file["theirs"]);
    shows_no_secret("what it prints", &format!("{}{}", ran.stdout, ran.stderr));
}

#[tokio::test]
async fn where_nothing_is_kept_there_is_nothing_to_do() {
    let opentrain = OpenTrain::new().await;
    let ran = opentrain.server().args(["logout"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("no account"), "{}", ran.stdout);
    assert!(opentrain.upstream.requests().is_empty());
}

#[tokio::test]
async fn an_irrevocable_account_is_not_called_missing() {
    let opentrain = OpenTrain::new().await;
    let file = json!({ "apiToken": NEW, "baseUrl": "https://opentrain.example" });
    let ran = opentrain.server().credentials(&file.to_string()).args(["logout"]).run().await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("https://opentrain.example"), "it says where it belongs: {}", ran.stderr);
    assert!(opentrain.upstream.requests().is_empty());
}

#[tokio::test]
async fn an_environment_token_is_not_revoked() {
    let opentrain = OpenTrain::new().await;
    let server = opentrain.server().credentials(&opentrain.file(NEW, None)).env("OT_API_TOKEN", TOKEN);
    let ran = server.args(["logout"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(opentrain.only(REVOKE).body().contains(NEW), "the saved one is revoked");
    assert!(ran.stdout.contains("OT_API_TOKEN"), "{}", ran.stdout);
}

#[tokio::test]
async fn what_could_not_be_revoked_is_not_forgotten() {
    let broken = Upstream::scripted([Reply::json(500, &json!({ "error": "server_error" }))]).await;
    let nobody = Refusing::new();
    for origin in [broken.origin.clone(), nobody.origin()] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("opentrain/cli.json");
        let file = json!({ "apiToken": OLD, "baseUrl": origin, "claimToken": CLAIM });
        write_private(&path, &file.to_string());
        let server = launch().env("OPENTRAIN_API_BASE_URL", &origin);
        let ran = server.env("XDG_CONFIG_HOME", home.path().to_str().unwrap()).args(["logout"]).run().await;
        assert_ne!(ran.status, Some(0), "{ran:?}");
        assert!(!ran.stderr.is_empty(), "{origin}: it says why");
        assert_eq!(kept(&path), file, "{origin}");
        shows_no_secret("what it prints", &format!("{}{}", ran.stdout, ran.stderr));
    }
}
