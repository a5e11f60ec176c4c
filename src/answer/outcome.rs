//! What became of a write: the one word for it in answers, failures and the record.

use serde::{Deserialize, Serialize};

/// What became of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something new exists.
    Created,
    /// Nothing was done: the same exists already.
    Existing,
    /// Nothing was done: one exists that may be the same, as far as can be told.
    ExistingAlike,
    /// Something new exists; the reply that said so was lost, and a look found it.
    Recovered,
    /// A person has to decide.
    PendingApproval,
    /// It was carried out.
    Done,
    /// It was not carried out.
    #[default]
    NotDone,
    /// It may have been carried out.
    Unknown,
    /// A word of a later version, read from a record.
    #[serde(other)]
    Other,
}

impl Outcome {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::json!(self).as_str().unwrap_or_default().to_owned()
    }

    /// The outcome of that name; `Other` where there is none.
    #[must_use]
    pub fn of(name: &str) -> Self {
        serde_json::from_value(name.into()).unwrap_or(Self::Other)
    }
}
