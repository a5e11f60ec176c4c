//! `get_claim_status`: not yet, asked too early, claimed, gone.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    CLAIM, EXCHANGE, NEW, OLD, OpenTrain, credential_path, granted, holds_the_new_token, kept, oauth, shows_no_secret,
};
use crate::harness::launch::write_private;
use crate::harness::{Answer, Gate, Host, Reply, TOKEN, record};

fn mira() -> serde_json::Value {
    json!({ "email": "mira@example.com" })
}

#[tokio::test]
async fn asking_too_early_is_no_error_and_unsent() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.registered().start().await;
    for _ in 0..3 {
        let answer = host.done("get_claim_status", json!({})).await;
        answer.says(&["pending"]);
        let structured = answer.structured();
        assert_eq!(structured["status"], "pending");
        assert!((1..=5).contains(&structured["retryAfterSeconds"].as_u64().unwrap()), "{}", answer.0);
    }
    assert_eq!(opentrain.came(), [EXCHANGE], "once in 5 seconds");
    assert_eq!(kept(&credential_path(&host))["apiToken"], OLD, "and nothing has changed");
}

#[tokio::test]
async fn the_interval_that_opentrain_names_is_kept() {
    let opentrain = OpenTrain::new().await.asked_every(1);
    let host = opentrain.registered().start().await;
    host.done("claim_account", mira()).await;
    let first = Instant::now();
    host.done("get_claim_status", json!({})).await;
    while opentrain.count(EXCHANGE) < 2 {
        host.done("get_claim_status", json!({})).await;
        assert!(first.elapsed() < Duration::from_secs(30), "it asks again in the end");
    }
    assert!(first.elapsed() >= Duration::from_millis(990), "not before a second is over: {:?}", first.elapsed());
    assert!(first.elapsed() < Duration::from_secs(5), "but not as late as without a word of OpenTrain's");
}

#[tokio::test]
async fn a_huge_interval_delays_no_answer() {
    let opentrain = OpenTrain::new().await.asked_every(u64::MAX).answers_next([oauth("slow_down")]);
    let host = opentrain.registered().start().await;
    host.done("get_claim_status", json!({})).await;
    host.done("claim_account", mira()).await;
    let answer = host.done("get_claim_status", json!({})).await;
    let seconds = answer.structured()["retryAfterSeconds"].as_u64().unwrap();
    assert!(seconds <= 600, "{seconds}");
    opentrain.claim();
    host.failed("list_contracts", json!({})).await.says(&["401"]);
}

#[tokio::test]
async fn slow_down_makes_the_pause_longer() {
    let opentrain = OpenTrain::new().await.answers_next([oauth("slow_down")]);
    let host = opentrain.registered().start().await;
    let answer = host.done("get_claim_status", json!({})).await;
    let structured = answer.structured();
    assert_eq!((&structured["status"], &structured["retryAfterSeconds"]), (&json!("pending"), &json!(10)));
    host.done("get_claim_status", json!({})).await.says(&["pending"]);
    assert_eq!(opentrain.count(EXCHANGE), 1);
}

#[tokio::test]
async fn a_claimed_account_saves_and_uses_its_new_token() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().start().await;
    let answer = host.done("get_claim_status", json!({})).await;
    holds_the_new_token(&credential_path(&host));
    assert_eq!(answer.structured()["status"], "claimed");
    answer.says(&["claimed", "payments:write", "Settings → API keys"]);
    assert!(answer.structured()["scopes"].as_array().unwrap().contains(&json!("messages:write")), "{}", answer.0);
    shows_no_secret("the answer", &answer.0.to_string());
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), NEW);
    let again = host.call("get_claim_status", json!({})).await;
    again.says(&["claimed", "fetched before"]);
    assert_eq!(again.structured()["status"], "claimed");
    assert_eq!(opentrain.count(EXCHANGE), 1, "there is nothing more to ask for");
}

#[tokio::test]
async fn what_others_keep_in_the_file_stays_there() {
    let opentrain = OpenTrain::claimed().await;
    let mut file: serde_json::Value = serde_json::from_str(&opentrain.file(OLD, Some(super::CLAIM))).unwrap();
    file["theirs"] = json!({ "deep": [1, 2.5], "name": "Łódź" });
    let host = opentrain.server().credentials(&file.to_string()).start().await;
    host.done("get_claim_status", json!({})).await;
    let path = credential_path(&host);
    holds_the_new_token(&path);
    assert_eq!((&kept(&path)["theirs"], &kept(&path)["baseUrl"]), (&file["theirs"], &file["baseUrl"]));
}

