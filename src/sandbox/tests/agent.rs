//! An agent's own account: registration, the ceremony with a person, the token that is delivered once.

use serde_json::{Value, json};

use super::{Agent, Call, Reply, Sandbox, V1, call, get, post, sandbox};

const IDENTITY: &str = "/api/agent/identity";
const GRANT: &str = "urn:opentrain:agent-auth:grant-type:claim";

fn register(body: &str) -> Call {
    post(IDENTITY, body).without_token()
}

fn start(claim_token: &str, email: &str) -> Call {
    let body = json!({ "claim_token": claim_token, "email": email }).to_string();
    post("/api/agent/identity/claim", &body).without_token()
}

fn exchange(form: &str) -> Call {
    post("/api/agent/oauth/token", form).without_token()
}

async fn poll(sandbox: &Sandbox, claim_token: &str) -> Reply {
    exchange(&format!("grant_type={GRANT}&claim_token={claim_token}")).send(sandbox).await
}

/// OAuth's `error`, after a look at the rest of it.
fn fault(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{body}");
    (reply.status, body["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn registering_is_answered_as_in_the_reference() {
    let sandbox = sandbox().await;
    let reply = register("{}").send(&sandbox).await;
    let body = reply.json();
    assert_eq!(reply.status, 200);
    let origin = sandbox.origin().as_str();
    let expected = json!({
        "identity_type": "anonymous", "registration_id": "reg_7Rtd",
        "access_token": "ot_pat_sandboxagent11_notarealsecret0011", "token_type": "bearer",
        "scopes": ["jobs:read", "jobs:write", "proposals:read", "messages:read", "payments:read", "team:read"],
        "claim_token": "ot_clm_sandboxagent12_notarealsecret0012",
        "claim_token_expires_at": "2026-06-13T10:00:00.000Z",
        "claim_endpoint": format!("{origin}api/agent/identity/claim"),
        "token_endpoint": format!("{origin}api/agent/oauth/token"), "grant_type": GRANT,
    });
    assert_eq!(body.to_string(), expected.to_string());
    for body in ["", r#"{"identity_type":"anonymous"}"#, r#"{"agent_name":"A","organization_name":"B"}"#] {
        assert_eq!(register(body).send(&sandbox).await.status, 200, "{body}");
    }
}

#[tokio::test]
async fn the_account_is_empty_and_nobody_elses() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let contracts = agent.get("/contracts").send(&sandbox).await.json();
    assert_eq!(contracts, json!({ "contracts": [] }));
    assert_eq!(agent.get("/contracts/ctr_8Kq2").send(&sandbox).await.status, 404);
    assert_eq!(agent.get("/contracts?jobId=job_3Vn6").send(&sandbox).await.status, 403);
    let me = agent.get("/auth/me").send(&sandbox).await.json();
    assert_eq!([&me["actor"]["userId"], &me["actor"]["email"]], [&json!("usr_7Rtd"), &Value::Null]);
    assert_eq!([&me["token"]["id"], &me["account"]["organizationId"]], ["sandboxagent11", "org_7Rtd"]);
    let seeded = get(&format!("{V1}/contracts")).send(&sandbox).await.json();
    assert_eq!(seeded["contracts"].as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn a_registration_is_refused_as_documented() {
    let sandbox = sandbox().await;
    let refused = async |body: &str| fault(&register(body).send(&sandbox).await);
    assert_eq!(refused(r#"{"identity_type":"verified"}"#).await, (400, "unsupported_identity_type".into()));
    assert_eq!(refused(r#"{"agent_name":"registration-off-test"}"#).await, (403, "anonymous_not_enabled".into()));
    assert_eq!(refused("[]").await, (400, "invalid_request".into()));
    assert_eq!(refused(r#"{"agent_name":7}"#).await, (400, "invalid_request".into()));
}

#[tokio::test]
async fn the_whole_ceremony_ends_in_one_delivery() {
    let sandbox = sandbox().await;
    let mut agent = Agent::register(&sandbox).await;
    let old = agent.token.clone();
    let started = start(&agent.claim_token, "person@example.org").send(&sandbox).await.json();
    let verification = started["verification_uri"].as_str().unwrap().to_owned();
    let expected = json!({
        "user_code": "439218", "verification_uri": verification, "expires_in": 1800, "interval": 5,
        "email_sent": false,
    });
    assert_eq!(started.to_string(), expected.to_string());
    let page = verification.strip_prefix(sandbox.origin().as_str()).unwrap();
    assert_eq!(page, "claim?token=ot_cat_sandboxclaim13_notarealsecret0013");

    assert_eq!(fault(&poll(&sandbox, &agent.claim_token).await), (400, "authorization_pending".into()));
    let asked = get(&format!("/{page}")).send(&sandbox).await;
    for part in ["person@example.org", r#"<form method="post" action="/claim">"#, r#"name="code""#, "Claim account"] {
        assert!(asked.body().contains(part), "{part}: {}", asked.body());
    }
    assert!(!asked.body().contains("439218"), "the code comes by the agent");

    let token = page.strip_prefix("claim?token=").unwrap();
    let wrong = post("/claim", &format!("token={token}&code=000000")).send(&sandbox).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body().contains(r#"role="alert">Wrong code."#) && wrong.body().contains("<form"), "{}", wrong.body());
    let pressed = post("/claim", &format!("token={token}&code=439218")).send(&sandbox).await;
    assert_eq!((pressed.status, pressed.header("location")), (303, Some(format!("/{page}").as_str())));
    assert!(get(&format!("/{page}")).send(&sandbox).await.body().contains("This account is yours"));
    assert_eq!(agent.get("/auth/me").send(&sandbox).await.status, 401, "the old token died with the claim");

    let granted = poll(&sandbox, &agent.claim_token).await;
    let body = granted.json();
    assert_eq!((granted.status, &body["token_type"]), (200, &json!("bearer")));
    assert_eq!(body["scopes"].as_array().map(Vec::len), Some(9));
    assert!(!body["scopes"].as_array().unwrap().contains(&json!("payments:write")));
    agent.token = body["access_token"].as_str().unwrap().to_owned();
    assert_ne!(agent.token, old);
    let me = agent.get("/auth/me").send(&sandbox).await.json();
    assert_eq!([&me["actor"]["email"], &me["actor"]["fullName"]], ["person@example.org", "Account Owner"]);
    assert_eq!(fault(&poll(&sandbox, &agent.claim_token).await), (400, "invalid_grant".into()), "once");
    assert_eq!(post("/claim", &format!("token={token}&code=439218")).send(&sandbox).await.status, 400);
    let seeded = get("/claim").send(&sandbox).await;
    assert!(seeded.body().contains("Claim this account?"), "the seeded account is another");
}

#[tokio::test]
async fn starting_again_voids_the_code_of_before() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let first = start(&agent.claim_token, "a@example.org").send(&sandbox).await.json();
    let second = start(&agent.claim_token, "b@example.org").send(&sandbox).await.json();
    assert_ne!(first["user_code"], second["user_code"]);
    let uri = first["verification_uri"].as_str().unwrap();
    let token = uri.split_once("token=").unwrap().1;
    assert_eq!(get(&format!("/claim?token={token}")).send(&sandbox).await.status, 404);
    let code = first["user_code"].as_str().unwrap();
    assert_eq!(post("/claim", &format!("token={token}&code={code}")).send(&sandbox).await.status, 400);
    assert_eq!(agent.get("/auth/me").send(&sandbox).await.status, 200);
}

#[tokio::test]
async fn a_claim_is_refused_as_documented() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let refused = async |call: Call| fault(&call.send(&sandbox).await);
    let invalid = (400, "invalid_request".to_owned());
    for body in ["{}", r#"{"claim_token":"ot_clm_x"}"#, r#"{"email":"a@example.org"}"#] {
        assert_eq!(refused(post("/api/agent/identity/claim", body).without_token()).await, invalid, "{body}");
    }
    assert_eq!(refused(start("ot_clm_none", "a@example.org")).await, invalid);
    for email in ["nobody", "a@b", "a b@example.org", "@example.org", "a@b@example.org"] {
        assert_eq!(refused(start(&agent.claim_token, email)).await, invalid, "{email}");
    }
    let taken = start(&agent.claim_token, "Owner@example.com").send(&sandbox).await;
    assert_eq!(fault(&taken), invalid);
    assert!(taken.json()["error_description"].as_str().unwrap().starts_with("email_already_registered"));
    post("/clock", "").send(&sandbox).await;
    assert_eq!(refused(start(&agent.claim_token, "a@example.org")).await, invalid, "the window is over");
}

#[tokio::test]
async fn the_token_is_refused_as_documented() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let refused = async |form: &str| fault(&exchange(form).send(&sandbox).await);
    let code = |code: &str| (400, code.to_owned());
    assert_eq!(refused("grant_type=password&claim_token=x").await, code("unsupported_grant_type"));
    assert_eq!(refused(&format!("grant_type={GRANT}")).await, code("invalid_request"));
    assert_eq!(refused("claim_token=x").await, code("invalid_request"));
    assert_eq!(refused("").await, code("invalid_request"));
    assert_eq!(refused(&format!("grant_type={GRANT}&claim_token=ot_clm_none")).await, code("invalid_grant"));
    let ask = async || fault(&poll(&sandbox, &agent.claim_token).await);
    assert_eq!(ask().await, code("authorization_pending"));
    assert_eq!(ask().await, code("slow_down"), "asked again at once");
    post("/clock", "").send(&sandbox).await;
    assert_eq!(ask().await, code("expired_token"));
}

#[tokio::test]
async fn a_code_expires_before_the_account_does() {
    let sandbox = sandbox().await;
    post("/clock", "").send(&sandbox).await;
    let agent = Agent::register(&sandbox).await;
    let started = start(&agent.claim_token, "a@example.org").send(&sandbox).await.json();
    let token = started["verification_uri"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
    for _ in 0..1_800 / 600 {
        super::wait(&sandbox, 600).await;
    }
    let late = post("/claim", &format!("token={token}&code=439218")).send(&sandbox).await;
    assert_eq!(late.status, 400);
    assert!(late.body().contains("too old"), "{}", late.body());
    assert_eq!(fault(&poll(&sandbox, &agent.claim_token).await), (400, "authorization_pending".into()));
}

#[tokio::test]
async fn revoking_never_says_whether_the_token_existed() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let revoke = async |form: &str| post("/api/agent/oauth/revoke", form).without_token().send(&sandbox).await;
    for token in ["ot_pat_none_none", agent.token.as_str()] {
        let reply = revoke(&format!("token={token}")).await;
        assert_eq!((reply.status, reply.body()), (200, "{}"));
    }
    assert_eq!(agent.get("/auth/me").send(&sandbox).await.status, 401);
    assert_eq!(fault(&revoke("").await), (400, "invalid_request".into()));
}

#[tokio::test]
async fn an_unclaimed_account_is_sent_to_its_page() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    assert_eq!(agent.post("/messages", "{}").send(&sandbox).await.status, 403);
    let page = get("/claim?account=org_7Rtd").send(&sandbox).await;
    assert!(page.body().contains("ask your assistant") && !page.body().contains("<form"), "{}", page.body());
    assert_eq!(get("/claim?account=org_none").send(&sandbox).await.status, 404);
    let front = get("/").send(&sandbox).await;
    assert!(front.body().contains("An account of an agent"), "{}", front.body());
}

#[tokio::test]
async fn a_person_makes_a_key_with_the_scopes_they_choose() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let page = get("/employer-settings?account=org_7Rtd").send(&sandbox).await;
    assert!(
        page.body().contains(r#"/claim?account=org_7Rtd">Claim it</a>"#) && !page.body().contains("<form"),
        "{}",
        page.body()
    );
    assert_eq!(post("/employer-settings", "account=org_7Rtd&scope=jobs:read").send(&sandbox).await.status, 403);

    let agent = agent.claim(&sandbox).await;
    let page = get("/employer-settings?account=org_7Rtd").send(&sandbox).await;
    for part in [r#"action="/employer-settings""#, r#"value="payments:write""#, "ot_pat_sand********", "revoked"] {
        assert!(page.body().contains(part), "{part}: {}", page.body());
    }
    assert!(!page.body().contains("notarealsecret"), "{}", page.body());
    let key = agent.with_scopes(&["payments:read", "payments:write"], &sandbox).await;
    let me = key.get("/auth/me").send(&sandbox).await.json();
    assert_eq!(me["token"]["scopes"], json!(["payments:read", "payments:write"]));
    assert_eq!([&me["token"]["label"], &me["account"]["organizationId"]], ["API key", "org_7Rtd"]);
    let again = get("/employer-settings?account=org_7Rtd").send(&sandbox).await;
    assert!(!again.body().contains("notarealsecret"), "only the page that made it shows it");
}

#[tokio::test]
async fn a_reload_shows_a_new_key_again() {
    let sandbox = sandbox().await;
    post("/claim", "").send(&sandbox).await;
    let made = post("/employer-settings", "scope=jobs:read").send(&sandbox).await;
    assert_eq!(made.status, 303);
    let page = made.header("location").unwrap();
    let look = async || get(page).send(&sandbox).await.body().to_owned();
    let first = look().await;
    assert!(first.contains("<pre><code>ot_pat_sandboxkey11_notarealsecret0011</code>"), "{first}");
    assert_eq!(look().await, first);
    post("/clock", "").send(&sandbox).await;
    assert!(!look().await.contains("notarealsecret"), "it is shown for 10 minutes");
}

#[tokio::test]
async fn a_key_is_refused_where_it_cannot_be() {
    let sandbox = sandbox().await;
    post("/claim", "").send(&sandbox).await;
    let press = async |form: &str| post("/employer-settings", form).send(&sandbox).await.status;
    let again = post("/employer-settings", "name=x").send(&sandbox).await;
    assert_eq!(again.status, 400);
    let error = r#"role="alert">Choose at least one scope.</p>"#;
    assert!(again.body().contains(error) && again.body().contains("<form"), "{}", again.body());
    assert_eq!(press("scope=everything").await, 400);
    assert_eq!(press("scope=jobs:read&account=org_6Wd2").await, 404, "another customer's account");
    let foreign = post("/employer-settings", "scope=jobs:read").header("Sec-Fetch-Site: cross-site");
    assert_eq!(foreign.send(&sandbox).await.status, 403);
    assert_eq!(call("PUT", "/employer-settings", "").send(&sandbox).await.status, 405);
    let mut made = 0;
    while press("scope=jobs:read").await == 303 {
        made += 1;
    }
    assert_eq!(made + super::super::roles().len() - 2, 25, "two of the roles' tokens are revoked");
}
