//! A successful reply, and the ways to parse it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::cuts::Cut;
use super::error::{Error, Unreadable};
use super::excerpt::{self, Excerpt};
use super::room::Permit;
use super::threads::{self, LARGE};
use super::wording::{Wording, wording};
use super::{Evidence, Operation, types};

/// The most objects and values of a reply that is parsed completely. OpenTrain's replies within the size limit have
/// fewer.
const MOST_OBJECTS: usize = 60_000;
const MOST_VALUES: usize = 1_000_000;

/// The body of a 2xx reply: a JSON object as text, with secrets masked.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status: 200, 201 or 202.
    pub status: u16,
    /// The API's own clock, from its `Date` header.
    pub date: Option<Timestamp>,
    body: String,
    /// The parsed excerpt of a large body. A small body is parsed when needed.
    excerpt: Option<Arc<Excerpt>>,
    /// True if the excerpt is always complete.
    whole: bool,
    /// The right to hold a large reply.
    _room: Option<Permit>,
}

/// A successful reply in two forms: as it came, and as its documented type.
#[derive(Debug)]
pub struct Read<O: Operation> {
    /// Every field with its name, number and place. Of an extremely large reply only a part.
    pub object: Map<String, Value>,
    /// The documented fields.
    pub output: O::Output,
    /// The parts that were left out of both forms.
    pub cuts: Vec<Cut>,
}

