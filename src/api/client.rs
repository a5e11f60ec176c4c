//! Sends requests to OpenTrain with authentication, time limits, and retries by effect. No other code in the server
//! uses reqwest.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use futures::future::BoxFuture;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::Url;

use super::Operation;
use super::error::{Error, InvalidArgument};
use super::meter::{Meter, Uncounted};
use super::network::Network;
#[cfg(feature = "otel")]
pub use super::network::Outside;
pub use super::network::{Proxies, is_loopback, post_json};
use super::receive::{Head, receive};
use super::reply::Reply;
use super::room::Room;
use super::token::Token;
use super::trace::{self, Tracer, Value, Work};
use super::wire::{self, Encoded, Facts};
use super::wording::wording;

/// The longest URL that reqwest accepts, in bytes.
const LONGEST_ADDRESS: usize = u16::MAX as usize - 1;
/// The longest `Retry-After` that the client waits for. A longer one is reported to the caller.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most retries after the first attempt.
const RETRIES: usize = 2;

/// The location of OpenTrain. It is read at each call, because an embedded sandbox starts at the first one.
pub trait Endpoint: Send + Sync {
    /// The origin for requests.
    fn origin(&self) -> BoxFuture<'_, Result<Url, Error>>;

    /// A one-time notice for the caller, such as that the sandbox restarted.
    fn take_notice(&self) -> Option<&'static str> {
        None
    }
}

impl Endpoint for Url {
    fn origin(&self) -> BoxFuture<'_, Result<Url, Error>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

/// The caller's credentials and deadline.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The bearer token; `None` for a caller without one.
    pub token: Option<&'a Token>,
    /// Another secret that the request may contain. It is masked in the reply, too.
    pub claim_token: Option<&'a Token>,
    /// The `traceparent` of the call (W3C Trace Context).
    pub trace: Option<&'a HeaderValue>,
    /// The moment by which the request must end.
    pub deadline: Instant,
    /// The room of the call for large replies; `None` if the caller holds one reply at a time.
    pub room: Option<&'a Room>,
}

impl<'a> Caller<'a> {
    /// A caller without a token.
    #[must_use]
    pub const fn nobody(deadline: Instant) -> Self {
        Self { token: None, claim_token: None, trace: None, deadline, room: None }
    }

    /// The secrets that are masked in a reply.
    fn secrets(self) -> impl Iterator<Item = &'a Token> {
        self.token.into_iter().chain(self.claim_token)
    }
}

/// A client of OpenTrain. It is cheap to create: connections, certificates and proxies are set up by the first call.
pub struct Client {
    endpoint: Box<dyn Endpoint>,
    attempt_timeout: Duration,
    proxies: Proxies,
    network: OnceCell<Network>,
    reads_whole: bool,
    meter: Arc<dyn Meter>,
    tracer: Option<Arc<dyn Tracer>>,
}

impl Client {
    /// A client of `endpoint` with a time limit for one HTTP attempt.
    #[must_use]
    pub fn new(endpoint: Box<dyn Endpoint>, attempt_timeout: Duration) -> Self {
        Self {
            endpoint,
            attempt_timeout,
            proxies: Proxies::default(),
            network: OnceCell::new(),
            reads_whole: false,
            meter: Arc::new(Uncounted),
            tracer: None,
        }
    }

    /// Sets the proxies.
    #[must_use]
    pub fn through(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// Makes the client read replies of any size completely. The caller accepts the memory cost.
    #[must_use]
    pub fn reading_whole(self) -> Self {
        Self { reads_whole: true, ..self }
    }

    /// Reports every attempt to `meter`.
    #[must_use]
    pub fn counted_by(self, meter: Arc<dyn Meter>) -> Self {
        Self { meter, ..self }
    }

    /// Reports every attempt as a span to `tracer`.
    #[must_use]
    pub fn traced_by(self, tracer: Arc<dyn Tracer>) -> Self {
        Self { tracer: Some(tracer), ..self }
    }

    /// Where spans are reported, if anywhere.
    #[must_use]
    pub fn tracer(&self) -> Option<&dyn Tracer> {
        self.tracer.as_deref()
    }

    /// Where attempts are reported.
    #[must_use]
    pub fn meter(&self) -> &dyn Meter {
        &*self.meter
    }

    /// The current origin.
    ///
    /// # Errors
    /// If the origin cannot be determined.
    pub async fn origin(&self) -> Result<Url, Error> {
        self.endpoint.origin().await
    }

    /// A one-time notice about the endpoint for the caller, such as that the sandbox restarted.
    #[must_use]
    pub fn take_notice(&self) -> Option<&'static str> {
        self.endpoint.take_notice()
    }

    /// Sends `operation` and returns the successful reply. A read is retried after temporary faults; any other request
    /// is retried only if it certainly never left.
    ///
    /// # Errors
    /// Every other result: see [`Error`].
    pub async fn send<O: Operation>(&self, operation: &O, caller: Caller<'_>) -> Result<Reply, Error> {
        self.perform(wire::encode(operation)?, caller).await
    }

