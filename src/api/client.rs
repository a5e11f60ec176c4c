//! The way to OpenTrain: authentication, time limits, retries by [`Effect`]. The only user of reqwest in the server.

use std::error::Error as _;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use futures::future::BoxFuture;
use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use jiff::Timestamp;
use reqwest::redirect::Policy;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::{Host, Url};

use super::error::{Error, InvalidArgument, Refusal, Unreadable};
use super::reply::Reply;
use super::token::Token;
use super::wire::{self, Encoded, Request};
use super::{Dialect, Effect, Operation};

/// The `User-Agent` of every request.
pub const USER_AGENT: &str = concat!("opentrain-mcp/", env!("CARGO_PKG_VERSION"));
/// The largest body that is read, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// The longest address that can be called at all, in bytes.
const LONGEST_ADDRESS: usize = u16::MAX as usize - 1;
/// How long making a connection may take; always less than an attempt, so that a slow connection is told from a slow
/// answer: only with the latter has anything left.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A longer `Retry-After` is told to the caller, not slept through.
const PATIENCE: Duration = Duration::from_secs(5);
/// Tries after the first.
const RETRIES: usize = 2;

/// Where OpenTrain is. Asked at each call, since an embedded sandbox starts at the first.
pub trait Endpoint: Send + Sync {
    /// The origin to call.
    fn origin(&self) -> BoxFuture<'_, Result<Url, Error>>;

    /// What a caller has to know of it since it was asked last, told once.
    fn news(&self) -> Option<String> {
        None
    }
}

impl Endpoint for Url {
    fn origin(&self) -> BoxFuture<'_, Result<Url, Error>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

/// On whose behalf, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The bearer token; `None` for a caller without one.
    pub token: Option<&'a Token>,
    /// What else is secret and may stand in the request: an answer that repeats it is masked, too.
    pub claim_token: Option<&'a Token>,
    /// The answer is given by then, whatever it is.
    pub deadline: Instant,
}

impl<'a> Caller<'a> {
    /// A caller without a token.
    #[must_use]
    pub const fn nobody(deadline: Instant) -> Self {
        Self { token: None, claim_token: None, deadline }
    }

    /// What is masked wherever an answer repeats it.
    fn secrets(self) -> impl Iterator<Item = &'a Token> {
        self.token.into_iter().chain(self.claim_token)
    }
}

/// A client of OpenTrain. Cheap to make: connections, certificates and proxies are looked at by the first call.
pub struct Client {
    endpoint: Box<dyn Endpoint>,
    attempt_timeout: Duration,
    http: OnceCell<reqwest::Client>,
}

impl Client {
    /// A client of what `endpoint` says, with a limit for one HTTP attempt.
    #[must_use]
    pub fn new(endpoint: Box<dyn Endpoint>, attempt_timeout: Duration) -> Self {
        Self { endpoint, attempt_timeout, http: OnceCell::new() }
    }

