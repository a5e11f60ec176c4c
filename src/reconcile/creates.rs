//! Creates on record, and what became of them at OpenTrain.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::answer::text::{number, usd};
use crate::answer::{Joined, Shown, quoted, shown};
use crate::api::milestones::Milestone;
use crate::api::types::decimal;
use crate::guard::ledger::{Line, Phase};

use super::difference::{Difference, Kind};
use super::index::{Asked, CREATE, Index, Write};
use super::report::Report;

/// Two equal creates within this time may be one that was repeated.
const REPEATED: SignedDuration = SignedDuration::from_hours(24);
/// How long before and after its line a milestone of an unknown create may say that it was made.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);
const LANDS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn compare(index: &Index<'_>, report: &mut Report) {
    // A new file begins with lines that were carried over, one for each write.
    let mut is_carried = true;
    for write in &index.writes {
        is_carried &= write.before.phase == Phase::After || write.after.is_none();
        if !(write.is_ours && write.is_judged) {
            continue;
        }
        if write.before.phase == Phase::After && !is_carried {
            let what =
                shown!("{} of {}: only its second line is there.", shown::id(write.tool()), write.when_and_who());
            report.differs(Difference::new(Kind::HalfRecorded, what).milestone(write.milestone_id()));
        }
        if write.made() {
            made(index, write, report);
        } else if write.after.is_none_or(Line::is_open) {
            unknown(index, write, report);
        }
    }
    twice(index, report);
}

/// A milestone that was made: it must be there, as it was asked for.
fn made(index: &Index<'_>, write: &Write<'_>, report: &mut Report) {
    let (Some(id), contract_id) = (write.milestone_id(), write.argument("contractId")) else { return };
    let ids = |difference: Difference| difference.milestone(Some(id)).contract(contract_id);
    let asked = shown!("Milestone {}, created {}", shown::id(id), write.when_and_who());
    let Some((contract, milestone)) = index.milestones.get(id) else {
        let gone = contract_id.is_some_and(|id| index.contract(id).is_none());
        let difference = if gone {
            let what = shown!("{}: its contract {} is not listed.", asked, shown::id(contract_id.unwrap_or_default()));
            Difference::new(Kind::ContractGone, what)
        } else {
            Difference::new(Kind::NotAtOpentrain, shown!("{}: its contract does not list it.", asked))
        };
        report.differs(ids(difference));
        return;
    };
    if contract_id.is_some() && contract.id.text() != contract_id {
        let (other, asked_for) =
            (contract.id.text().map(shown::id).unwrap_or_default(), shown::id(contract_id.unwrap_or_default()));
        let what = shown!("{} in contract {}, is in contract {}.", asked, asked_for, other);
        report.differs(ids(Difference::new(Kind::OtherContract, what)));
    }
    let (ours, theirs) = (write.amount(), milestone.amount_usd.decimal());
    if let (Some(ours), Some(theirs)) = (ours, theirs)
        && ours != theirs
    {
        let what = shown!("{}, is on record with {}, and OpenTrain has {}.", asked, usd(ours), usd(theirs));
        report.differs(ids(Difference::new(Kind::AmountDiffers, what)));
    }
    let volume = write.before.arguments.get("volume").and_then(as_decimal);
    if let (Some(ours), Some(theirs)) = (volume, milestone.volume.decimal())
        && ours != theirs
    {
        let what =
            shown!("{}, was asked for with volume {}, and OpenTrain has {}.", asked, number(ours), number(theirs));
        report.differs(ids(Difference::new(Kind::VolumeDiffers, what)));
    }
}

fn as_decimal(value: &Value) -> Option<Decimal> {
    value.as_number().and_then(decimal)
}

/// A write whose end is not on record: OpenTrain's state tells of a create and of a request; of others nothing does.
fn unknown(index: &Index<'_>, write: &Write<'_>, report: &mut Report) {
    let what = shown!("{}, {}", shown::id(write.tool()), write.when_and_who());
    let (contract, milestone) = (write.argument("contractId"), write.milestone_id());
    let resolved = match Asked::of(write.tool()) {
        _ if write.tool() == CREATE => resolve_create(index, write),
        Some(asked) => resolve_request(index, write, asked),
        None => None,
    };
    match resolved {
        Some(how) => report.resolved.push(shown!("{}: {}", what, how)),
        None => report.differs(
            Difference::new(Kind::UnknownOutcome, shown!("{}: the record does not tell how it ended.", what))
                .contract(contract)
                .milestone(milestone),
        ),
    }
}

