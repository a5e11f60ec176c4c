//! What a person is asked, and what is done when they have decided.

use serde::Serialize;
use serde_json::{Value, json};

use crate::api::approvals::{CONFIRMED, DECLINED, EXPIRED, PENDING};
use crate::api::contracts::ContractStatus;
use crate::api::milestones::ACTIVE_FUNDED;
use crate::sandbox::routes::updates::What;
use crate::sandbox::rules::hire::{self, Terms};
use crate::sandbox::world::account::Owner;
use crate::sandbox::world::contract::{Contract, Milestone};
use crate::sandbox::world::ledger::cents;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::Moment;

/// How long a person has (reference: concepts/human-approvals).
const LIFETIME: u64 = 72 * 3_600;
/// The status of a milestone whose money was released. Its real name is not documented.
pub(crate) const PAID: &str = "PAID";

/// What a person can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Asked {
    /// To put money behind a milestone.
    #[serde(rename = "milestone_fund")]
    Fund,
    /// To release a milestone's money to the trainer.
    #[serde(rename = "milestone_approve")]
    Release,
    /// To end a contract that has a funded milestone.
    #[serde(rename = "contract_end")]
    End,
    /// To hire a candidate.
    #[serde(rename = "proposal_hire")]
    Hire,
}

/// What a person pays with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// The payment method on file.
    Card,
    /// The account's credits.
    Credits,
}

/// What is asked, about what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) asked: Asked,
    pub(crate) contract_id: Option<String>,
    pub(crate) job_id: String,
    pub(crate) milestone_id: Option<String>,
    /// Of a hire: whom.
    pub(crate) proposal_id: Option<String>,
    /// Of a hire: the first milestone.
    pub(crate) terms: Option<Terms>,
}

impl Request {
    /// Asks `asked` of `contract`, or of one milestone in it.
    pub(crate) fn new(asked: Asked, contract: &Contract, milestone: Option<&Milestone>) -> Self {
        Self {
            asked,
            contract_id: Some(contract.id.clone()),
            job_id: contract.job_id.clone(),
            milestone_id: milestone.map(|milestone| milestone.id.clone()),
            proposal_id: None,
            terms: None,
        }
    }
}

/// A request that a person has to decide.
#[derive(Debug)]
pub(crate) struct Approval {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    /// The name of the key that asked.
    pub(crate) asked_by: String,
    pub(crate) request: Request,
    /// What is to be paid, or paid out.
    pub(crate) invoice_id: Option<String>,
    pub(crate) created_at: Moment,
    pub(crate) decision: Option<Decision>,
}

/// What a person decided.
#[derive(Debug)]
pub(crate) struct Decision {
    at: Moment,
    outcome: Outcome,
}

/// How it was decided.
#[derive(Debug)]
enum Outcome {
    /// And what came of it.
    Confirmed(Value),
    Declined,
    /// A request with other terms took its place.
    Superseded,
}

impl Outcome {
    const fn status(&self) -> &'static str {
        match self {
            Self::Confirmed(_) => CONFIRMED,
            Self::Declined => DECLINED,
            Self::Superseded => EXPIRED,
        }
    }
}

impl Approval {
    /// When it lapses.
    pub(crate) fn expires_at(&self) -> Moment {
        self.created_at.plus_seconds(LIFETIME)
    }

