//! What the servers that share a ledger know together. Files hold it for the servers of one user on one machine,
//! PostgreSQL for servers on any number of machines. Everyone else knows only this.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::answer::{Denial, Object, Shown};
use crate::guard::freeze::SwitchState;
use crate::guard::policy::Policy;

use super::line::Line;

/// The answer of one step.
pub(super) type Step<'a, T> = BoxFuture<'a, io::Result<T>>;

/// Takes the lines of a record, one at a time.
pub(super) type EachLine = Box<dyn FnMut(&[u8]) + Send>;

/// The place of a ledger. Each step is complete when it returns, and no other server's step comes between its parts.
pub(super) trait Store: Debug + Send + Sync {
    /// Compares the day's sum of the line's account with the limit, and adds the first line of a write. Returns warnings
    /// for the caller, or the refusal.
    fn begin(&self, line: Line, policy: Policy) -> Step<'_, Result<Vec<Shown>, Denial>>;

    /// Adds any other line. A line that cannot be added is kept, and added first when that is possible again.
    fn add(&self, line: Line) -> Step<'_, ()>;

    /// The amount that the account of `line` has committed on the line's day.
    fn used_today(&self, line: Line) -> Step<'_, Decimal>;

    /// The writes of the last 24 hours with an unknown end or a new milestone.
    fn recent_writes(&self, search: Search) -> Step<'_, Vec<Arc<Line>>>;

    /// The last lines of the account's requests for approval whose decision is not on record.
    fn open_approvals(&self, account: Account) -> Step<'_, Vec<Line>>;

    /// True if a record is kept.
    fn is_kept(&self) -> bool;

    /// Calls `each` for the lines in their order, one JSON object each: for all, or at least for those since a moment.
    fn lines(&self, since: Option<Timestamp>, each: EachLine) -> Step<'_, ()>;

    /// The stop switch of this ledger, if it has one of its own and it is on.
    fn frozen(&self) -> Step<'_, Option<SwitchState>>;

    /// Takes the lock named `key`; `None` if it is still held at `until`.
    fn lock(&self, of: LockOf, key: String, until: Instant) -> Step<'_, Option<Box<dyn Lock>>>;

    /// The text that the holders of a lock have left, without taking it. Waits for its holder until `until`. `None` if
    /// nobody had the lock, or if only this process could have had it.
    fn left(&self, of: LockOf, key: String, until: Instant) -> Step<'_, Option<String>>;

    /// Why two servers could create the same milestone at the same moment, as far as is known before a lock is taken.
    fn problem(&self) -> Option<String>;

    /// Fails within a second if no write could be recorded now, as far as can be told without writing.
    fn check(&self) -> Step<'_, ()>;

    /// Adds these lines, and all lines that were kept, before the process ends.
    fn close(&self, lines: Vec<Line>) -> Step<'_, ()>;
}

/// What a lock is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockOf {
    /// One create at a time in a contract. Its text is for the next creates.
    Contract,
    /// One use of a sealed state. Its text is the answer for later uses, and is forgotten after a day.
    State,
}

/// A lock that is held until this value is dropped. It comes with a text for its next holders.
pub(super) trait Lock: Send + Sync {
    /// The text that earlier holders have left.
    fn text(&self) -> Step<'_, String>;

    /// Replaces the text. Fails with `ResourceBusy` if the lock is no longer held.
    fn leave(&self, text: String) -> Step<'_, ()>;

    /// True if no server adds to the record what this lock is for without having the lock.
    fn covers_record(&self) -> bool;

    /// The reason why other servers do not see the lock, if so.
    fn unshared(&self) -> Option<String> {
        None
    }
}

/// One account at one API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The origin of the API.
    pub base: String,
    /// Who asks, as the record names it. For a search of writes: the owner of the token.
    pub principal: Option<String>,
}

/// Which writes are wanted.
#[derive(Clone, Debug)]
pub struct Search {
    /// The tool's name.
    pub tool: &'static str,
    /// The account that they belong to.
    pub account: Account,
    /// The contract that their arguments name.
    pub contract: String,
}

impl Search {
    /// True if the arguments name the contract.
    pub(super) fn fits(&self, arguments: &Object) -> bool {
        contract_in(arguments) == Some(&*self.contract)
    }
}

/// The contract that a write's arguments name.
pub(super) fn contract_in(arguments: &Object) -> Option<&str> {
    arguments.get("contractId")?.as_str().map(str::trim)
}
