//! Guards a server on loopback. Any page that a person has open in a browser can send requests to this machine's ports:
//! it must neither read the sandbox nor press its buttons.

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Method};

use crate::sandbox::world::refused::Refused;

/// Lets a request through that is meant for this server and comes from no other site.
///
/// # Errors
/// 421 for another server's name, 403 for another site's request.
pub(super) fn check(method: &Method, headers: &HeaderMap) -> Result<(), Refused> {
    let host = text(headers, HOST.as_str()).unwrap_or_default();
    if !is_loopback(host) {
        return Err(Refused::misdirected("The sandbox answers only as localhost, 127.0.0.1 or [::1]."));
    }
    if is_cross_origin(method, headers, host) {
        return Err(Refused::forbidden("This request was sent by another site, and the sandbox does not take it."));
    }
    Ok(())
}

/// DNS rebinding: a foreign page whose name was made to resolve to loopback still sends that name as `Host`.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let is_loopback = ["localhost", "127.0.0.1", "[::1]"].iter().any(|loopback| name.eq_ignore_ascii_case(loopback));
    is_loopback && !host.contains('@')
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

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(method: &Method, sent: &[(&'static str, &'static str)]) -> bool {
        let pairs = sent.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        check(method, &pairs.collect()).is_ok()
    }

    #[test]
    fn only_loopback_names_are_answered() {
        for host in ["127.0.0.1", "127.0.0.1:27610", "localhost", "LocalHost:80", "[::1]", "[::1]:27610"] {
            assert!(passes(&Method::GET, &[("host", host)]), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.example:27610",
            "user@127.0.0.1",
            "127.0.0.1@evil.example",
            "0.0.0.0",
            "10.0.0.1",
        ] {
            assert!(!passes(&Method::GET, &[("host", host)]), "{host}");
        }
        assert!(!passes(&Method::GET, &[]));
    }

    #[test]
    fn a_change_must_come_from_this_site_or_from_no_browser() {
        const HERE: (&str, &str) = ("host", "127.0.0.1:27610");
        let post = |sent: &[_]| passes(&Method::POST, &[&[HERE], sent].concat());
        assert!(post(&[]));
        assert!(post(&[("sec-fetch-site", "same-origin")]));
        assert!(post(&[("sec-fetch-site", "none")]));
        assert!(post(&[("origin", "http://127.0.0.1:27610")]));
        assert!(post(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]));
        assert!(!post(&[("sec-fetch-site", "cross-site")]));
        assert!(!post(&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:27610")]));
        assert!(!post(&[("sec-fetch-site", "")]));
        assert!(!post(&[("origin", "http://127.0.0.1:1")]));
        assert!(!post(&[("origin", "https://evil.example")]));
        assert!(!post(&[("origin", "null")]));
        assert!(passes(&Method::GET, &[HERE, ("sec-fetch-site", "cross-site")]));
    }
}
