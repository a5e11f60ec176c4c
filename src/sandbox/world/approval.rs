//! Approvals: the request to a person, and the decision.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use serde_json::{Value, json};

use super::account::Owner;
use super::contract::{Contract, Milestone};
use super::values::{Exact, Moment};
use crate::api::approvals::{CONFIRMED, DECLINED, EXPIRED, PENDING};

/// How many seconds a person has (reference: concepts/human-approvals).
const LIFETIME: u64 = 72 * 3_600;
/// The fees: percent of a milestone, and USD once for a contract (reference: concepts/credits-and-billing).
const FEE_PERCENT: i64 = 10;
const CONTRACT_FEE: Exact = Exact(Decimal::from_parts(995, 0, 0, false, 2));

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Asked {
    #[serde(rename = "milestone_fund")]
    Fund,
    #[serde(rename = "milestone_approve")]
    Release,
    #[serde(rename = "contract_end")]
    End,
    #[serde(rename = "proposal_hire")]
    Hire,
}

/// The first milestone of a hire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) amount: Exact,
    pub(crate) due_date: Option<Moment>,
}

pub(crate) struct Costs {
    pub(crate) marketplace_fee: Exact,
    pub(crate) contract_fee: Exact,
    pub(crate) total: Exact,
}

impl Costs {
    /// The price of a hire whose first milestone is `amount`.
    pub(crate) fn of(amount: Exact) -> Self {
        let fee = amount.0 * Decimal::new(FEE_PERCENT, 2);
        let fee = fee.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        let total = Exact(amount.0 + fee + CONTRACT_FEE.0);
        Self { marketplace_fee: Exact(fee), contract_fee: CONTRACT_FEE, total }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) asked: Asked,
    pub(crate) contract_id: Option<String>,
    pub(crate) job_id: String,
    pub(crate) milestone_id: Option<String>,
    /// Only a hire has this and terms.
    pub(crate) proposal_id: Option<String>,
    pub(crate) terms: Option<Terms>,
}

impl Request {
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

    pub(crate) const fn hire(job_id: String, proposal_id: String, terms: Terms) -> Self {
        Self {
            asked: Asked::Hire,
            contract_id: None,
            job_id,
            milestone_id: None,
            proposal_id: Some(proposal_id),
            terms: Some(terms),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Approval {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    /// The name of the key that asked.
    pub(crate) asked_by: String,
    pub(crate) request: Request,
    /// The invoice to pay or pay out.
    pub(crate) invoice_id: Option<String>,
    pub(crate) created_at: Moment,
    pub(crate) decision: Option<Decision>,
}

#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) at: Moment,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// The approval's `result`.
    Confirmed(Value),
    Declined,
    /// A request with other terms replaced it.
    Superseded,
}

impl Outcome {
    pub(crate) const fn status(&self) -> &'static str {
        match self {
            Self::Confirmed(_) => CONFIRMED,
            Self::Declined => DECLINED,
            Self::Superseded => EXPIRED,
        }
    }
}

impl Approval {
    pub(crate) fn expires_at(&self) -> Moment {
        self.created_at.plus_seconds(LIFETIME)
    }

    pub(crate) fn status(&self, now: Moment) -> &'static str {
        match &self.decision {
            Some(decision) => decision.outcome.status(),
            None if now >= self.expires_at() => EXPIRED,
            None => PENDING,
        }
    }

    pub(crate) fn is_open(&self, now: Moment) -> bool {
        self.status(now) == PENDING
    }

    pub(crate) const fn is_superseded(&self) -> bool {
        matches!(&self.decision, Some(Decision { outcome: Outcome::Superseded, .. }))
    }

    /// When it was decided or expired.
    pub(crate) fn resolved_at(&self, now: Moment) -> Option<Moment> {
        let expired = (!self.is_open(now)).then(|| self.expires_at());
        self.decision.as_ref().map(|decision| decision.at).or(expired)
    }

    fn result(&self) -> Option<&Value> {
        match &self.decision.as_ref()?.outcome {
            Outcome::Confirmed(result) => Some(result),
            Outcome::Declined | Outcome::Superseded => None,
        }
    }

    /// `url` is the page of the decision.
    pub(crate) fn to_json(&self, url: &str, now: Moment) -> Value {
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
