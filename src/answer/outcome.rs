//! The outcome of a write, as named in answers, failures and the record.

use serde::{Deserialize, Serialize};

/// The outcome of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something new was created.
    Created,
    /// Nothing was sent: the same thing exists already.
    Existing,
    /// Nothing was sent: a thing that may be the same exists already.
    ExistingAlike,
    /// Something new was created. The reply was lost, and a read found the new thing.
    Recovered,
    /// A person must decide.
    PendingApproval,
    /// The write succeeded.
    Done,
    /// The write failed without effect.
    #[default]
    NotDone,
    /// The write may have succeeded.
    Unknown,
    /// A word of a later version, read from the record.
    #[serde(other)]
    Other,
}

impl Outcome {
    /// The outcome's name in JSON.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::json!(self).as_str().unwrap_or_default().to_owned()
    }

    /// Parses a name; `Other` for an unknown name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        serde_json::from_value(name.into()).unwrap_or(Self::Other)
    }
}