    /// The origin that is called.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn origin(&self) -> Result<Url, Error> {
        self.endpoint.origin().await
    }

    /// What a caller has to know of where it goes, told once.
    #[must_use]
    pub fn news(&self) -> Option<String> {
        self.endpoint.news()
    }

    /// Performs `operation` and gives the success as it came. A read is tried again over passing faults; anything else
    /// only when it certainly never left.
    ///
    /// # Errors
    /// Every way in which no success came: see [`Error`].
    pub async fn send<O: Operation>(&self, operation: &O, caller: Caller<'_>) -> Result<Reply, Error> {
        self.perform(wire::encode(operation)?, caller).await
    }

    /// The same, of an operation that is written already.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn perform(&self, operation: Encoded, caller: Caller<'_>) -> Result<Reply, Error> {
        let facts = operation.facts;
        let request = operation.at(&self.origin().await?);
        fits_an_address(&request.url)?;
        let bearer = if facts.gate.token { Some(bearer(caller.token)?) } else { None };
        let connect = || std::future::ready(connect(&request.url, self.attempt_timeout));
        let http = self.http.get_or_try_init(connect).await?;
        let attempt = || async {
            let reply = self.attempt(http, &request, bearer.as_ref(), caller).await;
            let status = reply.as_ref().map_or_else(Error::status, |reply| Some(reply.status));
            tracing::debug!(operation = facts.name, method = %request.method, path = request.url.path(), status, "called");
            reply
        };
        let waits = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(RETRIES)
            .with_jitter();
        attempt
            .retry(waits)
            .sleep(tokio::time::sleep)
            .when(|fault| if facts.effect == Effect::Read { fault.is_passing() } else { fault.never_left() })
            .adjust(|fault, wait| within(caller.deadline, fault.retry_after(), wait))
            .await
    }

    /// Reads a JSON object that anybody may read, once.
    ///
    /// # Errors
    /// Every way in which no success came: see [`Error`].
    pub async fn fetch(&self, url: Url, deadline: Instant) -> Result<Reply, Error> {
        let http = self.http.get_or_try_init(|| std::future::ready(connect(&url, self.attempt_timeout))).await?;
        let request = Request { method: http::Method::GET, url, body: None, dialect: Dialect::Api };
        self.attempt(http, &request, None, Caller::nobody(deadline)).await
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        request: &Request,
        bearer: Option<&HeaderValue>,
        caller: Caller<'_>,
    ) -> Result<Reply, Error> {
        let limit = self.attempt_timeout.min(caller.deadline.saturating_duration_since(Instant::now()));
        if limit.is_zero() {
            return Err(Error::TimedOut { waited: limit, sent: false });
        }
        let mut call = http.request(request.method.clone(), request.url.clone()).timeout(limit);
        call = call.header(ACCEPT, "application/json");
        if let Some(bearer) = bearer {
            call = call.header(AUTHORIZATION, bearer.clone());
        }
        if let Some(body) = &request.body {
            call = call.header(CONTENT_TYPE, request.content_type()).body(body.clone());
        }
        let response = call.send().await.map_err(|fault| transport(fault, limit))?;
        accept(response, caller, limit, request.dialect).await
    }
}

/// What is put into the address must fit there: else nothing would leave, and nobody would know why.
fn fits_an_address(url: &Url) -> Result<(), InvalidArgument> {
    let length = url.as_str().len();
    if length <= LONGEST_ADDRESS {
        return Ok(());
    }
    let what = format!("too long: with them the address has {length} characters, and {LONGEST_ADDRESS} are the most");
    Err(InvalidArgument::new("arguments", format!("the arguments are {what}")))
}

/// How long to wait before the next try; `None` to give up.
fn within(deadline: Instant, retry_after: Option<Duration>, wait: Option<Duration>) -> Option<Duration> {
    let wait = wait?.max(retry_after.unwrap_or_default());
    let fits = wait <= PATIENCE && Instant::now() + wait < deadline;
    fits.then_some(wait)
}

/// The header that carries the token; sensitive, so that no log prints it.
fn bearer(token: Option<&Token>) -> Result<HeaderValue, Error> {
    let Some(token) = token else {
        return Err(Error::NotConfigured("no OpenTrain API token is set".into()));
    };
    let mut header = HeaderValue::from_str(&token.bearer()).map_err(|fault| Error::NotConfigured(fault.to_string()))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Makes the HTTP client for `origin`. Loopback is never reached through a proxy, redirects are never followed: either
/// would hand the token to somebody else.
fn connect(origin: &Url, attempt_timeout: Duration) -> Result<reqwest::Client, Error> {
    // Only the first call of the process can set it; any provider that is there already serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT.min(attempt_timeout.mul_f32(0.9)));
    if is_loopback(origin) {
        builder = builder.no_proxy();
    }
    if origin.scheme() == "http" {
        // Nothing is encrypted on the way to oneself, and a broken certificate store must not be in the way.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|fault| Error::Unusable {
        what: format!("no HTTPS connection can be set up: {}", causes(&fault)),
        look_at: "SSL_CERT_FILE and the certificate store of this machine, and at the proxy settings (HTTPS_PROXY)",
    })
}

/// Whether `origin` is this machine.
#[must_use]
pub fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Sorts a fault of the connection by whether the request may have left.
fn transport(fault: reqwest::Error, limit: Duration) -> Error {
    let fault = fault.without_url();
    if fault.is_connect() {
        return Error::Unreachable { what: format!("OpenTrain cannot be reached: {}", causes(&fault)), sent: false };
    }
    if fault.is_timeout() {
        return Error::TimedOut { waited: limit, sent: true };
    }
    Error::Unreachable { what: format!("the connection to OpenTrain broke: {}", causes(&fault)), sent: true }
}

