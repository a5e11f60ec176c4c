//! Which approvals are open, as far as the record tells. It knows nothing of files.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::answer::Outcome;

use super::line::{Line, Phase};
use super::store::Account;

/// The longest time that an approval stays open. OpenTrain gives 72 hours.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The requests for an approval whose decision is not on record.
#[derive(Debug)]
pub(super) struct OpenApprovals<'a> {
    /// The account, or `None` for all.
    account: Option<&'a Account>,
    /// Requests before this moment have expired.
    pub(super) since: Timestamp,
    /// By the id of the approval.
    open: BTreeMap<String, Line>,
}

impl<'a> OpenApprovals<'a> {
    /// The requests of `account`, or of all accounts.
    pub(super) fn of(account: Option<&'a Account>, now: Timestamp) -> Self {
        Self { account, since: now.checked_sub(LONGEST).unwrap_or(now), open: BTreeMap::new() }
    }

    /// Takes the next line of the record.
    pub(super) fn take(&mut self, line: Line) {
        let Some(approval) = line.approval_id.clone() else { return };
        if line.phase != Phase::After {
            // A decision that became known.
            self.open.remove(&approval);
        } else if line.outcome == Some(Outcome::PendingApproval)
            && line.at.parse::<Timestamp>().is_ok_and(|at| at >= self.since)
            && self.account.is_none_or(|account| line.is_asked_by(&account.base, account.principal.as_deref()))
        {
            self.open.insert(approval, line);
        }
    }

    pub(super) fn oldest_first(self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.open.into_values().collect();
        lines.sort_by(|one, other| one.at.cmp(&other.at));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: &str, approval: &str, phase: Phase, outcome: Option<Outcome>) -> Line {
        let (base, principal) = (Some("https://a".to_owned()), Some("p".to_owned()));
        let approval_id = Some(approval.to_owned());
        let at = format!("2026-06-12T10:00:0{second}Z");
        Line { at, phase, base, principal, approval_id, outcome, ..Line::default() }
    }

    #[test]
    fn an_approval_is_open_until_its_decision_is_recorded() {
        let account = Account { base: "https://a".into(), principal: Some("p".into()) };
        let now = "2026-06-12T10:00:09Z".parse().unwrap();
        let mut approvals = OpenApprovals::of(Some(&account), now);
        let pending = Some(Outcome::PendingApproval);
        approvals.take(line("3", "later", Phase::After, pending));
        approvals.take(line("1", "first", Phase::After, pending));
        approvals.take(line("2", "decided", Phase::After, pending));
        approvals.take(line("4", "decided", Phase::Unknown, None));
        approvals.take(line("5", "refused", Phase::After, Some(Outcome::NotDone)));
        approvals.take(Line { principal: Some("q".into()), ..line("6", "another's", Phase::After, pending) });
        let open: Vec<_> = approvals.oldest_first().into_iter().filter_map(|line| line.approval_id).collect();
        assert_eq!(open, ["first", "later"]);
    }
}
