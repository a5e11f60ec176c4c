//! A milestone of which it is known how it was asked for.

use jiff::Timestamp;
use serde_json::Value;

use super::terms::Terms;

/// A milestone that was created by a call whose terms are known.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) asked: Terms,
    pub(super) at: Timestamp,
    /// The milestone as OpenTrain answered.
    pub(super) raw: Value,
}
