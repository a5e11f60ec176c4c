//! What a tool says when it fails: the envelope of every `isError` result.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::api::Effect;
use crate::api::error::Error;

use super::answer::{Link, LinkKind};
use super::hints::{self, Situation};
use super::schema::Object;
use super::text::visible;

/// A failed call, as `structuredContent.error`. Parts that are not known are left out.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// HTTP status, where an answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The API's code, such as FORBIDDEN; or ours: INVALID_ARGUMENT, NOT_CONFIGURED, TIMEOUT, UNREACHABLE, BAD_RESPONSE.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// The API's reason, such as account_claim_required.
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
    /// not_done, or unknown when it may have been carried out.
    pub outcome: &'static str,
    /// Whether the same call may help, unchanged and without a person.
    pub retryable: bool,
    /// What to do next.
    pub hint: String,
    /// How the text begins.
    #[serde(skip)]
    pub lead: &'static str,
    /// The pages for a person among the above.
    #[serde(skip)]
    pages: Vec<Link>,
}

impl Failure {
    /// Puts `error` into the envelope, with a hint for the situation.
    #[must_use]
    pub fn new(error: &Error, situation: &Situation<'_>) -> Self {
        let unknown = situation.effect != Effect::Read && error.may_have_happened();
        let mut failure = Self {
            status: error.status(),
            code: code(error).to_owned(),
            message: error.to_string(),
            outcome: if unknown { "unknown" } else { "not_done" },
            retryable: error.is_passing() && !unknown,
            lead: lead(situation.effect, unknown),
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
            }
            _ => {}
        }
        failure.find_pages(situation.app);
        failure.hint = hints::next(error, &failure, situation);
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
        let message = visible(&self.message);
        let mut text = format!("{}: {} ({}).", self.lead, message.trim_end_matches('.'), marks.join(", "));
        if !self.hint.is_empty() {
            text.push('\n');
            text.push_str(&self.hint);
        }
        for link in self.pages.iter().filter(|link| !self.hint.contains(&link.url)) {
            text.push_str(&format!("\n{}: {}", link.kind.title(), link.shown()));
        }
        if let Some(request_id) = &self.request_id {
            text.push_str(&format!("\nRequest {}.", visible(request_id)));
        }
        text
    }

    /// The data.
    #[must_use]
    pub fn structured(self, sandbox: bool) -> Object {
        let mut object = Object::new();
        if sandbox {
            object.insert("sandbox".into(), true.into());
        }
        object.insert("error".into(), json!(self));
        object
    }
}

/// The first words: whether anything happened.
const fn lead(effect: Effect, unknown: bool) -> &'static str {
    match (effect, unknown) {
        (Effect::Read, _) => "No answer",
        (Effect::Create, false) => "Not created",
        (_, false) => "Not done",
        (Effect::Create, true) => "UNKNOWN whether it was created",
        (_, true) => "UNKNOWN whether it was done",
    }
}

/// Our own codes, for what the API did not name.
const fn code(error: &Error) -> &'static str {
    match error {
        Error::Invalid(_) => "INVALID_ARGUMENT",
        Error::NotConfigured(_) => "NOT_CONFIGURED",
        Error::Refused(_) => "REFUSED",
        Error::Unreadable(_) => "BAD_RESPONSE",
        Error::TimedOut { .. } => "TIMEOUT",
        Error::Unreachable { .. } => "UNREACHABLE",
    }
}
