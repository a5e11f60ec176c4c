//! What a tool says when it succeeds, told twice: as text, and as data.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::api::cuts::{Cut, Missing};

use super::Entry;
use super::bound::{self, RESERVE, STRUCTURE};
use super::failure::Failure;
use super::paging;
use super::person::HumanStep;
use super::schema::Object;

/// The keys of an answer that are ours. What OpenTrain calls by one of these names stands under the last.
pub const OUR_KEYS: [&str; 9] =
    ["summary", "outcome", "links", "total", "nextCursor", "sandbox", "leftOut", "error", THEIRS];
/// Where the API's keys stand that have the name of one of ours.
const THEIRS: &str = "opentrain";
/// The longest cursor of the API that is passed on, in bytes.
const LONGEST_CURSOR: usize = 4_000;

/// Said of an answer of which not even all was read.
const READ_IN_PART: &str = "WARNING: OpenTrain's answer is too large to be read whole. Numbers and sums here are those of \
                            the part that was read.";

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something new exists.
    Created,
    /// Nothing was done: the same exists already.
    Existing,
    /// Nothing was done: one exists that may be the same, as far as can be told.
    ExistingAlike,
    /// Something new exists; the reply that said so was lost, and it was found.
    Recovered,
    /// A person has to decide.
    PendingApproval,
    /// It was carried out.
    Done,
    /// A person has decided against it, or not at all.
    NotDone,
}

impl Outcome {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> String {
        json!(self).as_str().unwrap_or_default().to_owned()
    }
}

/// A page that a person has to open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// What is done there.
    pub kind: LinkKind,
    /// The whole address.
    pub url: String,
    /// Whether it is on the configured OpenTrain app, or, to pay, on Stripe. A person is not sent to any other.
    pub verified: bool,
}

/// What a person does on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Take over an account that an agent registered.
    Claim,
    /// Confirm or decline what an agent asked for.
    Approval,
    /// Add a way to pay.
    Billing,
    /// Pay, at Stripe.
    Checkout,
    /// See a published job.
    Job,
    /// See and change a draft.
    Draft,
}

impl LinkKind {
    /// The name of the link for a person.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Claim => "Claim this OpenTrain account",
            Self::Approval => "Decide on OpenTrain",
            Self::Billing => "Add a payment method on OpenTrain",
            Self::Checkout => "Buy OpenTrain credits",
            Self::Job => "See the job on OpenTrain",
            Self::Draft => "See the draft on OpenTrain",
        }
    }
}

impl Link {
    /// A link that the API gave. It counts as OpenTrain's only on the origin that is called, over https, or on loopback
    /// where the origin itself is there; a page to pay on may be Stripe's.
    #[must_use]
    pub fn new(kind: LinkKind, url: &str, app: Option<&Url>) -> Self {
        let verified = Url::parse(url).is_ok_and(|link| {
            (app.is_some_and(|app| link.origin() == app.origin()) || (kind == LinkKind::Checkout && is_stripe(&link)))
                && link.username().is_empty()
                && link.password().is_none()
        });
        Self { kind, url: url.to_owned(), verified }
    }

    /// The address as it stands in a text.
    #[must_use]
    pub fn shown(&self) -> String {
        super::text::visible(&self.url)
    }

    /// `lead` and the address. An address that is not OpenTrain's is told as that: nobody is asked to open it.
    #[must_use]
    pub fn told(&self, lead: &str) -> String {
        let url = self.shown();
        if self.verified {
            return format!("{lead}: {url}");
        }
        format!(
            "The link is on another host: {url} (unverified: this host is not the configured OpenTrain app). Do not send \
             your person there; what is to be done is found in the app itself."
        )
    }
}

/// Whether Stripe serves this page, over https on the usual port.
fn is_stripe(link: &Url) -> bool {
    let host = link.host_str().unwrap_or_default();
    link.scheme() == "https"
        && link.port().is_none()
        && (host == "checkout.stripe.com" || host.ends_with(".stripe.com"))
}

/// A success.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// One to three sentences: what happened, what it means, what comes next.
    pub summary: String,
    /// Lines below it.
    pub lines: Vec<String>,
    /// What the caller must know besides; a part of the summary too.
    pub warnings: Vec<String>,
    /// What comes next, last of all.
    pub next: String,
    /// Of a write.
    pub outcome: Option<Outcome>,
    /// Pages for a person.
    pub links: Vec<Link>,
    /// Of a paged list.
    pub page: Option<Page>,
    /// What a person has to do next.
    pub step: Option<HumanStep>,
    /// How to get what is left out of an answer that is too large.
    pub whole: String,
    /// What is left out.
    pub left_out: Vec<String>,
    /// What was left out of the API's answer already when it was read.
    pub cuts: Vec<Cut>,
    /// The API's own object, untouched.
    pub object: Object,
}

