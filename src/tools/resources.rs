//! The resources: contracts, jobs and approvals, each in the words of its tool, and the writes of today.

use crate::answer::text::{count, total, usd};
use crate::answer::{Joined, Shown, figure, id, shown};
use crate::engine::catalog::{Resource, Source, Today, Values};
use crate::guard::ledger::{Line, Recorded, committed};

/// Ids of contracts.
pub const CONTRACTS: Values = Values {
    tool: "list_contracts",
    list: "contracts",
    also: &["/title", "/freelancer/displayName", "/freelancer/country"],
};
/// Ids of the account's own jobs.
pub const JOBS: Values = Values { tool: "list_jobs", list: "jobs", also: &["/title", "/status"] };

/// All resources in listing order.
pub const RESOURCES: &[Resource] = &[
    Resource {
        uri: "opentrain://contracts/{contractId}",
        name: "contract",
        title: "Contract",
        description: "A contract with its trainer, budget and milestones.",
        source: Source::Tool("get_contract"),
        values: Some(&CONTRACTS),
    },
    Resource {
        uri: "opentrain://jobs/{jobId}",
        name: "job",
        title: "Job",
        description: "A published job: what is to be done, by whom, for what pay.",
        source: Source::Tool("get_job"),
        values: Some(&JOBS),
    },
    Resource {
        uri: "opentrain://approvals/{approvalId}",
        name: "approval",
        title: "Approval",
        description: "A request that waits for a person, or the person's decision.",
        source: Source::Tool("get_approval"),
        values: None,
    },
    Resource {
        uri: "opentrain://record/today",
        name: "record_today",
        title: "Today's writes",
        description: "What this server wrote today (UTC), what people decided, and what the operator's rules refused.",
        source: Source::Today(today),
        values: None,
    },
];

/// The most lines of each kind. The whole record is for `opentrain-mcp audit`.
const MOST: usize = 50;

fn today(today: &Today) -> Vec<Shown> {
    let writes = today.writes.len();
    let mut summary = shown!("Today, {} (UTC): {}", figure(&today.date), count(writes, "write"));
    if writes > 0 {
        summary.push(shown!(", {} committed before fees", total(committed(&today.writes))));
    }
    summary.push(".");
    let mut lines = vec![summary];
    lines.extend(today.used.iter().map(|used| shown!("Of the operator's limit for the day, {}.", used)));
    // The last ones matter most.
    lines.extend(today.writes.iter().rev().take(MOST).map(write));
    lines.extend(today.decisions.iter().rev().take(MOST).map(|line| {
        let decision = line.decision.as_deref().unwrap_or("known");
        facts(line, &[shown!("a person decided: {}", id(decision))])
    }));
    lines.extend(today.refusals.iter().rev().take(MOST).map(|line| {
        let reason = line.reason.as_deref().unwrap_or("a rule");
        facts(line, &[id(&line.tool), shown!("refused by the operator's rule {}, nothing was sent", id(reason))])
    }));
    if writes > MOST {
        lines.push(shown!("… and {} earlier writes.", writes - MOST));
    }
    lines
}

fn write(write: &Recorded) -> Shown {
    let last = write.after.as_ref().unwrap_or(&write.before);
    let outcome = last.outcome.map_or_else(|| "outcome unknown".into(), |outcome| id(&outcome.name()));
    let amount = last.amount_usd.or(write.before.amount_usd).map(usd);
    let what: Vec<Shown> = [Some(id(&last.tool)), Some(outcome), amount].into_iter().flatten().collect();
    facts(&Line { at: write.before.at.clone(), ..last.clone() }, &what)
}

/// `10:00:00 · create_milestone · created · $300 · milestone ms_1 · by codex 1`
fn facts(line: &Line, what: &[Shown]) -> Shown {
    let at = line.at.get(11..19).map_or_else(|| "no time".into(), figure);
    let ids = [("milestone", &line.milestone_id), ("approval", &line.approval_id), ("by", &line.client)];
    let ids = ids.into_iter().filter_map(|(what, field)| Some(shown!("{} {}", what, id(field.as_ref()?))));
    std::iter::once(at).chain(what.iter().cloned()).chain(ids).joined(" · ")
}
