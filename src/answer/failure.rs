//! The envelope of every `isError` result. `hints` fills in what to do next.

use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::api::cuts::Cut;

use super::bound::{self, RESERVE, STRUCTURE, left_out};
use super::link::{Address, Link, LinkKind};
use super::object::Object;
use super::outcome::Outcome;
use super::shown::{Joined, Shown, id};
use super::step::HumanStep;
use crate::shown;

/// A failed call, as `structuredContent.error`. Parts that are not known are left out.
#[derive(Clone, Debug, Default, Serialize)]
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
    /// milestone_not_found, not_registered, read_only, frozen, not_confirmed, audit_unavailable,
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
    /// Where a person makes an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_url: Option<String>,
    /// The API's details, untouched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// not_done, or unknown when it may have been carried out; done where a refusal came after it.
    pub outcome: Outcome,
    /// Whether the same call may help, unchanged and without a person.
    pub retryable: bool,
    /// What to do next.
    pub hint: Shown,
    /// The first words of the text.
    #[serde(skip)]
    pub lead: Shown,
    /// The message as the text shows it.
    #[serde(skip)]
    pub says: Shown,
    /// The pages for the user among the fields above.
    #[serde(skip)]
    pub(super) pages: Vec<Address>,
    /// A step that the user must complete before the call can succeed.
    #[serde(skip)]
    pub step: Option<HumanStep>,
    /// The question to which a person has to say yes before the call can succeed.
    #[serde(skip)]
    pub question: Option<Shown>,
    /// Parts of the details that were left out when the reply was read.
    #[serde(skip)]
    pub(super) cuts: Vec<Cut>,
    /// Parts that are left out because the error is too large.
    #[serde(skip)]
    pub(super) left_out: Vec<Shown>,
    /// The error after cutting, if it was too large.
    #[serde(skip)]
    pub(super) fitted: Option<Object>,
}

impl Failure {
    /// The links to pages for the user.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        self.pages.iter().filter_map(Address::link).cloned().collect()
    }

    /// Collects the URLs of pages and checks whether each is on `app`, the configured origin.
    pub fn find_pages(&mut self, app: Option<&Url>) {
        let urls = [
            (LinkKind::Claim, &self.claim_url),
            (LinkKind::Approval, &self.approval_url),
            (LinkKind::Billing, &self.billing_url),
            (LinkKind::Key, &self.key_url),
        ];
        let urls = urls.into_iter().filter_map(|(kind, url)| Some((kind, url.as_deref()?)));
        self.pages = urls.map(|(kind, url)| Address::new(kind, url, app)).collect();
    }

    /// Formats the text: what did not happen and why, the next step, each link, and the request id.
    #[must_use]
    pub fn text(&self) -> Shown {
        let code = [self.reason.as_deref(), Some(self.code.as_str())].into_iter().flatten().map(id);
        let status = self.status.map(|status| shown!("HTTP {}", status));
        let marks = code.chain(status).joined(", ");
        let mut text = shown!("{}: {} ({}).", self.lead, self.says.without_end('.'), marks);
        if !self.hint.is_empty() {
            text = shown!("{}\n{}", text, self.hint);
        }
        for address in &self.pages {
            let line = address.describe(address.link().map_or("The link", |link| link.kind.title()));
            let is_shown = address
                .verified()
                .map_or(self.hint.contains(line.as_str()), |link| self.hint.contains(link.page.as_str()));
            if !is_shown {
                text = shown!("{}\n{}", text, line);
            }
        }
        if let Some(request_id) = &self.request_id {
            text = shown!("{}\nRequest {}.", text, id(request_id));
        }
        text
    }

    /// Adds a note for the caller to the hint.
    pub fn add(&mut self, note: &Shown) {
        if !self.hint.is_empty() {
            self.hint.push(" ");
        }
        self.hint.push(note);
    }

    /// Cuts a failure that is too large for one answer, and names what is left out.
    pub fn fit(&mut self) {
        let Value::Object(mut error) = json!(self) else { return };
        error.shift_remove("hint");
        let room = STRUCTURE.saturating_sub(bound::text_size(&self.hint) + RESERVE);
        self.left_out = bound::fit(&mut error, room, &self.cuts);
        if !self.left_out.is_empty() {
            let whole = Shown::ours("The rest is not kept here: OpenTrain's support can look it up by the request id.");
            let left_out = left_out(&self.left_out, &whole);
            self.hint = if self.hint.is_empty() { left_out } else { shown!("{} {}", self.hint, left_out) };
            self.fitted = Some(error);
        }
    }

    /// Builds the structured part.
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
                error.insert("hint".into(), String::from(self.hint).into());
                Value::Object(error)
            }
            None => json!(self),
        };
        object.insert("error".into(), error);
        object
    }
}
