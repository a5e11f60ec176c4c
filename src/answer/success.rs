//! What a tool says when it succeeds: a summary and lines for reading, and the API's own object for programs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::cuts::{Cut, Missing};

use super::bound::{self, RESERVE, STRUCTURE, left_out};
use super::link::Link;
use super::object::Object;
use super::outcome::Outcome;
use super::paging;
use super::step::HumanStep;

/// The keys of an answer that are ours. What OpenTrain calls by one of these names stands under the last.
pub const OUR_KEYS: [&str; 11] = [
    "summary",
    "outcome",
    "links",
    "total",
    "nextCursor",
    "sandbox",
    "leftOut",
    "asked",
    "differences",
    "error",
    THEIRS,
];
/// Where the API's keys stand that have the name of one of ours.
const THEIRS: &str = "opentrain";
/// The longest cursor of the API that is passed on, in bytes.
const LONGEST_CURSOR: usize = 4_000;

/// Said of an answer of which not even all was read.
const READ_IN_PART: &str = "WARNING: OpenTrain's answer is too large to be read whole. Numbers and sums here are those of \
                            the part that was read.";

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
    /// Of a read about a step for a person: what became of the write that asked for it.
    pub standing: Option<Outcome>,
    /// How long to wait before the same is asked again, where OpenTrain says so.
    pub look_again: Option<Duration>,
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
    /// Further keys of ours: `asked` and `differences`.
    pub own: Object,
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
        let told = link.describe(lead);
        if link.verified {
            self.lines.push(told);
        } else {
            self.warnings.push(told);
        }
        self.links.push(link);
    }

    /// The text for reading.
    #[must_use]
    pub fn text(&self) -> String {
        let parts = std::iter::once(self.summary.as_str()).chain(self.lines.iter().map(String::as_str));
        let parts = parts
            .chain(self.warnings.iter().map(String::as_str))
            .chain(Some(self.next.as_str()))
            .filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("\n")
    }

    /// Adds what is the same for every tool: where a page leads on (`pages`: OpenTrain pages this list itself), that an
    /// answer is only a part, and `whole`, how to get what is too large.
    pub fn complete(&mut self, pages: bool, whole: impl FnOnce() -> String) {
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
    pub fn fit(&mut self) {
        bound::shorten(&mut self.summary);
        let texts =
            std::iter::once(&self.summary).chain(&self.warnings).chain(Some(&self.next)).chain(Some(&self.whole));
        let mut own: usize = texts.map(|text| bound::text_size(text)).sum();
        own += bound::size(&json!(self.links)) + bound::size(&json!(self.own));
        own += self.page.as_ref().and_then(|page| page.next_cursor.as_deref()).map_or(0, bound::text_size);
        self.left_out = bound::fit(&mut self.object, STRUCTURE.saturating_sub(own + RESERVE), &self.cuts);
        if !self.left_out.is_empty() {
            self.warnings.push(left_out(&self.left_out, &self.whole));
        }
    }

    /// Our few keys, then the API's own; those with a name of ours stand apart.
    #[must_use]
    pub fn structured(self, sandbox: bool) -> Object {
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
