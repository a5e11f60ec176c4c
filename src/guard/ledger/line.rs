//! The lines of the record: version 1 of the format. Fields may be added, and none changes its meaning.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::answer::{Object, Outcome};
use crate::api::error::Error;

/// One line of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Line {
    /// The version of the format: 1.
    pub v: u8,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Ties the two lines of a write.
    pub id: String,
    /// On which side of the request it was written.
    pub phase: Phase,
    /// The tool.
    pub tool: String,
    /// Its arguments, as the API gets them.
    pub arguments: Object,
    /// The origin of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whose token it was: its public id, or the first eight hex digits of its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Whether the API was a sandbox, where nothing is real.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// Who the client says it is; not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What it commits, in USD before fees, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_usd: Option<Decimal>,
    /// The milestone it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_id: Option<String>,
    /// The approval that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    /// Only after: `created`, `recovered`, `existing`, `pending_approval`, `done`, `not_done` or `unknown`. A milestone that
    /// existed already has no line at all: it is found before anything begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The API's code, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The API's request id, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Only in a line that was made out of a damaged one, when a new file was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
}

/// On which side of the request a line was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Before it left.
    Before,
    /// When it had ended, in whatever way.
    After,
    /// A word that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What a damaged line still tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// Whatever it commits is known.
    Readable,
    /// It commits an amount that cannot be read.
    AmountUnreadable,
}

impl Line {
    /// The key under which its money is counted: a milestone is paid once, and a candidate hired once, however often it
    /// is asked for; anything else counts for itself.
    pub(super) fn counted_as(&self) -> String {
        let hired = || Some(format!("proposal {}", self.arguments.get("proposalId")?.as_str()?));
        self.milestone_id.clone().or_else(hired).unwrap_or_else(|| self.id.clone())
    }

    /// Whether it is, or may be, of the account that `base` and `principal` name: earlier versions named none.
    pub(super) fn may_be_of(&self, base: &str, principal: Option<&str>) -> bool {
        self.base.as_deref().is_none_or(|own| own == base && self.principal.as_deref() == principal)
    }

    /// Whether its money counts toward the limit that holds for `other`. A rehearsal never counts toward a real limit.
    pub(super) fn shares_limit_with(&self, other: &Self) -> bool {
        match &self.base {
            Some(_) => (self.sandbox, &self.base, &self.principal) == (other.sandbox, &other.base, &other.principal),
            None => !self.sandbox || other.sandbox,
        }
    }

    /// Whether the answer to it named a new milestone.
    #[must_use]
    pub fn names_new_milestone(&self) -> bool {
        self.outcome == Some(Outcome::Created) && self.milestone_id.is_some()
    }

    /// Whether nothing was committed in the end.
    pub(super) fn came_to_nothing(&self) -> bool {
        matches!(self.outcome, Some(Outcome::NotDone | Outcome::Existing | Outcome::ExistingAlike))
    }

    /// Whether it is not known how the write ended, as far as this line tells.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.outcome, None | Some(Outcome::Unknown))
    }

    /// The line that ends the write that this one began.
    pub(super) fn ended(self, result: WriteResult) -> Self {
        Self {
            at: Timestamp::now().to_string(),
            phase: Phase::After,
            milestone_id: result.milestone_id.or(self.milestone_id),
            approval_id: result.approval_id,
            outcome: Some(result.outcome),
            code: result.code,
            request_id: result.request_id,
            ..self
        }
    }
}

/// The money that a write commits.
#[derive(Clone, Debug, Default)]
pub struct Commitment {
    /// USD before fees, where it can be told.
    pub amount: Option<Decimal>,
    /// The milestone, where it exists already: it counts once.
    pub milestone_id: Option<String>,
}

/// How a write ended.
#[derive(Clone, Debug, Default)]
pub struct WriteResult {
    outcome: Outcome,
    milestone_id: Option<String>,
    approval_id: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
}

impl WriteResult {
    /// The result of a write that ended in `outcome`.
    #[must_use]
    pub fn with(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }

    /// The process stops, and it is not known what becomes of the write.
    pub(super) fn unknown() -> Self {
        Self::with(Outcome::Unknown)
    }

    /// With the milestone that it is about.
    #[must_use]
    pub fn milestone(self, id: Option<&str>) -> Self {
        Self { milestone_id: id.map(str::to_owned), ..self }
    }

    /// With the approval that was asked for.
    #[must_use]
    pub fn approval(self, id: Option<&str>) -> Self {
        Self { approval_id: id.map(str::to_owned), ..self }
    }

    /// It failed: surely not done, unknown, or done before the refusal.
    #[must_use]
    pub fn failed(fault: &Error) -> Self {
        let refusal = if let Error::Refused(refusal) = fault { Some(refusal) } else { None };
        let outcome = match refusal {
            Some(refusal) if refusal.came_after_the_change() => return Self::with(Outcome::Done),
            _ if fault.may_have_happened() => Outcome::Unknown,
            _ => Outcome::NotDone,
        };
        Self {
            outcome,
            code: refusal.and_then(|refusal| refusal.code.clone()),
            request_id: refusal.and_then(|refusal| refusal.request_id.clone()),
            ..Self::default()
        }
    }
}
