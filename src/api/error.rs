//! The errors of a request, grouped by what the caller can do about them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cuts::Cut;
use super::wording::Wording;

/// An operation that failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// An argument is invalid. Nothing was sent.
    #[error(transparent)]
    Invalid(#[from] InvalidArgument),
    /// No usable token is configured. Nothing was sent.
    #[error("{0}")]
    NotConfigured(Wording),
    /// A setting or a part of this machine cannot be used. Nothing was sent.
    #[error("{what}")]
    Unusable {
        /// The thing that cannot be used, and why.
        what: Wording,
        /// The setting or file to check.
        look_at: &'static str,
    },
    /// OpenTrain replied with an error.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// The reply is not in OpenTrain's format.
    #[error("{}", .0.what)]
    Unreadable(Box<Unreadable>),
    /// No reply arrived in time.
    #[error("OpenTrain did not answer within {} s", tenths(*.waited))]
    TimedOut {
        /// The time that was waited.
        waited: Duration,
        /// True if the request may have reached OpenTrain.
        sent: bool,
    },
    /// The connection could not be established, or broke.
    #[error("{what}")]
    Unreachable {
        /// The fault, without secrets.
        what: Wording,
        /// True if the request may have reached OpenTrain.
        sent: bool,
    },
}

/// Rounds to tenths of a second.
fn tenths(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// A parameter that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidArgument {
    /// The parameter as the caller wrote it.
    pub field: String,
    /// The problem and a valid value.
    pub message: Wording,
}

impl InvalidArgument {
    /// An error about `field`.
    pub fn new(field: impl Into<String>, message: impl Into<Wording>) -> Self {
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
    /// `requestId`, for OpenTrain's support.
    pub request_id: Option<String>,
    /// `details` unchanged, or the whole body of a foreign envelope.
    pub details: Option<Value>,
    /// True if the envelope is not OpenTrain's own: a gateway may have replied instead.
    #[serde(default)]
    pub is_foreign: bool,
    /// The `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// The parts that were left out of extremely large details.
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

    /// The documented reason, such as `account_claim_required`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.detail_text("reason")
    }

    /// A copy whose JSON has at most about `bytes`: the largest details are left out, and the message is cut.
    #[must_use]
    pub fn within(&self, bytes: usize) -> Self {
        let shortened = |text: &String| {
            let mut short: String = text.chars().take(bytes / 16).collect();
            while json_len(&short) > bytes / 8 {
                short = short.chars().take(short.chars().count() / 2).collect();
            }
            short
        };
        let mut copy = Self { details: None, cuts: Vec::new(), ..self.clone() };
        copy.message = shortened(&self.message);
        copy.code = self.code.as_ref().map(shortened);
        copy.request_id = self.request_id.as_ref().map(shortened);
        copy.details = match &self.details {
            Some(Value::Object(details)) => {
                let measured = details.iter().map(|(name, value)| (json_len(name) + json_len(value) + 2, name));
                let mut sized: Vec<(usize, &String)> = measured.collect();
                sized.sort_unstable();
                let mut room = bytes / 2;
                sized.retain(|(size, _)| room.checked_sub(*size).inspect(|left| room = *left).is_some());
                let is_kept = |name: &String| sized.iter().any(|(_, kept)| *kept == name);
                let kept = details.iter().filter(|(name, _)| is_kept(name));
                Some(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
            other => other.clone().filter(|details| json_len(details) <= bytes / 2),
        };
        copy
    }

    /// The scopes that the token lacks. Any one of them is enough.
    pub fn required_scopes(&self) -> impl Iterator<Item = &str> {
        let scopes = self.detail("requiredScopes").and_then(Value::as_array);
        scopes.into_iter().flatten().filter_map(Value::as_str)
    }

    /// True for the only refusal that follows a successful change: moderation has taken the job down, so that it is a
    /// draft again (reference: api-reference/jobs/update).
    #[must_use]
    pub fn came_after_the_change(&self) -> bool {
        self.status == 409 && self.reason() == Some("moderation_blocked") && self.detail_text("status") == Some("DRAFT")
    }
}

/// The length of a value as JSON.
fn json_len(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

/// A reply that is not OpenTrain's: a proxy's page, a broken body, another shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The HTTP status.
    pub status: u16,
    /// The problem with the reply.
    pub what: Wording,
    /// True if the reply ended early.
    pub truncated: bool,
    /// The `Retry-After` header.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// The HTTP status, if there was a reply.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Unreadable(answer) => Some(answer.status),
            _ => None,
        }
    }

    /// True if another token may help: there is none, OpenTrain does not accept the one in use, or it lacks a scope.
    #[must_use]
    pub fn wants_another_token(&self) -> bool {
        match self {
            Self::NotConfigured(_) => true,
            Self::Refused(refusal) if refusal.required_scopes().next().is_some() => true,
            _ => self.status() == Some(401),
        }
    }

    /// The pause that the API asks for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unreadable(answer) => answer.retry_after,
            _ => None,
        }
    }

    /// True for a fault that a retry may cure.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Unreachable { .. } => true,
            Self::Unreadable(answer) if answer.truncated => true,
            _ => self.status().is_some_and(|status| status == 429 || comes_from_between(status)),
        }
    }

    /// True if the request certainly never left.
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

    /// True if the request may have been carried out although no success was received. A 4xx is a refusal, except for
    /// statuses with which a gateway reports its own timeout or a lost client. 307 and 308 ask for another URL, but
    /// other redirects may follow a completed request (RFC 9110, 15.4). All other faults after the request has left are
    /// inconclusive.
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

/// True for statuses that a gateway, balancer or edge sends instead of OpenTrain's reply: its own time limit (408, 504,
/// 524), a client that seems to have left (460, 499), a lost upstream.
const fn comes_from_between(status: u16) -> bool {
    matches!(status, 408 | 460 | 499 | 502..=504 | 520..=524 | 530)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_what_fits() {
        let mut details = serde_json::Map::new();
        for number in 0..2_000 {
            details.insert(format!("k{number}"), "x".into());
        }
        details.insert("reason".into(), "account_claim_required".into());
        details.insert("long".into(), "y".repeat(5_000).into());
        let refusal = Refusal {
            status: 403,
            message: "\u{1}".repeat(9_000),
            code: Some("FORBIDDEN".into()),
            request_id: None,
            details: Some(Value::Object(details)),
            is_foreign: false,
            retry_after: None,
            cuts: Vec::new(),
        };
        let kept = refusal.within(4_096);
        assert!(serde_json::to_string(&kept).unwrap().len() < 4_096);
        assert!(kept.detail("k1").is_some() && kept.detail("long").is_none() && kept.code == refusal.code);
        let small = Refusal { details: Some(serde_json::json!({ "reason": "odd" })), message: "No.".into(), ..refusal };
        assert_eq!(small.within(4_096), small);
    }

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
