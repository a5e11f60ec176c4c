//! `opentrain-mcp demo`: runs the main use case on its own sandbox, with a real MCP client and the real pages. It
//! prints only what happens; the exit status tells whether everything was as expected.

mod account;
mod ceremony;
mod person;
mod stage;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::answer::{quoted, quoted_to, shown, text};
use crate::api::client::Client as ApiClient;
use crate::api::token::InMemory;
use crate::engine::{Services, Toolbox};
use crate::guard::Operator;
use crate::guard::freeze::Switch;
use crate::guard::ledger::{Files, Ledger, LockFiles, RecordFile};
use crate::guard::policy::Policy;
use crate::mcp::Server;
use crate::mcp::client::{Called, Client};
use crate::sandbox::{Faults, Sandbox, UserSecret, default_token};
use crate::tools::CATALOG;

use super::Fault;
use person::{Page, Person};
use stage::Stage;

/// The contract in the demo.
const CONTRACT: &str = "ctr_8Kq2";
/// The third create succeeds, but its reply is lost.
const LOST_REPLY: &str = "lost-reply@create_milestone:3";
/// The operator's limit in the last scene, in USD.
const LIMIT: Decimal = Decimal::from_parts(500, 0, 0, false, 0);

/// Runs the demo.
pub(super) async fn run() -> Result<ExitCode, Fault> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let sandbox = Sandbox::start_with(listener, &UserSecret::default(), Faults::parse(LOST_REPLY)?)?;
    let house = House { sandbox, folder: tempfile::tempdir()? };
    let mut stage = Stage::open(house.sandbox.origin(), house.owner(Policy::default()).await?);
    let played = play(&mut stage, &house).await;
    stage.close(played)
}

async fn play(stage: &mut Stage, house: &House) -> Result<(), Fault> {
    let person = Person::new()?;
    ceremony::registers(stage, &person, &house.sandbox).await?;
    ceremony::gets_a_key(stage, &person, &house.sandbox).await?;
    let milestone = claim(stage, &person, house).await?;
    lost_reply(stage).await?;
    let approval = fund(stage, &person, &milestone).await?;
    evening(stage, &person, house, &approval).await?;
    release(stage, &person, &milestone).await?;
    limit(stage, house).await?;
    account::compare(stage, house).await
}

/// The sandbox, and the folder with the record that all servers of its owner share.
struct House {
    sandbox: Sandbox,
    folder: TempDir,
}

impl House {
    /// The record of writes.
    fn ledger(&self) -> Result<Ledger, Fault> {
        let record = RecordFile::by_default(self.folder.path().join("record.jsonl"), false)?;
        let locks = LockFiles::shared_in(Some(self.folder.path().join("locks")));
        Ok(Ledger::in_files(Files::new(record, locks), Switch::default()))
    }

    /// An agent with a key of the account that already has contracts.
    async fn owner(&self, policy: Policy) -> Result<Client, Fault> {
        let operator = Operator { policy, ledger: Arc::new(self.ledger()?), private_folder: None };
        agent(&self.sandbox, InMemory::with(default_token()), operator).await
    }
}

/// An agent with its own server over the sandbox.
async fn agent(sandbox: &Sandbox, tokens: InMemory, operator: Operator) -> Result<Client, Fault> {
    let api = ApiClient::new(Box::new(sandbox.origin().clone()), Duration::from_secs(5));
    let services = Services::new(api, Arc::new(tokens), operator, Duration::ZERO, true);
    let toolbox = Toolbox::new(services, CATALOG);
    Ok(Client::connect(Server::new(Arc::new(toolbox))?).await?)
}

async fn claim(stage: &mut Stage, person: &Person, house: &House) -> Result<Value, Fault> {
    stage.scene("NOBODY OWNS IT YET");
    stage.aside("operator", "starts the server with the key of an account that has contracts");
    stage.agent = house.owner(Policy::default()).await?;
    let wanted = milestone("Second labeling batch", 300);
    let refused = stage.call("create_milestone", wanted.clone()).await?;
    stage.server(at(&refused, "/error/reason").is_some_and(|reason| reason == "account_claim_required"), &refused);

    press(stage, person, at(&refused, "/error/claimUrl"), "Claim account").await?;

    let created = stage.call("create_milestone", wanted).await?;
    stage.server(at(&created, "/outcome").is_some_and(|outcome| outcome == "created"), &created);
    Ok(json!({ "milestoneId": at(&created, "/milestone/id") }))
}

async fn lost_reply(stage: &mut Stage) -> Result<(), Fault> {
    stage.scene("THE REPLY IS LOST");
    let wanted = milestone("Third labeling batch", 150);
    stage.aside("network", "drops the reply after the milestone was stored");
    let recovered = stage.call("create_milestone", wanted.clone()).await?;
    stage.server(at(&recovered, "/outcome").is_some_and(|outcome| outcome == "recovered"), &recovered);
    let repeated = stage.call("create_milestone", wanted).await?;
    let same = at(&repeated, "/milestone/id") == at(&recovered, "/milestone/id");
    stage.server(same && at(&repeated, "/outcome").is_some_and(|outcome| outcome == "existing"), &repeated);
    Ok(())
}

