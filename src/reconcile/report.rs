//! The result of the comparison, as data.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::answer::{Joined, Shown, quoted};
use crate::api::amount;
use crate::api::contracts::Contract;
use crate::api::milestones::{ACTIVE_FUNDED, Milestone, NOT_FUNDED};

use super::difference::Difference;
use super::sides::Scope;

/// Where a milestone's money is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No money yet.
    Unfunded,
    /// Paid in, and not released.
    Held,
    /// Released to the trainer; the transfer may still be under way.
    Paid,
    /// A status that is not documented.
    Other,
}

impl State {
    /// The state of a milestone. The set of statuses is open.
    #[must_use]
    pub fn of(milestone: &Milestone) -> Self {
        match milestone.status.text() {
            Some(NOT_FUNDED) => Self::Unfunded,
            Some(ACTIVE_FUNDED) => Self::Held,
            Some("PAID" | "RELEASED" | "APPROVED" | "COMPLETED") => Self::Paid,
            _ => Self::Other,
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unfunded => "unfunded",
            Self::Held => "held",
            Self::Paid => "paid",
            Self::Other => "other",
        }
    }
}

/// A request for a person's decision.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The approval.
    pub approval_id: String,
    /// When it was asked for.
    pub asked_at: Option<String>,
    /// The client that asked.
    pub asked_by: Option<String>,
    /// pending, confirmed, declined or expired; null if it is not known.
    pub decision: Option<String>,
    /// When the person decided, or when the decision became known.
    pub decided_at: Option<String>,
}

/// A milestone from the request to the payout.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trail {
    /// The contract.
    pub contract_id: Option<String>,
    /// The contract's title.
    pub contract: Option<String>,
    /// The trainer's name, masked.
    pub trainer: Option<String>,
    /// The milestone.
    pub milestone_id: String,
    /// Its name.
    pub name: Option<String>,
    /// USD before fees.
    pub amount_usd: Option<Decimal>,
    /// Where the money is.
    pub state: State,
    /// OpenTrain's own status.
    pub status: Option<String>,
    /// OpenTrain's time of creation.
    pub created_at: Option<String>,
    /// When the create was sent, if it is on record.
    pub asked_at: Option<String>,
    /// The client that sent it.
    pub asked_by: Option<String>,
    /// It came with a hire.
    pub with_hire: bool,
    /// It is older than what is judged.
    pub is_earlier: bool,
    /// The last request to fund it.
    pub funding: Option<Request>,
    /// The last request to release it.
    pub release: Option<Request>,
    /// The invoice.
    pub invoice_id: Option<String>,
}

/// The money by state, in USD before fees. A sum too large to add is null.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    /// No money yet.
    pub unfunded: Option<Decimal>,
    /// Paid in, and not released.
    pub held: Option<Decimal>,
    /// Released.
    pub paid: Option<Decimal>,
    /// In a state that is not documented.
    pub other: Option<Decimal>,
    /// All together.
    pub total: Option<Decimal>,
}

/// The result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// True if nothing differs.
    pub fits: bool,
    /// The origin of the API.
    pub base: String,
    /// The token's owner, as the record names it.
    pub principal: Option<String>,
    /// What happened before this moment is listed as earlier; null if nothing is on record.
    pub since: Option<String>,
    /// What does not fit.
    pub differences: Vec<Difference>,
    /// Writes with an unknown end whose end shows at OpenTrain.
    pub resolved: Vec<Shown>,
    /// What could not be compared.
    pub notes: Vec<Shown>,
    /// The money by state.
    pub sums: Sums,
    /// Every milestone.
    pub trails: Vec<Trail>,
}

impl Report {
    pub(super) fn new(scope: &Scope, start: Option<Timestamp>) -> Self {
        Self {
            fits: true,
            base: scope.base.clone(),
            principal: scope.principal.clone(),
            since: start.map(|start| start.to_string()),
            differences: Vec::new(),
            resolved: Vec::new(),
            notes: Vec::new(),
            sums: Sums::default(),
            trails: Vec::new(),
        }
    }

    pub(super) fn differs(&mut self, difference: Difference) {
        self.differences.push(difference);
    }

    pub(super) fn finish(&mut self) {
        self.fits = self.differences.is_empty();
        let sum = |wanted: Option<State>| {
            let trails = self.trails.iter().filter(|trail| wanted.is_none_or(|wanted| trail.state == wanted));
            amount::sum(trails.filter_map(|trail| trail.amount_usd))
        };
        self.sums = Sums {
            unfunded: sum(Some(State::Unfunded)),
            held: sum(Some(State::Held)),
            paid: sum(Some(State::Paid)),
            other: sum(Some(State::Other)),
            total: sum(None),
        };
    }
}

/// `«Sentiment», Maria G.`
pub(super) fn contract_name(contract: &Contract) -> Shown {
    let trainer = contract.freelancer.get().and_then(|trainer| trainer.display_name.text()).map(quoted);
    let title = contract.title.text().map(quoted);
    let name = title.into_iter().chain(trainer).joined(", ");
    if name.is_empty() { "untitled".into() } else { name }
}
