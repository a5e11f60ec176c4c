//! Connects to the API's host: proxies, certificates, names. Connection errors are described in words that help a user
//! fix them.

use std::error::Error as StdError;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::{CertificateError, Error as TlsError};
use url::{Host, Url};

use super::error::Error;
use super::threads;
use super::wording::{Wording, wording};

/// The `User-Agent` of every request.
pub(super) const USER_AGENT: &str = concat!("opentrain-mcp/", env!("CARGO_PKG_VERSION"));

/// The time limit for connecting. It is shorter than an attempt, so that a slow connection, over which nothing was
/// sent, differs from a slow reply.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The age after which an idle connection is not reused. Servers close idle connections after 5 s or more, and a write
/// that meets the closing has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// The most headers of a reply.
const MAX_HEADERS: usize = 256;

/// The environment's proxy settings.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// The variable that names the proxy for https, and its value.
    pub https: Option<(String, String)>,
    /// The hosts that are reached without a proxy, from `NO_PROXY`.
    pub except: String,
}

impl Proxies {
    /// Reads the usual variables through `variable`. The https variable takes precedence over the general one.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let https = names.into_iter().find_map(|name| Some((name.to_owned(), set(name)?)));
        Self { https, except: set("NO_PROXY").or_else(|| set("no_proxy")).unwrap_or_default() }
    }

    /// The proxy for `origin` and its variable; `None` if there is none.
    ///
    /// # Errors
    /// The variable with an invalid value.
    fn to(&self, origin: &Url) -> Result<Option<(&str, Url)>, Error> {
        let Some((name, value)) = &self.https else { return Ok(None) };
        if is_loopback(origin) || origin.scheme() != "https" || self.is_excepted(origin) {
            return Ok(None);
        }
        let whole = if value.contains("://") { value.clone() } else { format!("http://{value}") };
        let unusable = |why: Wording| Error::Unusable {
            what: wording!("the proxy that {} names cannot be used: {}", name, why),
            look_at: "the proxy variables (HTTPS_PROXY, ALL_PROXY; NO_PROXY lists what is reached without a proxy)",
        };
        match Url::parse(&whole) {
            Ok(proxy) if matches!(proxy.scheme(), "http" | "https") && proxy.has_host() => Ok(Some((name, proxy))),
            Ok(proxy) => Err(unusable(wording!(
                "only http:// and https:// proxies are, and this is {}://",
                proxy.scheme().to_owned()
            ))),
            Err(fault) => Err(unusable(wording!("it is no address ({})", fault.to_string()))),
        }
    }

    /// True if `NO_PROXY` lists the host: by its name, by a parent domain (`.domain`, `*.domain` or `domain`), or by
    /// `*`. An entry with a port must have the origin's port.
    fn is_excepted(&self, origin: &Url) -> bool {
        let host = origin.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        self.except.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
            let entry = entry.to_ascii_lowercase();
            let (name, port) = match entry.rsplit_once(':') {
                Some((name, port)) if !name.contains(':') => (name, Some(port)),
                _ => (entry.as_str(), None),
            };
            let domain = name.trim_start_matches("*.").trim_matches(['.', '[', ']']);
            let is_below = || host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
            let right_port =
                port.is_none_or(|port| origin.port_or_known_default().is_some_and(|own| own.to_string() == port));
            right_port && (name == "*" || (!domain.is_empty() && is_below()))
        })
    }

    /// The variable of the proxy for `origin`, and the proxy's scheme, host and port; `None` if there is none.
    #[must_use]
    pub fn address_to(&self, origin: &Url) -> Option<(String, String)> {
        let (name, proxy) = self.to(origin).ok()??;
        Some((name.to_owned(), format!("{}://{}", proxy.scheme(), address(&proxy))))
    }

    /// The proxy's address without user and password.
    #[must_use]
    pub fn describe(&self, origin: &Url) -> Option<String> {
        let (name, proxy) = self.to(origin).ok()??;
        Some(format!("{} ({name})", address(&proxy)))
    }
}