    /// How it stands at `now`.
    pub(crate) fn status(&self, now: Moment) -> &'static str {
        match &self.decision {
            Some(decision) => decision.outcome.status(),
            None if now >= self.expires_at() => EXPIRED,
            None => PENDING,
        }
    }

    /// Whether it can still be decided.
    pub(crate) fn is_open(&self, now: Moment) -> bool {
        self.status(now) == PENDING
    }

    /// Whether a request with other terms took its place.
    pub(crate) const fn is_superseded(&self) -> bool {
        matches!(&self.decision, Some(Decision { outcome: Outcome::Superseded, .. }))
    }

    /// When it was decided, or lapsed.
    pub(crate) fn resolved_at(&self, now: Moment) -> Option<Moment> {
        let lapsed = (!self.is_open(now)).then(|| self.expires_at());
        self.decision.as_ref().map(|decision| decision.at).or(lapsed)
    }

    fn result(&self) -> Option<&Value> {
        match &self.decision.as_ref()?.outcome {
            Outcome::Confirmed(result) => Some(result),
            Outcome::Declined | Outcome::Superseded => None,
        }
    }

    /// As the API has it, decided at `url`.
    pub(crate) fn shown(&self, url: &str, now: Moment) -> Value {
        json!({
            "id": self.id,
            "type": self.request.asked,
            "status": self.status(now),
            "contractId": self.request.contract_id,
            "milestoneId": self.request.milestone_id,
            "jobId": self.request.job_id,
            "proposalId": self.request.proposal_id,
            "approvalUrl": url,
            "expiresAt": self.expires_at(),
            "resolvedAt": self.resolved_at(now),
            "result": self.result(),
            "createdAt": self.created_at,
        })
    }
}

/// What stands in the way of carrying out `request` now, though it was in order when it was made.
pub(crate) fn obstacle(world: &World, request: &Request) -> Option<&'static str> {
    if request.asked == Asked::Hire {
        return hire::obstacle(world, request);
    }
    let contract = world.contracts.iter().find(|contract| Some(&contract.id) == request.contract_id.as_ref());
    if contract.is_none_or(|contract| contract.status() == ContractStatus::Ended) {
        return Some("The contract has ended meanwhile.");
    }
    let mut milestones = contract.into_iter().flat_map(Contract::timeline);
    let milestone = milestones.find(|milestone| Some(&milestone.id) == request.milestone_id.as_ref());
    match request.asked {
        Asked::Fund if !milestone.is_some_and(Milestone::is_unfunded) => {
            Some("The milestone has been funded or withdrawn meanwhile.")
        }
        Asked::Release if !milestone.is_some_and(Milestone::is_funded) => {
            Some("The milestone's money is no longer held.")
        }
        _ => None,
    }
}

/// A person confirms the approval `id`, and pays by `means` where there is something to pay: what was asked is done.
///
/// # Errors
/// Why nothing was done, for the person.
pub(crate) fn confirm(world: &mut World, id: &str, means: Means) -> Result<(), &'static str> {
    let approval = open(world, id)?;
    let (owner, request, invoice_id) = (approval.owner, approval.request.clone(), approval.invoice_id.clone());
    if let Some(obstacle) = obstacle(world, &request) {
        return Err(obstacle);
    }
    let cost = cost(world, &request).unwrap_or_default();
    if means == Means::Credits && (cost == 0 || cost > world.available(owner)) {
        return Err("The credits do not cover it.");
    }
    let (result, held_for) = carry_out(world, &request, invoice_id);
    if let Some((contract_id, milestone_id)) = held_for.filter(|_| means == Means::Credits) {
        let contract = world.contracts.iter().find(|contract| contract.id == contract_id);
        let proposal_id = contract.map(|contract| contract.proposal_id.clone()).unwrap_or_default();
        world.hold(owner, cost, [&proposal_id, &contract_id, &milestone_id]);
    }
    settle(world, id, Outcome::Confirmed(result));
    Ok(())
}

/// What a person pays by confirming `request`, in cents; nothing for what costs nothing now.
pub(crate) fn cost(world: &World, request: &Request) -> Option<i64> {
    match request.asked {
        Asked::Hire => cents(request.terms.as_ref()?.costs().total),
        Asked::Fund => {
            let mut milestones = world.contracts.iter().flat_map(|contract| &contract.milestones);
            let milestone = milestones.find(|milestone| Some(&milestone.id) == request.milestone_id.as_ref())?;
            cents(milestone.amount_usd)
        }
        Asked::Release | Asked::End => None,
    }
}