/// Parses documented fields. If a key occurs twice, the last one counts, as in other JSON parsers; serde rejects it.
///
/// # Errors
/// The text has another shape.
pub fn documented<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|fault| {
        let unique: Value = serde_json::from_str(text)?;
        serde_json::from_str(&unique.to_string()).map_err(|_| fault)
    })
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
        let reply = Self { status, date, body, excerpt: None, whole, _room: None };
        let what = match reply.body.trim_start().as_bytes() {
            [] => "an empty body",
            [b'<', ..] => "a page of HTML",
            [b'{', ..] => match serde_json::from_str::<&RawValue>(&reply.body) {
                Ok(_) => return reply.prepared(),
                Err(fault) if fault.is_eof() => {
                    return Err(reply.unreadable("a body that ends in the middle".into(), true));
                }
                Err(fault) => {
                    return Err(reply.unreadable(wording!("JSON that cannot be read ({})", fault.to_string()), false));
                }
            },
            _ => "something that is no JSON object",
        };
        Err(reply.unreadable(what.into(), false))
    }

    /// The same reply, which holds `permit` as long as it is there.
    pub(super) fn in_room(self, permit: Option<Permit>) -> Self {
        Self { _room: permit, ..self }
    }

    /// Parses a large body once, on a thread that may block.
    fn prepared(self) -> Result<Self, Error> {
        if self.body.len() < LARGE {
            return Ok(Self { excerpt: None, ..self });
        }
        let excerpt = Some(Arc::new(self.excerpt()?));
        Ok(Self { excerpt, ..self })
    }

    /// Parses a part of the body for display.
    #[must_use]
    pub fn part(&self, raw: &str) -> Excerpt {
        let read = if self.whole { excerpt::read_whole } else { excerpt::read };
        read(raw).unwrap_or_default()
    }

    /// The documented fields of a part of the body, without what was left out of it.
    #[must_use]
    pub fn part_as<T: DeserializeOwned + Default>(&self, raw: &str, part: &Excerpt) -> T {
        if part.cuts.is_empty() { documented(raw).unwrap_or_default() } else { types::from_value(&part.value) }
    }

    fn excerpt(&self) -> Result<Excerpt, Error> {
        let read = if self.whole { excerpt::read_whole } else { excerpt::read };
        read(&self.body)
            .map_err(|fault| self.unreadable(wording!("JSON that cannot be read ({})", fault.to_string()), false))
    }

    /// Replaces a part of the body; both parts are JSON.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if the result is not JSON.
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

    /// The time of the reply: by the API's clock, or by ours if the reply has no date.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.date.unwrap_or_else(Timestamp::now)
    }

    /// Parses the body as a reply to `O`, for display. Parts that no answer can hold may be left out and are noted.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if the body is not JSON, lacks the documented wrapper, or does not prove that a write was
    /// carried out.
    pub fn read<O: Operation>(&self) -> Result<Read<O>, Error> {
        let ready = self.excerpt.as_deref().cloned();
        let Excerpt { value, cuts } = ready.map_or_else(|| self.excerpt(), Ok)?;
        let shortened = (self.excerpt.is_some() || !cuts.is_empty()).then(|| value.to_string());
        let output = documented(shortened.as_deref().unwrap_or(&self.body));
        let Value::Object(object) = value else {
            return Err(self.unreadable("something that is no JSON object".into(), false));
        };
        O::EVIDENCE
            .look(self.status, &object)
            .map_err(|what| self.unreadable(wording!("{}, so that nothing shows whether it was done", what), false))?;
        Ok(Read { object, output: output.map_err(|fault| self.not_of::<O>(&fault))?, cuts })
    }

    /// Runs work on the reply, on another thread if the body is large.
    ///
    /// # Errors
    /// The result of the work.
    pub async fn apart<T: Send + 'static>(
        self,
        work: impl FnOnce(Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let broken = self.unreadable("a body that could not be read".into(), false);
        let bytes = self.body.len();
        threads::apart(bytes, move || work(self)).await.unwrap_or(Err(broken))
    }

    /// Parses all documented fields, for a decision that depends on them.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if the body is not a reply to `O`, or has more parts than can be held.
    pub fn output<O: Operation>(&self) -> Result<O::Output, Error> {
        self.can_hold(&self.body)?;
        documented(&self.body).map_err(|fault| self.not_of::<O>(&fault))
    }

    /// Checks that a part of the body can be held completely.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if it has too many parts.
    pub fn can_hold(&self, raw: &str) -> Result<(), Error> {
        let many = |byte| memchr::memchr_iter(byte, raw.as_bytes()).count();
        if many(b'{') > MOST_OBJECTS || many(b',') > MOST_VALUES { Err(self.too_many_parts()) } else { Ok(()) }
    }

    /// The error for a body that is too large for a decision.
    #[must_use]
    pub fn too_many_parts(&self) -> Error {
        self.unreadable("more parts than can be looked at as a whole".into(), false)
    }

    /// The error for a JSON body that is not a reply to `O`.
    #[must_use]
    pub fn not_of<O: Operation>(&self, fault: &serde_json::Error) -> Error {
        let place = self.place(fault).map(|key| wording!("{}: ", key)).unwrap_or_default();
        self.unreadable(wording!("JSON that is not what {} gives ({}{})", O::NAME, place, fault.to_string()), false)
    }

    /// The key of the body whose value caused `fault`: the documented wrapper with another shape.
    fn place(&self, fault: &serde_json::Error) -> Option<String> {
        // serde names a missing field, but not the field that it was reading.
        if self.body.len() >= LARGE || fault.to_string().starts_with("missing field") {
            return None;
        }
        let lines_before = self.body.split_inclusive('\n').take(fault.line().checked_sub(1)?);
        let found_at = lines_before.map(str::len).sum::<usize>() + fault.column();
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(&self.body).ok()?;
        let begun = fields.into_iter().map(|(key, raw)| (raw.get().as_ptr().addr() - self.body.as_ptr().addr(), key));
        begun.filter(|(start, _)| *start < found_at).max().map(|(_, key)| key)
    }

    fn unreadable(&self, what: Wording, truncated: bool) -> Error {
        let what = wording!("OpenTrain answered {} with {}", self.status, what);
        Error::Unreadable(Box::new(Unreadable { status: self.status, what, truncated, retry_after: None }))
    }
}

/// Reads an answer as a success and as a refusal, for `fuzz/`: what is kept is JSON, and fits in its room.
#[cfg(fuzzing)]
pub fn fuzz<O: Operation>(body: &[u8]) {
    let text = super::surrogates::without_lone_surrogates(body);
    let Ok(text) = std::str::from_utf8(&text) else { return };
    if let Ok(reply) = Reply::new(200, None, text.to_owned(), O::EVIDENCE, false)
        && let Ok(read) = reply.read::<O>()
    {
        assert!(Value::Object(read.object).to_string().len() <= 6 * text.len() + 1_000, "an answer grew");
    }
    for dialect in [super::Dialect::Api, super::Dialect::OAuthJson] {
        if let Some(refusal) = super::error::Refusal::read(403, text, None, dialect) {
            let within = serde_json::to_string(&refusal.within(4_096)).unwrap_or_default();
            assert!(within.len() <= 8_192, "{} bytes", within.len());
        }
    }
}
