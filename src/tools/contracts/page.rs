//! One page of the list of contracts, with totals for the whole list.

use std::ops::Range;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::api::contracts::Contract;
use crate::api::cuts::Cut;
use crate::api::scan;
use crate::api::types::Field;

use super::lines::{ENDED, contract_lines, next_calls};
use super::listing::Listing;
use super::tally::Tally;
use crate::answer::lines::PageRange;
use crate::answer::paging::{self, Cursor, Key, PAGE_BYTES, Start};
use crate::answer::text::count;
use crate::answer::{Answer, ListPosition, Names, Shown, shown};
use crate::engine::Context;
use crate::tools::nouns::people::People;

/// A page of contracts, and the facts about its list.
pub(super) struct ContractPage {
    /// The range of the list that is on the page.
    shown: Range<usize>,
    /// The number of contracts; `None` if the list continues.
    total: Option<usize>,
    next_cursor: Option<Shown>,
    /// True if the list has changed since the page before.
    may_repeat: bool,
    /// The reason why the rest could not be read, if so.
    broken: Option<Shown>,
    tally: Tally,
    range: PageRange,
    /// True if the caller wanted certain contracts only.
    filtered: bool,
    lines: Vec<Shown>,
    contracts: Vec<Value>,
    rest: Map<String, Value>,
    cuts: Vec<Cut>,
}

/// The fields of a milestone that the totals need.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MilestoneOutline {
    status: Field<String>,
    amount_usd: Field<Number>,
    pending_approval: Field<bool>,
    needs_review: Field<bool>,
}

impl ContractPage {
    /// Selects the page of `listing` after `cursor`.
    pub(super) fn of(listing: &Listing, cursor: &Cursor, limit: usize, filters: &Value, people: &People) -> Self {
        let keys = listing.contracts().map(Key::of);
        let Start { given: first, may_repeat } = cursor.start(keys.clone());
        let end = first + fitting(listing.contracts().skip(first), limit);
        let total = listing.bodies.iter().map(|body| body.count).sum();
        let next_cursor = if end < total {
            Some(Cursor::after(keys, end, filters.clone(), cursor.after.clone()).shown())
        } else {
            let after = |next| Cursor::after(std::iter::empty(), 0, filters.clone(), Some(next)).shown();
            listing.next.clone().map(after)
        };
        let leads_beyond = listing.next.is_some() || (end == total && next_cursor.is_some());
        let is_part = leads_beyond || listing.broken.is_some() || paging::sign_of_more(&listing.rest).is_some();
        let mut page = Self {
            shown: first..end,
            total: (!is_part).then_some(total),
            next_cursor,
            may_repeat,
            broken: listing.broken.clone(),
            tally: Tally::default(),
            range: PageRange { has_previous: cursor.after.is_some(), has_next: is_part },
            filtered: filters.as_object().is_some_and(|filters| !filters.is_empty()),
            lines: Vec::new(),
            contracts: Vec::new(),
            rest: listing.rest.clone(),
            cuts: listing.cuts.clone(),
        };
        page.build(listing, people);
        page
    }

    /// Counts all contracts, and parses and formats those on the page.
    fn build(&mut self, listing: &Listing, people: &People) {
        for body in &listing.bodies {
            for (place, raw) in (body.first..).zip(body.contracts()) {
                if !self.shown.contains(&place) {
                    count_outline(raw, &mut self.tally);
                    continue;
                }
                let part = body.reply.part(raw);
                let contract: Contract = body.reply.part_as(raw, &part);
                if part.cuts.is_empty() {
                    self.tally.contract(&contract.status);
                    contract.milestones.items().iter().for_each(|milestone| {
                        let flags = [&milestone.pending_approval, &milestone.needs_review];
                        self.tally.milestone(&milestone.status, &milestone.amount_usd, flags);
                    });
                } else {
                    count_outline(raw, &mut self.tally);
                }
                people.see_contract(&contract);
                self.lines.extend(contract_lines(shown!("{}. ", place + 1), &contract, &body.reply));
                self.contracts.push(part.value);
                self.cuts.extend(part.cuts.into_iter().map(|cut| cut.below("contracts[]")));
            }
        }
    }

    /// Builds the answer.
    pub(super) fn answer(self, context: &Context) -> Answer {
        let mut answer = Answer::new(self.tally.describe(self.range, self.filtered), Map::new());
        answer.lines = self.lines;
        if self.may_repeat {
            answer
                .warnings
                .push("The list has changed since the last page: contracts given before may be given again.".into());
        }
        if let Some(broken) = &self.broken {
            answer.warnings.push(shown!(
                "WARNING: OpenTrain pages this list now, and what follows could not be read ({}).",
                broken
            ));
        }
        let calls = next_calls(self.tally.contracts.keys().all(|status| status == ENDED), context);
        answer.next = match self.total {
            Some(0) if !self.filtered => "A contract begins with a hire.".into(),
            Some(0) => Shown::default(),
            total => what_next(self.shown, total, self.next_cursor.as_ref(), &calls, context.names()),
        };
        answer.page = Some(ListPosition { total: self.total, next_cursor: self.next_cursor.map(String::from) });
        let get = context.names().listed("get_contract");
        answer.whole = shown!("To get it: {}(contractId) gives one contract, its milestones page by page.", get);
        answer.object.insert("contracts".into(), self.contracts.into());
        answer.object.extend(self.rest);
        context.left_out(self.cuts);
        answer
    }
}

/// Counts a contract and its milestones without parsing more of it, since it may have millions.
fn count_outline(contract: &str, tally: &mut Tally) {
    let [status, milestones] = scan::members(contract, ["status", "milestones"]);
    tally.contract(&status.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default());
    for raw in scan::items(milestones.unwrap_or_default()) {
        let milestone: MilestoneOutline = serde_json::from_str(raw).unwrap_or_default();
        let flags = [&milestone.pending_approval, &milestone.needs_review];
        tally.milestone(&milestone.status, &milestone.amount_usd, flags);
    }
}

/// The number of contracts on a page: at least one, unless there are none.
fn fitting<'a>(contracts: impl Iterator<Item = &'a str> + Clone, limit: usize) -> usize {
    let mut bytes = 0;
    let sizes = contracts.clone().take(limit).map(str::len);
    let fitting = sizes.take_while(|size| {
        bytes += size;
        bytes <= PAGE_BYTES
    });
    fitting.count().max(contracts.take(1).count())
}

/// Formats the next step after this page. `total` is known if the list is complete.
fn what_next(
    page: Range<usize>,
    total: Option<usize>,
    next_cursor: Option<&Shown>,
    calls: &Shown,
    names: &Names,
) -> Shown {
    let (given, last) = (page.len(), page.end);
    let shown = if given == 1 { shown!("Number {}", last) } else { shown!("{} to {}", page.start + 1, last) };
    match (next_cursor, total) {
        (Some(cursor), total) => {
            let of = total.map(|total| shown!(" of {}", total));
            let tool = names.listed("list_contracts");
            shown!("{}{} shown. For the next: {} with cursor \"{}\" and the same filters.", shown, of, tool, cursor)
        }
        (None, Some(total)) if given == total => shown!("All are shown. {}", calls),
        (None, Some(total)) => shown!("The last {} of {} shown. {}", count(given, "contract"), total, calls),
        (None, None) => calls.clone(),
    }
}