async fn fund(stage: &mut Stage, person: &Person, milestone: &Value) -> Result<Value, Fault> {
    stage.scene("MONEY NEEDS A PERSON");
    let mut rehearsal = milestone.clone();
    rehearsal.as_object_mut().ok_or("no arguments")?.insert("dryRun".into(), true.into());
    let rehearsed = stage.call("request_milestone_funding", rehearsal).await?;
    stage.server(at(&rehearsed, "/dryRun/refusals").is_some_and(|refusals| *refusals == json!([])), &rehearsed);
    let no_card = stage.call("request_milestone_funding", milestone.clone()).await?;
    stage.server(at(&no_card, "/error/reason").is_some_and(|reason| reason == "payment_method_required"), &no_card);
    press(stage, person, at(&no_card, "/error/billingUrl"), "Add payment method").await?;
    let asked = stage.call("request_milestone_funding", milestone.clone()).await?;
    stage.server(at(&asked, "/outcome").is_some_and(|outcome| outcome == "pending_approval"), &asked);
    Ok(at(&asked, "/approval/id").cloned().unwrap_or_default())
}

/// Another agent finds what waits, and later what was decided.
async fn evening(stage: &mut Stage, person: &Person, house: &House, approval: &Value) -> Result<(), Fault> {
    stage.scene("AN EVENING WITH NO MEMORY");
    stage.aside("operator", "starts another agent, which knows nothing of this");
    stage.agent = house.owner(Policy::default()).await?;
    let id = approval.as_str().unwrap_or_default();
    let waits = stage.call("get_overview", json!({})).await?;
    stage.server_line(at(&waits, "/waitingForUser/items/0/approvalId") == Some(approval), &waits, id);
    press(stage, person, at(&waits, "/waitingForUser/items/0/approvalUrl"), "Confirm: fund $300").await?;
    let decided = stage.call("get_overview", json!({})).await?;
    let is_confirmed = at(&decided, "/sinceLastTime/items/0/status").is_some_and(|status| status == "confirmed");
    stage.server_line(is_confirmed, &decided, id);
    Ok(())
}

/// The agent asks for the release, the person confirms it, and the agent reads the new state.
async fn release(stage: &mut Stage, person: &Person, milestone: &Value) -> Result<(), Fault> {
    stage.scene("THE WORK IS DONE, AND PAID");
    let asked = stage.call("request_milestone_approval", milestone.clone()).await?;
    stage.server(at(&asked, "/outcome").is_some_and(|outcome| outcome == "pending_approval"), &asked);
    press(stage, person, at(&asked, "/approval/approvalUrl"), "Confirm: pay Maria G. $300").await?;
    let wait = json!({ "approvalId": at(&asked, "/approval/id"), "timeoutSeconds": 5 });
    let decided = stage.call("wait_for_approval", wait).await?;
    let confirmed = at(&decided, "/approval/status").is_some_and(|status| status == "confirmed");
    stage.server(confirmed && decided.text.contains("PAID"), &decided);
    Ok(())
}

async fn limit(stage: &mut Stage, house: &House) -> Result<(), Fault> {
    stage.scene("A LIMIT THAT HOLDS");
    stage.aside("operator", shown!("starts the server with --max-milestone-usd {}", LIMIT));
    stage.agent = house.owner(Policy { max_milestone: Some(LIMIT), ..Policy::default() }).await?;
    let refused = stage.call("create_milestone", milestone("Everything at once", 900)).await?;
    stage.server(at(&refused, "/error/reason").is_some_and(|reason| reason == "over_limit"), &refused);
    Ok(())
}

/// The person opens the page of an answer and presses a button.
async fn press(stage: &mut Stage, person: &Person, url: Option<&Value>, button: &'static str) -> Result<(), Fault> {
    let page = opens(stage, person, url, button).await?;
    let after = person.press(&page, button, &[]).await?;
    let (path, title) = (text::path(page.path()), quoted(&after.title));
    stage.person(!after.offers(button), &shown!("opens {}, presses [{}], sees {}", path, button, title));
    Ok(())
}

/// The person opens a page and finds this button.
async fn opens(stage: &mut Stage, person: &Person, url: Option<&Value>, button: &'static str) -> Result<Page, Fault> {
    let url = url.and_then(Value::as_str).ok_or("the answer has no link for the person")?;
    let page = person.open(url).await?;
    let (title, buttons) = (quoted(&page.title), quoted(&page.buttons()));
    stage.finds(page.offers(button), &shown!("opens {} and sees {} {}", quoted_to(url, 400), title, buttons));
    Ok(page)
}

fn at<'a>(called: &'a Called, pointer: &str) -> Option<&'a Value> {
    called.structured.pointer(pointer)
}

fn milestone(name: &str, amount: u32) -> Value {
    json!({
        "contractId": CONTRACT,
        "name": name,
        "description": "Label the next 5,000 posts per the updated guidelines",
        "amountUsd": amount,
        "dueDate": "2026-07-15",
    })
}
