//! What a person is asked, and what is done when they have decided.

use serde::Serialize;
use serde_json::{Value, json};

use super::accounts::Owner;
use super::model::{Contract, Milestone};
use super::values::Moment;
use super::world::World;
use crate::api::approvals::{CONFIRMED, DECLINED, EXPIRED, PENDING};
use crate::api::contracts::ContractStatus;
use crate::api::milestones::ACTIVE_FUNDED;

/// How long a person has (reference: concepts/human-approvals).
const LIFETIME: u64 = 72 * 3_600;
/// The status of a milestone whose money was released. Its real name is not documented.
const PAID: &str = "PAID";

/// What a person can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Asked {
    /// To put money behind a milestone.
    #[serde(rename = "milestone_fund")]
    Fund,
    /// To release a milestone's money to the trainer.
    #[serde(rename = "milestone_approve")]
    Release,
    /// To end a contract that has a funded milestone.
    #[serde(rename = "contract_end")]
    End,
}

/// What is asked, about what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) asked: Asked,
    pub(super) contract_id: String,
    pub(super) job_id: String,
    pub(super) milestone_id: Option<String>,
}

impl Request {
    /// Asks `asked` of `contract`, or of one milestone in it.
    pub(super) fn new(asked: Asked, contract: &Contract, milestone: Option<&Milestone>) -> Self {
        Self {
            asked,
            contract_id: contract.id.clone(),
            job_id: contract.job_id.clone(),
            milestone_id: milestone.map(|milestone| milestone.id.clone()),
        }
    }
}

/// A request that a person has to decide.
#[derive(Debug)]
pub(super) struct Approval {
    pub(super) id: String,
    pub(super) owner: Owner,
    pub(super) request: Request,
    /// What is to be paid, or paid out.
    pub(super) invoice_id: Option<String>,
    pub(super) created_at: Moment,
    pub(super) decision: Option<Decision>,
}

/// What a person decided.
#[derive(Debug)]
pub(super) struct Decision {
    at: Moment,
    /// What came of it; `None` when it was declined.
    result: Option<Value>,
}

impl Approval {
    /// When it lapses.
    pub(super) fn expires_at(&self) -> Moment {
        self.created_at.plus_seconds(LIFETIME)
    }

    /// How it stands at `now`.
    pub(super) fn status(&self, now: Moment) -> &'static str {
        match &self.decision {
            Some(Decision { result: Some(_), .. }) => CONFIRMED,
            Some(Decision { result: None, .. }) => DECLINED,
            None if now >= self.expires_at() => EXPIRED,
            None => PENDING,
        }
    }

    /// Whether it can still be decided.
    pub(super) fn is_open(&self, now: Moment) -> bool {
        self.status(now) == PENDING
    }

    /// When it was decided, or lapsed.
    pub(super) fn resolved_at(&self, now: Moment) -> Option<Moment> {
        let lapsed = (!self.is_open(now)).then(|| self.expires_at());
        self.decision.as_ref().map(|decision| decision.at).or(lapsed)
    }

    /// As the API has it, decided at `url`.
    pub(super) fn shown(&self, url: &str, now: Moment) -> Value {
        json!({
            "id": self.id,
            "type": self.request.asked,
            "status": self.status(now),
            "contractId": self.request.contract_id,
            "milestoneId": self.request.milestone_id,
            "jobId": self.request.job_id,
            "proposalId": null,
            "approvalUrl": url,
            "expiresAt": self.expires_at(),
            "resolvedAt": self.resolved_at(now),
            "result": self.decision.as_ref().and_then(|decision| decision.result.as_ref()),
            "createdAt": self.created_at,
        })
    }
}

/// What stands in the way of carrying out `request` now, though it was in order when it was made.
pub(super) fn obstacle(world: &World, request: &Request) -> Option<&'static str> {
    let contract = world.contracts.iter().find(|contract| contract.id == request.contract_id);
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

/// A person confirms the approval `id`: what was asked is done.
///
/// # Errors
/// Why nothing was done, for the person.
pub(super) fn confirm(world: &mut World, id: &str) -> Result<(), &'static str> {
    let approval = open(world, id)?;
    let (request, invoice_id) = (approval.request.clone(), approval.invoice_id.clone());
    if let Some(obstacle) = obstacle(world, &request) {
        return Err(obstacle);
    }
    let result = carry_out(world, &request, invoice_id);
    settle(world, id, Some(result));
    Ok(())
}

/// A person declines the approval `id`: nothing else changes.
///
/// # Errors
/// Why that is not possible any more, for the person.
pub(super) fn decline(world: &mut World, id: &str) -> Result<(), &'static str> {
    open(world, id)?;
    settle(world, id, None);
    Ok(())
}

/// The approval `id`, if it can still be decided.
fn open<'a>(world: &'a World, id: &str) -> Result<&'a Approval, &'static str> {
    let approval = world.approvals.iter().find(|approval| approval.id == id);
    let approval = approval.ok_or("There is no such approval.")?;
    match approval.status(world.now()) {
        PENDING => Ok(approval),
        EXPIRED => Err("It lapsed before it was decided."),
        CONFIRMED => Err("It was confirmed before."),
        _ => Err("It was declined before."),
    }
}

fn settle(world: &mut World, id: &str, result: Option<Value>) {
    let at = world.now();
    if let Some(approval) = world.approvals.iter_mut().find(|approval| approval.id == id) {
        approval.decision = Some(Decision { at, result });
    }
}

/// Does what was asked, and tells what came of it (reference: concepts/human-approvals).
fn carry_out(world: &mut World, request: &Request, invoice_id: Option<String>) -> Value {
    let now = world.now();
    let ids = &mut world.ids;
    let contract = world.contracts.iter_mut().find(|contract| contract.id == request.contract_id);
    let Some(contract) = contract else { return Value::Null };
    let mut milestones = contract.milestones.iter_mut();
    let milestone = milestones.find(|milestone| Some(&milestone.id) == request.milestone_id.as_ref());
    match (request.asked, milestone) {
        (Asked::Fund, Some(milestone)) => {
            milestone.status = ACTIVE_FUNDED.into();
            milestone.invoice_id = invoice_id;
            json!({ "invoiceId": milestone.invoice_id, "paymentIntentId": ids.next("pi") })
        }
        (Asked::Release, Some(milestone)) => {
            milestone.status = PAID.into();
            (milestone.pending_approval, milestone.needs_review) = (false, false);
            json!({ "invoiceId": invoice_id, "payoutTransactionId": ids.next("pot") })
        }
        _ => {
            contract.end(now);
            json!({ "contractEnded": true })
        }
    }
}
