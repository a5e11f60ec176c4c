//! Spans of a server's calls and requests, for a collector that the environment names.

use crate::api::client::Client;
use crate::config::Config;

use super::fault::Fault;

/// The traces of this process. Without the feature `otel`, or without a collector, there are none.
#[derive(Debug)]
pub(super) struct Traces {
    #[cfg(feature = "otel")]
    exporter: Option<crate::otel::Exporter>,
}

#[cfg(feature = "otel")]
impl Traces {
    /// Begins to export, if the environment asks for it.
    pub(super) fn start(config: &Config) -> Result<Self, Fault> {
        let Some(wanted) = &config.traces else { return Ok(Self { exporter: None }) };
        let exporter = crate::otel::Exporter::start(config.proxies.clone(), wanted.timeout, wanted.is_named)?;
        tracing::info!("spans are exported over OTLP");
        Ok(Self { exporter: Some(exporter) })
    }

    /// The same client, with a span for each of its requests.
    pub(super) fn over(&self, client: Client) -> Client {
        match &self.exporter {
            Some(exporter) => client.traced_by(exporter.tracer()),
            None => client,
        }
    }

    /// Sends the last spans.
    pub(super) async fn end(self) {
        if let Some(exporter) = self.exporter {
            exporter.end().await;
        }
    }
}

#[cfg(not(feature = "otel"))]
#[expect(clippy::unused_self, clippy::unused_async, clippy::unnecessary_wraps, reason = "the feature needs them")]
impl Traces {
    pub(super) fn start(_: &Config) -> Result<Self, Fault> {
        Ok(Self {})
    }

    pub(super) fn over(&self, client: Client) -> Client {
        client
    }

    pub(super) async fn end(self) {}
}
