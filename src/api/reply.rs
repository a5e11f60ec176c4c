//! A success as it came, and the ways to read it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::cuts::Cut;
use super::error::{Error, Unreadable};
use super::excerpt::{self, Excerpt};
use super::threads::{self, LARGE};
use super::{Evidence, Operation};

/// The most objects, and the most values, of an answer that is read whole. All that OpenTrain sends within the limit of a
/// body has fewer.
const MOST_OBJECTS: usize = 60_000;
const MOST_VALUES: usize = 1_000_000;

/// The body of a 2xx answer: text that is a JSON object, token masked.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status: 200, 201 or 202.
    pub status: u16,
    /// The API's own clock, from its `Date` header.
    pub date: Option<Timestamp>,
    body: String,
    /// Of a large body, what is read of it; of a small one that is found when it is wanted.
    excerpt: Option<Arc<Excerpt>>,
    /// Whether that is all, whatever it costs.
    whole: bool,
}

/// A success, read in both ways: as it came, and by its documented shape.
#[derive(Debug)]
pub struct Read<O: Operation> {
    /// Every field, with its name, number and place; of an answer beyond all measure a part.
    pub object: Map<String, Value>,
    /// The documented fields of the same.
    pub output: O::Output,
    /// What was left out of both.
    pub cuts: Vec<Cut>,
}

impl Reply {
    pub(super) fn new(
        status: u16,
        date: Option<Timestamp>,
        body: String,
        evidence: Evidence,
        whole: bool,
    ) -> Result<Self, Error> {
        let body = evidence.without_body(&body).map_or(body, str::to_owned);
        let reply = Self { status, date, body, excerpt: None, whole };
        let what = match reply.body.trim_start().as_bytes() {
            [] => "an empty body",
            [b'<', ..] => "a page of HTML",
            [b'{', ..] => match serde_json::from_str::<&RawValue>(&reply.body) {
                Ok(_) => return reply.prepared(),
                Err(fault) if fault.is_eof() => return Err(reply.unreadable("a body that ends in the middle", true)),
                Err(fault) => return Err(reply.unreadable(&format!("JSON that cannot be read ({fault})"), false)),
            },
            _ => "something that is no JSON object",
        };
        Err(reply.unreadable(what, false))
    }

    /// Reads a large body once, where that holds up nobody else.
    fn prepared(self) -> Result<Self, Error> {
        if self.body.len() < LARGE {
            return Ok(Self { excerpt: None, ..self });
        }
        let excerpt = Some(Arc::new(self.excerpt()?));
        Ok(Self { excerpt, ..self })
    }

    /// A part of it, to be shown.
    #[must_use]
    pub fn part(&self, raw: &str) -> Excerpt {
        let read = if self.whole { excerpt::read_whole } else { excerpt::read };
        read(raw).unwrap_or_default()
    }

    fn excerpt(&self) -> Result<Excerpt, Error> {
        let read = if self.whole { excerpt::read_whole } else { excerpt::read };
        read(&self.body).map_err(|fault| self.unreadable(&format!("JSON that cannot be read ({fault})"), false))
    }

    /// The same answer with another part in the place of one of its own, both JSON.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when that is no JSON.
    pub fn with(self, place: Range<usize>, part: &str) -> Result<Self, Error> {
        let (before, after) = (self.body.get(..place.start), self.body.get(place.end..));
        let body = [before.unwrap_or_default(), part, after.unwrap_or_default()].concat();
        Self { body, ..self }.prepared()
    }

    /// The JSON text as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.body
    }

    /// The moment of the answer: the API's clock, or ours where it names none.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.date.unwrap_or_else(Timestamp::now)
    }

    /// Reads the body as `O`'s answer, to be shown. What no answer of ours can hold may be left out, and is named.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when it is no JSON, the documented wrapper is missing, or nothing in the answer to a write
    /// shows that it was done.
    pub fn read<O: Operation>(&self) -> Result<Read<O>, Error> {
        let ready = self.excerpt.as_deref().cloned();
        let Excerpt { value, cuts } = ready.map_or_else(|| self.excerpt(), Ok)?;
        let shortened = (self.excerpt.is_some() || !cuts.is_empty()).then(|| value.to_string());
        let output = serde_json::from_str(shortened.as_deref().unwrap_or(&self.body));
        let Value::Object(object) = value else {
            return Err(self.unreadable("something that is no JSON object", false));
        };
        O::EVIDENCE
            .look(self.status, &object)
            .map_err(|what| self.unreadable(&format!("{what}, so that nothing shows whether it was done"), false))?;
        Ok(Read { object, output: output.map_err(|fault| self.not_of::<O>(&fault))?, cuts })
    }

    /// Does work with it, where that holds up nobody else.
    ///
    /// # Errors
    /// What the work ends with.
    pub async fn apart<T: Send + 'static>(
        self,
        work: impl FnOnce(Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let broken = self.unreadable("a body that could not be read", false);
        let bytes = self.body.len();
        threads::apart(bytes, move || work(self)).await.unwrap_or(Err(broken))
    }

    /// Reads all documented fields of the body, for a decision that goes by them.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when it is not `O`'s answer, or has more parts than can be held.
    pub fn output<O: Operation>(&self) -> Result<O::Output, Error> {
        self.can_hold(&self.body)?;
        serde_json::from_str(&self.body).map_err(|fault| self.not_of::<O>(&fault))
    }

    /// Looks whether a part of it can be held whole.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when it has more parts than that.
    pub fn can_hold(&self, raw: &str) -> Result<(), Error> {
        let many = |byte| memchr::memchr_iter(byte, raw.as_bytes()).count();
        if many(b'{') > MOST_OBJECTS || many(b',') > MOST_VALUES { Err(self.too_many_parts()) } else { Ok(()) }
    }

    /// The error for a body of which a decision would have to hold more than can be held.
    #[must_use]
    pub fn too_many_parts(&self) -> Error {
        self.unreadable("more parts than can be looked at as a whole", false)
    }

    /// The error for a body that is JSON, but not `O`'s answer.
    #[must_use]
    pub fn not_of<O: Operation>(&self, fault: &serde_json::Error) -> Error {
        let place = self.place(fault).map(|key| format!("{key}: ")).unwrap_or_default();
        self.unreadable(&format!("JSON that is not what {} gives ({place}{fault})", O::NAME), false)
    }

    /// The key of the body in whose value `fault` was found: the documented wrapper that is of another shape.
    fn place(&self, fault: &serde_json::Error) -> Option<String> {
        // serde names a field that is missing, and not the one that it was reading.
        if self.body.len() >= LARGE || fault.to_string().starts_with("missing field") {
            return None;
        }
        let lines_before = self.body.split_inclusive('\n').take(fault.line().checked_sub(1)?);
        let found_at = lines_before.map(str::len).sum::<usize>() + fault.column();
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&self.body).ok()?;
        let begun = fields.into_iter().map(|(key, raw)| (raw.get().as_ptr().addr() - self.body.as_ptr().addr(), key));
        begun.filter(|(start, _)| *start < found_at).max().map(|(_, key)| key)
    }

    fn unreadable(&self, what: &str, truncated: bool) -> Error {
        let what = format!("OpenTrain answered {} with {what}", self.status);
        Error::Unreadable(Box::new(Unreadable { status: self.status, what, truncated, retry_after: None }))
    }
}
