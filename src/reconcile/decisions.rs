//! Requests for a person's decision: what was decided, and whether it was carried out.

use std::collections::BTreeMap;

use crate::answer::text::usd;
use crate::answer::{quoted, shown};
use crate::api::approvals::{CONFIRMED, DECLINED, EXPIRED, Looked, PENDING};

use super::difference::{Difference, Kind};
use super::index::{Asked, Decision, Index, Request, as_status};
use super::report::{Report, State};

pub(super) fn compare(index: &Index<'_>, report: &mut Report) {
    // The requests for one thing: funding it may be asked for again after it was declined.
    let mut things: BTreeMap<(Asked, String), Vec<(&Request<'_>, Decision)>> = BTreeMap::new();
    for request in &index.requests {
        let decision = index.decision(&request.approval_id);
        if request.is_ours && request.is_judged {
            one(index, request, &decision, report);
        }
        let thing = match request.asked {
            Asked::Fund | Asked::Release => request.milestone_id,
            Asked::Hire => request.proposal_id,
            Asked::End => request.contract_id,
        };
        things.entry((request.asked, thing.unwrap_or_default().to_owned())).or_default().push((request, decision));
    }
    for ((asked, thing), requests) in &things {
        if !thing.is_empty() && requests.iter().any(|(request, _)| request.is_ours && request.is_judged) {
            all_for_one(index, *asked, requests, report);
        }
    }
}

/// One request: the decision on record is OpenTrain's, and the amount is still the one that was asked for.
fn one(index: &Index<'_>, request: &Request<'_>, decision: &Decision, report: &mut Report) {
    let id = &request.approval_id;
    let ids = |difference: Difference| about(difference, request);
    match index.theirs.approvals.get(id) {
        Some(Looked::Missing) => {
            let what = shown!("Approval {} for {} is not known at OpenTrain.", shown::id(id), request.asked.name());
            report.differs(ids(Difference::new(Kind::ApprovalMissing, what)));
        }
        Some(Looked::Unread(why)) => {
            report.notes.push(shown!("Approval {} could not be read: {}.", shown::id(id), quoted(why)));
        }
        None if decision.status.is_none() => {
            report
                .notes
                .push(shown!("Approval {} was not looked up; the record has no decision of it.", shown::id(id)));
        }
        Some(Looked::Found(_)) | None => {}
    }
    let recorded: Vec<String> = index
        .decided
        .get(id.as_str())
        .into_iter()
        .flatten()
        .filter_map(|line| line.decision.as_deref())
        .map(as_status)
        .collect();
    if let Some(other) = recorded.iter().find(|status| Some(*status) != recorded.first()) {
        let first = recorded.first().map_or("", String::as_str);
        let what =
            shown!("Approval {} is on record as {} and as {}.", shown::id(id), shown::id(first), shown::id(other));
        report.differs(ids(Difference::new(Kind::TwoDecisions, what)));
    } else if let (Some(recorded), Some(approval)) = (recorded.first(), index.approval(id))
        && let Some(status) = approval.status.text()
        && !status.eq_ignore_ascii_case(recorded)
    {
        let what = shown!(
            "Approval {} is on record as {}, and OpenTrain has {}.",
            shown::id(id),
            shown::id(recorded),
            shown::id(status)
        );
        report.differs(ids(Difference::new(Kind::DecisionDiffers, what)));
    }
    let milestone = request.milestone_id.and_then(|id| index.milestones.get(id));
    if let (Asked::Fund | Asked::Release, Some((_, milestone)), Some(asked)) =
        (request.asked, milestone, request.amount)
        && let Some(theirs) = milestone.amount_usd.decimal()
        && theirs != asked
    {
        let what =
            shown!("{} was asked for {}, and the milestone is {} now.", usd(asked), request.asked.name(), usd(theirs));
        report.differs(ids(Difference::new(Kind::AmountDiffers, what)));
    }
}

/// Everything that was asked for one thing, against its state.
fn all_for_one(index: &Index<'_>, asked: Asked, requests: &[(&Request<'_>, Decision)], report: &mut Report) {
    let Some((last, _)) = requests.last() else { return };
    let confirmed: Vec<&Request<'_>> =
        requests.iter().filter(|(_, decision)| decision.is(CONFIRMED)).map(|(request, _)| *request).collect();
    if let [first, second, ..] = confirmed.as_slice() {
        let what = shown!(
            "Approvals {} and {} are both confirmed.",
            shown::id(&first.approval_id),
            shown::id(&second.approval_id)
        );
        report.differs(about(Difference::new(Kind::ConfirmedTwice, what), second));
    }
    let Some(is_done) = is_done(index, asked, confirmed.first().copied().unwrap_or(last)) else { return };
    match (confirmed.first(), is_done) {
        (Some(request), false) => {
            let what = shown!(
                "Approval {} for {} is confirmed, and nothing of it shows.",
                shown::id(&request.approval_id),
                asked.name()
            );
            report.differs(about(Difference::new(Kind::ConfirmedNotDone, what), request));
        }
        (None, true) => {
            let known = requests
                .iter()
                .all(|(_, decision)| [PENDING, DECLINED, EXPIRED].iter().any(|status| decision.is(status)));
            if known {
                let status = requests.last().and_then(|(_, decision)| decision.status.clone()).unwrap_or_default();
                let what = shown!(
                    "Approval {} for {} is {}, and it was done all the same.",
                    shown::id(&last.approval_id),
                    asked.name(),
                    shown::id(&status)
                );
                report.differs(about(Difference::new(Kind::DoneWithoutConsent, what), last));
            }
        }
        _ => {}
    }
}

/// Whether what was asked for has happened; `None` if that does not show.
fn is_done(index: &Index<'_>, asked: Asked, request: &Request<'_>) -> Option<bool> {
    let state = || {
        let (_, milestone) = index.milestones.get(request.milestone_id?)?;
        Some(State::of(milestone))
    };
    match asked {
        Asked::Fund => Some(state()? != State::Unfunded),
        Asked::Release => Some(!matches!(state()?, State::Unfunded | State::Held)),
        Asked::Hire => Some(index.hired(request).is_some()),
        Asked::End => Some(index.contract(request.contract_id?)?.status.text() == Some("ended")),
    }
}

fn about(difference: Difference, request: &Request<'_>) -> Difference {
    difference.approval(&request.approval_id).milestone(request.milestone_id).contract(request.contract_id)
}
