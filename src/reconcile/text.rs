//! The comparison for a person at a terminal: the verdict, what does not fit and what to do, then every milestone.

use crate::answer::text::{count, total, usd};
use crate::answer::{Joined, Shown, id, quoted, shown};

use super::index;
use super::report::{Report, Request, Sums, Trail};

/// Formats the report.
#[must_use]
pub fn text(report: &Report) -> Shown {
    let mut lines = vec![verdict(report)];
    for (place, difference) in report.differences.iter().enumerate() {
        lines.push(shown!("\n{}. {}: {}", place + 1, difference.kind.title(), difference.what));
        lines.push(shown!("   To do: {}", difference.to_do));
    }
    let list = |heading: &Shown, items: &[Shown], lines: &mut Vec<Shown>| {
        if !items.is_empty() {
            lines.push(shown!("\n{}:", heading));
            lines.extend(items.iter().map(|item| shown!("- {}", item)));
        }
    };
    list(&"Writes without a known end whose end shows".into(), &report.resolved, &mut lines);
    list(&"Not compared".into(), &report.notes, &mut lines);
    let (earlier, judged): (Vec<&Trail>, Vec<&Trail>) = report.trails.iter().partition(|trail| trail.is_earlier);
    let since = report.since.as_deref().map_or_else(|| "the record has no line of this account".into(), id);
    for (heading, trails) in
        [("Milestones".into(), judged), (shown!("Earlier milestones, not judged (before {})", since), earlier)]
    {
        list(&heading, &trails.into_iter().map(line).collect::<Vec<_>>(), &mut lines);
    }
    lines.joined("\n")
}

/// One sentence: whether all fits, and where the money is.
pub(super) fn verdict(report: &Report) -> Shown {
    let money = shown!("{}: {}.", count(report.trails.len(), "milestone"), sums(&report.sums));
    match report.differences.len() {
        0 => shown!("Everything fits. {}", money),
        1 => shown!("1 THING DOES NOT FIT. {}", money),
        many => shown!("{} THINGS DO NOT FIT. {}", many, money),
    }
}

fn sums(sums: &Sums) -> Shown {
    let parts =
        [("unfunded", sums.unfunded), ("held", sums.held), ("paid", sums.paid), ("in another state", sums.other)];
    let parts = parts.into_iter().filter(|(_, sum)| sum.is_none_or(|sum| !sum.is_zero()));
    let parts: Vec<Shown> = parts.map(|(name, sum)| shown!("{} {}", total(sum), name)).collect();
    if parts.is_empty() { "no money".into() } else { shown!("{}, {} in all", parts.joined(", "), total(sums.total)) }
}

fn line(trail: &Trail) -> Shown {
    let mut parts = vec![id(&trail.milestone_id)];
    parts.extend(trail.name.as_deref().map(quoted));
    parts.push(trail.amount_usd.map_or_else(|| "no amount".into(), usd));
    parts.push(match &trail.status {
        Some(status) => shown!("{} ({})", trail.state.name(), id(status)),
        None => trail.state.name().into(),
    });
    let whose: Vec<Shown> =
        [trail.trainer.as_deref().map(quoted), trail.contract_id.as_deref().map(id)].into_iter().flatten().collect();
    parts.push(whose.joined(", "));
    parts.push(origin(trail));
    parts.extend(trail.funding.as_ref().map(|request| decision("funding", request)));
    parts.extend(trail.release.as_ref().map(|request| decision("release", request)));
    parts.extend(trail.invoice_id.as_deref().map(|id| shown!("invoice {}", shown::id(id))));
    parts.joined(" · ")
}

/// Who asked for the milestone, as far as the record tells.
pub(super) fn origin(trail: &Trail) -> Shown {
    let by = trail.asked_by.as_deref().map(|client| shown!(" by {}", id(client))).unwrap_or_default();
    match &trail.asked_at {
        Some(at) => shown!("created {}{}", to_the_second(at), by),
        None if trail.with_hire => "came with the hire".into(),
        None => "no create on record".into(),
    }
}

/// `funding confirmed 2026-06-12 10:00:00 UTC (apr_1, asked 2026-06-12 09:00:00 UTC by codex 1)`
pub(super) fn decision(what: &'static str, request: &Request) -> Shown {
    let status = request.decision.as_deref().map_or_else(|| "of unknown decision".into(), id);
    let at = request.decided_at.as_deref().map(|at| shown!(" {}", to_the_second(at))).unwrap_or_default();
    let asked = request.asked_at.as_deref().map(|at| shown!(", asked {}", to_the_second(at))).unwrap_or_default();
    let by = request.asked_by.as_deref().map(|client| shown!(" by {}", id(client))).unwrap_or_default();
    shown!("{} {}{} ({}{}{})", what, status, at, id(&request.approval_id), asked, by)
}

/// `2026-06-12 10:00:00 UTC`
pub(super) fn to_the_second(text: &str) -> Shown {
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => index::to_the_second(at),
        Err(_) => id(text),
    }
}
