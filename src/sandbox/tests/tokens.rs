//! Tokens and the team.

use serde_json::{Value, json};

use super::{Agent, Sandbox, V1, call, claimed_sandbox, get, post, roles, sandbox};
use crate::api::token::Token;
use crate::sandbox::default_token;

async fn tokens(sandbox: &Sandbox, role: &str) -> Vec<Value> {
    let listing = get(&format!("{V1}/tokens")).role(role).send(sandbox).await.json();
    listing["tokens"].as_array().unwrap().clone()
}

#[tokio::test]
async fn tokens_are_listed_without_their_secrets() {
    let sandbox = sandbox().await;
    let listed = tokens(&sandbox, "read-only").await;
    assert_eq!(listed.len(), 6);
    let own = listed.iter().find(|token| token["id"] == "sandboxreadonly").unwrap();
    let expected = json!({
        "id": "sandboxreadonly", "name": "sandbox read-only", "preview": "ot_pat_sand********et04",
        "scopes": ["jobs:read", "proposals:read", "messages:read", "payments:read", "team:read"],
        "status": "active", "organizationId": "org_4Hq8", "createdAt": "2026-04-01T09:00:00.000Z",
        "lastUsedAt": "2026-06-12T10:00:00.000Z", "expiresAt": null, "revokedAt": null,
    });
    assert_eq!(own.to_string(), expected.to_string());
    let revoked = listed.iter().find(|token| token["id"] == "sandboxrevoked").unwrap();
    assert_eq!([&revoked["status"], &revoked["lastUsedAt"]], [&json!("revoked"), &Value::Null]);
    assert!(!json!(listed).to_string().contains("notarealsecret"));
}

#[tokio::test]
async fn revoking_the_token_in_use_locks_it_out() {
    let sandbox = sandbox().await;
    let revoke = |id: &str| call("DELETE", &format!("{V1}/tokens/{id}"), "");
    let other = revoke("sandboxreadonly").send(&sandbox).await;
    assert_eq!((other.status, &other.json()["token"]["status"]), (200, &json!("revoked")));
    assert_eq!(get(&format!("{V1}/auth/me")).role("read-only").send(&sandbox).await.status, 401);
    let missing = revoke("sandboxnone").send(&sandbox).await.refusal();
    assert_eq!(missing, (404, "NOT_FOUND".into(), json!({ "tokenId": "sandboxnone" })));
    let agent = Agent::register(&sandbox).await;
    assert_eq!(agent.call("DELETE", "/tokens/sandboxowner", "").send(&sandbox).await.status, 404, "another account's");
    assert_eq!(revoke("sandboxowner").send(&sandbox).await.status, 200);
    assert_eq!(revoke("sandboxowner").send(&sandbox).await.status, 401);
}

#[tokio::test]
async fn the_team_is_the_documented_shape() {
    let sandbox = sandbox().await;
    let team = get(&format!("{V1}/team")).send(&sandbox).await.json();
    let expected = json!({ "team": {
        "organization": {
            "id": "org_4Hq8", "name": "Chen Language Data", "ownerUserId": "usr_2Mc5", "ownerName": "Mira Chen",
        },
        "members": [
            { "userId": "usr_2Mc5", "role": "OWNER", "name": "Mira Chen", "email": "owner@example.com",
              "joinedAt": "2026-03-02T08:00:00.000Z" },
            { "userId": "usr_5Jb8", "role": "MEMBER", "name": "Kofi Mensah", "email": "kofi@example.com",
              "joinedAt": "2026-04-20T08:30:00.000Z" },
        ],
        "invites": [{ "id": "tin_4Ye1", "email": "lena@example.com", "createdAt": "2026-06-10T15:00:00.000Z",
                      "expiresAt": "2026-06-17T15:00:00.000Z" }],
    }});
    assert_eq!(team.to_string(), expected.to_string());
    let agent = Agent::register(&sandbox).await;
    let team = agent.get("/team").send(&sandbox).await.json()["team"].take();
    assert_eq!([&team["organization"]["name"], &team["members"]], [&json!("Agent"), &json!([])]);
    let members = agent.claim(&sandbox).await.get("/team").send(&sandbox).await.json()["team"]["members"].take();
    assert_eq!(members[0]["email"], "person@example.org");
}

#[tokio::test]
async fn an_invitation_has_three_outcomes() {
    let sandbox = claimed_sandbox().await;
    let invite = async |email: &str| {
        let body = json!({ "email": email }).to_string();
        let reply = post(&format!("{V1}/team/invites"), &body).send(&sandbox).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    };
    let new = invite("new@example.org").await;
    assert_eq!(
        [&new["ok"], &new["status"], &new["email"]],
        [&json!(true), &json!("invite_created"), &json!("new@example.org")]
    );
    assert_eq!(new["team"]["invites"].as_array().map(Vec::len), Some(2));
    assert_eq!(invite("new@example.org").await["team"]["invites"].as_array().map(Vec::len), Some(2), "one each");
    let added = invite("noor@example.net").await;
    assert_eq!([&added["status"], &added["team"]["members"][2]["email"]], ["member_added", "noor@example.net"]);
    for email in ["Noor@example.net", "owner@example.com", "kofi@example.com"] {
        assert_eq!(invite(email).await["status"], "already_member", "{email}");
    }
}

#[tokio::test]
async fn an_invitation_is_refused_as_documented() {
    let sandbox = claimed_sandbox().await;
    let invite = async |body: &str| post(&format!("{V1}/team/invites"), body).send(&sandbox).await.refusal();
    let (status, code, details) = invite("{}").await;
    assert_eq!((status, code.as_str(), &details["issues"][0]["path"]), (400, "BAD_REQUEST", &json!(["email"])));
    assert_eq!(invite(r#"{"email":"no address"}"#).await.2, json!({ "email": "no address" }));
    let unsent = (409, "CONFLICT".to_owned(), json!({ "reason": "invite_email_send_failed" }));
    assert_eq!(invite(r#"{"email":"a@mail.invalid"}"#).await, unsent);
    let read_only = post(&format!("{V1}/team/invites"), r#"{"email":"a@example.org"}"#).role("read-only");
    assert_eq!(read_only.send(&sandbox).await.refusal().2["requiredScopes"], json!(["team:write"]));

    let body = r#"{"organization_name":"teams-off-test"}"#;
    let made = post("/api/agent/identity", body).without_token().send(&sandbox).await.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let agent = Agent { token: text("access_token"), claim_token: text("claim_token") };
    let disabled = (403, "FORBIDDEN".to_owned(), json!({ "reason": "teams_not_enabled" }));
    assert_eq!(agent.get("/team").send(&sandbox).await.refusal(), disabled);
    let unclaimed = Agent::register(&sandbox).await.claim(&sandbox).await;
    assert_eq!(unclaimed.post("/team/invites", r#"{"email":"a@example.org"}"#).send(&sandbox).await.status, 200);
}

#[test]
fn no_role_has_a_token_that_looks_real() {
    for role in roles() {
        let token = Token::new(role.token).unwrap();
        assert_eq!(token.kind(), "personal API token");
        assert!(role.token.contains("notarealsecret"), "{}", role.name);
        assert!(role.token.starts_with("ot_pat_sandbox"), "{}", role.name);
        assert_eq!(roles().iter().filter(|other| other.token == role.token).count(), 1);
    }
    assert_eq!(default_token(), Token::new(roles()[0].token).unwrap());
}
