//! A successful answer: a summary and lines as text, and the API's own object as data.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::cuts::{Cut, Missing};

use super::bound::{self, RESERVE, STRUCTURE, left_out};
use super::link::{Address, Link};
use super::object::Object;
use super::origin::Origin;
use super::outcome::Outcome;
use super::paging;
use super::shown::{Joined, Shown, figure};
use super::step::HumanStep;
use crate::shown;

/// Our own keys of an answer. API keys with one of these names are moved under the last one.
pub const OUR_KEYS: [&str; 13] = [
    "summary",
    "outcome",
    "links",
    "total",
    "nextCursor",
    "sandbox",
    "leftOut",
    "asked",
    "differences",
    "dryRun",
    "error",
    UNTRUSTED,
    THEIRS,
];
/// The key that names the fields of strangers.
const UNTRUSTED: &str = "untrusted";
/// The key under which API keys with one of our names are moved.
const THEIRS: &str = "opentrain";
/// The longest cursor of the API that is passed on, in bytes.
const LONGEST_CURSOR: usize = 4_000;

/// Shown if the reply was too large to be read whole.
const READ_IN_PART: &str = "WARNING: OpenTrain's answer is too large to be read whole. Numbers and sums here are those of \
                            the part that was read.";

/// A successful answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// One to three sentences: what happened, what it means, what comes next.
    pub summary: Shown,
    /// Lines below the summary.
    pub lines: Vec<Shown>,
    /// Warnings for the caller. They are also part of the structured summary.
    pub warnings: Vec<Shown>,
    /// The next calls. Always the last line.
    pub next: Shown,
    /// The outcome of a write.
    pub outcome: Option<Outcome>,
    /// For a read about a step for the user: the outcome of the write that requested the step.
    pub step_outcome: Option<Outcome>,
    /// The pause before the next poll, if OpenTrain asks for one.
    pub look_again: Option<Duration>,
    /// Pages for the user.
    pub links: Vec<Link>,
    /// The position of a page in its list.
    pub page: Option<ListPosition>,
    /// The next step for the user.
    pub step: Option<HumanStep>,
    /// Says how to get parts that are left out.
    pub whole: Shown,
    /// The names of the parts that are left out.
    pub left_out: Vec<Shown>,
    /// Parts that were left out when the reply was read.
    pub cuts: Vec<Cut>,
    /// Further keys of ours: `asked` and `differences`.
    pub own: Object,
    /// The API's own object, unchanged.
    pub object: Object,
    /// Where its texts come from.
    pub origin: Origin,
}

/// The position of a page in its list.
#[derive(Clone, Debug)]
pub struct ListPosition {
    /// The total number of items, if known.
    pub total: Option<usize>,
    /// The cursor of the next page.
    pub next_cursor: Option<String>,
}

impl Answer {
    /// An answer with this summary and the API's object.
    #[must_use]
    pub fn new(summary: impl Into<Shown>, object: Object) -> Self {
        Self { summary: summary.into(), object, ..Self::default() }
    }

    /// Adds a link after `lead`. Both parts say so if the page is not OpenTrain's.
    pub fn show(&mut self, lead: &'static str, address: &Address) {
        let text = address.describe(lead);
        if address.verified().is_some() {
            self.lines.push(text);
        } else {
            self.warnings.push(text);
        }
        self.links.extend(address.link().cloned());
    }

    /// Formats the text part.
    #[must_use]
    pub fn text(&self) -> Shown {
        let parts = std::iter::once(&self.summary).chain(&self.lines).chain(&self.warnings).chain(Some(&self.next));
        parts.filter(|part| !part.is_empty()).joined("\n")
    }

    /// Adds the parts that answers of all tools share: the next page (`pages`: OpenTrain pages this list itself), a
    /// warning about a partial list, and `whole`, which says how to get parts that are left out.
    pub fn complete(&mut self, pages: bool, whole: impl FnOnce() -> Shown) {
        if self.page.is_none() && pages && self.object.contains_key("nextCursor") {
            self.take_cursor();
        }
        self.warn_of_a_part();
        let loses_count = |cut: &Cut| !matches!(cut.missing, Missing::Text { .. });
        if self.cuts.iter().any(loses_count) {
            self.warnings.push(READ_IN_PART.into());
        }
        if self.whole.is_empty() {
            self.whole = whole();
        }
    }

    /// Takes the cursor of a list that OpenTrain pages itself and passes it on unchanged.
    fn take_cursor(&mut self) {
        let next_cursor = match self.object.get("nextCursor") {
            Some(Value::Null) => None,
            Some(Value::String(cursor)) if cursor.len() <= LONGEST_CURSOR => Some(cursor.clone()),
            // The API's own number stays in the object, as it came.
            Some(Value::Number(cursor)) => {
                let cursor = cursor.to_string();
                self.warnings.push(shown!("More follow: pass cursor \"{}\" with the same filters.", figure(&cursor)));
                self.page = Some(ListPosition { total: None, next_cursor: Some(cursor) });
                return;
            }
            _ => return,
        };
        self.object.shift_remove("nextCursor");
        self.page = Some(ListPosition { total: None, next_cursor });
    }

    /// Warns if OpenTrain has more items than the reply contains and no cursor leads to them.
    fn warn_of_a_part(&mut self) {
        let leads_on = self.page.as_ref().is_some_and(|page| page.next_cursor.is_some());
        if let (false, Some(sign)) = (leads_on, paging::sign_of_more(&self.object)) {
            self.warnings.push(shown!("WARNING: this is only a part. OpenTrain's answer says that there is more ({}), and nothing here can ask \
                 for it: do not take it for the whole.", sign));
        }
    }

    /// Cuts an answer that is too large, and names what is left out.
    pub fn fit(&mut self) {
        bound::shorten(&mut self.summary);
        let texts =
            std::iter::once(&self.summary).chain(&self.warnings).chain(Some(&self.next)).chain(Some(&self.whole));
        let mut own: usize = texts.map(|text| bound::text_size(text)).sum();
        own += bound::size(&json!(self.links)) + bound::size(&json!(self.own));
        own += bound::size(&json!(self.origin.untrusted));
        own += self.page.as_ref().and_then(|page| page.next_cursor.as_deref()).map_or(0, bound::text_size);
        self.left_out = bound::fit(&mut self.object, STRUCTURE.saturating_sub(own + RESERVE), &self.cuts);
        if !self.left_out.is_empty() {
            self.warnings.push(left_out(&self.left_out, &self.whole));
        }
    }

    /// Builds the structured part: our own keys, then the API's. API keys with one of our names are moved.
    #[must_use]
    pub fn structured(self, sandbox: bool) -> Object {
        let mut object = Object::new();
        let parts = std::iter::once(self.summary).chain(self.warnings).chain(Some(self.next));
        let summary = parts.filter(|part| !part.is_empty()).joined(" ").in_one_line();
        object.insert("summary".into(), String::from(summary).into());
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
        if !self.origin.untrusted.is_empty() {
            object.insert(UNTRUSTED.into(), json!(self.origin.untrusted));
        }
        object.extend(self.own);
        let (ours, others): (Object, Object) =
            self.object.into_iter().partition(|(name, _)| OUR_KEYS.contains(&name.as_str()));
        object.extend(others);
        if !ours.is_empty() {
            object.insert(THEIRS.into(), Value::Object(ours));
        }
        object
    }
}
