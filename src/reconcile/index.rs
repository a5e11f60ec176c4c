//! Both sides, sorted so that one can be found from the other.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::answer::Outcome;
use crate::answer::{Shown, figure, id, shown};
use crate::api::approvals::Approval;
use crate::api::contracts::Contract;
use crate::api::milestones::Milestone;
use crate::guard::ledger::{Line, Recorded};

use super::sides::{Ours, Scope, Theirs};

/// What a request asked a person for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    Fund,
    Release,
    Hire,
    End,
}

impl Asked {
    pub(super) fn of(tool: &str) -> Option<Self> {
        Some(match tool {
            "request_milestone_funding" => Self::Fund,
            "request_milestone_approval" => Self::Release,
            "hire_proposal" => Self::Hire,
            "end_contract" => Self::End,
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Fund => "funding",
            Self::Release => "release",
            Self::Hire => "hire",
            Self::End => "end",
        }
    }
}

/// A write on record.
pub(super) struct Write<'a> {
    pub(super) before: &'a Line,
    pub(super) after: Option<&'a Line>,
    pub(super) at: Option<Timestamp>,
    /// True if the token in use wrote it.
    pub(super) is_ours: bool,
    /// True if it happened in the time that is judged.
    pub(super) is_judged: bool,
}

impl Write<'_> {
    pub(super) fn tool(&self) -> &str {
        &self.before.tool
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.after.and_then(|after| after.outcome)
    }

    pub(super) fn argument(&self, name: &str) -> Option<&str> {
        self.before.arguments.get(name).and_then(Value::as_str)
    }

    /// The milestone that it made or was about.
    pub(super) fn milestone_id(&self) -> Option<&str> {
        let after = self.after.and_then(|after| after.milestone_id.as_deref());
        after.or(self.before.milestone_id.as_deref()).or_else(|| self.argument("milestoneId"))
    }

    pub(super) fn amount(&self) -> Option<Decimal> {
        self.after.and_then(|after| after.amount_usd).or(self.before.amount_usd)
    }

    /// True for a create that made a milestone.
    pub(super) fn made(&self) -> bool {
        self.tool() == CREATE && matches!(self.outcome(), Some(Outcome::Created | Outcome::Recovered))
    }

    /// `2026-06-12T10:00:00Z by codex 1.2`
    pub(super) fn when_and_who(&self) -> Shown {
        let at = self.at.map_or_else(|| "at an unknown time".into(), to_the_second);
        match &self.before.client {
            Some(client) => shown!("{} by {}", at, id(client)),
            None => at,
        }
    }
}

/// `2026-06-12 10:00:00 UTC`
pub(super) fn to_the_second(at: Timestamp) -> Shown {
    shown!("{} UTC", figure(&at.strftime("%Y-%m-%d %H:%M:%S").to_string()))
}

/// The tool that creates milestones.
pub(super) const CREATE: &str = "create_milestone";

/// A request for an approval on record.
pub(super) struct Request<'a> {
    pub(super) asked: Asked,
    pub(super) approval_id: String,
    pub(super) milestone_id: Option<&'a str>,
    pub(super) contract_id: Option<&'a str>,
    pub(super) proposal_id: Option<&'a str>,
    pub(super) amount: Option<Decimal>,
    pub(super) at: Option<Timestamp>,
    pub(super) by: Option<&'a str>,
    pub(super) is_ours: bool,
    pub(super) is_judged: bool,
}

/// The decision on an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// pending, confirmed, declined or expired; `None` if it is not known.
    pub(super) status: Option<String>,
    pub(super) at: Option<String>,
}

impl Decision {
    pub(super) fn is(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }
}

/// Both sides.
pub(super) struct Index<'a> {
    pub(super) writes: Vec<Write<'a>>,
    /// Each approval once, with the line that asked for it first, in the order of the record.
    pub(super) requests: Vec<Request<'a>>,
    /// Decisions on record by approval, in the order of the record.
    pub(super) decided: BTreeMap<&'a str, Vec<&'a Line>>,
    pub(super) theirs: &'a Theirs,
    /// The milestones at OpenTrain by id.
    pub(super) milestones: BTreeMap<&'a str, (&'a Contract, &'a Milestone)>,
    /// What happened before is not judged; `None` if nothing is on record.
    pub(super) start: Option<Timestamp>,
}