    /// Like [`send`](Self::send), for an encoded operation.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn perform(&self, operation: Encoded, caller: Caller<'_>) -> Result<Reply, Error> {
        let facts = operation.facts;
        let url = operation.url(&self.origin().await?);
        fits_an_address(&url)?;
        let bearer = if facts.gate.token { Some(bearer(caller.token)?) } else { None };
        let network = self.network(&url).await?;
        let sent_before = AtomicI64::new(0);
        let attempt = || async {
            let body = operation.body.clone();
            let span = self.tracer().map(|tracer| {
                let work = Work { is_sent: true, method: facts.method.as_str(), target: Some(facts.path) };
                let again = Value::Number(sent_before.fetch_add(1, Ordering::Relaxed));
                let known = [("opentrain.operation", Value::Word(facts.name)), ("http.request.resend_count", again)];
                tracer.begin(work, &known, caller.trace)
            });
            // What OpenTrain does belongs to this attempt.
            let trace = span.as_ref().and_then(|span| span.traceparent());
            let caller = Caller { trace: trace.as_ref().or(caller.trace), ..caller };
            let reply = self.attempt(network, facts, url.clone(), body, bearer.as_ref(), caller).await;
            let status = reply.as_ref().map_or_else(Error::status, |reply| Some(reply.status));
            self.meter.replied(status);
            if let Some(span) = span {
                let status = status.map(|status| ("http.response.status_code", Value::Number(status.into())));
                span.end(reply.as_ref().err().map(trace::kind), status.as_slice());
            }
            tracing::debug!(operation = facts.name, method = %facts.method, path = url.path(), status, "called");
            reply
        };
        let waits = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(RETRIES)
            .with_jitter();
        attempt
            .retry(waits)
            .notify(|_, _| self.meter.retried())
            .sleep(tokio::time::sleep)
            .when(|fault| if facts.is_write() { fault.never_left() } else { fault.is_passing() })
            .adjust(|fault, wait| {
                let wait = within(caller.deadline, fault.retry_after(), wait)?;
                let left = caller.deadline.saturating_duration_since(Instant::now() + wait);
                (!facts.is_write() || network.is_told_within(left)).then_some(wait)
            })
            .await
    }

    /// Fetches a public JSON object once, without a token.
    ///
    /// # Errors
    /// Every other result: see [`Error`].
    pub async fn fetch(&self, url: Url, deadline: Instant) -> Result<Reply, Error> {
        let network = self.network(&url).await?;
        self.attempt(network, &Facts::OTHER, url, None, None, Caller::nobody(deadline)).await
    }

    /// The connections, set up by the first call.
    async fn network(&self, origin: &Url) -> Result<&Network, Error> {
        let made = || std::future::ready(Network::to(origin, self.attempt_timeout, &self.proxies));
        self.network.get_or_try_init(made).await
    }

    async fn attempt(
        &self,
        network: &Network,
        facts: &'static Facts,
        url: Url,
        body: Option<Vec<u8>>,
        bearer: Option<&HeaderValue>,
        caller: Caller<'_>,
    ) -> Result<Reply, Error> {
        let limit = self.attempt_timeout.min(caller.deadline.saturating_duration_since(Instant::now()));
        // Without time to connect, a write that never left could not be distinguished from one without a reply.
        if limit.is_zero() || (facts.is_write() && !network.is_told_within(limit)) {
            return Err(Error::TimedOut { waited: limit, sent: false });
        }
        let mut call = network.http.request(facts.method.clone(), url).timeout(limit);
        // Compressed replies are not read, and a server may compress unless the request excludes it.
        call = call.header(ACCEPT, "application/json").header(ACCEPT_ENCODING, "identity");
        if let Some(bearer) = bearer {
            call = call.header(AUTHORIZATION, bearer.clone());
        }
        if let Some(trace) = caller.trace {
            call = call.header("traceparent", trace.clone());
        }
        if let Some(body) = body {
            call = call.header(CONTENT_TYPE, facts.content_type()).body(body);
        }
        let response = call.send().await.map_err(|fault| network.fault(fault, limit))?;
        let secrets = caller.secrets().cloned().collect();
        let head = Head::of(&response, facts, secrets, self.reads_whole);
        receive(response, head, limit, caller.room).await
    }
}

/// Checks that the arguments fit in a URL. Otherwise the request would fail without a clear reason.
fn fits_an_address(url: &Url) -> Result<(), InvalidArgument> {
    let length = url.as_str().len();
    if length <= LONGEST_ADDRESS {
        return Ok(());
    }
    let what =
        wording!("too long: with them the address has {} characters, and {} are the most", length, LONGEST_ADDRESS);
    Err(InvalidArgument::new("arguments", wording!("the arguments are {}", what)))
}

/// The pause before the next attempt; `None` to give up.
fn within(deadline: Instant, retry_after: Option<Duration>, wait: Option<Duration>) -> Option<Duration> {
    let wait = wait?.max(retry_after.unwrap_or_default());
    let fits = wait <= PATIENCE && Instant::now() + wait < deadline;
    fits.then_some(wait)
}

/// The header that carries the token. It is marked sensitive, so that no log prints it.
fn bearer(token: Option<&Token>) -> Result<HeaderValue, Error> {
    let Some(token) = token else {
        return Err(Error::NotConfigured("no OpenTrain API token is set".into()));
    };
    let mut header = HeaderValue::from_str(&token.bearer())
        .map_err(|fault| Error::NotConfigured(wording!("{}", fault.to_string())))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

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