/// `host:port`
fn address(url: &Url) -> String {
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// The connections to one origin.
pub(super) struct Network {
    pub(super) http: reqwest::Client,
    /// Describes the peer of the connection for error messages.
    peer: String,
    connect_timeout: Duration,
}

impl Network {
    /// Builds the HTTP client for `origin`. It uses no proxy for loopback and never follows redirects, because either
    /// could send the token to a third party.
    pub(super) fn to(origin: &Url, attempt_timeout: Duration, proxies: &Proxies) -> Result<Self, Error> {
        // Only the first call in the process succeeds; any installed provider is sufficient.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let connect_timeout = CONNECT_TIMEOUT.min(attempt_timeout.mul_f32(0.9));
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http1_max_headers(MAX_HEADERS)
            .dns_resolver(Arc::new(Resolver))
            .no_proxy();
        let mut peer = address(origin);
        if let Some((name, proxy)) = proxies.to(origin)? {
            peer = format!("{peer} through the proxy {} ({name})", address(&proxy));
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|fault| cannot_be_set_up(&fault))?);
        }
        if origin.scheme() == "http" {
            // Loopback needs no certificates, and a broken certificate store must not prevent it.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|fault| cannot_be_set_up(&fault))?;
        Ok(Self { http, peer, connect_timeout })
    }

    /// True if `time` is enough to distinguish a failed connection from a missing reply.
    pub(super) fn is_told_within(&self, time: Duration) -> bool {
        time > self.connect_timeout
    }

    /// Sends a request that is not for OpenTrain.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, String> {
        let sent = request.send().await;
        sent.map_err(|fault| format!("{} could not be reached: {}", self.peer, self.cause(&fault.without_url())))
    }

    /// Classifies a connection error by whether the request may have left.
    pub(super) fn fault(&self, fault: reqwest::Error, limit: Duration) -> Error {
        let fault = fault.without_url();
        let why = self.cause(&fault);
        if fault.is_connect() {
            return Error::Unreachable {
                what: wording!("OpenTrain cannot be reached at {}: {}", self.peer, why),
                sent: false,
            };
        }
        if fault.is_timeout() {
            return Error::TimedOut { waited: limit, sent: true };
        }
        Error::Unreachable { what: wording!("the connection to OpenTrain ({}) broke: {}", self.peer, why), sent: true }
    }

    /// The cause that a user can fix, or else the innermost one.
    fn cause(&self, fault: &reqwest::Error) -> Wording {
        let causes = chain(fault);
        if let Some(known) = causes.iter().find_map(|cause| known(*cause)) {
            return known;
        }
        if fault.is_timeout() {
            return wording!("no connection was made within {} s", self.connect_timeout.as_secs_f32());
        }
        causes.last().map(|cause| wording!("{}", cause.to_string())).unwrap_or_default()
    }
}

/// Posts JSON to an address of the operator. It carries no token and follows no redirect.
///
/// # Errors
/// Why it was not taken, without the address, whose path may be a secret.
pub async fn post_json(url: &Url, body: String, limit: Duration, proxies: &Proxies) -> Result<(), String> {
    let network = Network::to(url, limit, proxies).map_err(|fault| fault.to_string())?;
    let request = network.http.post(url.clone()).header("Content-Type", "application/json").body(body).timeout(limit);
    match network.send(request).await {
        Ok(reply) if reply.status().is_success() => Ok(()),
        Ok(reply) => Err(format!("{} answered HTTP {}", network.peer, reply.status().as_u16())),
        Err(why) => Err(why),
    }
}

/// A way to an address of the operator. It carries no token and follows no redirect.
#[cfg(feature = "otel")]
pub struct Outside {
    network: Network,
    limit: Duration,
}

