//! Formats a milestone in one line.

use crate::answer::text::{date, number, usd};
use crate::answer::{Joined, Shown, id, quoted, shown};
use crate::api::milestones::Milestone;
use crate::api::reply::Reply;

/// Formats a milestone in one line.
#[must_use]
pub fn milestone_line(milestone: &Milestone, reply: &Reply) -> Shown {
    milestone_line_in(milestone, None, reply)
}

/// Formats a milestone in one line, with the unit of its contract's volume.
#[must_use]
pub fn milestone_line_in(milestone: &Milestone, unit: Option<&'static str>, reply: &Reply) -> Shown {
    let mut parts = Vec::new();
    let place = milestone.milestone_number.get().map_or_else(Shown::default, |place| shown!("#{} ", place));
    parts.push(shown!("{}{}", place, milestone.id.text().map_or_else(|| "no id".into(), id)));
    parts.push(milestone.status.text().map_or_else(|| "no status".into(), id));
    parts.push(milestone.amount_usd.decimal().map_or_else(|| "no amount".into(), usd));
    parts.extend(milestone.volume.decimal().map(|volume| match unit {
        Some(unit) => shown!("{} {}", number(volume), unit),
        None => shown!("volume {}", number(volume)),
    }));
    parts.push(due(milestone, reply));
    let name = milestone.name.text().or_else(|| milestone.description.text());
    parts.extend(name.map(quoted));
    let flags = flags(milestone);
    if !flags.is_empty() {
        parts.push(shown!("OpenTrain's flags: {}", flags.joined(", ")));
    }
    parts.joined(" · ")
}

fn due(milestone: &Milestone, reply: &Reply) -> Shown {
    match (milestone.due_date.text(), milestone.due_date.timestamp()) {
        (None, _) => "no due date".into(),
        (Some(text), Some(at)) if at < reply.now() => shown!("was due {}", date(text)),
        (Some(text), _) => shown!("due {}", date(&id(text))),
    }
}

/// True if nothing is left to do for the milestone. The reference lists these states only among the app's labels.
#[must_use]
pub fn is_settled(milestone: &Milestone) -> bool {
    matches!(milestone.status.text(), Some("PAID" | "RELEASED" | "CANCELLED" | "REFUNDED"))
}

/// The names of the milestone's flags that are set. OpenTrain does not document their meaning.
#[must_use]
pub fn flags(milestone: &Milestone) -> Vec<&'static str> {
    let flags = [("pendingApproval", &milestone.pending_approval), ("needsReview", &milestone.needs_review)];
    flags.into_iter().filter(|(_, flag)| flag.is_true()).map(|(name, _)| name).collect()
}
