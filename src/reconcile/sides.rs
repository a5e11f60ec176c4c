//! Both sides of the comparison: what is on record, and what OpenTrain says.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::answer::Shown;
use crate::api::approvals::Approval;
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

/// An approval that was looked up.
#[derive(Clone, Debug)]
pub enum Looked {
    /// As OpenTrain has it.
    Found(Box<Approval>),
    /// OpenTrain knows none with this id on this account.
    Missing,
    /// It could not be read, and why.
    Unread(Shown),
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
