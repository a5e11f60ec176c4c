//! What happens between this server and OpenTrain, reported to whoever counts it.

use std::time::Duration;

/// Counts what happens. By default nothing is counted.
pub trait Meter: Send + Sync {
    /// An attempt has ended: with OpenTrain's status, or without a reply.
    fn replied(&self, _status: Option<u16>) {}
    /// A request is sent again.
    fn retried(&self) {}
    /// A step of the record of writes has taken this long.
    fn recorded(&self, _took: Duration) {}
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uncounted;

impl Meter for Uncounted {}