#[cfg(feature = "otel")]
impl Outside {
    /// Prepares connections to the address's host, with a limit for each request.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn to(url: &Url, limit: Duration, proxies: &Proxies) -> Result<Self, String> {
        let network = Network::to(url, limit, proxies).map_err(|fault| fault.to_string())?;
        Ok(Self { network, limit })
    }

    /// Posts a body with these headers. Returns the head of the reply.
    ///
    /// # Errors
    /// Why there is no reply, without the address, whose path may be a secret.
    pub async fn post(
        &self,
        url: &Url,
        headers: http::HeaderMap,
        body: bytes::Bytes,
    ) -> Result<http::Response<()>, String> {
        let request = self.network.http.post(url.clone()).headers(headers).body(body).timeout(self.limit);
        let reply = self.network.send(request).await?;
        let mut head = http::Response::new(());
        *head.status_mut() = reply.status();
        head.headers_mut().clone_from(reply.headers());
        Ok(head)
    }
}

fn cannot_be_set_up(fault: &reqwest::Error) -> Error {
    let causes: Vec<String> = chain(fault).iter().map(ToString::to_string).collect();
    Error::Unusable {
        what: wording!("no HTTPS connection can be set up: {}", causes.join(": ")),
        look_at: "SSL_CERT_FILE and the certificate store of this machine, and at the proxy settings (HTTPS_PROXY)",
    }
}

/// An error with all its causes, the innermost last. An I/O error hides its content from `source`.
fn chain<'a>(fault: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut causes = vec![fault];
    let mut next = Some(fault);
    while let Some(cause) = next {
        let held = cause.downcast_ref::<io::Error>().and_then(|fault| fault.get_ref());
        next = match held {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        };
        causes.extend(next);
    }
    causes
}

/// Describes a cause that a user can fix.
fn known(cause: &(dyn StdError + 'static)) -> Option<Wording> {
    if let Some(TlsError::InvalidCertificate(fault)) = cause.downcast_ref() {
        return Some(certificate(fault));
    }
    if let Some(fault) = cause.downcast_ref::<Unresolved>() {
        return Some(wording!("{}", fault.to_string()));
    }
    if let Some(fault) = cause.downcast_ref::<io::Error>() {
        return io_fault(fault);
    }
    // These two types cannot be named here.
    match cause.to_string().as_str() {
        "tunnel error: proxy authorization required" => {
            Some("the proxy wants a user and a password (http://user:password@host:port)".into())
        }
        "tunnel error: unsuccessful" => {
            Some("the proxy refused the tunnel to it, or a page to sign in is in the way".into())
        }
        _ => None,
    }
}

fn io_fault(fault: &io::Error) -> Option<Wording> {
    // EMFILE and ENFILE: the numbers are the same on Linux, macOS and the BSDs. On Windows it is WSAEMFILE.
    let none_left = if cfg!(windows) { &[10024][..] } else { &[23, 24] };
    if fault.raw_os_error().is_some_and(|number| none_left.contains(&number)) {
        return Some("this machine gives this process no more files and connections (ulimit -n)".into());
    }
    match fault.kind() {
        io::ErrorKind::ConnectionRefused => Some("nobody listens there (connection refused)".into()),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some("there is no way to that machine; is the network up?".into())
        }
        _ => None,
    }
}

fn certificate(fault: &CertificateError) -> Wording {
    let now = Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string();
    match fault {
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            wording!("its certificate is not valid yet by this machine's clock ({}); is the clock right?", now)
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            wording!("its certificate has expired by this machine's clock ({}); is the clock right?", now)
        }
        CertificateError::UnknownIssuer => "its certificate is signed by an authority that this machine does not know, such as \
                                            a company's own; SSL_CERT_FILE can name a file with that authority's certificate"
            .into(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            wording!("its certificate is for another name ({}); something else answers in its place, such as a page to sign in", fault.to_string())
        }
        other => wording!("its certificate cannot be trusted: {}", other.to_string()),
    }
}