fn resolve_create(index: &Index<'_>, write: &Write<'_>) -> Option<Shown> {
    let contract = index.contract(write.argument("contractId")?)?;
    let claimed = |id: &str| index.writes.iter().any(|other| other.made() && other.milestone_id() == Some(id));
    let mut found = contract
        .milestones
        .items()
        .iter()
        .filter(|milestone| milestone.id.text().is_some_and(|id| !claimed(id)) && is_of(write, milestone));
    Some(match found.next() {
        Some(milestone) => shown!("it was created: {}.", milestone.id.text().map(shown::id)),
        None => "it was not created, or its repeat was: no unclaimed milestone has its terms.".into(),
    })
}

/// True if an unknown create may have made this milestone.
pub(super) fn is_of(write: &Write<'_>, milestone: &Milestone) -> bool {
    let same = |name: &str, theirs: Option<&str>| {
        let ours = write.argument(name).map(str::trim);
        ours.is_none() || ours == theirs.map(str::trim)
    };
    let amount = write.amount().zip(milestone.amount_usd.decimal()).is_none_or(|(ours, theirs)| ours == theirs);
    let in_time = write.at.zip(milestone.created_at.timestamp()).is_none_or(|(asked, made)| {
        let passed = made.duration_since(asked);
        passed >= -CLOCKS_APART && passed <= LANDS_WITHIN
    });
    amount && in_time && same("name", milestone.name.text()) && same("description", milestone.description.text())
}

fn resolve_request(index: &Index<'_>, write: &Write<'_>, asked: Asked) -> Option<Shown> {
    let (milestone, contract, proposal) =
        (write.milestone_id(), write.argument("contractId"), write.argument("proposalId"));
    let mut again = index.asked(asked, |request| match asked {
        Asked::Fund | Asked::Release => milestone.is_some() && request.milestone_id == milestone,
        Asked::Hire => proposal.is_some() && request.proposal_id == proposal,
        Asked::End => contract.is_some() && request.contract_id == contract,
    });
    if let Some(request) = again.find(|request| request.at >= write.at) {
        return Some(shown!("it was asked for again: approval {}.", shown::id(&request.approval_id)));
    }
    // A contract without funded milestones ends without an approval.
    let is_ended = |id: &str| index.contract(id)?.status.text().filter(|status| *status == "ended").map(drop);
    if asked == Asked::End && contract.and_then(is_ended).is_some() {
        return Some("the contract has ended.".into());
    }
    None
}

/// Two milestones for one wish, and two lines for one milestone.
fn twice(index: &Index<'_>, report: &mut Report) {
    let mut by_id: BTreeMap<&str, Vec<&Write<'_>>> = BTreeMap::new();
    let mut by_terms: BTreeMap<Vec<String>, Vec<&Write<'_>>> = BTreeMap::new();
    for write in index.writes.iter().filter(|write| write.is_ours && write.made()) {
        let Some(id) = write.milestone_id() else { continue };
        by_id.entry(id).or_default().push(write);
        by_terms.entry(terms(write)).or_default().push(write);
    }
    for (id, writes) in by_id {
        if writes.len() > 1 && writes.iter().any(|write| write.is_judged) {
            let times: Vec<Shown> = writes.iter().map(|write| write.when_and_who()).collect();
            let what = shown!(
                "Milestone {} is on record as created {} times: {}.",
                shown::id(id),
                writes.len(),
                times.joined("; ")
            );
            report.differs(Difference::new(Kind::RecordedTwice, what).milestone(Some(id)));
        }
    }
    for writes in by_terms.values() {
        for pair in writes.windows(2) {
            let [first, second] = pair else { continue };
            let (Some(one), Some(other)) = (first.milestone_id(), second.milestone_id()) else { continue };
            let is_near =
                first.at.zip(second.at).is_some_and(|(first, second)| second.duration_since(first) <= REPEATED);
            let is_wanted = second.before.arguments.get("allowDuplicate") == Some(&Value::Bool(true));
            let are_there = index.milestones.contains_key(one) && index.milestones.contains_key(other);
            if one != other && is_near && !is_wanted && are_there && second.is_judged {
                let name =
                    second.argument("name").or_else(|| second.argument("description")).map(quoted).unwrap_or_default();
                let what = shown!(
                    "{}: {} and {} have the same terms and were created within a day.",
                    name,
                    shown::id(one),
                    shown::id(other)
                );
                let difference = Difference::new(Kind::AskedTwice, what).milestone(Some(other));
                report.differs(difference.contract(second.argument("contractId")));
            }
        }
    }
}

/// What makes two creates the same wish.
fn terms(write: &Write<'_>) -> Vec<String> {
    let names = ["contractId", "name", "description", "dueDate"];
    let mut terms: Vec<String> =
        names.iter().map(|name| write.argument(name).unwrap_or_default().trim().to_owned()).collect();
    terms.push(write.amount().map(number).unwrap_or_default().into());
    terms.push(write.before.arguments.get("volume").and_then(as_decimal).map(number).unwrap_or_default().into());
    terms
}