/// A request to hire with other terms takes the place of those that wait for the same candidate.
pub(crate) fn supersede(world: &mut World, request: &Request) {
    let now = world.now();
    let stale = |approval: &&Approval| {
        approval.request.asked == Asked::Hire
            && approval.request.proposal_id == request.proposal_id
            && approval.request != *request
            && approval.is_open(now)
    };
    let stale: Vec<_> = world.approvals.iter().filter(stale).map(|approval| approval.id.clone()).collect();
    for id in stale {
        settle(world, &id, Outcome::Superseded);
    }
}

/// A person declines the approval `id`: nothing else changes.
///
/// # Errors
/// Why that is not possible any more, for the person.
pub(crate) fn decline(world: &mut World, id: &str) -> Result<(), &'static str> {
    open(world, id)?;
    settle(world, id, Outcome::Declined);
    Ok(())
}

/// The approval `id`, if it can still be decided.
fn open<'a>(world: &'a World, id: &str) -> Result<&'a Approval, &'static str> {
    let approval = world.approvals.iter().find(|approval| approval.id == id);
    let approval = approval.ok_or("There is no such approval.")?;
    match approval.status(world.now()) {
        PENDING => Ok(approval),
        EXPIRED => Err("It expired before anyone decided."),
        CONFIRMED => Err("It was confirmed before."),
        _ => Err("It was declined before."),
    }
}

fn settle(world: &mut World, id: &str, outcome: Outcome) {
    let at = world.now();
    let status = outcome.status();
    let Some(approval) = world.approvals.iter_mut().find(|approval| approval.id == id) else { return };
    approval.decision = Some(Decision { at, outcome });
    let (owner, job) = (approval.owner, approval.request.job_id.clone());
    let data = json!({ "approvalId": id, "status": status });
    world.tell(owner, What::ApprovalConfirmed, at, id, Some(&job), data);
}

/// Does what was asked, and tells what came of it (reference: concepts/human-approvals), and of what is paid now the
/// contract and the milestone.
fn carry_out(world: &mut World, request: &Request, invoice_id: Option<String>) -> (Value, Option<(String, String)>) {
    if request.asked == Asked::Hire {
        return match hire::carry_out(world, request) {
            Some((result, contract_id, milestone_id)) => (result, Some((contract_id, milestone_id))),
            None => (Value::Null, None),
        };
    }
    let now = world.now();
    let ids = &mut world.ids;
    let contract = world.contracts.iter_mut().find(|contract| Some(&contract.id) == request.contract_id.as_ref());
    let Some(contract) = contract else { return (Value::Null, None) };
    let before = contract.budget();
    let mut milestones = contract.milestones.iter_mut();
    let milestone = milestones.find(|milestone| Some(&milestone.id) == request.milestone_id.as_ref());
    let (result, changed) = match (request.asked, milestone) {
        (Asked::Fund, Some(milestone)) => {
            milestone.status = ACTIVE_FUNDED.into();
            milestone.invoice_id = invoice_id;
            let result = json!({ "invoiceId": milestone.invoice_id, "paymentIntentId": ids.next("pi") });
            (result, Some(milestone.id.clone()))
        }
        (Asked::Release, Some(milestone)) => {
            milestone.status = PAID.into();
            (milestone.pending_approval, milestone.needs_review) = (false, false);
            let result = json!({ "invoiceId": invoice_id, "payoutTransactionId": ids.next("pot") });
            (result, Some(milestone.id.clone()))
        }
        _ => {
            contract.end(now);
            (json!({ "contractEnded": true }), None)
        }
    };
    let contract_id = contract.id.clone();
    let Some(milestone_id) = changed else { return (result, None) };
    if request.asked == Asked::Release {
        world.capture(&milestone_id);
    }
    world.tell_of_milestone(&milestone_id);
    world.tell_of_budget(&contract_id, &before);
    let held_for = (request.asked == Asked::Fund).then_some((contract_id, milestone_id));
    (result, held_for)
}
