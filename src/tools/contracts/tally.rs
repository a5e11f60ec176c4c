//! Totals of a list of contracts: numbers by status, and sums of money.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Number;

use crate::answer::lines::PageRange;
use crate::answer::text::{count, total};
use crate::answer::{Joined, Shown, id, shown};
use crate::api::milestones::{ACTIVE_FUNDED, NOT_FUNDED};
use crate::api::types::Field;

/// The most statuses that are counted separately.
const STATUSES: usize = 30;

/// The totals. Only known statuses are summed; an unknown status is named.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) contracts: BTreeMap<Shown, usize>,
    unfunded: Group,
    funded: Group,
    others: BTreeMap<Shown, usize>,
    flagged: usize,
}

/// The milestones of one status and their sum; no sum if it is too large to add.
#[derive(Debug)]
struct Group {
    milestones: usize,
    amount: Option<Decimal>,
}

impl Default for Group {
    fn default() -> Self {
        Self { milestones: 0, amount: Some(Decimal::ZERO) }
    }
}

impl Group {
    fn add(&mut self, amount: Decimal) {
        self.milestones += 1;
        self.amount = self.amount.and_then(|sum| sum.checked_add(amount));
    }
}

impl Tally {
    pub(super) fn contract(&mut self, status: &Field<String>) {
        add_one(&mut self.contracts, status);
    }

    pub(super) fn milestone(&mut self, status: &Field<String>, amount: &Field<Number>, flags: [&Field<bool>; 2]) {
        self.flagged += usize::from(flags.into_iter().any(Field::is_true));
        let group = match status.text() {
            Some(NOT_FUNDED) => &mut self.unfunded,
            Some(ACTIVE_FUNDED) => &mut self.funded,
            _ => return add_one(&mut self.others, status),
        };
        group.add(amount.decimal().unwrap_or_default());
    }

    /// Describes the totals of a list, which may be `filtered`.
    pub(super) fn describe(&self, range: PageRange, filtered: bool) -> Shown {
        let all = self.contracts.values().sum();
        if all == 0 {
            let what = if filtered { "contracts that match" } else { "contracts" };
            return shown!("{}.", range.describe_none(what));
        }
        let only = self.contracts.keys().next().filter(|status| self.contracts.len() == 1 && !status.contains(' '));
        let mut text = if let Some(status) = only {
            shown!("{}.", {
                let counted = shown!("{} {} {}", all, id(status), if all == 1 { "contract" } else { "contracts" });
                range.with(all, counted, &shown!("{} contract", id(status)))
            })
        } else {
            let states = self.contracts.iter().map(|(status, many)| shown!("{} {}", many, id(status)));
            shown!("{} ({}).", range.describe(all, "contract", ""), states.collect::<Vec<_>>().joined(", "))
        };
        let groups = [("Not funded", &self.unfunded), ("Funded, not released", &self.funded)];
        for (what, group) in groups.into_iter().filter(|(_, group)| group.milestones > 0) {
            text.push(shown!(" {}: {}, {}.", what, count(group.milestones, "milestone"), total(group.amount)));
        }
        if !self.others.is_empty() {
            let others: Vec<Shown> =
                self.others.iter().map(|(status, many)| shown!("{} {}", many, id(status))).collect();
            text.push(shown!(" Other milestones: {}.", others.joined(", ")));
        }
        if self.flagged > 0 {
            let carry = if self.flagged == 1 { "carries a flag" } else { "carry a flag" };
            text.push(shown!(
                " {} {} of OpenTrain's, whose meaning is not documented.",
                count(self.flagged, "milestone"),
                carry
            ));
        }
        text
    }
}

fn add_one(counts: &mut BTreeMap<Shown, usize>, status: &Field<String>) {
    let status = status.text().map_or_else(|| "without status".into(), id);
    let is_one_too_many = counts.len() >= STATUSES && !counts.contains_key(&status);
    *counts.entry(if is_one_too_many { "of other statuses".into() } else { status }).or_default() += 1;
}