/// Where a page stands in its list.
#[derive(Clone, Debug)]
pub struct Page {
    /// How many there are in all, where that is known.
    pub total: Option<usize>,
    /// What gives the next page.
    pub next_cursor: Option<String>,
}

impl Answer {
    /// An answer of `object`, in words.
    #[must_use]
    pub fn new(summary: impl Into<String>, object: Object) -> Self {
        Self { summary: summary.into(), object, ..Self::default() }
    }

    /// Adds a page, after `lead`. That one is not OpenTrain's is said in both channels.
    pub fn show(&mut self, lead: &str, link: Link) {
        let told = link.told(lead);
        if link.verified {
            self.lines.push(told);
        } else {
            self.warnings.push(told);
        }
        self.links.push(link);
    }

    fn text(&self) -> String {
        let parts = std::iter::once(self.summary.as_str()).chain(self.lines.iter().map(String::as_str));
        let parts = parts
            .chain(self.warnings.iter().map(String::as_str))
            .chain(Some(self.next.as_str()))
            .filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("\n")
    }

    /// Adds what is the same for every tool: where a page leads on, that an answer is only a part, and how to get what is
    /// too large. `name` is the tool's as it is listed.
    pub fn complete(&mut self, entry: &Entry, name: &str, has_limit: bool) {
        if self.page.is_none() && self.object.contains_key("nextCursor") && entry.documents("nextCursor") {
            self.take_cursor();
        }
        self.warn_of_a_part();
        let loses_count = |cut: &Cut| !matches!(cut.missing, Missing::Text { .. });
        if self.cuts.iter().any(loses_count) {
            self.warnings.push(READ_IN_PART.into());
        }
        if self.whole.is_empty() {
            self.whole = bound::how_to_get_the_whole(entry.effect, name, has_limit);
        }
    }

    /// Takes the cursor of a list that OpenTrain pages itself: it is ours, unchanged.
    fn take_cursor(&mut self) {
        let next_cursor = match self.object.get("nextCursor") {
            Some(Value::Null) => None,
            Some(Value::String(cursor)) if cursor.len() <= LONGEST_CURSOR => Some(cursor.clone()),
            // The API's own stays beside it, as it came.
            Some(Value::Number(cursor)) => {
                let cursor = cursor.to_string();
                self.warnings.push(format!("More follow: pass cursor \"{cursor}\" with the same filters."));
                self.page = Some(Page { total: None, next_cursor: Some(cursor) });
                return;
            }
            _ => return,
        };
        self.object.shift_remove("nextCursor");
        self.page = Some(Page { total: None, next_cursor });
    }

    /// Says so where OpenTrain's answer names more than it holds, and nothing here leads on to it.
    fn warn_of_a_part(&mut self) {
        let leads_on = self.page.as_ref().is_some_and(|page| page.next_cursor.is_some());
        if let (false, Some(sign)) = (leads_on, paging::sign_of_more(&self.object)) {
            self.warnings.push(format!(
                "WARNING: this is only a part. OpenTrain's answer says that there is more ({sign}), and nothing here can ask \
                 for it: do not take it for the whole."
            ));
        }
    }

    /// Cuts what is too large for one answer, and says what is left out.
    fn fit(&mut self) {
        bound::shorten(&mut self.summary);
        let texts =
            std::iter::once(&self.summary).chain(&self.warnings).chain(Some(&self.next)).chain(Some(&self.whole));
        let mut own: usize = texts.map(|text| bound::text_size(text)).sum();
        own += bound::size(&json!(self.links));
        own += self.page.as_ref().and_then(|page| page.next_cursor.as_deref()).map_or(0, bound::text_size);
        self.left_out = bound::fit(&mut self.object, STRUCTURE.saturating_sub(own + RESERVE), &self.cuts);
        if !self.left_out.is_empty() {
            self.warnings.push(left_out(&self.left_out, &self.whole));
        }
    }

