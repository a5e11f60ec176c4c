//! Exports spans over OTLP (http/protobuf) with OpenTelemetry's own libraries, which read the standard variables
//! `OTEL_…` themselves. It decides nothing about a call: a collector that is gone loses spans, and costs nothing else.
//! Start with `Exporter::start`.

mod collector;
mod spans;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;

use crate::api::client::Proxies;
use crate::api::trace::Tracer;
use collector::Collector;
use spans::Spans;

/// The name of this program in traces, unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` gives another one.
const NAME: &str = "opentrain-mcp";
/// How long a process that is stopping waits for its last spans.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// Sends spans to a collector, in batches and from a thread of its own.
#[derive(Debug)]
pub struct Exporter(SdkTracerProvider);

impl Exporter {
    /// Starts to export, with a limit for each request. `is_named`: a variable gives this service its name.
    ///
    /// # Errors
    /// If a variable has a value that cannot be used.
    pub fn start(proxies: Proxies, limit: Duration, is_named: bool) -> Result<Self, String> {
        let collector = Collector::new(Handle::current(), proxies, limit);
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(|fault| format!("spans cannot be exported: {fault}"))?;
        let mut resource =
            Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        if !is_named {
            resource = resource.with_service_name(NAME);
        }
        // Replicas have the same name.
        if let Ok(id) = getrandom::u64() {
            resource = resource.with_attribute(KeyValue::new("service.instance.id", format!("{id:016x}")));
        }
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
        Ok(Self(provider.build()))
    }

    /// Makes the spans.
    #[must_use]
    pub fn tracer(&self) -> Arc<dyn Tracer> {
        Arc::new(Spans(self.0.tracer(NAME)))
    }

    /// Sends the last spans, and ends.
    pub async fn end(self) {
        // The runtime goes on meanwhile: it carries the requests to the collector.
        let ending = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST_PATIENCE));
        if let Ok(Err(fault)) = ending.await {
            tracing::warn!(%fault, "the last spans could not be exported");
        }
    }
}
