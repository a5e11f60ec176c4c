//! The subject of an approval: a contract, and a milestone in it.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::text::{count, date, total, usd};
use crate::answer::{Joined, Shown, quoted, shown};
use crate::api::amount;
use crate::api::approvals::Approval;
use crate::api::contracts::{Contract, GetContract};
use crate::api::milestones::{ACTIVE_FUNDED, Milestone};
use crate::api::types::ContractId;
use crate::engine::Context;

use super::contract::{contract_name, used_of_budget};
use super::milestone::flags;

/// The subject of an approval, if it could be read.
pub struct Subject {
    /// The contract.
    pub contract: Contract,
    /// The milestone in the contract.
    pub milestone: Option<Milestone>,
}

impl Subject {
    /// Reads the contract that the approval names or has created.
    pub async fn of(approval: &Approval, context: &Context) -> Option<Self> {
        let contract_id = ContractId(contract_of(approval)?.to_owned());
        let contract = context.look(&GetContract { contract_id }).await.ok()?.contract;
        let wanted = approval.milestone_id.text();
        let milestone =
            contract.milestones.items().iter().find(|listed| wanted.is_some() && listed.id.text() == wanted).cloned();
        Some(Self { contract, milestone })
    }

    /// The milestone's amount, if known.
    #[must_use]
    pub fn amount(&self) -> Option<Decimal> {
        self.milestone.as_ref()?.amount_usd.decimal()
    }

    /// Warns if the milestone was changed between the first read and the request.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Option<Shown> {
        let (was, is) = (before.amount()?, self.amount()?);
        (was != is)
            .then(|| shown!("THE AMOUNT CHANGED while this was asked: it was {}, it is {} now.", usd(was), usd(is)))
    }

    /// Names the subject, its amount and its trainer.
    #[must_use]
    pub fn name(&self) -> Shown {
        let Some(milestone) = &self.milestone else { return self.whole_contract() };
        let number = milestone.milestone_number.get().map_or_else(Shown::default, |number| shown!("#{} ", number));
        let name = milestone.name.text().or_else(|| milestone.description.text()).map(quoted).unwrap_or_default();
        let amount = milestone.amount_usd.decimal().map_or_else(|| "an unknown amount".into(), usd);
        shown!("{}{}, {}, for {}", number, name, amount, contract_name(&self.contract))
    }

    /// Facts for a decision on release: how much of the funded work is done by OpenTrain's count, and whether the due
    /// date has passed.
    #[must_use]
    pub fn work_done(&self, now: Timestamp) -> Vec<Shown> {
        let Some(milestone) = &self.milestone else { return Vec::new() };
        let used = used_of_budget(&self.contract);
        let used = used.map(|used| shown!("OpenTrain has counted {} of work on this contract.", used));
        let due = milestone.due_date.timestamp().filter(|due| *due < now);
        let late = due.and(milestone.due_date.text()).map(|due| shown!("It was due {}.", date(due)));
        let flags = flags(milestone);
        let flags = (!flags.is_empty()).then(|| shown!("OpenTrain's flags on it: {}.", flags.joined(", ")));
        [used, late, flags].into_iter().flatten().collect()
    }

    fn whole_contract(&self) -> Shown {
        let milestones = self.contract.milestones.items().iter();
        let funded: Vec<&Milestone> = milestones.filter(|listed| listed.status.text() == Some(ACTIVE_FUNDED)).collect();
        let sum = amount::sum(funded.iter().filter_map(|milestone| milestone.amount_usd.decimal()));
        shown!(
            "the contract of {} ({} funded, {})",
            contract_name(&self.contract),
            count(funded.len(), "milestone"),
            total(sum)
        )
    }
}

/// The id of the contract that the approval names or has created.
#[must_use]
pub fn contract_of(approval: &Approval) -> Option<&str> {
    approval.contract_id.text().or_else(|| approval.result.get()?.get("contractId")?.as_str())
}
