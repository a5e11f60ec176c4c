//! A collector of OTLP over HTTP, and the spans that it got.

use std::collections::BTreeMap;

use crate::harness::{Reply, Upstream};
use crate::protobuf::{Message, hex};

pub(crate) struct Collector {
    pub(crate) upstream: Upstream,
}

/// A span as it came.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for the first span of a trace.
    pub(crate) parent: String,
    pub(crate) name: String,
    /// 2: a server's, 3: a client's.
    pub(crate) kind: u64,
    pub(crate) facts: BTreeMap<String, String>,
    pub(crate) is_failed: bool,
    began: u64,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::answering(Reply::new(200, "")).await
    }

    pub(crate) async fn answering(reply: Reply) -> Self {
        Self { upstream: Upstream::answering(move |_, _| reply.clone()).await }
    }

    pub(crate) fn origin(&self) -> String {
        self.upstream.origin.clone()
    }

    /// `ResourceSpans` of all requests (opentelemetry/proto/collector/trace/v1/trace_service.proto).
    fn all(&self) -> Vec<Message> {
        self.upstream.requests().iter().flat_map(|request| Message::of(&request.body).messages(1)).collect()
    }

    /// Every span, in the order of their beginnings.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let scopes = self.all().into_iter().flat_map(|all| all.messages(2));
        let mut spans: Vec<Span> = scopes.flat_map(|scope| scope.messages(2)).map(|span| read(&span)).collect();
        spans.sort_by_key(|span| span.began);
        spans
    }

    pub(crate) fn resource(&self) -> BTreeMap<String, String> {
        attributes(&self.all()[0].messages(1)[0], 1)
    }
}

/// opentelemetry/proto/trace/v1/trace.proto
fn read(span: &Message) -> Span {
    Span {
        trace: hex(&span.bytes(1)),
        id: hex(&span.bytes(2)),
        parent: hex(&span.bytes(4)),
        name: span.text(5),
        kind: span.number(6),
        facts: attributes(span, 9),
        is_failed: span.messages(15).iter().any(|status| status.number(3) == 2),
        began: span.number(7),
    }
}

fn attributes(message: &Message, field: u64) -> BTreeMap<String, String> {
    let pairs = message.messages(field).into_iter().map(|pair| {
        let value = &pair.messages(2)[0];
        let text = value.text(1);
        (pair.text(1), if text.is_empty() { value.number(3).to_string() } else { text })
    });
    pairs.collect()
}