/// True if `origin` is this machine.
#[must_use]
pub fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Resolves names on a separate thread. With the runtime's resolver, a failure to start a thread would block forever.
struct Resolver;

#[derive(Debug, thiserror::Error)]
#[error("the name {name} cannot be looked up ({why}); is the network up?")]
struct Unresolved {
    name: String,
    why: String,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let asked = name.clone();
            let found = threads::aside(move || (asked.as_str(), 0).to_socket_addrs()).await;
            let why = match found {
                Some(Ok(addresses)) => return Ok(Box::new(addresses) as Addrs),
                Some(Err(fault)) => fault.to_string(),
                None => "the search broke off".to_owned(),
            };
            Err(Unresolved { name, why }.into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(pairs: &[(&str, &str)]) -> Proxies {
        Proxies::of(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn origin() -> Url {
        Url::parse("https://app.opentrain.ai").unwrap()
    }

    #[test]
    fn a_proxy_is_taken_as_shells_and_desktops_write_it() {
        for (name, value) in [
            ("HTTPS_PROXY", "http://user:p%3Aw@proxy:3128"),
            ("https_proxy", "proxy:3128"),
            ("ALL_PROXY", " http://proxy:3128 "),
        ] {
            assert_eq!(proxies(&[(name, value)]).describe(&origin()), Some(format!("proxy:3128 ({name})")), "{value}");
        }
        let both = proxies(&[("ALL_PROXY", "socks://x"), ("HTTPS_PROXY", "http://proxy:3128")]);
        assert_eq!(both.describe(&origin()).as_deref(), Some("proxy:3128 (HTTPS_PROXY)"));
        assert_eq!(proxies(&[("HTTP_PROXY", "http://proxy")]).describe(&origin()), None);
    }

    #[test]
    fn an_unusable_proxy_is_named_without_its_password() {
        for value in ["socks5://u:s3cr3t@proxy:1080", "socks://proxy", "http://u:s3cr3t@", "http://[u:s3cr3t"] {
            let Err(Error::Unusable { what, .. }) = proxies(&[("ALL_PROXY", value)]).to(&origin()) else {
                panic!("{value}")
            };
            let what = what.to_string();
            assert!(what.contains("ALL_PROXY") && !what.contains("s3cr3t"), "{what}");
        }
        let loopback = Url::parse("http://localhost:4000").unwrap();
        assert!(proxies(&[("HTTPS_PROXY", "socks://proxy")]).to(&loopback).unwrap().is_none());
    }

    #[test]
    fn what_needs_no_proxy_goes_without_one() {
        let is_through = |except: &str| {
            let proxies = proxies(&[("HTTPS_PROXY", "http://proxy"), ("NO_PROXY", except)]);
            proxies.to(&origin()).unwrap().is_some()
        };
        for listed in [
            "*",
            "*.opentrain.ai",
            ".opentrain.ai",
            "localhost, opentrain.ai",
            "APP.opentrain.ai:443",
            "a,,app.opentrain.ai",
        ] {
            assert!(!is_through(listed), "{listed}");
        }
        for other in
            ["", "train.ai", "opentrain.ai.example", "app.opentrain.ai:8443", "localhost", "*.app.opentrain.example"]
        {
            assert!(is_through(other), "{other}");
        }
    }

    #[test]
    fn a_certificate_says_what_to_look_at() {
        for (fault, says) in [
            (CertificateError::NotValidYet, "clock"),
            (CertificateError::Expired, "expired"),
            (CertificateError::UnknownIssuer, "SSL_CERT_FILE"),
            (CertificateError::NotValidForName, "another name"),
        ] {
            let held = io::Error::other(TlsError::InvalidCertificate(fault));
            let outer = io::Error::other(held);
            let said = chain(&outer).into_iter().find_map(known).unwrap();
            let said = said.to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
