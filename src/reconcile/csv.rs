//! The milestones as a table for a spreadsheet (RFC 4180), one line each.

use crate::answer::text::number;
use crate::answer::visible::visible;

use super::report::{Report, Request, Trail};

const HEADER: [&str; 20] = [
    "contractId",
    "contract",
    "trainer",
    "milestoneId",
    "name",
    "amountUsd",
    "state",
    "status",
    "createdAt",
    "askedAt",
    "askedBy",
    "fundingApprovalId",
    "fundingAskedAt",
    "fundingDecision",
    "fundingDecidedAt",
    "releaseApprovalId",
    "releaseDecision",
    "releaseDecidedAt",
    "invoiceId",
    "differences",
];

/// Formats the report. The last column has the kinds of what does not fit; differences without a milestone come last, in
/// lines of their own.
#[must_use]
pub fn csv(report: &Report) -> String {
    let mut lines = vec![HEADER.join(",")];
    let kinds = |id: Option<&str>| {
        let of_it = report.differences.iter().filter(|difference| difference.milestone_id.as_deref() == id);
        of_it.map(|difference| difference.kind.title()).collect::<Vec<_>>().join("; ")
    };
    lines.extend(report.trails.iter().map(|trail| row(cells(trail, kinds(Some(&trail.milestone_id))))));
    let is_listed = |id: &str| report.trails.iter().any(|trail| trail.milestone_id == id);
    let others = report.differences.iter().filter(|other| !other.milestone_id.as_deref().is_some_and(is_listed));
    for other in others {
        let mut cells = vec![String::new(); HEADER.len()];
        let given = [
            (0, other.contract_id.clone()),
            (3, other.milestone_id.clone()),
            (11, other.approval_id.clone()),
            (19, Some(format!("{}: {}", other.kind.title(), other.what))),
        ];
        for (place, text) in given {
            if let (Some(cell), Some(text)) = (cells.get_mut(place), text) {
                *cell = text;
            }
        }
        lines.push(row(cells));
    }
    lines.join("\r\n") + "\r\n"
}

fn cells(trail: &Trail, differences: String) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let request = |request: &Option<Request>, field: fn(&Request) -> Option<String>| {
        request.as_ref().and_then(field).unwrap_or_default()
    };
    vec![
        text(&trail.contract_id),
        text(&trail.contract),
        text(&trail.trainer),
        trail.milestone_id.clone(),
        text(&trail.name),
        trail.amount_usd.map(|amount| number(amount).into()).unwrap_or_default(),
        trail.state.name().to_owned(),
        text(&trail.status),
        text(&trail.created_at),
        text(&trail.asked_at),
        text(&trail.asked_by),
        request(&trail.funding, |request| Some(request.approval_id.clone())),
        request(&trail.funding, |request| request.asked_at.clone()),
        request(&trail.funding, |request| request.decision.clone()),
        request(&trail.funding, |request| request.decided_at.clone()),
        request(&trail.release, |request| Some(request.approval_id.clone())),
        request(&trail.release, |request| request.decision.clone()),
        request(&trail.release, |request| request.decided_at.clone()),
        text(&trail.invoice_id),
        differences,
    ]
}

fn row(cells: Vec<String>) -> String {
    cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",")
}

/// A cell. A spreadsheet must not take a stranger's text for a formula.
fn quoted(cell: &str) -> String {
    let cell = visible(cell).into_owned();
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_quoted_and_no_formula() {
        for (cell, written) in
            [("plain", "plain"), ("a, \"b\"", "\"a, \"\"b\"\"\""), ("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("-1", "'-1")]
        {
            assert_eq!(quoted(cell), written);
        }
    }
}