impl<'a> Index<'a> {
    pub(super) fn of(ours: &'a Ours, theirs: &'a Theirs, scope: &Scope) -> Self {
        let of_base = |line: &Line| line.base.as_ref().is_none_or(|base| *base == scope.base);
        let own = |line: &Line| line.base.is_some() && line.owner() == scope.principal.as_deref();
        let all = || ours.writes.iter().filter(|write| of_base(&write.before));
        let first = all().filter(|write| own(&write.before)).filter_map(|write| moment(&write.before)).min();
        let start = scope.since.or(first);
        let is_judged = |at: Option<Timestamp>| at.is_none_or(|at| start.is_some_and(|start| at >= start));
        let writes: Vec<Write<'a>> = all()
            .map(|Recorded { before, after }| {
                let at = moment(before);
                Write { before, after: after.as_ref(), at, is_ours: own(before), is_judged: is_judged(at) }
            })
            .collect();
        let mut decided: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in ours.decisions.iter().filter(|line| of_base(line)) {
            if let Some(id) = line.approval_id.as_deref() {
                decided.entry(id).or_default().push(line);
            }
        }
        let milestones = theirs.contracts.iter().flat_map(|contract| {
            let listed = contract.milestones.items().iter();
            listed.filter_map(move |milestone| Some((milestone.id.text()?, (contract, milestone))))
        });
        let requests = requests(&writes);
        Self { requests, writes, decided, theirs, milestones: milestones.collect(), start }
    }

    pub(super) fn contract(&self, id: &str) -> Option<&'a Contract> {
        self.theirs.contracts.iter().find(|contract| contract.id.text() == Some(id))
    }

    /// The approval at OpenTrain, if it was read.
    pub(super) fn approval(&self, id: &str) -> Option<&'a Approval> {
        self.theirs.approvals.get(id)?.found()
    }

    /// The decision: OpenTrain's, else the last one on record.
    pub(super) fn decision(&self, approval_id: &str) -> Decision {
        if let Some(approval) = self.approval(approval_id) {
            let at = approval.resolved_at.text().map(str::to_owned);
            return Decision { status: approval.status.text().map(str::to_lowercase), at };
        }
        let last = self.decided.get(approval_id).and_then(|lines| lines.last());
        Decision {
            status: last.and_then(|line| line.decision.as_deref()).map(as_status),
            at: last.map(|line| line.at.clone()),
        }
    }

    /// True if a moment that OpenTrain names lies in the time that is judged. OpenTrain may leave out fractions of a second.
    pub(super) fn is_judged(&self, at: Option<Timestamp>) -> bool {
        at.zip(self.start).is_some_and(|(at, start)| at.as_second() >= start.as_second())
    }

    /// The requests on record of one kind that `fits`, whoever asked.
    pub(super) fn asked(
        &self,
        asked: Asked,
        fits: impl Fn(&Request<'a>) -> bool,
    ) -> impl Iterator<Item = &Request<'a>> {
        self.requests.iter().filter(move |request| request.asked == asked && fits(request))
    }

    /// The contract that a hire has made: the one that the approval names, else the one of the proposal.
    pub(super) fn hired(&self, request: &Request<'_>) -> Option<&'a Contract> {
        let result = self.approval(&request.approval_id).and_then(|approval| approval.result.get());
        let named = result.and_then(|result| result.get("contractId")?.as_str());
        let by_proposal = || {
            let proposal = request.proposal_id?;
            self.theirs.contracts.iter().find(|contract| contract.proposal_id.text() == Some(proposal))
        };
        named.and_then(|id| self.contract(id)).or_else(by_proposal)
    }

    /// True if a hire on record, by whomever, explains the contract.
    pub(super) fn is_hired_here(&self, contract: &Contract) -> bool {
        let is_it =
            |request: &Request<'_>| self.hired(request).is_some_and(|hired| hired.id.text() == contract.id.text());
        self.asked(Asked::Hire, is_it).next().is_some()
            || self.writes.iter().any(|write| {
                Asked::of(write.tool()) == Some(Asked::Hire)
                    && write.argument("proposalId").is_some()
                    && write.argument("proposalId") == contract.proposal_id.text()
            })
    }
}

/// A decision as OpenTrain names its statuses: a replaced request has expired there.
pub(super) fn as_status(decision: &str) -> String {
    if decision == "replaced" { "expired".into() } else { decision.to_lowercase() }
}

fn moment(line: &Line) -> Option<Timestamp> {
    line.at.parse().ok()
}

fn requests<'a>(writes: &[Write<'a>]) -> Vec<Request<'a>> {
    let mut requests: Vec<Request<'a>> = Vec::new();
    for write in writes {
        let (Some(asked), Some(after)) = (Asked::of(&write.before.tool), write.after) else { continue };
        let Some(approval_id) = after.approval_id.clone() else { continue };
        if requests.iter().any(|known| known.approval_id == approval_id) {
            continue;
        }
        let argument = |name: &str| write.before.arguments.get(name).and_then(Value::as_str);
        let milestone = after.milestone_id.as_deref().or(write.before.milestone_id.as_deref());
        requests.push(Request {
            asked,
            approval_id,
            milestone_id: milestone.or_else(|| argument("milestoneId")),
            contract_id: argument("contractId"),
            proposal_id: argument("proposalId"),
            amount: after.amount_usd.or(write.before.amount_usd),
            at: write.at,
            by: write.before.client.as_deref(),
            is_ours: write.is_ours,
            is_judged: write.is_judged,
        });
    }
    requests
}