#[tokio::test]
async fn an_environment_token_stays_and_the_new_is_saved() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().env("OT_API_TOKEN", TOKEN).start().await;
    host.done("get_claim_status", json!({})).await.says(&["claimed", "OT_API_TOKEN", "in use"]);
    holds_the_new_token(&credential_path(&host));
    host.call("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), TOKEN);
}

#[tokio::test]
async fn no_answer_says_an_environment_token_was_replaced() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().env("OT_API_TOKEN", TOKEN).start().await;
    let answer = host.done("get_claim_status", json!({})).await;
    assert!(!answer.text().contains("The new token is in use"), "it is not: {}", answer.text());
}

#[tokio::test]
async fn a_lost_answer_may_be_gone_and_says_so() {
    for (about, reply) in [
        ("reset", Reply::reset()),
        ("cut", granted().cut_after(30)),
        ("no token in it", Reply::json(200, &json!({ "token_type": "bearer" }))),
        ("a page", Reply::new(200, "<html>hello</html>")),
        ("a broken gateway", Reply::new(502, "<html>bad gateway</html>")),
        ("no answer in time", Reply::hang()),
    ] {
        let opentrain = OpenTrain::new().await.answers_next([reply]);
        let host = opentrain.registered().env("OPENTRAIN_TIMEOUT", "0.5").start().await;
        let answer = host.failed("get_claim_status", json!({})).await;
        assert_eq!(answer.error()["outcome"], "unknown", "{about}: {}", answer.0);
        answer.says(&["may be gone", "Settings → API keys", "OT_API_TOKEN"]);
        assert_eq!(opentrain.count(EXCHANGE), 1, "{about}: it is never asked twice by itself");
        let file = kept(&credential_path(&host));
        assert_eq!((&file["apiToken"], &file["claimToken"]), (&json!(OLD), &json!(super::CLAIM)), "{about}");
        shows_no_secret(about, &answer.0.to_string());
    }
}

#[tokio::test]
async fn what_was_not_asked_is_not_told_as_known() {
    // The answer was lost: whether the account is claimed is not known, and the next question comes too early.
    let opentrain = OpenTrain::new().await.answers_next([Reply::reset()]);
    let host = opentrain.registered().start().await;
    host.failed("get_claim_status", json!({})).await;
    let answer = host.call("get_claim_status", json!({})).await;
    assert_eq!(opentrain.count(EXCHANGE), 1);
    assert!(!answer.text().contains("nobody has claimed"), "nobody has said that: {}", answer.text());
}

#[tokio::test]
async fn a_second_exchange_says_the_token_was_delivered() {
    let opentrain = OpenTrain::new().await.answers_next([Reply::reset(), oauth("invalid_grant")]);
    let host = opentrain.registered().start().await;
    host.done("claim_account", mira()).await;
    host.failed("get_claim_status", json!({})).await;
    let answer = host.failed("get_claim_status", json!({})).await;
    assert_eq!(answer.code(), "invalid_grant");
    answer.says(&["delivered already", "Settings → API keys", "OT_API_TOKEN"]);
}

#[tokio::test]
async fn a_refusal_never_shows_the_claim_token() {
    let body = json!({ "error": "invalid_grant", "error_description": format!("{} is unknown", super::CLAIM) });
    let opentrain = OpenTrain::new().await.answers_next([Reply::json(400, &body)]);
    let host = opentrain.registered().env("RUST_LOG", "trace").start().await;
    let answer = host.failed("get_claim_status", json!({})).await;
    shows_no_secret("the answer", &answer.0.to_string());
    shows_no_secret("stderr", &host.stderr());
}

