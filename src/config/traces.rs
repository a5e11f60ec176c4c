//! Whether spans are exported, as OpenTelemetry's standard variables say. Everything else in them, such as the endpoint
//! and its headers, is read by OpenTelemetry's own libraries.

use std::time::Duration;

use crate::answer::shown;

use super::environment::Environment;
use super::error::{ConfigError, refused};
use super::source::Source;

/// Each of these names a collector.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const PROTOCOL: &str = "http/protobuf";

/// Limits for one request to the collector, in milliseconds.
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
/// The limit that OpenTelemetry's specification sets where no variable does.
const USUAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Spans are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    /// The longest time for one request to the collector.
    pub timeout: Duration,
    /// True if a variable gives this service its name.
    pub is_named: bool,
}

impl TraceSettings {
    /// `None` if no spans are exported: that is so unless a collector is named, or the exporter is asked for.
    ///
    /// # Errors
    /// If a variable asks for an exporter or a protocol that is not built in.
    pub(super) fn read(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        // `none` is a value here, and a word for nothing elsewhere.
        let exporter = environment.raw(EXPORTER);
        let is_disabled = environment.get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let is_wanted = match exporter {
            Some("otlp") => true,
            Some("none") => false,
            Some(_) => return Err(unknown(EXPORTER, "otlp or none")),
            None => ENDPOINTS.iter().any(|name| environment.get(name).is_some()),
        };
        if is_disabled || !is_wanted {
            return Ok(None);
        }
        let protocol = PROTOCOLS.into_iter().find_map(|name| Some((name, environment.get(name)?)));
        if let Some((name, _)) = protocol.filter(|(_, value)| *value != PROTOCOL) {
            return Err(unknown(name, PROTOCOL));
        }
        let has_name = |list: &str| list.split(',').any(|pair| pair.trim_start().starts_with("service.name="));
        let is_named = environment.get("OTEL_SERVICE_NAME").is_some()
            || environment.get("OTEL_RESOURCE_ATTRIBUTES").is_some_and(has_name);
        let timeout = TIMEOUTS.iter().find_map(|name| environment.get(name)?.parse().ok());
        let timeout = timeout.map_or(USUAL_TIMEOUT, Duration::from_millis);
        Ok(Some(Self { timeout, is_named }))
    }
}

fn unknown(name: &str, known: &'static str) -> ConfigError {
    refused(&Source::Variable(name.into()), shown!("must be {}: nothing else is built in", known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<TraceSettings>, ConfigError> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        TraceSettings::read(&Environment::of(pairs))
    }

    #[test]
    fn spans_are_exported_only_where_a_collector_is_named() {
        const AT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        let (off, on) = (None, Some(TraceSettings { timeout: USUAL_TIMEOUT, is_named: false }));
        let named = Some(TraceSettings { timeout: USUAL_TIMEOUT, is_named: true });
        let quick = Some(TraceSettings { timeout: Duration::from_millis(250), is_named: false });
        for (pairs, expected) in [
            (&[] as &[_], off),
            (&[AT], on),
            (&[("OTEL_TRACES_EXPORTER", "otlp")], on),
            (&[AT, ("OTEL_TRACES_EXPORTER", "none")], off),
            (&[AT, ("OTEL_SDK_DISABLED", "True")], off),
            (&[AT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")], on),
            (&[AT, ("OTEL_SERVICE_NAME", "mine")], named),
            (&[AT, ("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=mine")], named),
            (&[AT, ("OTEL_EXPORTER_OTLP_TIMEOUT", "250")], quick),
        ] {
            assert_eq!(read(pairs).unwrap(), expected, "{pairs:?}");
        }
        for wrong in [("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc")] {
            let fault = read(&[AT, wrong]).unwrap_err().to_string();
            assert!(fault.contains(wrong.0), "{fault}");
        }
    }
}
