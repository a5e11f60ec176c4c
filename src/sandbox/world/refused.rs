//! Refusals, with the API's own bodies.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::api::Dialect;
use crate::api::error::InvalidArgument;

#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    code: &'static str,
    pub(crate) message: String,
    details: Option<Value>,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    /// The envelope of the public API.
    Envelope,
    /// OAuth's error (RFC 6749, 5.2).
    OAuth,
    /// Only the details.
    Bare,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: None, shape: Shape::Envelope }
    }

    pub(crate) fn oauth(code: &'static str, description: impl Into<String>) -> Self {
        Self { shape: Shape::OAuth, ..Self::new(StatusCode::BAD_REQUEST, code, description) }
    }

    /// An error with a body of its own.
    pub(crate) fn bare(status: StatusCode, body: Value) -> Self {
        Self { shape: Shape::Bare, ..Self::new(status, "NOT_FOUND", "").with_details(body) }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::bad_request(message).with_details(json!({ "field": field }))
    }

    /// 400 with a list of issues, as endpoints with a schema answer.
    pub(crate) fn issues(issues: Vec<Value>) -> Self {
        Self::bad_request("The request is not valid.").with_details(json!({ "issues": issues }))
    }

    pub(crate) fn invalid(fault: InvalidArgument) -> Self {
        match fault.field.as_str() {
            "" => Self::bad_request(fault.message.to_string()),
            field => Self::issues(vec![
                json!({ "code": "invalid_type", "path": [field], "message": fault.message.to_string() }),
            ]),
        }
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    pub(crate) fn conflict(reason: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message).with_details(json!({ "reason": reason }))
    }

    pub(crate) fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
    }

    pub(crate) fn with_details(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Words the refusal for an endpoint of `dialect`.
    pub(crate) fn in_dialect(self, dialect: Dialect) -> Self {
        if dialect == Dialect::Api || !matches!(self.shape, Shape::Envelope) {
            return self;
        }
        let code = if self.code == "RATE_LIMITED" { "rate_limit_exceeded" } else { "invalid_request" };
        Self { shape: Shape::OAuth, code, ..self }
    }

    /// `{"error", "code", "requestId", "details"}` in the public API.
    pub(crate) fn into_body(self, request_id: &str) -> Value {
        match self.shape {
            Shape::Bare => self.details.unwrap_or_default(),
            Shape::OAuth => json!({ "error": self.code, "error_description": self.message }),
            Shape::Envelope => {
                let mut envelope = Map::new();
                envelope.insert("error".into(), self.message.into());
                envelope.insert("code".into(), self.code.into());
                envelope.insert("requestId".into(), request_id.into());
                envelope.extend(self.details.map(|details| ("details".to_owned(), details)));
                Value::Object(envelope)
            }
        }
    }
}

/// Without a field the whole body is invalid.
impl From<InvalidArgument> for Refused {
    fn from(fault: InvalidArgument) -> Self {
        match fault.field.as_str() {
            "" => Self::bad_request(fault.message.to_string()),
            field => Self::field(field, fault.message.to_string()),
        }
    }
}
