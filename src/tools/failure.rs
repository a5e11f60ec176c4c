//! What a tool says when it fails: the envelope of every `isError` result.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Number, Value, json};
use url::Url;

use crate::api::Effect;
use crate::api::cuts::Cut;
use crate::api::error::{Error, InvalidArgument};

use super::answer::{Link, LinkKind, left_out};
use super::bound::{self, RESERVE, STRUCTURE};
use super::hints::{self, Situation};
use super::schema::Object;
use super::text::{cut, usd, visible};

/// Why a tool gives no answer.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// The API, or the way to it.
    Api(Error),
    /// A look before a write failed, so that the write was not sent.
    Unsent(Error),
    /// The API refused it, and a look has shown why: said in place of the usual hint.
    Explained {
        /// The refusal.
        fault: Error,
        /// Why it was refused, and what to do.
        hint: String,
    },
    /// The operator does not allow it; nothing was sent.
    Denied(Denial),
    /// Nothing was sent, and the identical call may go through a little later.
    NotYet {
        /// Its word for programs.
        reason: &'static str,
        /// Why not.
        message: String,
        /// What to do now.
        hint: String,
    },
    /// It left, and whether it was carried out could not be found out.
    Unknown {
        /// What was seen of it.
        fault: Error,
        /// What to do now.
        hint: String,
        /// Whether the identical call is safe.
        retryable: bool,
    },
}

impl From<Error> for Trouble {
    fn from(fault: Error) -> Self {
        Self::Api(fault)
    }
}

impl From<InvalidArgument> for Trouble {
    fn from(fault: InvalidArgument) -> Self {
        Self::Api(fault.into())
    }
}

impl From<Denial> for Trouble {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

const NOT_ALLOWED: &str = "NOT_ALLOWED";
/// The most that the text shows of the API's message, in characters; the data has all of it.
const MESSAGE: usize = 2_000;

/// What the operator forbids, or what is not there to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    /// `over_limit`, `milestone_not_found`, `not_registered`, `read_only`, `frozen` `audit_unavailable` or `secret_not_kept`.
    pub reason: &'static str,
    code: &'static str,
    /// Which rule, and what it says.
    pub message: String,
    hint: &'static str,
    /// The limit and the amount, where one is over the other.
    limit: Option<Decimal>,
    amount: Option<Decimal>,
}

impl Denial {
    /// `what` says which limit, and by how much.
    #[must_use]
    pub fn over_limit(what: String, limit: Decimal, amount: Decimal) -> Self {
        let hint = "Nothing was sent. Do not split it into parts: that is no way round. Ask your person; only the operator of this server can change the limit.";
        Self { code: NOT_ALLOWED, reason: "over_limit", message: what, hint, limit: Some(limit), amount: Some(amount) }
    }

    /// An amount that is not known cannot be held against a limit.
    #[must_use]
    pub fn undetermined(limit: Option<Decimal>) -> Self {
        let message = "The operator has set a limit, and the amount of this cannot be determined".into();
        let hint = "Nothing was sent. Give what the amount follows from (amountUsd or volume, or the contractId that holds the milestone), or ask your person.";
        Self { code: NOT_ALLOWED, reason: "over_limit", message, hint, limit, amount: None }
    }

    /// A milestone that is not where it was said to be.
    #[must_use]
    pub fn not_found(message: String) -> Self {
        let hint = "Nothing was changed. milestoneId and contractId come from list_contracts.";
        Self { code: "INVALID_ARGUMENT", reason: "milestone_not_found", message, hint, limit: None, amount: None }
    }

    /// A claim where nothing is registered.
    #[must_use]
    pub fn not_registered() -> Self {
        let message = "No claim is open here: no agent has registered, or the account is claimed already".into();
        let hint = "Nothing was sent. get_auth_status says what the token may do; register_agent makes an account where there is none.";
        Self { code: "NOT_CONFIGURED", reason: "not_registered", message, hint, limit: None, amount: None }
    }

