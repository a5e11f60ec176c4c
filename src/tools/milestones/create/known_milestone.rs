//! A milestone whose original terms are known.

use jiff::Timestamp;
use serde_json::Value;

use super::terms::Terms;

/// A milestone whose original terms are known.
#[derive(Clone)]
pub(super) struct KnownMilestone {
    pub(super) id: String,
    pub(super) asked: Terms,
    pub(super) at: Timestamp,
    /// The milestone as OpenTrain returned it.
    pub(super) raw: Value,
}
