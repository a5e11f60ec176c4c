//! Who may talk to a server on loopback.

use http::Method;

use crate::sandbox::http::guard::check;

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
        "[::1].evil.example",
        "[::1]evil:80",
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
fn a_change_from_another_site_is_refused() {
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
