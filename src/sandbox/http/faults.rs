//! Faults on demand, so that anyone can rehearse what an agent does when the network or the API fails.
//!
//! Written `KIND@TOOL:CALL`, several of them with commas between: `lost-reply@create_milestone:1,502@list_contracts:2-3`.
//! CALL is the number of a request for that tool's operation, counted from 1 in this sandbox, a range of them, or `*`
//! for all. Requests that the server makes by itself count too: retries of a read, and looks before a write.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::catalogue::OPERATIONS;

/// The ways in which a request can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is carried out, and the connection is closed without an answer.
    LostReply,
    /// The connection is reset (TCP RST), and nothing was carried out.
    Reset,
    /// It is never answered, and nothing was carried out.
    Hang,
    /// 429 with `Retry-After: 1`; not carried out.
    RateLimited,
    /// 502 with a page of HTML, as a proxy answers; not carried out.
    BadGateway,
    /// 200 with a page of HTML; not carried out.
    Html,
    /// It is carried out, and half of the answer arrives, with the length of the whole.
    Truncated,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::LostReply, Self::Reset, Self::Hang, Self::RateLimited, Self::BadGateway, Self::Html, Self::Truncated];

    const fn name(self) -> &'static str {
        match self {
            Self::LostReply => "lost-reply",
            Self::Reset => "reset",
            Self::Hang => "hang",
            Self::RateLimited => "429",
            Self::BadGateway => "502",
            Self::Html => "html",
            Self::Truncated => "truncated",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    kind: Kind,
    operation: &'static str,
    first: u64,
    /// `None` for all from the first on.
    last: Option<u64>,
}

/// The faults that a sandbox plays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

/// Why faults cannot be read as they are written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidFault(String);

impl Faults {
    /// No faults.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads `lost-reply@create_milestone:1,hang@list_contracts:2`. Where several hit one call, the first does.
    ///
    /// # Errors
    /// The part that cannot be read, and what would be right.
    pub fn parse(text: &str) -> Result<Self, InvalidFault> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(Fault::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn hit(&self, operation: &str, call: u64) -> Option<Kind> {
        let hits = |fault: &&Fault| {
            fault.operation == operation && fault.first <= call && fault.last.is_none_or(|last| call <= last)
        };
        self.0.iter().find(hits).map(|fault| fault.kind)
    }
}

/// The form in which they are read.
impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(formatter, "{comma}{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}:", self.kind.name(), self.operation)?;
        match self.last {
            None => formatter.write_str("*"),
            Some(last) if last == self.first => write!(formatter, "{last}"),
            Some(last) => write!(formatter, "{}-{last}", self.first),
        }
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
        let known = Kind::ALL.into_iter().find(|known| known.name() == kind);
        let kind = known.ok_or_else(|| {
            InvalidFault(format!("there is no fault \"{kind}\"; there are {}", Kind::ALL.map(Kind::name).join(", ")))
        })?;
        let known = OPERATIONS.iter().map(|facts| facts.name).find(|known| *known == operation);
        let operation = known.ok_or_else(|| {
            let all = OPERATIONS.iter().map(|facts| facts.name).collect::<Vec<_>>().join(", ");
            InvalidFault(format!("the sandbox has no operation \"{operation}\"; it has {all}"))
        })?;
        let (first, last) = numbers(calls).ok_or_else(|| {
            InvalidFault(format!("\"{calls}\" names no call of {operation}: write 1 for the first, 2-4, or * for all"))
        })?;
        Ok(Self { kind, operation, first, last })
    }
}

/// The first and the last call.
fn numbers(calls: &str) -> Option<(u64, Option<u64>)> {
    if calls == "*" {
        return Some((1, None));
    }
    let (first, last) = calls.split_once('-').unwrap_or((calls, calls));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (1 <= first && first <= last).then_some((first, Some(last)))
}

/// Faults, and the calls so far; shared by all routes.
#[derive(Clone, Debug)]
pub(super) struct FaultPlan {
    faults: Arc<Faults>,
    calls: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl FaultPlan {
    pub(super) fn new(faults: Faults) -> Self {
        Self { faults: Arc::new(faults), calls: Arc::default() }
    }

    /// Counts a call of `operation`, and gives its fault.
    pub(super) fn call(&self, operation: &'static str) -> Option<Kind> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let call = calls.entry(operation).or_default();
        *call += 1;
        let kind = self.faults.hit(operation, *call);
        if let Some(kind) = kind {
            tracing::info!(operation, call = *call, kind = kind.name(), "the sandbox fails on demand");
        }
        kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_meets_its_own_fault() {
        let faults =
            Faults::parse("lost-reply@create_milestone:2, 502@list_contracts:1-3,hang@list_contracts:*").unwrap();
        let plan = FaultPlan::new(faults);
        let creates: Vec<_> = (0..3).map(|_| plan.call("create_milestone")).collect();
        assert_eq!(creates, [None, Some(Kind::LostReply), None]);
        let lists: Vec<_> = (0..5).map(|_| plan.call("list_contracts")).collect();
        let (gateway, hang) = (Some(Kind::BadGateway), Some(Kind::Hang));
        assert_eq!(lists, [gateway, gateway, gateway, hang, hang]);
        assert_eq!(plan.call("get_contract"), None);
    }

    #[test]
    fn faults_are_written_as_they_are_read() {
        for kind in Kind::ALL {
            for calls in ["1", "2-4", "*"] {
                let text = format!("{}@create_milestone:{calls},429@get_auth_status:7", kind.name());
                assert_eq!(Faults::parse(&text).unwrap().to_string(), text);
            }
        }
        assert_eq!(Faults::parse(" , "), Ok(Faults::none()));
        assert_eq!(Faults::parse("reset@get_approval:3-3").unwrap().to_string(), "reset@get_approval:3");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_would_be_right() {
        for (text, told) in [
            ("lost-reply", "write KIND@TOOL:CALL, such as lost-reply@create_milestone:1"),
            ("lost-reply@create_milestone", "write KIND@TOOL:CALL"),
            ("hang@list_contracts:1,oops", "\"oops\" is no fault"),
            ("lost@create_milestone:1", "there are lost-reply, reset, hang, 429, 502, html, truncated"),
            ("hang@make_milestone:1", "it has get_auth_status, "),
            ("hang@:1", "no operation \"\""),
            ("hang@list_contracts:0", "write 1 for the first"),
            ("hang@list_contracts:", "names no call of list_contracts"),
            ("hang@list_contracts:3-2", "\"3-2\" names no call"),
            ("hang@list_contracts:-1", "\"-1\" names no call"),
            ("hang@list_contracts:first", "2-4, or * for all"),
        ] {
            let fault = Faults::parse(text).unwrap_err().to_string();
            assert!(fault.contains(told), "{text}: {fault}");
        }
    }
}
