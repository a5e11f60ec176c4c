//! What happens to calls, reported to whoever counts it.

use std::time::Duration;

use crate::answer::Access;

/// A call that has ended. Every text is from a list of ours, never from a caller.
#[derive(Clone, Copy, Debug)]
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
