//! Refusals by this server: a rule of the operator, or a missing precondition. Nothing was sent.

use rust_decimal::Decimal;
use serde_json::{Number, Value, json};

use super::sentence::Sentence;
use super::shown::{Shown, quoted_to};
use super::text::usd;
use crate::shown;

const NOT_ALLOWED: &str = "NOT_ALLOWED";
/// The most characters of the fault of a file, which names its path.
const CAUSE: usize = 400;

/// A refusal by this server. Nothing was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    /// `over_limit`, `milestone_not_found`, `not_registered`, `already_registered`, `read_only`, `frozen`,
    /// `not_confirmed`, `audit_unavailable` or `secret_not_kept`.
    pub reason: &'static str,
    /// `NOT_ALLOWED`, `INVALID_ARGUMENT` or `NOT_CONFIGURED`.
    pub code: &'static str,
    /// The rule and its values.
    pub message: Shown,
    /// The next step.
    pub hint: Vec<Sentence>,
    /// The limit and the amount, if the amount is over the limit.
    limit: Option<Decimal>,
    amount: Option<Decimal>,
}

impl Denial {
    /// The amount is over the limit. `what` names the limit.
    #[must_use]
    pub fn over_limit(what: Shown, limit: Decimal, amount: Decimal) -> Self {
        let hint = vec![Sentence::plain(
            "Nothing was sent. Do not split it into parts: that is no way round. Ask the user; only the operator of this server can change the limit.",
        )];
        Self { code: NOT_ALLOWED, reason: "over_limit", message: what, hint, limit: Some(limit), amount: Some(amount) }
    }

    /// The amount is unknown, so it cannot be compared with the limit.
    #[must_use]
    pub fn undetermined(limit: Option<Decimal>) -> Self {
        let message = "The operator has set a limit, and the amount of this cannot be determined".into();
        let hint = vec![Sentence::plain(
            "Nothing was sent. Give what the amount follows from (amountUsd or volume, or the contractId that holds the milestone), or ask the user.",
        )];
        Self { code: NOT_ALLOWED, reason: "over_limit", message, hint, limit, amount: None }
    }

    /// The milestone is not where the caller said.
    #[must_use]
    pub fn not_found(message: Shown) -> Self {
        let hint = vec![
            Sentence::plain("Nothing was changed."),
            Sentence::naming("milestoneId and contractId come from {}.", &["list_contracts"]),
        ];
        Self { code: "INVALID_ARGUMENT", reason: "milestone_not_found", message, hint, limit: None, amount: None }
    }

    /// A claim was requested, but no account is registered.
    #[must_use]
    pub fn not_registered() -> Self {
        let message = "No claim is open here: no agent has registered, or the account is claimed already".into();
        let hint = vec![
            Sentence::plain("Nothing was sent."),
            Sentence::naming("{} says what the token may do.", &["get_auth_status"]),
            Sentence::naming("{} makes an account where there is none.", &["register_agent"]),
        ];
        Self { code: "NOT_CONFIGURED", reason: "not_registered", message, hint, limit: None, amount: None }
    }

    /// An account is saved here, and another one would take its place.
    #[must_use]
    pub fn already_registered() -> Self {
        let hint = vec![
            Sentence::plain("Nothing was sent. Go on with it."),
            Sentence::naming("{} says what it may do.", &["get_auth_status"]),
            Sentence::plain(
                "To start anew, the user runs `opentrain-mcp logout` first; an account that nobody has claimed is lost then.",
            ),
        ];
        let message = "An account is saved here already, and only a person may replace it".into();
        Self { code: NOT_ALLOWED, reason: "already_registered", message, hint, limit: None, amount: None }
    }

    /// The server is in read-only mode.
    #[must_use]
    pub fn read_only() -> Self {
        let message = "The operator has set this server to read-only".into();
        let hint = vec![Sentence::plain("Nothing was sent. Tell the user what you would have done.")];
        Self::by_a_rule("read_only", message, hint)
    }

    /// A rule of the operator forbids the call.
    #[must_use]
    pub(super) const fn by_a_rule(reason: &'static str, message: Shown, hint: Vec<Sentence>) -> Self {
        Self { code: NOT_ALLOWED, reason, message, hint, limit: None, amount: None }
    }

    /// The stop switch is on.
    #[must_use]
    pub fn frozen(message: Shown) -> Self {
        let hint = vec![
            Sentence::plain("Nothing was sent. Tell the user, and wait."),
            Sentence::for_operator("The operator ends it with `opentrain-mcp thaw`."),
        ];
        Self::by_a_rule("frozen", message, hint)
    }

    /// The record cannot be written.
    #[must_use]
    pub fn unrecorded(what: impl std::fmt::Display) -> Self {
        let what = quoted_to(&what.to_string(), CAUSE);
        let message = shown!("Every write has to be recorded first, and it cannot be ({})", what);
        let hint = vec![Sentence::plain("Nothing was sent. Tell the user: the operator has to look at the audit log.")];
        Self { code: NOT_ALLOWED, reason: "audit_unavailable", message, hint, limit: None, amount: None }
    }
}

impl Denial {
    /// A secret that no model may see cannot be stored.
    #[must_use]
    pub fn unkept(what: impl std::fmt::Display) -> Self {
        let what = quoted_to(&what.to_string(), CAUSE);
        let message = shown!("The secret that comes with it has to be kept in a file, and it cannot be ({})", what);
        let hint =
            vec![Sentence::plain("Nothing was sent. Tell the user: the folder of the credentials has to be writable.")];
        Self { code: NOT_ALLOWED, reason: "secret_not_kept", message, hint, limit: None, amount: None }
    }

    /// Today's amounts in the record cannot be added up.
    #[must_use]
    pub fn uncountable(limit: Decimal, amount: Decimal) -> Self {
        let message = shown!(
            "A line of today in the record has an amount that cannot be read: it counts as all of the operator's limit, {} \
             a day (UTC)",
            usd(limit)
        );
        let hint = vec![
            Sentence::plain("Nothing was sent. Tell the user."),
            Sentence::for_operator(
                "The operator mends that line (`opentrain-mcp audit` gives its number), or waits for the next day.",
            ),
        ];
        Self { code: NOT_ALLOWED, reason: "over_limit", message, hint, limit: Some(limit), amount: Some(amount) }
    }

    /// True if a rule of the operator forbids the call. The others are about what is missing.
    #[must_use]
    pub fn is_by_a_rule(&self) -> bool {
        self.code == NOT_ALLOWED
            && !matches!(self.reason, "audit_unavailable" | "secret_not_kept" | "already_registered")
    }

    /// Adds a note for the caller.
    #[must_use]
    pub fn with_note(mut self, note: &Shown) -> Self {
        self.message = shown!("{} ({})", self.message, note);
        self
    }

    /// The limit and the amount as data.
    #[must_use]
    pub fn details(&self) -> Option<Value> {
        self.limit.map(|limit| json!({ "limitUsd": number(limit), "amountUsd": self.amount.and_then(number) }))
    }
}

/// Converts a decimal to a JSON number with the same digits.
fn number(value: Decimal) -> Option<Number> {
    serde_json::from_str(&value.normalize().to_string()).ok()
}
