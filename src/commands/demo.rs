//! `opentrain-mcp demo`: the main job, on a sandbox of its own, with a real MCP client and the real pages. It prints
//! what happened and nothing else; the exit status tells whether all of it was as expected.

mod person;
mod stage;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::client::Client as ApiClient;
use crate::mcp::Server;
use crate::mcp::client::Client;
use crate::sandbox::{Sandbox, default_token};
use crate::tools::{Operator, Toolbox};

use super::Fault;
use person::Person;
use stage::Stage;

/// The contract that the story is about.
const CONTRACT: &str = "ctr_8Kq2";

/// Plays the story.
pub(super) async fn run() -> Result<ExitCode, Fault> {
    let sandbox = Sandbox::start(TcpListener::bind(("127.0.0.1", 0)).await?, "demo")?;
    let api = ApiClient::new(Box::new(sandbox.origin().clone()), Duration::from_secs(5));
    let toolbox = Toolbox::new(api, Arc::new(default_token()), Operator::default(), Duration::ZERO, true);
    let agent = Client::connect(Server::new(Arc::new(toolbox))?).await?;
    let mut stage = Stage::open(sandbox.origin(), agent)?;

    look(&mut stage).await?;
    claim(&mut stage, &Person::new()?).await?;
    mistakes(&mut stage).await?;
    read_back(&mut stage).await?;
    stage.close()
}

async fn look(stage: &mut Stage) -> Result<(), Fault> {
    stage.scene("WHAT THERE IS")?;
    let listed = stage.call("list_contracts", json!({})).await?;
    stage.server(!listed.is_error && listed.structured.pointer("/contracts/0/id").is_some(), &listed.text)
}

async fn claim(stage: &mut Stage, person: &Person) -> Result<(), Fault> {
    stage.scene("A FRESH AGENT")?;
    let wanted = milestone();
    let refused = stage.call("create_milestone", wanted.clone()).await?;
    let claim_url = refused.structured.pointer("/error/claimUrl").and_then(Value::as_str).map(str::to_owned);
    let reason = refused.structured.pointer("/error/reason").and_then(Value::as_str);
    stage.server(refused.is_error && reason == Some("account_claim_required"), &refused.text)?;
    let Some(claim_url) = claim_url else { return stage.server(false, "no claimUrl came") };

    let page = person.open(&claim_url).await?;
    stage.person(
        page.button.as_deref() == Some("Claim account"),
        &format!("opens {claim_url} and sees: {}", page.title),
    )?;
    let after = person.press(&page).await?;
    let button = page.button.unwrap_or_default();
    stage.person(after.button.is_none(), &format!("presses [{button}] and sees: {}", after.title))?;

    let created = stage.call("create_milestone", wanted).await?;
    let status = created.structured.pointer("/milestone/status").and_then(Value::as_str);
    stage.created(usize::from(status.is_some()));
    stage.server(status == Some("NOT_FUNDED"), &created.text)
}

async fn mistakes(stage: &mut Stage) -> Result<(), Fault> {
    stage.scene("MISTAKES ARE TOLD, AND NOTHING IS SENT OR LOST")?;
    let misspelt =
        stage.call("create_milestone", json!({ "contractId": CONTRACT, "description": "More", "amount": 50 })).await?;
    let field = misspelt.structured.pointer("/error/field").and_then(Value::as_str);
    stage.server(field == Some("amount"), &misspelt.text)?;
    let wrong_id = stage.call("get_contract", json!({ "contractId": "ms_1aXf" })).await?;
    let status = wrong_id.structured.pointer("/error/status");
    stage.server(status == Some(&json!(404)), &wrong_id.text)
}

async fn read_back(stage: &mut Stage) -> Result<(), Fault> {
    stage.scene("WHAT IS SO NOW")?;
    let contract = stage.call("get_contract", json!({ "contractId": CONTRACT })).await?;
    let milestones = contract.structured.pointer("/contract/milestones").and_then(Value::as_array);
    let wanted = milestone();
    let same = milestones.into_iter().flatten().filter(|listed| listed.get("name") == wanted.get("name"));
    let many = same.count();
    stage.doubled(many.saturating_sub(1));
    stage.server(many == 1, &contract.text)
}

/// The seed page's own example.
fn milestone() -> Value {
    json!({
        "contractId": CONTRACT,
        "name": "Second labeling batch",
        "description": "Label the next 5,000 posts per the updated guidelines",
        "amountUsd": 300,
        "dueDate": "2026-07-15",
    })
}
