//! A success as it came, and the ways to read it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::{Error, Unreadable};
use super::{Evidence, Operation};

/// The body of a 2xx answer: text that is a JSON object, token masked.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status: 200, 201 or 202.
    pub status: u16,
    /// The API's own clock, from its `Date` header.
    pub date: Option<Timestamp>,
    body: String,
}

/// A success, read in both ways: as it came, and by its documented shape.
#[derive(Debug)]
pub struct Read<O: Operation> {
    /// Every field, with its name, number and place.
    pub object: Map<String, Value>,
    /// The documented fields.
    pub output: O::Output,
}

impl Reply {
    pub(super) fn new(status: u16, date: Option<Timestamp>, body: String, evidence: Evidence) -> Result<Self, Error> {
        let body = evidence.without_body(&body).map_or(body, str::to_owned);
        let reply = Self { status, date, body };
        let what = match reply.body.trim_start().as_bytes() {
            [] => "an empty body",
            [b'<', ..] => "a page of HTML",
            [b'{', ..] => match serde_json::from_str::<&RawValue>(&reply.body) {
                Ok(_) => return Ok(reply),
                Err(fault) if fault.is_eof() => return Err(reply.unreadable("a body that ends in the middle", true)),
                Err(fault) => return Err(reply.unreadable(&format!("JSON that cannot be read ({fault})"), false)),
            },
            _ => "something that is no JSON object",
        };
        Err(reply.unreadable(what, false))
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

    /// Reads the body as `O`'s answer.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when it is no JSON, the documented wrapper is missing, or nothing in the answer to a write
    /// shows that it was done.
    pub fn read<O: Operation>(&self) -> Result<Read<O>, Error> {
        let object: Map<String, Value> = serde_json::from_str(&self.body).map_err(|fault| self.not_of::<O>(&fault))?;
        O::EVIDENCE
            .look(self.status, &object)
            .map_err(|what| self.unreadable(&format!("{what}, so that nothing shows whether it was done"), false))?;
        let output = serde_json::from_str(&self.body).map_err(|fault| self.not_of::<O>(&fault))?;
        Ok(Read { object, output })
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
        if fault.to_string().starts_with("missing field") {
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
