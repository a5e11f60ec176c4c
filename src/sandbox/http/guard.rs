//! Guards a server on loopback. Any page that a person has open in a browser can send requests to this machine's ports:
//! it must neither read the sandbox nor press its buttons.

use crate::sandbox::world::Refused;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

/// Lets a request through that is meant for this server and comes from no other site.
/// Another server's name gets 421, another site's request 403.
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

/// DNS rebinding: a foreign page whose name was made to resolve to loopback still sends that name as `Host`.
fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|loopback| {
        let (Some(name), Some(rest)) = (host.get(..loopback.len()), host.get(loopback.len()..)) else { return false };
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        name.eq_ignore_ascii_case(loopback) && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))
    })
}

/// Cross-site request forgery, found as Go's `net/http.CrossOriginProtection` finds it
/// (<https://pkg.go.dev/net/http#CrossOriginProtection>): safe methods change nothing and pass; `Sec-Fetch-Site` is
/// believed; without it, `Origin` must be absent or name this host; a client that sends neither is no browser.
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

/// A header's value. A value that is no text becomes one that equals nothing.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