    /// Our few keys, then the API's own; those with a name of ours stand apart.
    fn structured(self, sandbox: bool) -> Object {
        let mut object = Object::new();
        let parts = std::iter::once(self.summary).chain(self.warnings).chain(Some(self.next));
        let summary = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>();
        object.insert("summary".into(), summary.join(" ").replace('\n', " ").into());
        if let Some(outcome) = self.outcome {
            object.insert("outcome".into(), json!(outcome));
        }
        if !self.links.is_empty() {
            object.insert("links".into(), json!(self.links));
        }
        if let Some(page) = self.page {
            object.extend(page.total.map(|total| ("total".to_owned(), total.into())));
            object.insert("nextCursor".into(), page.next_cursor.map_or(Value::Null, Value::String));
        }
        if sandbox {
            object.insert("sandbox".into(), true.into());
        }
        if !self.left_out.is_empty() {
            object.insert("leftOut".into(), json!(self.left_out));
        }
        let (ours, others): (Object, Object) =
            self.object.into_iter().partition(|(name, _)| OUR_KEYS.contains(&name.as_str()));
        object.extend(others);
        if !ours.is_empty() {
            object.insert(THEIRS.into(), Value::Object(ours));
        }
        object
    }
}

/// The sentence on what an answer leaves out, and how to get it.
#[must_use]
pub fn left_out(parts: &[String], whole: &str) -> String {
    format!("Too large for one answer; not whole: {}. {whole}", parts.join("; ")).trim_end().to_owned()
}

/// What came of a call: an answer or a failure, and what a person has to do if that is what is missing.
#[derive(Clone, Debug)]
pub struct Report {
    /// What is told.
    pub result: Result<Answer, Failure>,
    /// The page that a person has to open before it can go on.
    pub step: Option<HumanStep>,
}

/// A report in both channels. Each tells the whole story alone: some hosts give a model only one of them.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// For reading.
    pub text: String,
    /// For programs.
    pub structured: Object,
    /// Pages for a person.
    pub links: Vec<Link>,
    /// Whether the tool failed.
    pub is_error: bool,
}

impl Report {
    /// Adds what the caller has to know besides, whatever came of the call.
    pub fn add(&mut self, notes: Vec<String>) {
        match &mut self.result {
            Ok(answer) => answer.warnings.extend(notes),
            Err(failure) => notes.iter().for_each(|note| {
                let _ = write!(failure.hint, " {note}");
            }),
        }
    }

    /// Puts the report into words and data, `bounded` as every host needs it. In the sandbox both say that nothing is
    /// real.
    #[must_use]
    pub fn speak(mut self, sandbox: bool, bounded: bool) -> Spoken {
        match &mut self.result {
            Ok(answer) if bounded => answer.fit(),
            Err(failure) if bounded => failure.fit(),
            _ => {}
        }
        let is_error = self.result.is_err();
        let (mut text, structured, links) = match self.result {
            Ok(answer) => {
                let links = answer.links.clone();
                (answer.text(), answer.structured(sandbox), links)
            }
            Err(failure) => {
                let links = failure.links();
                (failure.text(), failure.structured(sandbox), links)
            }
        };
        if sandbox {
            text.insert_str(0, "SANDBOX, nothing real. ");
        }
        if bounded {
            text = bound::fit_text(text);
        }
        for link in &links {
            if !text.contains(&link.url) {
                let _ = write!(text, "\n{}", link.told(link.kind.title()));
            }
        }
        Spoken { text, structured, links, is_error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_to_pay_on_may_be_stripes() {
        let app: Url = "https://app.opentrain.ai".parse().unwrap();
        let verified = |kind, url: &str| Link::new(kind, url, Some(&app)).verified;
        for good in
            ["https://checkout.stripe.com/c/pay/cs_live_1#x", "https://buy.stripe.com/1", "https://app.opentrain.ai/x"]
        {
            assert!(verified(LinkKind::Checkout, good), "{good}");
        }
        for bad in [
            "http://checkout.stripe.com/c",
            "https://checkout.stripe.com:8443/c",
            "https://checkout.stripe.com@evil.example/c",
            "https://me@checkout.stripe.com/c",
            "https://checkout.stripe.com.evil.example/c",
            "https://evilstripe.com/c",
            "https://stripe.com/c",
            "x",
        ] {
            assert!(!verified(LinkKind::Checkout, bad), "{bad}");
        }
        assert!(!verified(LinkKind::Job, "https://checkout.stripe.com/c/pay/cs_live_1"));
        assert!(verified(LinkKind::Draft, "https://app.opentrain.ai/job-post?jobId=1"));
    }
}
