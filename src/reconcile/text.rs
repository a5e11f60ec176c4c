//! The comparison for a person at a terminal: the verdict, what does not fit and what to do, then every milestone.

use crate::answer::text::{count, quoted, total, usd, word};

use super::report::{Report, Request, Sums, Trail};

/// Formats the report.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut lines = vec![verdict(report)];
    for (place, difference) in report.differences.iter().enumerate() {
        lines.push(format!("\n{}. {}: {}", place + 1, difference.kind.title(), difference.what));
        lines.push(format!("   To do: {}", difference.to_do));
    }
    let list = |heading: &str, items: &[String], lines: &mut Vec<String>| {
        if !items.is_empty() {
            lines.push(format!("\n{heading}:"));
            lines.extend(items.iter().map(|item| format!("- {item}")));
        }
    };
    list("Writes without a known end whose end shows", &report.resolved, &mut lines);
    list("Not compared", &report.notes, &mut lines);
    let (earlier, judged): (Vec<&Trail>, Vec<&Trail>) = report.trails.iter().partition(|trail| trail.is_earlier);
    let since = report.since.as_deref().map_or_else(|| "the record has no line of this account".into(), word);
    for (heading, trails) in
        [("Milestones".to_owned(), judged), (format!("Earlier milestones, not judged (before {since})"), earlier)]
    {
        list(&heading, &trails.into_iter().map(line).collect::<Vec<_>>(), &mut lines);
    }
    lines.join("\n")
}

/// One sentence: whether all fits, and where the money is.
pub(super) fn verdict(report: &Report) -> String {
    let money = format!("{}: {}.", count(report.trails.len(), "milestone"), sums(&report.sums));
    match report.differences.len() {
        0 => format!("Everything fits. {money}"),
        1 => format!("1 THING DOES NOT FIT. {money}"),
        many => format!("{many} THINGS DO NOT FIT. {money}"),
    }
}

fn sums(sums: &Sums) -> String {
    let parts =
        [("unfunded", sums.unfunded), ("held", sums.held), ("paid", sums.paid), ("in another state", sums.other)];
    let parts = parts.into_iter().filter(|(_, sum)| sum.is_none_or(|sum| !sum.is_zero()));
    let parts: Vec<String> = parts.map(|(name, sum)| format!("{} {name}", total(sum))).collect();
    if parts.is_empty() { "no money".into() } else { format!("{}, {} in all", parts.join(", "), total(sums.total)) }
}

fn line(trail: &Trail) -> String {
    let mut parts = vec![word(&trail.milestone_id)];
    parts.extend(trail.name.as_deref().map(quoted));
    parts.push(trail.amount_usd.map_or_else(|| "no amount".into(), usd));
    parts.push(match &trail.status {
        Some(status) => format!("{} ({})", trail.state.name(), word(status)),
        None => trail.state.name().into(),
    });
    let whose: Vec<String> =
        [trail.trainer.as_deref().map(word), trail.contract_id.as_deref().map(word)].into_iter().flatten().collect();
    parts.push(whose.join(", "));
    parts.push(origin(trail));
    parts.extend(trail.funding.as_ref().map(|request| decision("funding", request)));
    parts.extend(trail.release.as_ref().map(|request| decision("release", request)));
    parts.extend(trail.invoice_id.as_deref().map(|id| format!("invoice {}", word(id))));
    parts.join(" · ")
}

/// Who asked for the milestone, as far as the record tells.
pub(super) fn origin(trail: &Trail) -> String {
    let by = trail.asked_by.as_deref().map(|client| format!(" by {}", word(client))).unwrap_or_default();
    match &trail.asked_at {
        Some(at) => format!("created {}{by}", to_the_second(at)),
        None if trail.with_hire => "came with the hire".into(),
        None => "no create on record".into(),
    }
}

/// `funding confirmed 2026-06-12 10:00:00 UTC (apr_1, asked 2026-06-12 09:00:00 UTC by codex 1)`
pub(super) fn decision(what: &str, request: &Request) -> String {
    let status = request.decision.as_deref().map_or_else(|| "of unknown decision".into(), word);
    let at = request.decided_at.as_deref().map(|at| format!(" {}", to_the_second(at))).unwrap_or_default();
    let asked = request.asked_at.as_deref().map(|at| format!(", asked {}", to_the_second(at))).unwrap_or_default();
    let by = request.asked_by.as_deref().map(|client| format!(" by {}", word(client))).unwrap_or_default();
    format!("{what} {status}{at} ({}{asked}{by})", word(&request.approval_id))
}

/// `2026-06-12 10:00:00 UTC`
pub(super) fn to_the_second(text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => word(text),
    }
}
