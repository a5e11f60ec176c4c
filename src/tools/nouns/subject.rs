//! The subject of an approval: a contract, and a milestone in it.

use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::text::{count, date, moment_of, number, total, usd};
use crate::answer::{Joined, Shown, quoted, quoted_to, shown};
use crate::api::amount;
use crate::api::approvals::Approval;
use crate::api::contracts::{Contract, GetContract};
use crate::api::messages::ReadMessages;
use crate::api::milestones::{ACTIVE_FUNDED, Milestone};
use crate::api::types::{ContractId, ConversationId};
use crate::engine::Context;

use super::contract::{contract_name, unit, used_of_budget};
use super::milestone::flags;
use super::oddities;

/// The messages that are looked through for the trainer's last one.
const LOOKED_THROUGH: u32 = 20;
/// The time limit for reading them: the request itself was made already.
const LOOK_LIMIT: Duration = Duration::from_secs(6);
/// The one thing that a decision on release needs most.
const NOT_TOLD: &str =
    "OpenTrain does not tell whether work was handed in: ask the user whether they have looked at it.";

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
        let milestone = approval.milestone_id.text().and_then(|id| milestone_in(&contract, id));
        Some(Self { contract, milestone })
    }

    /// The milestone's amount, if known.
    #[must_use]
    pub fn amount(&self) -> Option<Decimal> {
        self.milestone.as_ref()?.amount_usd.decimal()
    }

    /// The amount that a decision is about: the milestone's, or all that is funded in the contract.
    #[must_use]
    pub fn at_stake(&self) -> Option<Decimal> {
        if self.milestone.is_some() { self.amount() } else { funded(&self.contract) }
    }

    /// The trainer's name, masked.
    #[must_use]
    pub fn trainer(&self) -> Option<String> {
        self.contract.freelancer.get()?.display_name.text().map(str::to_owned)
    }

    /// Warns if the milestone was changed between the first read and the request.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Option<Shown> {
        let known = |amount: Option<Decimal>| amount.map_or_else(|| "unknown".into(), usd);
        let (was, is) = (before.amount(), self.amount());
        (was != is)
            .then(|| shown!("THE AMOUNT CHANGED while this was asked: it was {}, it is {} now.", known(was), known(is)))
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

    /// The evidence for a decision on release: what OpenTrain has counted against the milestone's volume, its due date and
    /// flags, and the trainer's last message. OpenTrain does not tell whether work was handed in.
    pub async fn evidence(&self, now: Timestamp, context: &Context) -> Vec<Shown> {
        let Some(milestone) = &self.milestone else { return Vec::new() };
        let unit = unit(&self.contract).map(|unit| shown!(" {}", unit));
        let volume =
            milestone.volume.decimal().map(|volume| shown!("This milestone is for {}{}.", number(volume), unit));
        let used = used_of_budget(&self.contract).map_or_else(
            || "OpenTrain counts no work on this contract.".into(),
            |used| {
                shown!(
                    "OpenTrain has counted {} of all funded work on this contract, not of this milestone alone.",
                    used
                )
            },
        );
        let due = milestone.due_date.timestamp();
        let due = due.zip(milestone.due_date.text()).map(|(at, due)| {
            if at < now { shown!("It was due {}.", date(due)) } else { shown!("It is due {}.", date(due)) }
        });
        let flags = flags(milestone);
        let flags = (!flags.is_empty())
            .then(|| shown!("OpenTrain's flags on it: {} (their meaning is not documented).", flags.joined(", ")));
        let facts = [volume, Some(used), due, flags, Some(self.last_message(context).await)];
        facts.into_iter().flatten().chain([NOT_TOLD.into()]).collect()
    }

    /// The trainer's last message in the contract's conversation.
    async fn last_message(&self, context: &Context) -> Shown {
        let Some(conversation) = self.contract.job_dm_conversation_id.text() else {
            return "The contract names no conversation with the trainer.".into();
        };
        let read = ReadMessages {
            conversation_id: ConversationId(conversation.to_owned()),
            limit: Some(LOOKED_THROUGH),
            cursor: None,
            direction: None,
        };
        let look = tokio::time::timeout(LOOK_LIMIT, context.look(&read)).await;
        let Ok(Ok(messages)) = look else { return "The trainer's messages could not be read.".into() };
        let theirs = messages.messages.get().into_iter().flatten();
        let theirs = theirs.filter(|message| !message.is_from_viewer.is_true() && !message.system.is_true());
        match theirs.max_by_key(|message| message.created_at.timestamp()) {
            Some(last) => {
                let when = last.created_at.timestamp().map(|at| shown!(" ({})", moment_of(at)));
                let text = last.content.text().map_or_else(|| "no text".into(), |text| quoted_to(text, 200));
                shown!("The trainer's last message{}: {}.", when, text)
            }
            None => "The trainer has written nothing lately.".into(),
        }
    }

    /// What is odd about the milestone: its amount against the others of the contract, and its due date.
    #[must_use]
    pub fn notes(&self, now: Timestamp) -> Vec<Shown> {
        let Some(milestone) = &self.milestone else { return Vec::new() };
        let others = self.contract.milestones.items().iter().filter(|other| other.id.text() != milestone.id.text());
        let others: Vec<Decimal> = others.filter_map(|other| other.amount_usd.decimal()).collect();
        oddities::of_existing(milestone, &others, now)
    }

    /// The money that is held for the contract, and what becomes of it when the contract ends, as far as documented
    /// (reference: concepts/credits-and-billing).
    #[must_use]
    pub fn on_ending(&self) -> Vec<Shown> {
        let milestones = self.contract.milestones.items().iter();
        let funded: Vec<&Milestone> = milestones.filter(|listed| listed.status.text() == Some(ACTIVE_FUNDED)).collect();
        if funded.is_empty() {
            return vec!["Nothing is funded in this contract, so it ends at once; no money moves.".into()];
        }
        let sum = amount::sum(funded.iter().filter_map(|milestone| milestone.amount_usd.decimal()));
        vec![
            shown!("{} of {} are funded and not released.", total(sum), count(funded.len(), "milestone")),
            "Documented: credits that are held and not spent go back to the balance when a contract ends. Not documented: what \
             becomes of money paid by card, and of the fees. Ask the user to look at the page before they confirm."
                .into(),
        ]
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

/// All that is funded in a contract and not released; `None` if it is too much to add.
#[must_use]
pub fn funded(contract: &Contract) -> Option<Decimal> {
    let milestones = contract.milestones.items().iter();
    let funded = milestones.filter(|listed| listed.status.text() == Some(ACTIVE_FUNDED));
    amount::sum(funded.filter_map(|milestone| milestone.amount_usd.decimal()))
}

/// Finds the milestone with this id in `contract`. If the id occurs twice, the larger amount counts.
#[must_use]
pub fn milestone_in(contract: &Contract, id: &str) -> Option<Milestone> {
    let is_it = |listed: &&Milestone| listed.id.text() == Some(id);
    contract.milestones.items().iter().filter(is_it).max_by_key(|listed| cautious(listed)).cloned()
}

/// Sorts an unknown amount above every known one.
#[must_use]
pub fn cautious(milestone: &Milestone) -> (bool, Option<Decimal>) {
    let amount = milestone.amount_usd.decimal();
    (amount.is_none(), amount)
}

/// The id of the contract that the approval names or has created.
#[must_use]
pub fn contract_of(approval: &Approval) -> Option<&str> {
    approval.contract_id.text().or_else(|| approval.result.get()?.get("contractId")?.as_str())
}
