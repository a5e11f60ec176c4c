//! What the API answers: a success, or its error envelope.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, DATE, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderName, StatusCode};
use serde_json::{Map, Value, json};

use crate::api::Dialect;
use crate::api::error::InvalidArgument;

/// What a handler gives.
pub(crate) type Answered = Result<Answer, Refused>;

/// A success.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    /// 200 with `body`.
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    /// 202 with what a person has to decide first.
    pub(crate) const fn accepted(body: Value) -> Self {
        Self { status: StatusCode::ACCEPTED, body }
    }

    /// 200, or 201 where something `is_new`.
    pub(crate) const fn made(is_new: bool, body: Value) -> Self {
        if is_new { Self::created(body) } else { Self::ok(body) }
    }

    /// 201 with what was made.
    pub(crate) const fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body }
    }
}

/// An error as the API has it.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Option<Value>,
    shape: Shape,
}

/// How an error is written.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// As the public API does.
    Envelope,
    /// As OAuth does (RFC 6749, 5.2).
    OAuth,
    /// As its details and nothing else.
    Bare,
}

impl Refused {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>, details: Option<Value>) -> Self {
        Self { status, code, message: message.into(), details, shape: Shape::Envelope }
    }

    /// 400 with one of OAuth's codes.
    pub(crate) fn oauth(code: &'static str, description: impl Into<String>) -> Self {
        Self { shape: Shape::OAuth, ..Self::new(StatusCode::BAD_REQUEST, code, description, None) }
    }

    /// An error that has a body of its own.
    pub(crate) fn bare(status: StatusCode, body: Value) -> Self {
        Self { shape: Shape::Bare, ..Self::new(status, "NOT_FOUND", "This has gone.", Some(body)) }
    }

    /// 400 for fields, as the API lists them where it has a schema.
    pub(crate) fn issues(issues: Vec<Value>) -> Self {
        Self { details: Some(json!({ "issues": issues })), ..Self::bad_request("The request is not valid.") }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same, as an endpoint of `dialect` writes it.
    pub(crate) fn spoken(self, dialect: Dialect) -> Self {
        if dialect == Dialect::Api || !matches!(self.shape, Shape::Envelope) {
            return self;
        }
        let code = match self.code {
            "RATE_LIMITED" => "rate_limit_exceeded",
            _ => "invalid_request",
        };
        Self { shape: Shape::OAuth, code, ..self }
    }

    /// 400 for the whole request.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message, None)
    }

    /// 400 for one field.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self { details: Some(json!({ "field": field })), ..Self::bad_request(message) }
    }

    /// 401: no token, or none that is valid.
    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message, None)
    }

    /// 403, with what is missing where the API says it.
    pub(crate) fn forbidden(message: impl Into<String>, details: Option<Value>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message, details)
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message, None)
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "This path has no such method.", None)
    }

    /// 404 for what is named in `details`.
    pub(crate) fn missing(message: impl Into<String>, details: Value) -> Self {
        Self::not_found(message).with_details(details)
    }

    /// 409, with the reason that the API names.
    pub(crate) fn conflict(reason: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message, Some(json!({ "reason": reason })))
    }

    /// The same, with these `details`.
    pub(crate) fn with_details(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    /// 413.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("The body is larger than {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message, None)
    }

    /// 429.
    pub(crate) fn rate_limited() -> Self {
        Self::rate_limited_because("Too many requests.")
    }

    /// 429, in these words.
    pub(crate) fn rate_limited_because(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message, None)
    }

    /// 421: the request was meant for another server.
    pub(crate) fn misdirected(message: &str) -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, "MISDIRECTED_REQUEST", message, None)
    }

    /// The status and the message, for those who do not read envelopes.
    pub(crate) fn words(&self) -> (StatusCode, &str) {
        (self.status, &self.message)
    }

    /// What is written of it: `{"error", "code", "requestId", "details"}` in the public API.
    fn body(self, request_id: &str) -> Value {
        match self.shape {
            Shape::Bare => return self.details.unwrap_or_default(),
            Shape::OAuth => return json!({ "error": self.code, "error_description": self.message }),
            Shape::Envelope => {}
        }
        let mut envelope = Map::new();
        envelope.insert("error".into(), self.message.into());
        envelope.insert("code".into(), self.code.into());
        envelope.insert("requestId".into(), request_id.into());
        envelope.extend(self.details.map(|details| ("details".to_owned(), details)));
        Value::Object(envelope)
    }
}

/// A parameter that cannot be read, by the name that it has on the wire; without a name, the body as a whole.
impl From<InvalidArgument> for Refused {
    fn from(fault: InvalidArgument) -> Self {
        match fault.field.as_str() {
            "" => Self::bad_request(fault.message),
            field => Self::field(field, fault.message),
        }
    }
}

/// Writes `answered` as the response to the request `request_id`.
pub(crate) fn respond(answered: Answered, request_id: &str, date: &str) -> Response {
    let (status, body) = match answered {
        Ok(answer) => (answer.status, answer.body),
        Err(refused) => (refused.status, refused.body(request_id)),
    };
    let mut response = json(status, &body);
    insert(&mut response, DATE, date);
    if status == StatusCode::UNAUTHORIZED {
        insert(&mut response, WWW_AUTHENTICATE, "Bearer");
    }
    response
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    insert(&mut response, CONTENT_TYPE, "application/json; charset=utf-8");
    response
}

/// Sets a header whose value is plain ASCII.
pub(crate) fn insert(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
