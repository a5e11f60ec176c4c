//! Agents' keys: who is let in, and how soon a change of the file holds.

use serde_json::json;

use crate::served::message;
use crate::server;

#[tokio::test]
async fn every_wrong_key_gets_the_same_401() {
    let (api, server) = server().await;
    let good = server.agent("ci", &[]).await;
    server.agent("other", &[]).await;
    let revoked = server.agent("old", &[]).await;
    server.command(&["agents", "revoke", "old"]).await;
    server.admits(&revoked, false).await;
    let (id, secret) = (&good[..17], &revoked[17..]);
    let mut seen = Vec::new();
    for key in ["", "x", &format!("{id}{secret}"), &revoked, &good[..good.len() - 1], "ot_pat_c3f9aa01_s3cr3tpart99zz"]
    {
        let response = server.caller(key).asking("tools/list", json!({})).send().await.unwrap();
        assert_eq!(response.status(), 401, "{key}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        seen.push(response.text().await.unwrap());
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let twice = server.caller(&good).header("authorization", &format!("Bearer {revoked}"));
    assert_eq!(twice.asking("tools/list", json!({})).send().await.unwrap().status(), 401);
    assert!(server.get("/.well-known/oauth-protected-resource/mcp").await.status() == 404);
    assert!(!server.caller(&good).tools().await.is_empty());
    assert!(api.upstream.requests().is_empty());
}

#[tokio::test]
async fn a_change_of_the_agents_holds_at_once() {
    let (_api, server) = server().await;
    let first = server.agent("ci", &["--expires", "90d"]).await;
    let next = server.command(&["agents", "rotate", "ci", "--expires", "1h"]).await;
    server.admits(&next, true).await;
    server.admits(&first, false).await;
    let path = server.home.path().join(".config/opentrain-mcp/agents.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{good}max_dai_usd = \"5\"\n")).unwrap();
    server.logged("the last good ones stay in use").await;
    server.admits(&next, true).await;
    std::fs::remove_file(&path).unwrap();
    server.admits(&next, false).await;
    assert!(!server.log().contains(&next[17..]) && !good.contains(&next[17..]), "no secret is kept");
}

#[tokio::test]
async fn a_list_of_agents_shows_limits_and_no_key() {
    let (_api, server) = server().await;
    let key = server.agent("ci", &["--read-only", "--toolsets", "contracts", "--max-milestone-usd", "5"]).await;
    server.agent("open", &["--max-day-usd", "99.50"]).await;
    server.command(&["agents", "revoke", "open"]).await;
    let list = server.command(&["agents", "list"]).await;
    for part in
        ["ci · otm_", "read-only · only the toolsets contracts · at most $5 a milestone", "REVOKED", "$99.50 a day"]
    {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(!list.contains(&key[17..]), "{list}");
}

#[tokio::test]
async fn a_refused_message_shows_no_secret() {
    let (_api, server) = server().await;
    let key = server.agent("ci", &[]).await;
    let call = json!({ "name": format!("x{key}"), "arguments": {} });
    let answer =
        message(server.caller(&key).speaking("2025-11-25").asking("tools/call", call).send().await.unwrap()).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("[token hidden]"), "{answer}");
    assert!(!answer.to_string().contains(&key[17..]), "{answer}");
}
