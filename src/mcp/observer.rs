//! What happens to calls, reported to whoever counts it or collects traces. Words come from closed lists.

use std::time::Duration;

use crate::answer::Access;

/// The outcomes of calls.
pub(super) const OUTCOMES: [&str; 10] = [
    "created",
    "recovered",
    "existing",
    "existing_alike",
    "pending_approval",
    "done",
    "not_done",
    "unknown",
    "input_required",
    "cancelled",
];
/// The reasons of refusals.
pub(super) const REASONS: [&str; 12] = [
    "over_limit",
    "milestone_not_found",
    "not_registered",
    "read_only",
    "frozen",
    "not_confirmed",
    "audit_unavailable",
    "secret_not_kept",
    "account_claim_required",
    "payment_method_required",
    "outcome_unknown",
    "contract_busy",
];
/// Stands for everything that is in no list.
pub(super) const OTHER: &str = "other";

/// The word of `list` that is `text`.
pub(super) fn known(text: &str, list: &[&'static str]) -> &'static str {
    list.iter().find(|known| **known == text).copied().unwrap_or(OTHER)
}

/// How the caller reached the server.
pub(super) const fn kind_of(access: Access) -> &'static str {
    match access {
        Access::Local => "local",
        Access::AgentKey => "agent",
        Access::OwnToken => "own_token",
    }
}

/// A call that has ended. Every text is from a list of ours, never from a caller.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only the server over HTTP counts calls"))]
pub(super) struct Ended<'a> {
    /// The tool, if there is one of that name.
    pub(super) tool: Option<&'static str>,
    /// `outcome` of the answer, as the handler found it.
    pub(super) outcome: &'a str,
    /// The reason of a refusal.
    pub(super) reason: Option<&'a str>,
    /// How the caller reached the server.
    pub(super) access: Access,
    /// The time that the call took.
    pub(super) took: Duration,
}

/// Counts calls.
pub(super) trait Observer: Send + Sync {
    /// A call has ended.
    fn ended(&self, call: Ended<'_>);
    /// A call begins (`true`) or ends to wait for a person.
    fn waits(&self, begins: bool);
}
