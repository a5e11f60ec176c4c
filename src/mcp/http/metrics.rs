//! Figures for Prometheus, on a listener of their own. Every label is from a closed list: no text of a caller, of
//! OpenTrain or of a model ever becomes one.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tokio::net::TcpListener;

use super::Reply;
use super::gate::{Names, Origins};
use super::reply::{not_served, protect, text};
use super::slots::Slots;
use crate::api::meter::Meter;
use crate::mcp::observer::{Ended, OTHER, OUTCOMES, Observer, REASONS, kind_of, known};

const STATUSES: [u16; 18] = [200, 201, 202, 204, 301, 302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504];
const STATUS_NAMES: [&str; 18] = [
    "200", "201", "202", "204", "301", "302", "400", "401", "402", "403", "404", "409", "422", "429", "500", "502",
    "503", "504",
];
/// A head that does not come is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    tool: &'static str,
    outcome: &'static str,
    principal: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabel {
    tool: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// The figures of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    durations: Family<ToolLabel, Histogram, fn() -> Histogram>,
    upstream: Family<StatusLabel, Counter>,
    retries: Counter,
    refusals: Family<ReasonLabel, Counter>,
    creates: Family<OutcomeLabel, Counter>,
    waits: Gauge,
    in_flight: Gauge,
    ledger: Histogram,
    slots: OnceLock<Slots>,
}

impl Default for Metrics {
    fn default() -> Self {
        let (calls, upstream, refusals, creates) = Default::default();
        let durations: Family<ToolLabel, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.005, 2.5, 11)));
        let (retries, waits, in_flight) = Default::default();
        let ledger = Histogram::new(exponential_buckets(0.000_5, 3.0, 9));
        let mut registry = Registry::with_prefix("opentrain_mcp");
        let all = &mut registry;
        all.register("calls", "Calls of tools that have ended", Family::clone(&calls));
        all.register_with_unit("call_duration", "Time from a call to its answer", Unit::Seconds, durations.clone());
        all.register("upstream_attempts", "Requests to OpenTrain by status; none: no reply", Family::clone(&upstream));
        all.register("upstream_retries", "Requests to OpenTrain that were sent again", Counter::clone(&retries));
        all.register("refusals", "Calls refused, by reason", Family::clone(&refusals));
        all.register("creates", "Milestones that were created, found again, or were there", Family::clone(&creates));
        all.register("waits", "Calls that wait for a person now", Gauge::clone(&waits));
        all.register("calls_in_flight", "Requests that are served now", Gauge::clone(&in_flight));
        all.register_with_unit("ledger", "Time of one step of the record of writes", Unit::Seconds, ledger.clone());
        Self {
            registry,
            calls,
            durations,
            upstream,
            retries,
            refusals,
            creates,
            waits,
            in_flight,
            ledger,
            slots: OnceLock::new(),
        }
    }
}

impl Observer for Metrics {
    fn ended(&self, call: Ended<'_>) {
        let principal = kind_of(call.access);
        let tool = call.tool.unwrap_or(OTHER);
        let outcome = known(call.outcome, &OUTCOMES);
        self.calls.get_or_create(&CallLabels { tool, outcome, principal }).inc();
        self.durations.get_or_create(&ToolLabel { tool }).observe(call.took.as_secs_f64());
        if let Some(reason) = call.reason {
            self.refusals.get_or_create(&ReasonLabel { reason: known(reason, &REASONS) }).inc();
        }
        if tool == "create_milestone" && matches!(outcome, "created" | "recovered" | "existing" | "existing_alike") {
            self.creates.get_or_create(&OutcomeLabel { outcome }).inc();
        }
    }

    fn waits(&self, begins: bool) {
        if begins {
            self.waits.inc()
        } else {
            self.waits.dec()
        };
    }
}

impl Meter for Metrics {
    fn replied(&self, status: Option<u16>) {
        let status = match status {
            None => "none",
            Some(status) => {
                let place = STATUSES.iter().position(|known| *known == status);
                place.and_then(|place| STATUS_NAMES.get(place)).copied().unwrap_or(OTHER)
            }
        };
        self.upstream.get_or_create(&StatusLabel { status }).inc();
    }

    fn retried(&self) {
        self.retries.inc();
    }

    fn recorded(&self, took: Duration) {
        self.ledger.observe(took.as_secs_f64());
    }
}

impl Metrics {
    /// Counts the requests in flight.
    pub(super) fn watch(&self, slots: Slots) {
        let _ = self.slots.set(slots);
    }

    /// The figures in Prometheus' text format.
    fn text(&self) -> String {
        let used = self.slots.get().map(Slots::used).unwrap_or_default();
        self.in_flight.set(i64::try_from(used).unwrap_or(i64::MAX));
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(fault) => {
                tracing::error!(%fault, "the figures cannot be written");
                String::new()
            }
        }
    }

    /// Serves `/metrics` and nothing else. On loopback the `Host` is checked, and the `Origin` everywhere.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let is_loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
        let names = Names { loopback: true, hosts: Vec::new(), any: !is_loopback };
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "serving figures for Prometheus at /metrics");
        }
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (metrics, names) = (Arc::clone(&self), names.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let reply = metrics.answer(&names, &request);
                    std::future::ready(Ok::<_, Infallible>(reply))
                });
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false);
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    fn answer(&self, names: &Names, request: &Request<Incoming>) -> Reply {
        let checked = names.check(request.headers()).and_then(|()| Origins::default().check(request.headers()));
        let mut reply = match checked {
            Err(refused) => *refused,
            Ok(_) if request.uri().path() != "/metrics" => text(StatusCode::NOT_FOUND, "only /metrics is here"),
            Ok(_) if ![Method::GET, Method::HEAD].contains(request.method()) => not_served("GET, HEAD"),
            Ok(_) => {
                let mut reply = Reply::new(Full::new(self.text().into()).boxed());
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                reply
            }
        };
        protect(&mut reply);
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Access;

    #[test]
    fn what_a_caller_writes_is_no_label() {
        let metrics = Metrics::default();
        let took = Duration::from_millis(3);
        for text in ["ot_pat_x_secret", "created"] {
            let call = Ended {
                tool: Some("create_milestone"),
                outcome: text,
                reason: Some(text),
                access: Access::OwnToken,
                took,
            };
            metrics.ended(call);
        }
        metrics.ended(Ended { tool: None, outcome: "x", reason: None, access: Access::AgentKey, took });
        metrics.replied(Some(299));
        metrics.replied(None);
        metrics.recorded(took);
        metrics.retried();
        let text = metrics.text();
        assert!(!text.contains("secret"), "{text}");
        for line in [
            "opentrain_mcp_calls_total{tool=\"create_milestone\",outcome=\"created\",principal=\"own_token\"} 1",
            "opentrain_mcp_calls_total{tool=\"other\",outcome=\"other\",principal=\"agent\"} 1",
            "opentrain_mcp_upstream_attempts_total{status=\"other\"} 1",
            "opentrain_mcp_upstream_attempts_total{status=\"none\"} 1",
            "opentrain_mcp_creates_total{outcome=\"created\"} 1",
            "opentrain_mcp_refusals_total{reason=\"other\"} 2",
            "opentrain_mcp_upstream_retries_total 1",
            "opentrain_mcp_ledger_seconds_count 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
