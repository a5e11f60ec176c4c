//! The money: exact sums of the milestones by state, and the credits.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Number, Value, json};

use crate::answer::lines::id_of;
use crate::answer::text::{count, total, usd};
use crate::answer::{Shown, id, quoted_to, shown};
use crate::api::amount;
use crate::api::contracts::Contract;
use crate::api::milestones::{ACTIVE_FUNDED, Milestone, NOT_FUNDED};
use crate::api::types::Field;
use crate::tools::nouns::contract::trainer;

use super::reads::Reads;
use super::section::{Item, Section};

/// The most statuses that are named.
const STATUSES: usize = 6;

pub(super) fn section(reads: &Reads) -> Section {
    let mut section = Section::new("money", "MONEY", 900);
    match &reads.contracts {
        Ok(contracts) => milestones(contracts, &mut section),
        Err(why) => section.cannot_read("Milestones", why),
    }
    match &reads.credits {
        Ok(balance) => {
            let (free, held) = (cents(&balance.available_cents), cents(&balance.reserved_cents));
            let shown_sum = |sum: Option<Decimal>| sum.map_or_else(|| "an unknown amount".into(), usd);
            section.count(
                shown!("credits {} (and {} reserved)", shown_sum(free), shown_sum(held)),
                "creditsUsd",
                amount::json(free),
            );
        }
        Err(why) => section.cannot_read("Credits", why),
    }
    section
}

fn milestones(contracts: &[Contract], section: &mut Section) {
    let mut by_status: BTreeMap<&str, Vec<(&Contract, &Milestone)>> = BTreeMap::new();
    let active = contracts.iter().filter(|contract| contract.status.text() == Some("active")).count();
    section.count(shown!("{} ({} active)", count(contracts.len(), "contract"), active), "contracts", contracts.len());
    for contract in contracts {
        for milestone in contract.milestones.items() {
            by_status
                .entry(milestone.status.text().unwrap_or("without status"))
                .or_default()
                .push((contract, milestone));
        }
    }
    let mut sums = serde_json::Map::new();
    // Milestones without money come first, then held money, then the rest.
    let known = [(NOT_FUNDED, "not funded"), (ACTIVE_FUNDED, "funded and not released")];
    let named = known.into_iter().map(|(status, words)| (status, words.into()));
    let others = by_status.keys().filter(|status| ![NOT_FUNDED, ACTIVE_FUNDED].contains(*status)).take(STATUSES);
    let all: Vec<(&str, Shown)> = named.chain(others.map(|status| (*status, id(status)))).collect();
    for (status, words) in all {
        let Some(milestones) = by_status.get(status) else { continue };
        let sum = amount::sum(milestones.iter().filter_map(|(_, milestone)| milestone.amount_usd.decimal()));
        section.counts.push(shown!("{} {}, {}", count(milestones.len(), "milestone"), words, total(sum)));
        sums.insert(id(status).into(), json!({ "milestones": milestones.len(), "usd": amount::json(sum) }));
    }
    section.facts.insert("milestonesByStatus".into(), Value::Object(sums));
    let open = by_status.get(NOT_FUNDED).into_iter().flatten();
    let items = open.filter(|(contract, _)| contract.status.text() == Some("active"));
    let items = items.map(|(contract, milestone)| unfunded(contract, milestone)).collect();
    section.group(items, ("list_contracts", "status \"active\""));
}

fn unfunded(contract: &Contract, milestone: &Milestone) -> Item {
    let milestone_id = id_of(&milestone.id);
    let contract_id = contract.id.text().map(id).unwrap_or_default();
    let name = milestone.name.text().or_else(|| milestone.description.text()).map(|name| quoted_to(name, 40));
    let sum = milestone.amount_usd.decimal();
    Item {
        text: shown!(
            "{}: not funded, {} {}, {}, {}",
            milestone_id,
            sum.map_or_else(|| "no amount".into(), usd),
            name.unwrap_or_default(),
            trainer(contract),
            contract_id
        ),
        data: json!({ "milestoneId": milestone.id.text(), "contractId": contract.id.text(), "amountUsd": amount::json(sum), "who": trainer(contract) }),
        link: None,
    }
}

/// Converts cents to dollars.
fn cents(field: &Field<Number>) -> Option<Decimal> {
    field.decimal()?.checked_mul(Decimal::new(1, 2))
}
