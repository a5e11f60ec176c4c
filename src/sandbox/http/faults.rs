//! Faults on demand, to rehearse what an agent does when the network or the API fails.
//!
//! A fault is written `KIND@TOOL:CALL`, several with commas: `lost-reply@create_milestone:1,502@list_contracts:2-3`.
//! CALL is the number of a request for that tool's operation, from 1 on, a range of numbers, or `*` for all. Requests
//! that the server makes by itself count too: retries of a read, and looks before a write.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::catalogue::OPERATIONS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request is carried out, and the connection closes without an answer.
    LostReply,
    /// The connection is reset (TCP RST); nothing is carried out.
    Reset,
    /// No answer ever; nothing is carried out.
    Hang,
    /// 429 with `Retry-After: 1`; nothing is carried out.
    RateLimited,
    /// 502 with a page of HTML, as a proxy answers; nothing is carried out.
    BadGateway,
    /// 200 with a page of HTML; nothing is carried out.
    Html,
    /// The request is carried out, and half of the answer arrives.
    Truncated,
}

pub(crate) const KINDS: [(&str, Kind); 7] = [
    ("lost-reply", Kind::LostReply),
    ("reset", Kind::Reset),
    ("hang", Kind::Hang),
    ("429", Kind::RateLimited),
    ("502", Kind::BadGateway),
    ("html", Kind::Html),
    ("truncated", Kind::Truncated),
];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    /// The operator's text.
    text: String,
    kind: Kind,
    operation: &'static str,
    first: u64,
    last: u64,
}

/// The faults that a sandbox plays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

/// A text that is no fault, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFault(String);

impl Faults {
    /// No faults.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Parses `lost-reply@create_milestone:1,hang@list_contracts:2`. The first that matches a call decides.
    ///
    /// # Errors
    /// The invalid part, and what would be right.
    pub fn parse(text: &str) -> Result<Self, InvalidFault> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(Fault::parse).collect::<Result<_, _>>().map(Self)
    }

    /// True without any fault.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn hit(&self, operation: &str, call: u64) -> Option<Kind> {
        let hits = |fault: &&Fault| fault.operation == operation && (fault.first..=fault.last).contains(&call);
        self.0.iter().find(hits).map(|fault| fault.kind)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.iter().map(|fault| fault.text.as_str()).collect::<Vec<_>>().join(","))
    }
}

impl Fault {
    fn parse(text: &str) -> Result<Self, InvalidFault> {
        let parts = text.split_once('@').and_then(|(kind, rest)| Some((kind, rest.split_once(':')?)));
        let Some((kind, (operation, calls))) = parts else {
            return Err(InvalidFault(format!(
                "\"{text}\" is no fault: write KIND@TOOL:CALL, such as lost-reply@create_milestone:1"
            )));
        };
        let (_, kind) = KINDS.into_iter().find(|(name, _)| *name == kind).ok_or_else(|| {
            InvalidFault(format!("there is no fault \"{kind}\"; there are {}", KINDS.map(|(name, _)| name).join(", ")))
        })?;
        let known = OPERATIONS.iter().map(|facts| facts.name).find(|known| *known == operation);
        let operation = known.ok_or_else(|| {
            let all = OPERATIONS.iter().map(|facts| facts.name).collect::<Vec<_>>().join(", ");
            InvalidFault(format!("the sandbox has no operation \"{operation}\"; it has {all}"))
        })?;
        let (first, last) = numbers(calls).ok_or_else(|| {
            InvalidFault(format!("\"{calls}\" names no call of {operation}: write 1 for the first, 2-4, or * for all"))
        })?;
        Ok(Self { text: text.to_owned(), kind, operation, first, last })
    }
}

fn numbers(calls: &str) -> Option<(u64, u64)> {
    if calls == "*" {
        return Some((1, u64::MAX));
    }
    let (first, last) = calls.split_once('-').unwrap_or((calls, calls));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (1 <= first && first <= last).then_some((first, last))
}

/// The faults and the number of calls so far. All routes share them.
#[derive(Clone, Debug)]
pub(crate) struct FaultPlan {
    faults: Arc<Faults>,
    calls: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl FaultPlan {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { faults: Arc::new(faults), calls: Arc::default() }
    }

    /// Counts a call, and returns the fault that is planned for it.
    pub(crate) fn call(&self, operation: &'static str) -> Option<Kind> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let call = calls.entry(operation).or_default();
        *call += 1;
        let kind = self.faults.hit(operation, *call);
        if let Some(kind) = kind {
            tracing::info!(operation, call = *call, ?kind, "the sandbox fails on demand");
        }
        kind
    }
}
