//! The scenes in which an agent gets an account: it registers, and a person claims the account and creates a key that
//! may spend.

use serde_json::{Value, json};

use crate::answer::{id, quoted, shown};
use crate::api::token::{InMemory, Token};
use crate::guard::Operator;
use crate::sandbox::Sandbox;

use super::super::Fault;
use super::person::Person;
use super::stage::Stage;
use super::{agent, at, opens};

/// The person who claims the account.
const EMAIL: &str = "mira@example.com";

/// The agent registers, and a person claims the account.
pub(super) async fn registers(stage: &mut Stage, person: &Person, sandbox: &Sandbox) -> Result<(), Fault> {
    stage.scene("A FRESH AGENT");
    stage.agent = agent(sandbox, InMemory::default(), Operator::default()).await?;
    let registered = stage.call("register_agent", json!({ "agentName": "Scout" })).await?;
    stage.server(at(&registered, "/outcome").is_some_and(|outcome| outcome == "created"), &registered);

    let started = stage.call("claim_account", json!({ "email": EMAIL })).await?;
    stage.server(at(&started, "/outcome").is_some_and(|outcome| outcome == "pending_approval"), &started);
    let code = at(&started, "/user_code").and_then(Value::as_str).ok_or("the answer has no code")?.to_owned();
    let page = opens(stage, person, at(&started, "/verification_uri"), "Claim account").await?;
    let after = person.press(&page, "Claim account", &[("code", &code)]).await?;
    let claimed = !after.offers("Claim account");
    stage.person(claimed, &shown!("types {}, presses [Claim account] and sees {}", id(&code), quoted(&after.title)));

    let claimed = stage.call("get_claim_status", json!({})).await?;
    stage.server(at(&claimed, "/status").is_some_and(|status| status == "claimed"), &claimed);
    Ok(())
}

/// The token of a claim cannot spend, so the person creates a key that can.
pub(super) async fn gets_a_key(stage: &mut Stage, person: &Person, sandbox: &Sandbox) -> Result<(), Fault> {
    stage.scene("A KEY THAT MAY SPEND");
    let wanted = json!({ "amountUsd": 100 });
    let refused = stage.call("create_credit_top_up", wanted.clone()).await?;
    let lacks = at(&refused, "/error/details/requiredScopes/0").is_some_and(|scope| scope == "payments:write");
    stage.server(lacks, &refused);

    let url = json!(sandbox.origin().join("/employer-settings")?.as_str());
    let page = opens(stage, person, Some(&url), "Create key").await?;
    let made = person.press(&page, "Create key", &[]).await?;
    let key = made.key.as_deref().and_then(|key| Token::new(key).ok());
    let sees = "presses [Create key] and sees the new key, once (payments:write is among its scopes)";
    stage.person(key.is_some(), &sees.into());

    stage.aside("operator", "starts the server with the new key as OT_API_TOKEN");
    let key = key.ok_or("the page shows no key")?;
    stage.agent = agent(sandbox, InMemory::with(key), Operator::default()).await?;
    let created = stage.call("create_credit_top_up", wanted).await?;
    stage.server(at(&created, "/outcome").is_some_and(|outcome| outcome == "pending_approval"), &created);
    Ok(())
}
