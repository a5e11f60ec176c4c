//! Guards a server on loopback. Any page in a person's browser can send requests to this machine's ports: it must
//! neither read the sandbox nor press its buttons.

use crate::sandbox::world::Refused;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

/// Another server's name gets 421, a request from another site 403.
pub(crate) fn check(method: &Method, headers: &HeaderMap) -> Result<(), Refused> {
    let host = text(headers, HOST.as_str()).unwrap_or_default();
    if !is_loopback(host) {
        return Err(Refused::new(
            StatusCode::MISDIRECTED_REQUEST,
            "MISDIRECTED_REQUEST",
            "The sandbox answers only as localhost, 127.0.0.1 or [::1].",
        ));
    }
    if is_cross_origin(method, headers, host) {
        return Err(Refused::forbidden("This request was sent by another site, and the sandbox does not take it."));
    }
    Ok(())
}

/// Stops DNS rebinding: a foreign page whose name resolves to loopback still sends that name as `Host`.
fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|loopback| {
        let (Some(name), Some(rest)) = (host.get(..loopback.len()), host.get(loopback.len()..)) else { return false };
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        name.eq_ignore_ascii_case(loopback) && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
    })
}

/// Detects cross-site request forgery as Go does (<https://pkg.go.dev/net/http#CrossOriginProtection>): safe methods
/// pass; `Sec-Fetch-Site` decides; without it, `Origin` must be absent or name this host. A client without both is no
/// browser.
fn is_cross_origin(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    match (text(headers, "sec-fetch-site"), text(headers, ORIGIN.as_str())) {
        (Some("same-origin" | "none"), _) | (None, None) => false,
        (Some(_), _) => true,
        (None, Some(origin)) => origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host)),
    }
}

/// A header that is not text becomes a value that equals nothing.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
