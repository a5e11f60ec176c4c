//! What happened, as events: polled here, and sent to webhooks.

use serde_json::{Map, Value, json};

use crate::api::updates::PollUpdates;
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::listing::{Bounds, count};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::rules::decide::Request;
use crate::sandbox::world::account::Owner;
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::Moment;

/// How many events an answer has (reference: api-reference/updates/poll).
const BOUNDS: Bounds = Bounds { default: 50, most: 200 };
/// What is told of a budget.
const BUDGET: [&str; 6] =
    ["state", "paymentType", "fundedVolume", "consumedVolume", "remainingVolume", "consumedFraction"];
/// The number before the first event.
const BEFORE: u64 = 1_000;

/// What can happen (reference: api-reference/updates/poll).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    ProposalReceived,
    ProposalStatus,
    MessageReceived,
    ContractCreated,
    MilestoneStatus,
    PaymentPending,
    ApprovalConfirmed,
    BudgetState,
}

impl What {
    pub(crate) const ALL: [Self; 8] = [
        Self::ProposalReceived,
        Self::ProposalStatus,
        Self::MessageReceived,
        Self::ContractCreated,
        Self::MilestoneStatus,
        Self::PaymentPending,
        Self::ApprovalConfirmed,
        Self::BudgetState,
    ];

    /// As the API names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ProposalReceived => "proposal.received",
            Self::ProposalStatus => "proposal.status_changed",
            Self::MessageReceived => "message.received",
            Self::ContractCreated => "contract.created",
            Self::MilestoneStatus => "milestone.status_changed",
            Self::PaymentPending => "payment.pending",
            Self::ApprovalConfirmed => "approval.confirmed",
            Self::BudgetState => "contract.budget_state_changed",
        }
    }

    /// What a token needs to see it.
    pub(crate) const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::ProposalReceived | Self::ProposalStatus => &["proposals:read"],
            Self::MessageReceived => &["messages:read"],
            _ => &["payments:read"],
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    id: u64,
    owner: Owner,
    pub(crate) what: What,
    created_at: Moment,
    resource_id: String,
    job_id: Option<String>,
    data: Value,
}

impl Event {
    /// As the API has it.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "type": self.what.name(),
            "apiVersion": "v1",
            "createdAt": self.created_at,
            "resourceId": self.resource_id,
            "jobId": self.job_id,
            "data": self.data,
        })
    }
}

/// What answers which operation.
pub(crate) fn routes() -> [Route; 1] {
    [route(poll)]
}

fn poll(world: &mut World, caller: &Caller, wanted: &PollUpdates) -> Answered {
    let limit = count(BOUNDS, wanted.limit)?;
    let wrong = || Refused::field("cursor", "cursor must be the number of an event, as nextCursor is.");
    let cursor = wanted.cursor.as_deref();
    let after = cursor.map_or(Ok(0), |cursor| cursor.parse::<u64>().map_err(|_| wrong()))?;
    let visible = |event: &&Event| event.owner == caller.owner && caller.may(event.what.scopes());
    let mut rest = world.events.iter().filter(|event| event.id > after).filter(visible);
    let events: Vec<_> = rest.by_ref().take(limit).collect();
    let next = events.last().map(|event| event.id.to_string()).or_else(|| wanted.cursor.clone());
    let shown: Vec<_> = events.into_iter().map(Event::shown).collect();
    Ok(Answer::ok(json!({ "events": shown, "nextCursor": next, "hasMore": rest.next().is_some() })))
}

impl World {
    /// Writes down that something happened at `at`, and sends it to whoever asked for it.
    pub(crate) fn tell(
        &mut self,
        owner: Owner,
        what: What,
        at: Moment,
        resource: &str,
        job: Option<&str>,
        data: Value,
    ) {
        let id = self.events.last().map_or(BEFORE, |event| event.id) + 1;
        let (resource_id, job_id) = (resource.to_owned(), job.map(str::to_owned));
        let event = Event { id, owner, what, created_at: at, resource_id, job_id, data };
        self.send_out(owner, &event);
        self.events.push(event);
    }

    /// Writes down how a milestone stands now.
    pub(crate) fn tell_of_milestone(&mut self, id: &str) {
        let mut all =
            self.contracts.iter().flat_map(|contract| contract.milestones.iter().map(move |one| (contract, one)));
        let Some((contract, milestone)) = all.find(|(_, milestone)| milestone.id == id) else { return };
        let data = json!({ "milestoneId": id, "contractId": contract.id, "status": milestone.status });
        let (owner, job) = (contract.owner, contract.job_id.clone());
        self.tell(owner, What::MilestoneStatus, self.now(), id, Some(&job), data);
    }

    /// Writes down that a contract's budget has another state than in `before`, if it has.
    pub(crate) fn tell_of_budget(&mut self, id: &str, before: &Value) {
        let Some(contract) = self.contracts.iter().find(|contract| contract.id == id) else { return };
        let now = contract.budget();
        let of = |budget: &Value, name: &str| budget.get(name).cloned().unwrap_or_default();
        if of(&now, "state") == of(before, "state") {
            return;
        }
        let mut data = Map::new();
        data.insert("contractId".into(), id.into());
        data.insert("previousState".into(), of(before, "state"));
        for name in BUDGET {
            data.insert(name.into(), of(&now, name));
        }
        let (owner, job, data) = (contract.owner, contract.job_id.clone(), Value::Object(data));
        self.tell(owner, What::BudgetState, self.now(), id, Some(&job), data);
    }

    /// Writes down that money waits for a person.
    pub(crate) fn tell_of_payment(&mut self, owner: Owner, request: &Request, invoice: &str) {
        let data = json!({
            "invoiceId": invoice, "milestoneId": request.milestone_id, "contractId": request.contract_id,
        });
        self.tell(owner, What::PaymentPending, self.now(), invoice, Some(&request.job_id), data);
    }

    /// What the story has told before it begins.
    pub(crate) fn tell_of_the_past(&mut self) {
        let mut past = Vec::new();
        for proposal in self.proposals.iter().filter(|proposal| proposal.contract_id.is_none()) {
            let data = json!({ "proposalId": proposal.id, "jobId": proposal.job_id });
            let job = proposal.job_id.clone();
            past.push((proposal.created_at, What::ProposalReceived, proposal.id.clone(), job, data));
        }
        for talk in &self.conversations {
            for line in talk.lines.iter().filter(|line| !line.is_ours) {
                let data = json!({ "conversationId": talk.id, "messageId": line.id });
                past.push((line.at, What::MessageReceived, line.id.clone(), talk.job_id.clone(), data));
            }
        }
        past.sort_by_key(|(at, ..)| *at);
        for (at, what, resource, job, data) in past {
            self.tell(Owner::SEEDED, what, at, &resource, Some(&job), data);
        }
    }
}
