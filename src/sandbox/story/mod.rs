//! Reads the seeded data, six JSON files, into a world. `README.md` beside them says what each part is for.

use std::io;
use std::sync::Arc;

use crate::sandbox::world::{
    Account, Contract, Entry, EventKind, Invoice, Keys, Owner, Proposal, TopUp, Trainer, World,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

/// Accounts in the order of their `Owner`s, and their money.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountsFile {
    accounts: Vec<Account>,
    top_ups: Vec<TopUp>,
    ledger: Vec<Entry>,
}

#[derive(Deserialize)]
struct ContractsFile {
    contracts: Vec<Contract>,
    invoices: Vec<Invoice>,
}

/// The world at the start of the story. `origin` is where its pages are.
pub(crate) fn world(origin: &Url) -> io::Result<World> {
    let AccountsFile { accounts, top_ups, ledger } = read("accounts", include_str!("accounts.json"))?;
    let ContractsFile { contracts, invoices } = read("contracts", include_str!("contracts.json"))?;
    let trainers: Vec<Trainer> = read("trainers", include_str!("trainers.json"))?;
    let mut world = World {
        accounts,
        top_ups,
        ledger,
        contracts,
        invoices,
        trainers: trainers.into_iter().map(Arc::new).collect(),
        jobs: read("jobs", include_str!("jobs.json"))?,
        conversations: read("conversations", include_str!("conversations.json"))?,
        origin: origin.as_str().trim_end_matches('/').to_owned(),
        keys: Keys::seeded(),
        ..World::default()
    };
    let mut proposals: Vec<Proposal> = read("proposals", include_str!("proposals.json"))?;
    for proposal in &mut proposals {
        let missing = || io::Error::other(format!("the story's proposal {} names no trainer", proposal.id));
        proposal.trainer = world.trainer(&proposal.freelancer_id).cloned().ok_or_else(missing)?;
    }
    world.proposals = proposals;
    record_past_events(&mut world);
    Ok(world)
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> io::Result<T> {
    serde_json::from_str(text).map_err(|fault| io::Error::other(format!("the story's {name}.json: {fault}")))
}

/// Records the open proposals and the trainers' messages as past events.
fn record_past_events(world: &mut World) {
    let mut past = Vec::new();
    for proposal in world.proposals.iter().filter(|proposal| proposal.contract_id.is_none()) {
        let data = json!({ "proposalId": proposal.id, "jobId": proposal.job_id });
        let (id, job) = (proposal.id.clone(), proposal.job_id.clone());
        past.push((proposal.created_at, EventKind::ProposalReceived, id, job, data));
    }
    for conversation in &world.conversations {
        for message in conversation.messages.iter().filter(|message| !message.is_ours) {
            let data = json!({ "conversationId": conversation.id, "messageId": message.id });
            let (id, job) = (message.id.clone(), conversation.job_id.clone());
            past.push((message.at, EventKind::MessageReceived, id, job, data));
        }
    }
    past.sort_by_key(|(at, ..)| *at);
    for (at, kind, resource, job, data) in past {
        world.record_event(Owner::SEEDED, kind, at, &resource, Some(&job), data);
    }
}