#[tokio::test]
async fn read_only_hides_them_and_sends_nothing() {
    let opentrain = OpenTrain::claimed().await;
    let host = opentrain.registered().args(["--read-only"]).start().await;
    let tools = host.tools().await;
    for (name, arguments) in [("register_agent", json!({})), ("claim_account", mira()), ("get_claim_status", json!({}))]
    {
        assert!(!tools.iter().any(|tool| tool["name"] == name), "{name} is listed");
        assert_eq!(host.failed(name, arguments).await.error()["reason"], "read_only", "{name}");
    }
    assert!(opentrain.upstream.requests().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn where_the_token_could_not_be_kept_nothing_is_asked() {
    let opentrain = OpenTrain::claimed().await;
    let server = opentrain.registered();
    let lock = server.credential_path().with_extension("json.lock");
    std::fs::create_dir_all(&lock).unwrap();
    let host = server.start().await;
    host.failed("get_claim_status", json!({})).await.says(&["cli.json"]);
    assert!(opentrain.upstream.requests().is_empty(), "it would be delivered to nowhere");
}

#[tokio::test]
async fn an_unsent_question_needs_no_pause() {
    let opentrain = OpenTrain::claimed().await;
    let server = opentrain.registered();
    let lock = server.credential_path().with_extension("json.lock");
    std::fs::create_dir_all(&lock).unwrap();
    let host = server.start().await;
    host.failed("get_claim_status", json!({})).await;
    std::fs::remove_dir(&lock).unwrap();
    let answer = host.done("get_claim_status", json!({})).await;
    assert_eq!(answer.structured()["status"], "claimed", "{}", answer.0);
    holds_the_new_token(&credential_path(&host));
}

/// A claim whose token comes when it cannot be saved any more, and the answer.
async fn claimed_with_the_file_in_the_way() -> (OpenTrain, Host, Answer) {
    let gate = Gate::closed();
    let opentrain = OpenTrain::new().await.answers_next([granted().once_open(&gate)]);
    let host = opentrain.registered().start().await;
    let path = credential_path(&host);
    let id = host.begin("get_claim_status", json!({})).await;
    opentrain.upstream.has_seen(1).await;
    // Whatever stood ready to take the token cannot take the file's place now.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir_all(path.join("in the way")).unwrap();
    opentrain.claim();
    gate.open();
    let answer = host.end(id).await;
    (opentrain, host, answer)
}

#[tokio::test]
async fn an_unsaved_token_stays_in_use_with_a_note() {
    let (opentrain, host, answer) = claimed_with_the_file_in_the_way().await;
    assert!(!answer.is_error(), "the account is claimed: {}", answer.0);
    answer.says(&["claimed", "could not be saved", "cli.json"]);
    shows_no_secret("the answer", &answer.0.to_string());
    for _ in 0..2 {
        host.done("list_contracts", json!({})).await;
        assert_eq!(opentrain.last_bearer(), NEW, "it is in use until this server stops");
    }
}

#[tokio::test]
async fn an_unsaved_token_outlives_the_old_file() {
    let (opentrain, host, answer) = claimed_with_the_file_in_the_way().await;
    answer.says(&["could not be saved"]);
    let path = credential_path(&host);
    // The file is there again, as it was.
    std::fs::remove_dir_all(&path).unwrap();
    write_private(&path, &opentrain.file(OLD, Some(CLAIM)));
    host.failed("register_agent", json!({})).await.says(&["only a person"]);
    host.done("list_contracts", json!({})).await;
    assert_eq!(opentrain.last_bearer(), NEW);
}

#[tokio::test]
async fn an_unsaved_token_is_saved_at_the_next_call() {
    let (_opentrain, host, answer) = claimed_with_the_file_in_the_way().await;
    answer.says(&["could not be saved"]);
    let path = credential_path(&host);
    std::fs::remove_dir_all(&path).unwrap();
    host.done("list_contracts", json!({})).await.says(&["could not be saved before", "cli.json"]);
    holds_the_new_token(&path);
}

#[tokio::test]
async fn an_unsaved_token_is_saved_at_the_end() {
    let (_opentrain, host, answer) = claimed_with_the_file_in_the_way().await;
    answer.says(&["could not be saved"]);
    let path = credential_path(&host);
    std::fs::remove_dir_all(&path).unwrap();
    host.close_input().await;
    host.exit_within(std::time::Duration::from_secs(6)).await;
    holds_the_new_token(&path);
}

#[tokio::test]
async fn where_nothing_is_registered_nothing_is_said_of_creating() {
    let opentrain = OpenTrain::new().await;
    let host = opentrain.server().start().await;
    let answer = host.failed("get_claim_status", json!({})).await;
    assert!(answer.text().starts_with("Not fetched: No claim is open here"), "{}", answer.text());
}

#[tokio::test]
async fn a_pending_approval_is_not_recorded_as_done() {
    let opentrain = OpenTrain::new().await.asked_every(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let host = opentrain.registered().args(["--audit-log", path.to_str().unwrap()]).start().await;
    host.done("claim_account", mira()).await;
    host.done("get_claim_status", json!({})).await;
    opentrain.claim();
    host.done("get_claim_status", json!({})).await;
    let ended: Vec<_> = record(&path).into_iter().filter(|line| line["phase"] == "after").collect();
    let outcomes: Vec<_> = ended.iter().map(|line| (&line["tool"], &line["outcome"], &line["code"])).collect();
    let (start, ask, none) = (json!("claim_account"), json!("get_claim_status"), json!(null));
    assert_eq!(
        outcomes,
        [
            (&start, &json!("pending_approval"), &none),
            (&ask, &json!("not_done"), &json!("authorization_pending")),
            (&ask, &json!("done"), &none)
        ]
    );
}
