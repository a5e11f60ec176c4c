//! Contracts and milestones as they are kept, and as the API shows them.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use super::accounts::Owner;
use super::values::{Exact, Moment};
use crate::api::contracts::ContractStatus;
use crate::api::milestones::{ACTIVE_FUNDED, NOT_FUNDED};

/// What a contract pays by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum PaymentType {
    FixedPrice,
    PayPerHour,
    PayPerLabel,
}

/// A hired trainer on a job.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) owner: Owner,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) job_id: String,
    pub(super) proposal_id: String,
    pub(super) payment_type: PaymentType,
    pub(super) rate_usd: Option<Exact>,
    pub(super) estimated_total_usd: Option<Exact>,
    pub(super) estimated_volume: Option<Exact>,
    pub(super) start_date: Moment,
    /// Set when it ended.
    pub(super) end_date: Option<Moment>,
    pub(super) created_at: Moment,
    pub(super) updated_at: Moment,
    pub(super) freelancer: Freelancer,
    /// All of them, those that the timeline leaves out too.
    pub(super) milestones: Vec<Milestone>,
    pub(super) conversation_id: String,
    pub(super) usage: Usage,
}

/// A trainer, masked as the API masks one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Freelancer {
    pub(super) user_id: String,
    pub(super) display_name: String,
    pub(super) country: String,
    pub(super) profile_path: String,
}

/// A part that a contract's work is paid by.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Milestone {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) description: String,
    /// Open, as it is in the API.
    pub(super) status: String,
    pub(super) amount_usd: Exact,
    pub(super) volume: Option<Exact>,
    #[serde(rename = "milestoneNumber")]
    pub(super) number: u32,
    pub(super) due_date: Option<Moment>,
    pub(super) pending_approval: bool,
    pub(super) needs_review: bool,
    pub(super) invoice_id: Option<String>,
    pub(super) created_at: Moment,
    /// Refunded or cancelled: kept, but not in the timeline.
    #[serde(skip)]
    pub(super) withdrawn: bool,
}

/// What is paid for a milestone.
#[derive(Debug)]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) number: u32,
    pub(super) created_at: Moment,
}

/// What a trainer has reported.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) seconds: u32,
    pub(super) labels: u32,
    pub(super) tasks: u32,
    pub(super) last_at: Option<Moment>,
}

impl Contract {
    /// Whether work can still be added to it.
    pub(super) const fn status(&self) -> ContractStatus {
        if self.end_date.is_some() { ContractStatus::Ended } else { ContractStatus::Active }
    }

    /// The milestones that the API shows.
    pub(super) fn timeline(&self) -> impl Iterator<Item = &Milestone> {
        self.milestones.iter().filter(|milestone| !milestone.withdrawn)
    }

    /// Nothing more can be added from `now` on. Its milestones stay as they are.
    pub(super) fn end(&mut self, now: Moment) {
        self.end_date = Some(now);
        self.updated_at = now;
    }

    /// The milestone that is funded now.
    pub(super) fn active_milestone(&self) -> Option<&Milestone> {
        self.timeline().find(|milestone| milestone.is_funded())
    }

    /// The contract as a listing has it.
    pub(super) fn listed(&self) -> Value {
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

    /// The contract by itself: two more fields.
    pub(super) fn whole(&self) -> Value {
        let mut whole = self.listed();
        if let Value::Object(fields) = &mut whole {
            fields.insert("jobDmConversationId".into(), self.conversation_id.as_str().into());
            fields.insert("budget".into(), self.budget());
        }
        whole
    }

    /// What is used of the funded volume.
    pub(super) fn budget(&self) -> Value {
        let hours = Exact((Decimal::from(self.usage.seconds) / Decimal::from(3600)).round_dp(4).normalize());
        let consumed = match self.payment_type {
            PaymentType::FixedPrice => Exact::ZERO,
            PaymentType::PayPerHour => hours,
            PaymentType::PayPerLabel => self.usage.labels.into(),
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

/// From 0 to 1; 0 where nothing is funded.
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
    /// Whether no money is behind it.
    pub(super) fn is_unfunded(&self) -> bool {
        self.status == NOT_FUNDED
    }

    /// Whether money is held for it.
    pub(super) fn is_funded(&self) -> bool {
        self.status == ACTIVE_FUNDED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_low_from_four_fifths_and_depleted_at_the_end() {
        let state_of = |consumed, funded| state(share(Decimal::new(consumed, 1), Decimal::new(funded, 0)));
        assert_eq!(state_of(0, 0), "OK");
        assert_eq!(state_of(319, 40), "OK");
        assert_eq!(state_of(320, 40), "LOW");
        assert_eq!(state_of(399, 40), "LOW");
        assert_eq!(state_of(400, 40), "DEPLETED");
        assert_eq!(state_of(450, 40), "DEPLETED");
    }
}
