//! Contracts and milestones, and how the API shows them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::Owner;
use super::values::{Exact, Moment, extended};
use crate::api::contracts::ContractStatus;
use crate::api::milestones::{ACTIVE_FUNDED, NOT_FUNDED};

/// The status of a milestone whose money was released. OpenTrain does not document its name.
pub(crate) const PAID: &str = "PAID";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PaymentType {
    FixedPrice,
    PayPerHour,
    PayPerLabel,
}

impl PaymentType {
    /// Reads the API's name, and returns the type with the field of a job that holds its price.
    pub(crate) fn read(name: &str) -> (Self, &'static str) {
        match name {
            "PAY_PER_HOUR" => (Self::PayPerHour, "pricePerHour"),
            "PAY_PER_LABEL" => (Self::PayPerLabel, "pricePerLabel"),
            _ => (Self::FixedPrice, "fixedPrice"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contract {
    #[serde(default)]
    pub(crate) owner: Owner,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) job_id: String,
    pub(crate) proposal_id: String,
    pub(crate) payment_type: PaymentType,
    pub(crate) rate_usd: Option<Exact>,
    pub(crate) estimated_total_usd: Option<Exact>,
    pub(crate) estimated_volume: Option<Exact>,
    pub(crate) start_date: Moment,
    pub(crate) end_date: Option<Moment>,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    pub(crate) freelancer: Freelancer,
    /// All milestones, including withdrawn ones.
    #[serde(default)]
    pub(crate) milestones: Vec<Milestone>,
    pub(crate) conversation_id: String,
    #[serde(default)]
    pub(crate) usage: Usage,
}

/// A trainer with a masked name.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Freelancer {
    pub(crate) user_id: String,
    pub(crate) display_name: String,
    pub(crate) country: String,
    pub(crate) profile_path: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Milestone {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) amount_usd: Exact,
    pub(crate) volume: Option<Exact>,
    #[serde(rename = "milestoneNumber")]
    pub(crate) number: u32,
    pub(crate) due_date: Option<Moment>,
    #[serde(default)]
    pub(crate) pending_approval: bool,
    #[serde(default)]
    pub(crate) needs_review: bool,
    pub(crate) invoice_id: Option<String>,
    pub(crate) created_at: Moment,
    /// True if refunded or cancelled: the API no longer shows it.
    #[serde(default, skip_serializing)]
    pub(crate) withdrawn: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) number: u32,
    pub(crate) created_at: Moment,
}

/// The work that the trainer has reported.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    pub(crate) seconds: u32,
    pub(crate) labels: u32,
    pub(crate) tasks: u32,
    pub(crate) last_at: Option<Moment>,
}

impl Contract {
    pub(crate) const fn status(&self) -> ContractStatus {
        if self.end_date.is_some() { ContractStatus::Ended } else { ContractStatus::Active }
    }

    /// Finds a milestone, including a withdrawn one.
    pub(crate) fn milestone(&self, id: &str) -> Option<&Milestone> {
        self.milestones.iter().find(|milestone| milestone.id == id)
    }

    /// The milestones that the API shows.
    pub(crate) fn timeline(&self) -> impl Iterator<Item = &Milestone> {
        self.milestones.iter().filter(|milestone| !milestone.withdrawn)
    }

    /// Ends the contract and leaves its milestones as they are.
    pub(crate) fn end(&mut self, now: Moment) {
        self.end_date = Some(now);
        self.updated_at = now;
    }

    pub(crate) fn active_milestone(&self) -> Option<&Milestone> {
        self.timeline().find(|milestone| milestone.is_funded())
    }

    pub(crate) fn listed(&self) -> Value {
        json!({
            "id": self.id,
            "status": self.status(),
            "title": self.title,
            "jobId": self.job_id,
            "proposalId": self.proposal_id,
            "paymentType": self.payment_type,
            "rateUsd": self.rate_usd,
            "estimatedTotalUsd": self.estimated_total_usd,
            "estimatedVolume": self.estimated_volume,
            "hasActiveMilestone": self.active_milestone().is_some(),
            "startDate": self.start_date,
            "endDate": self.end_date,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "freelancer": self.freelancer,
            "milestones": self.timeline().collect::<Vec<_>>(),
        })
    }

    /// Adds the fields that only a single contract has.
    pub(crate) fn whole(&self) -> Value {
        let more = json!({ "jobDmConversationId": self.conversation_id, "budget": self.budget() });
        extended(self.listed(), more)
    }

    pub(crate) fn budget(&self) -> Value {
        let hours = Exact((Decimal::from(self.usage.seconds) / Decimal::from(3600)).round_dp(4).normalize());
        let consumed = match self.payment_type {
            PaymentType::FixedPrice => Exact::ZERO,
            PaymentType::PayPerHour => hours,
            PaymentType::PayPerLabel => Exact(self.usage.labels.into()),
        };
        let funded = || self.milestones.iter().filter(|milestone| milestone.invoice_id.is_some());
        let funded_volume: Decimal = funded().filter_map(|milestone| milestone.volume).map(|volume| volume.0).sum();
        let funded_amount: Decimal = funded().map(|milestone| milestone.amount_usd.0).sum();
        let fraction = share(consumed.0, funded_volume);
        json!({
            "contractId": self.id,
            "paymentType": self.payment_type,
            "state": state(fraction),
            "fundedVolume": Exact(funded_volume.normalize()),
            "fundedAmountUsd": Exact(funded_amount.normalize()),
            "consumed": {
                "seconds": self.usage.seconds,
                "hours": hours,
                "labels": self.usage.labels,
                "tasks": self.usage.tasks,
            },
            "consumedVolume": consumed,
            "remainingVolume": Exact((funded_volume - consumed.0).max(Decimal::ZERO).normalize()),
            "consumedFraction": Exact(fraction),
            "activeMilestone": self.active_milestone().map(|milestone| json!({
                "id": milestone.id,
                "name": milestone.name,
                "amountUsd": milestone.amount_usd,
                "volume": milestone.volume,
                "status": milestone.status,
            })),
            "lastUsageAt": self.usage.last_at,
        })
    }
}

/// From 0 to 1; 0 if nothing is funded.
fn share(consumed: Decimal, funded: Decimal) -> Decimal {
    consumed.checked_div(funded).unwrap_or_default().min(Decimal::ONE).round_dp(4).normalize()
}

/// `LOW` from 80 %, `DEPLETED` from 100 % (reference: api-reference/contracts/get).
fn state(fraction: Decimal) -> &'static str {
    if fraction >= Decimal::ONE {
        "DEPLETED"
    } else if fraction >= Decimal::new(8, 1) {
        "LOW"
    } else {
        "OK"
    }
}

impl Milestone {
    pub(crate) fn unfunded(id: String, number: u32, amount_usd: Exact, created_at: Moment) -> Self {
        Self { id, number, amount_usd, created_at, status: NOT_FUNDED.into(), ..Self::default() }
    }

    pub(crate) fn is_unfunded(&self) -> bool {
        self.status == NOT_FUNDED
    }

    pub(crate) fn is_funded(&self) -> bool {
        self.status == ACTIVE_FUNDED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_low_from_four_fifths_on() {
        let state_of = |consumed, funded| state(share(Decimal::new(consumed, 1), Decimal::new(funded, 0)));
        assert_eq!(state_of(0, 0), "OK");
        assert_eq!(state_of(319, 40), "OK");
        assert_eq!(state_of(320, 40), "LOW");
        assert_eq!(state_of(399, 40), "LOW");
        assert_eq!(state_of(400, 40), "DEPLETED");
        assert_eq!(state_of(450, 40), "DEPLETED");
    }
}
