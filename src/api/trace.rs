//! Spans of what this server does, reported to whoever collects traces. A span is described by our own literals and by
//! numbers, so nothing that a caller, a model or OpenTrain wrote can stand in one.

use http::HeaderValue;

use super::error::Error;

/// Collects spans.
pub trait Tracer: Send + Sync {
    /// Begins a span below `parent`, which is a `traceparent` (W3C Trace Context). Without one it begins a trace.
    fn begin(&self, work: Work, facts: &[Fact], parent: Option<&HeaderValue>) -> Box<dyn Span>;
}

/// A span that has begun. It ends as cancelled if it is dropped.
pub trait Span: Send {
    /// The `traceparent` for what happens within this span; `None` if it is not collected.
    fn traceparent(&self) -> Option<HeaderValue>;

    /// Ends the span. `fault` is the kind of its failure.
    fn end(self: Box<Self>, fault: Option<&'static str>, facts: &[Fact]);
}

/// What a span is about.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// True for a request that this server sends, false for one that it serves.
    pub is_sent: bool,
    /// The method of the request.
    pub method: &'static str,
    /// What the method is applied to, if known.
    pub target: Option<&'static str>,
}

/// A fact about a span: its name, as the semantic conventions of OpenTelemetry have it, and its value.
pub type Fact = (&'static str, Value);

/// The value of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// One of our own words.
    Word(&'static str),
    /// A number.
    Number(i64),
}

/// The kind of a failure, for a span.
pub(super) const fn kind(fault: &Error) -> &'static str {
    match fault {
        Error::Invalid(_) => "invalid_argument",
        Error::NotConfigured(_) => "not_configured",
        Error::Unusable { .. } => "unusable",
        Error::Refused(_) => "refused",
        Error::Unreadable(_) => "unreadable",
        Error::TimedOut { .. } => "timeout",
        Error::Unreachable { .. } => "unreachable",
    }
}
