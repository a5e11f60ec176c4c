//! What is refused on every path before anything else is read: a foreign `Host`, a foreign `Origin`.

use std::net::IpAddr;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HOST, HeaderValue, ORIGIN, VARY,
};
use http::uri::Authority;
use http::{HeaderMap, StatusCode};
use url::{Origin, Url};

use super::Reply;
use super::reply::text;

/// Headers that a browser may send.
const FROM_BROWSERS: &str = "authorization, content-type, accept, mcp-protocol-version, mcp-method, mcp-name, \
                             x-mcp-toolsets, x-mcp-tools, x-mcp-readonly, traceparent";

/// The names under which this server is reached.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// True if the loopback names are among them.
    pub loopback: bool,
    /// Hosts as in a URL, with a port where it is not the scheme's own.
    pub hosts: Vec<String>,
    /// True if any name is taken: behind another address than loopback a metrics listener is reached by many.
    pub any: bool,
}

/// The pages of browsers that may call.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<Origin>);

impl Names {
    /// Checks the header `Host`: a page of a foreign name must not reach a server on the same machine.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Box<Reply>> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
            _ => None,
        };
        let Some(host) = host.filter(|host| !host.as_str().contains('@')) else {
            return Err(Box::new(text(StatusCode::BAD_REQUEST, "one valid Host header is needed")));
        };
        if self.any || self.has(&host) {
            return Ok(());
        }
        Err(Box::new(text(StatusCode::FORBIDDEN, "this Host is not served here (--public-url names it)")))
    }

    fn has(&self, host: &Authority) -> bool {
        let whole = host.as_str().to_ascii_lowercase();
        let name = host.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_loopback = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        (self.loopback && is_loopback)
            || self.hosts.iter().any(|known| *known == whole || whole.strip_suffix(":443") == Some(known))
    }
}

impl Origins {
    /// The origins of these URLs.
    #[must_use]
    pub fn of(urls: &[Url]) -> Self {
        Self(urls.iter().map(Url::origin).collect())
    }

    /// Checks the header `Origin`, which only browsers send. Returns the origin that may read the answer.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Box<Reply>> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) => return Ok(None),
            (Some(origin), None) => origin,
            _ => return Err(Box::new(refused())),
        };
        let url = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
        let is_known = url.is_some_and(|url| self.0.contains(&url.origin()) || is_own(&url, headers));
        if is_known { Ok(Some(origin.clone())) } else { Err(Box::new(refused())) }
    }
}

/// True if the page is of this very server, under the name that the request was sent to.
fn is_own(page: &Url, headers: &HeaderMap) -> bool {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| Url::parse(&format!("{}://{host}", page.scheme())).ok());
    host.is_some_and(|host| host.origin() == page.origin())
}

fn refused() -> Reply {
    text(StatusCode::FORBIDDEN, "this Origin may not call (--allowed-origin names those that may)")
}

/// Lets the page of `origin` read the answer.
pub(super) fn share(reply: &mut Reply, origin: Option<HeaderValue>) {
    let Some(origin) = origin else { return };
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, www-authenticate"));
}

/// The answer to the question of a browser whether it may call.
pub(super) fn preflight() -> Reply {
    let mut reply = text(StatusCode::NO_CONTENT, "");
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(FROM_BROWSERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_host_is_one_of_our_names() {
        let names = Names { loopback: true, hosts: vec!["mcp.example.com".into()], any: false };
        let is_taken = |hosts: &[&str]| {
            let pairs: Vec<_> = hosts.iter().map(|host| (HOST, *host)).collect();
            names.check(&headers(&pairs)).is_ok()
        };
        for host in
            ["localhost", "LOCALHOST:8787", "127.0.0.1:1", "[::1]:8787", "mcp.example.com", "mcp.example.com:443"]
        {
            assert!(is_taken(&[host]), "{host}");
        }
        for host in ["evil.example.com", "localhost.evil.com", "mcp.example.com:8443", "127.0.0.1@evil.com", "", "a b"]
        {
            assert!(!is_taken(&[host]), "{host}");
        }
        assert!(!is_taken(&[]) && !is_taken(&["localhost", "evil.example.com"]));
    }

    #[test]
    fn a_page_must_be_ours_or_allowed() {
        let origins = Origins::of(&["https://app.example.com".parse().unwrap()]);
        let check = |origin: &str| origins.check(&headers(&[(HOST, "localhost:8787"), (ORIGIN, origin)])).is_ok();
        assert!(origins.check(&headers(&[(HOST, "localhost")])).unwrap().is_none());
        assert!(check("https://app.example.com") && check("http://localhost:8787"));
        for origin in
            ["null", "http://localhost:3000", "http://app.example.com", "https://app.example.com.evil.com", "x"]
        {
            assert!(!check(origin), "{origin}");
        }
    }
}