    /// Read-only mode.
    #[must_use]
    pub fn read_only() -> Self {
        let message = "The operator has set this server to read-only".into();
        Self {
            code: NOT_ALLOWED,
            reason: "read_only",
            message,
            hint: "Nothing was sent. Tell your person what you would have done.",
            limit: None,
            amount: None,
        }
    }

    /// The stop switch.
    #[must_use]
    pub fn frozen(message: String) -> Self {
        let hint = "Nothing was sent. Tell your person, and wait: the operator ends it with `opentrain-mcp thaw`.";
        Self { code: NOT_ALLOWED, reason: "frozen", message, hint, limit: None, amount: None }
    }

    /// The record cannot be kept.
    #[must_use]
    pub fn unrecorded(what: impl std::fmt::Display) -> Self {
        let message = format!("Every write has to be recorded first, and it cannot be ({what})");
        let hint = "Nothing was sent. Tell your person: the operator has to look at the audit log.";
        Self { code: NOT_ALLOWED, reason: "audit_unavailable", message, hint, limit: None, amount: None }
    }
}

impl Denial {
    /// There is no place for a secret that no model may see.
    #[must_use]
    pub fn unkept(what: impl std::fmt::Display) -> Self {
        let message = format!("The secret that comes with it has to be kept in a file, and it cannot be ({what})");
        let hint = "Nothing was sent. Tell your person: the folder of the credentials has to be writable.";
        Self { code: NOT_ALLOWED, reason: "secret_not_kept", message, hint, limit: None, amount: None }
    }

    /// What is on record for today cannot be added up.
    #[must_use]
    pub fn uncountable(limit: Decimal, amount: Decimal) -> Self {
        let message = format!(
            "A line of today in the record has an amount that cannot be read: it counts as all of the operator's limit, {} \
             a day (UTC)",
            usd(limit)
        );
        let hint = "Nothing was sent. Tell your person: the operator mends that line (`opentrain-mcp audit` gives its number), or waits for the next day.";
        Self { code: NOT_ALLOWED, reason: "over_limit", message, hint, limit: Some(limit), amount: Some(amount) }
    }

    /// With a note of what else is to be known.
    #[must_use]
    pub fn noting(mut self, note: &str) -> Self {
        self.message = format!("{} ({note})", self.message);
        self
    }

    fn details(&self) -> Option<Value> {
        self.limit.map(|limit| json!({ "limitUsd": number(limit), "amountUsd": self.amount.and_then(number) }))
    }
}

/// A decimal as a JSON number, digit for digit.
fn number(value: Decimal) -> Option<Number> {
    serde_json::from_str(&value.normalize().to_string()).ok()
}

/// A failed call, as `structuredContent.error`. Parts that are not known are left out.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// HTTP status, where an answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The API's code, such as FORBIDDEN; or ours: INVALID_ARGUMENT, NOT_CONFIGURED, NOT_ALLOWED, BUSY, TIMEOUT,
    /// UNREACHABLE, BAD_RESPONSE, and REFUSED where the API gave no code.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// The API's reason, such as account_claim_required; or ours: outcome_unknown, contract_busy, over_limit,
    /// milestone_not_found, not_registered, read_only, frozen, audit_unavailable,
    /// secret_not_kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// To be quoted to OpenTrain's support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Where a person claims the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_url: Option<String>,
    /// Where a person decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_url: Option<String>,
    /// Where a person adds a payment method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_url: Option<String>,
    /// The API's details, untouched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// not_done, or unknown when it may have been carried out; done where a refusal came after it.
    pub outcome: &'static str,
    /// Whether the same call may help, unchanged and without a person.
    pub retryable: bool,
    /// What to do next.
    pub hint: String,
    /// How the text begins.
    #[serde(skip)]
    pub lead: String,
    /// The message is in our own words, with what others wrote set off in it.
    #[serde(skip)]
    set_off: bool,
    /// The pages for a person among the above.
    #[serde(skip)]
    pages: Vec<Link>,
    /// What was left out of its details when they were read.
    #[serde(skip)]
    cuts: Vec<Cut>,
    /// What is left out of an error that is too large.
    #[serde(skip)]
    left_out: Vec<String>,
    /// What stays of it.
    #[serde(skip)]
    fitted: Option<Object>,
}

