//! What an HTTP request brings to the handler beside the message that rmcp reads.

use http::HeaderValue;
use http::request::Parts;
use rmcp::RoleServer;
use rmcp::model::ProtocolVersion;
use rmcp::service::RequestContext;

use crate::answer::Object;

/// What an HTTP request brings beside its message. Empty on stdio.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// The arguments of a tool call. rmcp reads messages through a buffer that cannot hold every number.
    pub(super) arguments: Option<Object>,
    /// The header `traceparent`, as it came.
    pub(super) trace: Option<HeaderValue>,
    /// The header `User-Agent`. Before 2026-07-28 only the handshake names the client, and that was another request.
    pub(super) agent: Option<String>,
    /// True over HTTP.
    pub(super) is_http: bool,
}

impl Carried {
    /// The client's own name and version. rmcp puts its own name where an older client gave none in this request.
    pub(super) fn client(&self, context: &RequestContext<RoleServer>) -> Option<String> {
        let named = context.client_info().map(|client| format!("{} {}", client.name, client.version));
        let is_stateless = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        if self.is_http && !is_stateless { self.agent.clone() } else { named }
    }

    pub(super) fn of(context: &RequestContext<RoleServer>) -> Self {
        let parts = context.extensions.get::<Parts>();
        parts.and_then(|parts| parts.extensions.get().cloned()).unwrap_or_default()
    }

    /// The caller's `traceparent`: the header, or else the one in `_meta`.
    pub(super) fn trace_of(context: &RequestContext<RoleServer>) -> Option<HeaderValue> {
        let carried = context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Self>());
        let in_meta = || HeaderValue::from_str(context.meta.get_traceparent()?).ok();
        carried.and_then(|carried| carried.trace.clone()).or_else(in_meta).filter(is_trace)
    }
}

/// True if the value has the form of a `traceparent` of version 00, whose ids are not all zeros (W3C Trace Context, 3.2).
fn is_trace(value: &HeaderValue) -> bool {
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let is_id = |part: &str, length: usize| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let parts: Vec<&str> = value.to_str().unwrap_or_default().split('-').collect();
    match parts.as_slice() {
        ["00", trace, parent, flags] => is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_traceparent_goes_on() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_trace(&HeaderValue::from_static(good)));
        for wrong in [
            "",
            "x",
            good.strip_prefix("0").unwrap(),
            &good.to_uppercase(),
            &format!("{good}-x"),
            &good.replace("00-4", "00-g"),
            &good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &good.replace("00f067aa0ba902b7", &"0".repeat(16)),
        ] {
            assert!(!is_trace(&HeaderValue::from_str(wrong).unwrap()), "{wrong}");
        }
    }
}