/// An error with what caused it, in one line.
fn causes(fault: &reqwest::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// What stands above the body of an answer.
struct Head {
    status: StatusCode,
    date: Option<Timestamp>,
    retry_after: Option<Duration>,
}

impl Head {
    fn of(response: &reqwest::Response) -> Self {
        let date = header(response, DATE).and_then(http_date);
        let retry_after = header(response, RETRY_AFTER).and_then(|text| delay(text, date));
        Self { status: response.status(), date, retry_after }
    }

    fn unreadable(&self, what: &str, truncated: bool) -> Error {
        let (status, retry_after) = (self.status.as_u16(), self.retry_after);
        let what = format!("OpenTrain answered {status} with {what}");
        Error::Unreadable(Box::new(Unreadable { status, what, truncated, retry_after }))
    }
}

fn header(response: &reqwest::Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Sorts an answer, with whatever is secret masked in it.
async fn accept(
    mut response: reqwest::Response,
    caller: Caller<'_>,
    limit: Duration,
    dialect: Dialect,
) -> Result<Reply, Error> {
    let head = Head::of(&response);
    let status = head.status.as_u16();
    if head.status.is_redirection() {
        let mut to = header(&response, LOCATION).unwrap_or("nowhere").to_owned();
        for secret in caller.secrets() {
            secret.mask(&mut to);
        }
        return Err(head.unreadable(&format!("a redirect to {to}; redirects are not followed"), false));
    }
    let body = whole_body(&mut response).await.map_err(|fault| match fault {
        BodyFault::TooLarge => head.unreadable(&format!("more than {} MiB", MAX_BODY >> 20), false),
        BodyFault::Broken(fault) if fault.is_timeout() => Error::TimedOut { waited: limit, sent: true },
        BodyFault::Broken(_) => head.unreadable("a body that ends in the middle", true),
    })?;
    let mut body = String::from_utf8(body).map_err(|_| head.unreadable("a body that is not UTF-8", false))?;
    for secret in caller.secrets() {
        secret.mask_json(&mut body);
    }
    if head.status.is_success() {
        return Reply::new(status, head.date, body);
    }
    Err(match Refusal::read(status, &body, head.retry_after, dialect) {
        Some(refusal) => Error::Refused(Box::new(refusal)),
        None if body.trim_start().starts_with('<') => head.unreadable("a page of HTML", false),
        None => head.unreadable("no readable error", false),
    })
}

enum BodyFault {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads the body, up to the bound.
async fn whole_body(response: &mut reqwest::Response) -> Result<Vec<u8>, BodyFault> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    if announced > MAX_BODY {
        return Err(BodyFault::TooLarge);
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(BodyFault::Broken)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(BodyFault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An IMF-fixdate (RFC 9110, 5.6.7), such as `Fri, 12 Jun 2026 10:00:00 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
fn delay(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?.duration_since(now.unwrap_or_else(Timestamp::now));
    Duration::try_from(until).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = http_date("Fri, 12 Jun 2026 10:00:00 GMT");
        assert_eq!(now.unwrap().to_string(), "2026-06-12T10:00:00Z");
        assert_eq!(delay("7", now), Some(Duration::from_secs(7)));
        assert_eq!(delay("Fri, 12 Jun 2026 10:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(delay("Fri, 12 Jun 2026 09:00:00 GMT", now), None);
        assert_eq!(delay("soon", now), None);
    }

    #[test]
    fn a_long_retry_after_is_not_slept_through() {
        let deadline = Instant::now() + Duration::from_secs(50);
        let wait = Some(Duration::from_millis(200));
        assert_eq!(within(deadline, None, wait), wait);
        assert_eq!(within(deadline, Some(Duration::from_secs(3)), wait), Some(Duration::from_secs(3)));
        assert_eq!(within(deadline, Some(Duration::from_secs(60)), wait), None);
        assert_eq!(within(Instant::now(), None, wait), None);
    }
}