impl Failure {
    /// Puts `trouble` into the envelope, with a hint for the situation.
    #[must_use]
    pub fn new(trouble: &Trouble, situation: &Situation<'_>) -> Self {
        match trouble {
            Trouble::Api(fault) => Self::of_api(fault, fault.may_have_happened(), situation),
            Trouble::Explained { fault, hint } => {
                Self { hint: hint.clone(), ..Self::of_api(fault, fault.may_have_happened(), situation) }
            }
            Trouble::Unsent(fault) => Self::of_look(fault, situation),
            Trouble::NotYet { reason, message, hint } => Self {
                code: "BUSY".into(),
                message: message.clone(),
                reason: Some((*reason).into()),
                set_off: true,
                outcome: "not_done",
                retryable: true,
                hint: hint.clone(),
                lead: lead(situation, false, true),
                ..Self::default()
            },
            Trouble::Denied(denial) => Self {
                code: denial.code.into(),
                message: denial.message.clone(),
                reason: Some(denial.reason.into()),
                details: denial.details(),
                set_off: true,
                outcome: "not_done",
                hint: denial.hint.into(),
                lead: lead(situation, false, true),
                ..Self::default()
            },
            Trouble::Unknown { fault, hint, retryable } => Self {
                reason: Some("outcome_unknown".into()),
                outcome: "unknown",
                retryable: *retryable,
                hint: hint.clone(),
                lead: lead(situation, true, false),
                ..Self::of_api(fault, true, situation)
            },
        }
    }

    /// A read before a write failed. It may go through later, unless it was refused for a reason that stays.
    fn of_look(error: &Error, situation: &Situation<'_>) -> Self {
        let mut failure = Self::of_api(error, false, situation);
        if !failure.retryable && error.may_have_happened() {
            failure.retryable = true;
            failure.hint.push_str(" Calling again later may help.");
        }
        failure
    }

    fn of_api(error: &Error, may_have_happened: bool, situation: &Situation<'_>) -> Self {
        let unknown = situation.effect != Effect::Read && may_have_happened;
        let mut failure = Self {
            status: error.status(),
            code: code(error).to_owned(),
            message: error.to_string(),
            outcome: if unknown { "unknown" } else { "not_done" },
            retryable: error.is_passing() && (!unknown || situation.effect.hints().idempotent),
            lead: lead(situation, unknown, !matches!(error, Error::TimedOut { .. } | Error::Unreachable { .. })),
            ..Self::default()
        };
        match error {
            Error::Invalid(fault) => failure.field = Some(fault.field.clone()),
            Error::Refused(refusal) => {
                let text = |name| refusal.detail_text(name).map(str::to_owned);
                failure.code = refusal.code.clone().unwrap_or(failure.code);
                failure.reason = text("reason");
                failure.field = text("field");
                failure.request_id.clone_from(&refusal.request_id);
                failure.action = text("action");
                failure.claim_url = text("claimUrl");
                failure.approval_url = text("approvalUrl");
                failure.billing_url = text("billingUrl");
                failure.details.clone_from(&refusal.details);
                failure.cuts.clone_from(&refusal.cuts);
                if refusal.came_after_the_change() {
                    (failure.outcome, failure.lead) = ("done", "Done, and TAKEN DOWN".into());
                }
            }
            _ => {}
        }
        if unknown {
            failure.reason.get_or_insert_with(|| "outcome_unknown".into());
        }
        failure.find_pages(situation.app);
        failure.hint = hints::next(error, &failure, situation);
        for link in failure.pages.iter().filter(|link| !link.verified) {
            failure.hint = format!("{}\n{}", failure.hint, link.told(link.kind.title()));
        }
        failure
    }

