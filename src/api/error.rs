//! What can go wrong on the way to OpenTrain, by what the caller can do about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cuts::Cut;

/// An operation that gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// An argument is wrong; nothing was sent.
    #[error(transparent)]
    Invalid(#[from] InvalidArgument),
    /// There is no token that could be sent; nothing was.
    #[error("{0}")]
    NotConfigured(String),
    /// What is set, or found on this machine, cannot be used; nothing was sent.
    #[error("{what}")]
    Unusable {
        /// What cannot be used, and why.
        what: String,
        /// What to look at.
        look_at: &'static str,
    },
    /// OpenTrain answered with an error of its own.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// An answer came that is not one of OpenTrain's.
    #[error("{}", .0.what)]
    Unreadable(Box<Unreadable>),
    /// No answer came in time.
    #[error("OpenTrain did not answer within {} s", tenths(*.waited))]
    TimedOut {
        /// How long was waited for this answer.
        waited: Duration,
        /// Whether the request may have reached OpenTrain.
        sent: bool,
    },
    /// The connection could not be made, or broke.
    #[error("{what}")]
    Unreachable {
        /// What happened, without secrets.
        what: String,
        /// Whether the request may have reached OpenTrain.
        sent: bool,
    },
}

/// Seconds, to a tenth.
fn tenths(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// A parameter that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidArgument {
    /// The parameter, as the caller wrote it.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl InvalidArgument {
    /// `field` is wrong, as `message` says.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// OpenTrain's error envelope: `{"error", "code", "requestId", "details"}` (reference: api-reference/overview).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `error`: for people to read.
    pub message: String,
    /// `code`, an open set: `BAD_REQUEST`, `FORBIDDEN`, …
    pub code: Option<String>,
    /// `requestId`, to be quoted to support.
    pub request_id: Option<String>,
    /// `details`, untouched; the whole body where it is no envelope.
    pub details: Option<Value>,
    /// Whether it is not OpenTrain's own envelope: a gateway may have answered in its place.
    #[serde(default)]
    pub is_foreign: bool,
    /// The `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// What was left out of details beyond all measure.
    #[serde(skip)]
    pub cuts: Vec<Cut>,
}

impl Refusal {
    /// A field of `details`.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&Value> {
        self.details.as_ref().and_then(|details| details.get(name))
    }

    /// A text field of `details`.
    #[must_use]
    pub fn detail_text(&self, name: &str) -> Option<&str> {
        self.detail(name).and_then(Value::as_str)
    }

    /// The reason that the API names, such as `account_claim_required`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.detail_text("reason")
    }

    /// The one refusal that comes after the change was made: moderation has taken the job down again, which is a draft now
    /// (reference: api-reference/jobs/update).
    #[must_use]
    pub fn came_after_the_change(&self) -> bool {
        self.status == 409 && self.reason() == Some("moderation_blocked") && self.detail_text("status") == Some("DRAFT")
    }
}

/// An answer that is not one of OpenTrain's: a proxy's page, a broken body, another shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with it.
    pub what: String,
    /// It stopped before its end.
    pub truncated: bool,
    /// The `Retry-After` header.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// The HTTP status, where an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Unreadable(answer) => Some(answer.status),
            _ => None,
        }
    }

    /// How long the API asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unreadable(answer) => answer.retry_after,
            _ => None,
        }
    }

    /// A fault that may be gone at the next try.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Unreachable { .. } => true,
            Self::Unreadable(answer) if answer.truncated => true,
            _ => self.status().is_some_and(|status| status == 429 || comes_from_between(status)),
        }
    }

    /// Whether the request certainly never left.
    #[must_use]
    pub const fn never_left(&self) -> bool {
        matches!(
            self,
            Self::Invalid(_)
                | Self::NotConfigured(_)
                | Self::Unusable { .. }
                | Self::TimedOut { sent: false, .. }
                | Self::Unreachable { sent: false, .. }
        )
    }

    /// Whether the request may have been carried out although no success was seen. A 4xx is a refusal, but for those by
    /// which a box in between says that it has waited or been left; 307 and 308 ask to go elsewhere, while the other
    /// redirects may follow something done (RFC 9110, 15.4). Anything else that came after the request left tells nothing.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::NotConfigured(_) | Self::Unusable { .. } => false,
            Self::Refused(_) | Self::Unreadable(_) => self.status().is_none_or(|status| match status {
                307 | 308 => false,
                400..=499 => comes_from_between(status),
                _ => true,
            }),
            Self::TimedOut { sent, .. } | Self::Unreachable { sent, .. } => *sent,
        }
    }
}

/// Whether a gateway, a balancer or an edge gives this status in place of an answer that it did not get or pass on: a
/// time limit of its own (408, 504, 524), a client that it thinks has gone (460, 499), an upstream that it lost.
const fn comes_from_between(status: u16) -> bool {
    matches!(status, 408 | 460 | 499 | 502..=504 | 520..=524 | 530)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Error {
        let what = "an answer".into();
        Error::Unreadable(Box::new(Unreadable { status, what, truncated: false, retry_after: None }))
    }

    #[test]
    fn a_box_in_between_proves_nothing_and_a_refusal_does() {
        for status in [200, 204, 300, 301, 302, 303, 408, 460, 499, 500, 502, 503, 504, 520, 524, 599, 999] {
            assert!(answered(status).may_have_happened(), "{status}");
        }
        for status in [307, 308, 400, 401, 403, 404, 409, 413, 421, 425, 429, 451, 495] {
            assert!(!answered(status).may_have_happened(), "{status}");
        }
    }

    #[test]
    fn a_wait_is_told_to_a_tenth_of_a_second() {
        for (waited, told) in [(47.997_547, "48 s"), (0.3, "0.3 s"), (0.04, "0 s")] {
            let fault = Error::TimedOut { waited: Duration::from_secs_f64(waited), sent: true };
            assert_eq!(fault.to_string(), format!("OpenTrain did not answer within {told}"));
        }
    }
}
