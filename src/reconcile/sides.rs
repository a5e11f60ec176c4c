//! Both sides of the comparison: what is on record, and what OpenTrain says.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::api::approvals::Looked;
use crate::api::contracts::Contract;
use crate::guard::ledger::{Line, Recorded};

/// What this program has written down.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    /// All writes on record, in the order of their start.
    pub writes: Vec<Recorded>,
    /// The decisions of people that became known.
    pub decisions: Vec<Line>,
    /// The numbers of unreadable lines.
    pub unreadable: Vec<usize>,
}

/// What OpenTrain says now.
#[derive(Clone, Debug, Default)]
pub struct Theirs {
    /// All contracts of the account with their milestones.
    pub contracts: Vec<Contract>,
    /// Approvals by id, as far as they were looked up.
    pub approvals: BTreeMap<String, Looked>,
}

/// Which part of the record is compared.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The origin of the API.
    pub base: String,
    /// The token's owner, as the record names it.
    pub principal: Option<String>,
    /// Only what happened since this moment is judged. Default: since the account's first line.
    pub since: Option<Timestamp>,
}