    /// The pages for a person.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        self.pages.clone()
    }

    fn find_pages(&mut self, app: Option<&Url>) {
        let urls = [
            (LinkKind::Claim, &self.claim_url),
            (LinkKind::Approval, &self.approval_url),
            (LinkKind::Billing, &self.billing_url),
        ];
        let urls = urls.into_iter().filter_map(|(kind, url)| Some((kind, url.as_deref()?)));
        self.pages = urls.map(|(kind, url)| Link::new(kind, url, app)).collect();
    }

    /// The text: what did not happen and why, what to do next, each link, and the request id.
    #[must_use]
    pub fn text(&self) -> String {
        let mut marks: Vec<String> =
            [self.reason.as_deref(), Some(self.code.as_str())].into_iter().flatten().map(visible).collect();
        marks.extend(self.status.map(|status| format!("HTTP {status}")));
        let message = if self.set_off { self.message.clone() } else { cut(&self.message, MESSAGE) };
        let mut text = format!("{}: {} ({}).", self.lead, message.trim_end_matches('.'), marks.join(", "));
        if !self.hint.is_empty() {
            text.push('\n');
            text.push_str(&self.hint);
        }
        for link in self.pages.iter().filter(|link| !self.hint.contains(&link.url)) {
            text.push_str(&format!("\n{}", link.told(link.kind.title())));
        }
        if let Some(request_id) = &self.request_id {
            text.push_str(&format!("\nRequest {}.", visible(request_id)));
        }
        text
    }

    /// Cuts what is too large for one answer, and says what is left out.
    pub fn fit(&mut self) {
        let Value::Object(mut error) = json!(self) else { return };
        error.shift_remove("hint");
        let room = STRUCTURE.saturating_sub(bound::text_size(&self.hint) + RESERVE);
        self.left_out = bound::fit(&mut error, room, &self.cuts);
        if !self.left_out.is_empty() {
            let whole = "The rest is not kept here: OpenTrain's support can look it up by the request id.";
            let left_out = left_out(&self.left_out, whole);
            self.hint = if self.hint.is_empty() { left_out } else { format!("{} {left_out}", self.hint) };
            self.fitted = Some(error);
        }
    }

    /// The data.
    #[must_use]
    pub fn structured(mut self, sandbox: bool) -> Object {
        let mut object = Object::new();
        if sandbox {
            object.insert("sandbox".into(), true.into());
        }
        if !self.left_out.is_empty() {
            object.insert("leftOut".into(), json!(self.left_out));
        }
        let error = match self.fitted.take() {
            Some(mut error) => {
                error.insert("hint".into(), self.hint.into());
                Value::Object(error)
            }
            None => json!(self),
        };
        object.insert("error".into(), error);
        object
    }
}

/// The first words: whether anything happened. A read that was refused had an answer, though not the one wanted.
fn lead(situation: &Situation<'_>, unknown: bool, answered: bool) -> String {
    match (situation.effect, unknown) {
        (Effect::Read, _) if !answered => "No answer".into(),
        (Effect::Read, _) | (_, false) => format!("Not {}", situation.done),
        (_, true) => format!("UNKNOWN whether it was {}", situation.done),
    }
}

/// Our own codes, for what the API did not name.
const fn code(error: &Error) -> &'static str {
    match error {
        Error::Invalid(_) => "INVALID_ARGUMENT",
        Error::NotConfigured(_) | Error::Unusable { .. } => "NOT_CONFIGURED",
        Error::Refused(_) => "REFUSED",
        Error::Unreadable(_) => "BAD_RESPONSE",
        Error::TimedOut { .. } => "TIMEOUT",
        Error::Unreachable { .. } => "UNREACHABLE",
    }
}
