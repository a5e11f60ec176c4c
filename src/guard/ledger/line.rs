//! The lines of the record, version 1 of the format. New fields may be added; existing fields keep their meaning.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::answer::{Object, Outcome};
use crate::api::amount;
use crate::api::error::Error;
use crate::api::token::hide_tokens;

/// One line of the record. Readers skip phases that they do not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Line {
    /// The version of the format: 1.
    pub v: u8,
    /// The time, RFC 3339 in UTC.
    pub at: String,
    /// Shared by the two lines of a write; a decision and a refusal have an id of their own.
    pub id: String,
    /// Whether the line was written before or after the request, or belongs to none.
    pub phase: Phase,
    /// The tool's name.
    pub tool: String,
    /// The arguments as they are sent to the API.
    pub arguments: Object,
    /// The origin of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Who acts: the token's public id, or the first eight hex digits of its SHA-256; over HTTP the agent's name, or for a
    /// caller's own token its public id and a hash of the whole token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The token's owner, if another principal used the token: an agent with a key of its own, over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// True if the API is a sandbox, where nothing is real.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// The client's own name; not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// True if a person has said yes to the call in a form of the host.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// The committed amount in USD before fees, if known.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "exact_amount")]
    pub amount_usd: Option<Decimal>,
    /// The milestone's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_id: Option<String>,
    /// The id of the requested approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    /// Only in the second line of a request: the trainer or candidate, as OpenTrain masks the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trainer: Option<String>,
    /// Only in the second line: `created`, `recovered`, `existing`, `pending_approval`, `done`, `not_done` or
    /// `unknown`. A milestone that already existed has no line, because it is found before a write begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Only in the line of a decision: `confirmed`, `declined`, `expired` or `replaced`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Only in the line of a refusal: the operator's rule, such as `over_limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The API's error code, if it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The API's request id, if it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Only in a line that was recovered from a damaged one when a new file was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
}

/// Reads an amount without losing a digit. Another program may have written it as a number, or with an exponent.
fn exact_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    amount::exact(&text).map(Some).ok_or_else(|| D::Error::custom("the amount cannot be read without loss"))
}

/// The two lines of a write, and the lines that belong to none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Written before the request is sent.
    Before,
    /// Written when the write has ended.
    After,
    /// A person's decision became known.
    Decided,
    /// The operator's rules refused a write; nothing was sent.
    Refused,
    /// A value of a later version.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Phase {
    /// True for the lines of a write, which are counted.
    #[must_use]
    pub const fn is_of_a_write(self) -> bool {
        matches!(self, Self::Before | Self::After)
    }
}

/// The readable part of a damaged line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// The committed amount is known.
    Readable,
    /// The committed amount cannot be read.
    AmountUnreadable,
}

impl Line {
    /// The line as it is stored, without anything that looks like a secret. The secrets of this process are masked where
    /// the write is described.
    #[must_use]
    pub(super) fn written(&self) -> String {
        hide_tokens(&serde_json::to_string(self).unwrap_or_default()).into_owned()
    }

    /// The key under which the amount is counted. Repeated requests for one milestone or candidate share a key, because
    /// each is paid or hired once. Every other write has its own key.
    #[must_use]
    pub fn counted_as(&self) -> String {
        let hired = || Some(format!("proposal {}", self.arguments.get("proposalId")?.as_str()?));
        self.milestone_id.clone().or_else(hired).unwrap_or_else(|| self.id.clone())
    }

    /// The token's owner.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.account.as_deref().or(self.principal.as_deref())
    }

    /// True if the write may belong to this account of `base`. Earlier versions recorded neither.
    pub(super) fn may_be_of(&self, base: &str, owner: Option<&str>) -> bool {
        self.base.as_deref().is_none_or(|own| own == base && self.owner() == owner)
    }

    /// True if this principal has asked for it, or an agent on this principal's account.
    pub(super) fn is_asked_by(&self, base: &str, principal: Option<&str>) -> bool {
        let is_its = || self.principal.as_deref() == principal || self.owner() == principal;
        self.base.as_deref().is_none_or(|own| own == base && is_its())
    }

    /// True if the amount counts toward the limit for `other`. A sandbox never counts toward a real limit.
    pub(super) fn shares_limit_with(&self, other: &Self) -> bool {
        match &self.base {
            Some(_) => (self.sandbox, &self.base, &self.principal) == (other.sandbox, &other.base, &other.principal),
            None => !self.sandbox || other.sandbox,
        }
    }

    /// True if the reply named a new milestone.
    #[must_use]
    pub fn names_new_milestone(&self) -> bool {
        self.outcome == Some(Outcome::Created) && self.milestone_id.is_some()
    }

    /// True if the write committed nothing in the end.
    #[must_use]
    pub fn came_to_nothing(&self) -> bool {
        matches!(self.outcome, Some(Outcome::NotDone | Outcome::Existing | Outcome::ExistingAlike))
    }

    /// True if this line does not say how the write ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.outcome, None | Some(Outcome::Unknown))
    }

    /// The second line of the write that this line began.
    pub(super) fn ended(self, result: WriteResult) -> Self {
        Self {
            at: Timestamp::now().to_string(),
            phase: Phase::After,
            milestone_id: result.milestone_id.or(self.milestone_id),
            approval_id: result.approval_id,
            trainer: result.trainer,
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
    /// USD before fees, if known.
    pub amount: Option<Decimal>,
    /// The id of an existing milestone, which counts only once.
    pub milestone_id: Option<String>,
}

/// The end of a write.
#[derive(Clone, Debug, Default)]
pub struct WriteResult {
    outcome: Outcome,
    milestone_id: Option<String>,
    approval_id: Option<String>,
    trainer: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
}

impl WriteResult {
    /// A write with this outcome.
    #[must_use]
    pub fn with(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }

    /// The process stops before the outcome is known.
    pub(super) fn unknown() -> Self {
        Self::with(Outcome::Unknown)
    }

    /// Adds the milestone's id.
    #[must_use]
    pub fn milestone(self, id: Option<&str>) -> Self {
        Self { milestone_id: id.map(str::to_owned), ..self }
    }

    /// Adds the approval's id.
    #[must_use]
    pub fn approval(self, id: Option<&str>) -> Self {
        Self { approval_id: id.map(str::to_owned), ..self }
    }

    /// Adds the trainer's masked name.
    #[must_use]
    pub fn trainer(self, name: Option<&str>) -> Self {
        Self { trainer: name.map(str::to_owned), ..self }
    }

    /// The end of a failed write: not done, unknown, or done before the refusal.
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
