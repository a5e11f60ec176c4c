//! Milestones at OpenTrain: who asked for each, and its trail from the request to the payout.

use crate::answer::shown;
use crate::answer::text::usd;
use crate::api::contracts::Contract;
use crate::api::milestones::Milestone;
use crate::guard::ledger::Line;

use super::creates::is_of;
use super::difference::{Difference, Kind};
use super::hires::is_hired_elsewhere;
use super::index::{Asked, CREATE, Index, Write};
use super::report::{Report, Request, State, Trail, contract_name};

pub(super) fn compare(index: &Index<'_>, report: &mut Report) {
    for contract in &index.theirs.contracts {
        for milestone in contract.milestones.items() {
            let Some(id) = milestone.id.text() else { continue };
            let create = create_of(index, id, milestone, contract);
            let is_first = is_first(contract, milestone);
            let with_hire = is_first && (index.is_hired_here(contract) || is_hired_elsewhere(index, contract));
            let is_new = index.is_judged(milestone.created_at.timestamp());
            let state = State::of(milestone);
            let ids = |difference: Difference| difference.milestone(Some(id)).contract(contract.id.text());
            let amount = milestone.amount_usd.decimal().map_or_else(|| "of an unknown amount".into(), usd);
            let name = shown!("Milestone {}, {}, for {}", shown::id(id), amount, contract_name(contract));
            if is_new && create.is_none() && !with_hire {
                report.differs(ids(Difference::new(Kind::NotOurs, shown!("{}: no create is on record.", name))));
            }
            let is_asked = |asked: Asked| {
                index
                    .writes
                    .iter()
                    .any(|write| Asked::of(write.tool()) == Some(asked) && write.milestone_id() == Some(id))
            };
            if is_new && create.is_some() && !with_hire && state != State::Unfunded && !is_asked(Asked::Fund) {
                report.differs(ids(Difference::new(
                    Kind::FundedElsewhere,
                    shown!("{}: no request to fund it is on record.", name),
                )));
            }
            if is_new && (create.is_some() || with_hire) && state == State::Paid && !is_asked(Asked::Release) {
                let what = shown!("{}: no request to release it is on record.", name);
                report.differs(ids(Difference::new(Kind::ReleasedElsewhere, what)));
            }
            report.trails.push(Trail {
                contract_id: contract.id.text().map(str::to_owned),
                contract: contract.title.text().map(str::to_owned),
                trainer: contract.freelancer.get().and_then(|trainer| trainer.display_name.text()).map(str::to_owned),
                milestone_id: id.to_owned(),
                name: milestone.name.text().or_else(|| milestone.description.text()).map(str::to_owned),
                amount_usd: milestone.amount_usd.decimal(),
                state,
                status: milestone.status.text().map(str::to_owned),
                created_at: milestone.created_at.text().map(str::to_owned),
                asked_at: create.and_then(|write| write.at).map(|at| at.to_string()),
                asked_by: create.and_then(|write| write.before.client.clone()),
                with_hire: with_hire && create.is_none(),
                is_earlier: !is_new && create.is_none(),
                funding: last(index, Asked::Fund, id),
                release: last(index, Asked::Release, id),
                invoice_id: milestone.invoice_id.text().map(str::to_owned),
            });
        }
    }
}

/// The create on record, by whomever, that made the milestone.
fn create_of<'a>(index: &'a Index<'_>, id: &str, milestone: &Milestone, contract: &Contract) -> Option<&'a Write<'a>> {
    let made = index.writes.iter().find(|write| write.made() && write.milestone_id() == Some(id));
    let perhaps = || {
        index.writes.iter().find(|write| {
            write.tool() == CREATE
                && write.after.is_none_or(Line::is_open)
                && write.argument("contractId") == contract.id.text()
                && is_of(write, milestone)
        })
    };
    made.or_else(perhaps)
}

/// True for the milestone that comes with a hire.
fn is_first(contract: &Contract, milestone: &Milestone) -> bool {
    let number = milestone.milestone_number.decimal();
    let numbers = contract.milestones.items().iter().filter_map(|listed| listed.milestone_number.decimal());
    match (number, numbers.min()) {
        (Some(number), Some(least)) => number == least,
        _ => contract.milestones.items().len() == 1,
    }
}

/// The last request of this kind for a milestone.
fn last(index: &Index<'_>, asked: Asked, id: &str) -> Option<Request> {
    let request = index.asked(asked, |request| request.milestone_id == Some(id)).last()?;
    let decision = index.decision(&request.approval_id);
    Some(Request {
        approval_id: request.approval_id.clone(),
        asked_at: request.at.map(|at| at.to_string()),
        asked_by: request.by.map(str::to_owned),
        decision: decision.status,
        decided_at: decision.at,
    })
}
