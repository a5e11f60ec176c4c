//! The comparison itself, part by part.

use super::difference::Difference;
use super::index::Index;
use super::report::Report;
use super::sides::{Ours, Scope, Theirs};
use super::{creates, decisions, hires, trails};

/// The ids of the approvals that the comparison needs, newest first.
#[must_use]
pub fn approvals_to_look_up(ours: &Ours, scope: &Scope) -> Vec<String> {
    let nothing = Theirs::default();
    let index = Index::of(ours, &nothing, scope);
    let mut ids: Vec<String> = Vec::new();
    for request in index.requests.iter().rev().filter(|request| request.is_ours) {
        if !ids.contains(&request.approval_id) {
            ids.push(request.approval_id.clone());
        }
    }
    ids
}

/// Compares both sides.
#[must_use]
pub fn reconcile(ours: &Ours, theirs: &Theirs, scope: &Scope) -> Report {
    let index = Index::of(ours, theirs, scope);
    let mut report = Report::new(scope, index.start);
    for number in &ours.unreadable {
        report.differs(Difference::unreadable(*number));
    }
    creates::compare(&index, &mut report);
    decisions::compare(&index, &mut report);
    hires::compare(&index, &mut report);
    trails::compare(&index, &mut report);
    report.finish();
    report
}
