//! What a handler returns.

use crate::sandbox::world::Refused;
use http::StatusCode;
use serde_json::Value;

pub(crate) type Answered = Result<Answer, Refused>;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    pub(crate) const fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body }
    }

    pub(crate) const fn made(is_new: bool, body: Value) -> Self {
        if is_new { Self::created(body) } else { Self::ok(body) }
    }

    /// 202: a person has to decide first.
    pub(crate) const fn accepted(body: Value) -> Self {
        Self { status: StatusCode::ACCEPTED, body }
    }
}
