//! The message of a request: read up to a limit, and checked before rmcp reads it, so that every message with an id gets
//! an answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use rmcp::model::ErrorCode;
use serde_json::{Map, Value};

use super::Reply;
use super::reply::{fault, text};
use crate::answer::{Shown, quoted, shown};
use crate::mcp::message::json::{Unreadable, bare, read};
use crate::mcp::message::outline::Outline;
use crate::mcp::message::{method, params};

/// The largest body, in bytes.
pub(super) const LARGEST: usize = 1024 * 1024;
/// The first revision without a handshake.
const STATELESS: &[u8] = b"2026-07-28";
/// The time in which a body must be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message for rmcp.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Bytes,
    /// The arguments of a tool call, taken out of `bytes`.
    pub(super) arguments: Option<Map<String, Value>>,
}

/// Refuses a body that says itself that it is too large.
pub(super) fn declared(body: &Incoming) -> Result<(), Box<Reply>> {
    if body.size_hint().lower() > LARGEST as u64 { Err(Box::new(too_large())) } else { Ok(()) }
}

/// Reads the whole body.
pub(super) async fn collect(body: Incoming) -> Result<Bytes, Box<Reply>> {
    match tokio::time::timeout(PATIENCE, Limited::new(body, LARGEST).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(fault)) if fault.is::<LengthLimitError>() => Err(Box::new(too_large())),
        Ok(Err(_)) => Err(Box::new(text(StatusCode::BAD_REQUEST, "the body broke off"))),
        Err(_) => Err(Box::new(text(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))),
    }
}

fn too_large() -> Reply {
    text(StatusCode::PAYLOAD_TOO_LARGE, "a message may have 1 MiB at most")
}

/// Checks and repairs the message. With `carries_arguments` the arguments of a tool are taken out. `revision` is what the
/// header of the request says.
pub(super) fn message(
    bytes: &Bytes,
    carries_arguments: bool,
    revision: Option<&HeaderValue>,
) -> Result<Message, Box<Reply>> {
    let outline = Outline::of(bytes);
    let refuse = |status, code: ErrorCode, why: Shown, id: Option<&Value>| Err(Box::new(fault(status, code, why, id)));
    let mut message = match read(bare(bytes), outline.deepest()) {
        Ok(Value::Object(message)) => message,
        Ok(Value::Array(_)) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                ErrorCode::INVALID_REQUEST,
                "no batches over HTTP: send one message a request".into(),
                None,
            );
        }
        Ok(_) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                ErrorCode::INVALID_REQUEST,
                "a message must be an object".into(),
                None,
            );
        }
        Err(Unreadable::NotJson(why)) => {
            let why = shown!("the body is not JSON: {}", quoted(&why));
            return refuse(StatusCode::BAD_REQUEST, ErrorCode::PARSE_ERROR, why, outline.id().as_ref());
        }
        Err(Unreadable::Refused(why)) => {
            return refuse(StatusCode::BAD_REQUEST, ErrorCode::INVALID_REQUEST, why, outline.id().as_ref());
        }
    };
    let id = message.get("id").cloned();
    let invalid =
        |why: &'static str| refuse(StatusCode::BAD_REQUEST, ErrorCode::INVALID_REQUEST, why.into(), id.as_ref());
    let method = match method(&message) {
        Ok(method) => method,
        Err(why) => return invalid(why),
    };
    let (Some(method), Some(known_id)) = (method, &id) else {
        return Ok(Message { bytes: whole(&message), arguments: None });
    };
    if !known_id.is_string() && !known_id.is_i64() {
        return invalid("the id must be a string or a whole number");
    }
    // Since this revision there is no handshake; rmcp would answer it all the same.
    if method == "initialize" && revision.is_some_and(|revision| revision.as_bytes() >= STATELESS) {
        return refuse(StatusCode::NOT_FOUND, ErrorCode::METHOD_NOT_FOUND, "initialize".into(), id.as_ref());
    }
    let misfit = |why: Shown| refuse(StatusCode::OK, ErrorCode::INVALID_PARAMS, why, id.as_ref());
    if let Err(why) = params::mend(&method, &mut message) {
        return misfit(why);
    }
    let arguments = match message.get_mut("params").and_then(|params| params.get_mut("arguments")) {
        Some(Value::Object(arguments)) if carries_arguments && method == "tools/call" => {
            Some(std::mem::take(arguments))
        }
        _ => None,
    };
    if let Some(why) = params::misfit(&method, message.get("params")) {
        return misfit(why);
    }
    Ok(Message { bytes: whole(&message), arguments })
}

fn whole(message: &Map<String, Value>) -> Bytes {
    serde_json::to_vec(message).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_keep_every_number() {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":300.10}}}"#;
        let read = message(&Bytes::from(body), true, None).unwrap();
        assert_eq!(Value::Object(read.arguments.unwrap()).to_string(), r#"{"x":300.10}"#);
        assert!(!String::from_utf8_lossy(&read.bytes).contains("300"));
        assert!(message(&Bytes::from(body), false, None).unwrap().arguments.is_none());
    }

    #[test]
    fn a_message_that_is_none_is_refused_with_its_status() {
        for (body, status) in [
            ("", 400),
            ("hello", 400),
            ("[]", 400),
            ("7", 400),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, 400),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, 400),
            (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, 400),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#, 200),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#, 200),
        ] {
            assert_eq!(message(&Bytes::from(body), true, None).unwrap_err().status(), status, "{body}");
        }
        assert!(message(&Bytes::from(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), true, None).is_ok());
        let hello = Bytes::from(
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#,
        );
        let of = |revision| message(&hello, true, Some(&HeaderValue::from_static(revision)));
        assert!(of("2025-11-25").is_ok());
        assert_eq!(of("2026-07-28").unwrap_err().status(), 404);
    }
}
