//! Spans as OpenTelemetry has them, below the trace that a caller named.

use http::HeaderValue;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};

use crate::api::trace::{Fact, Span, Tracer, Value, Work};

/// What a failed span says of its failure.
const FAULT: &str = "error.type";

/// Makes spans.
pub(super) struct Spans(pub(super) SdkTracer);

/// A span that ends as cancelled when it is dropped.
struct Open(Option<SdkSpan>);

impl Tracer for Spans {
    fn begin(&self, work: Work, facts: &[Fact], parent: Option<&HeaderValue>) -> Box<dyn Span> {
        let name = match work.target {
            Some(target) => format!("{} {target}", work.method),
            None => work.method.to_owned(),
        };
        let (kind, own) = if work.is_sent {
            let target = work.target.map(|path| KeyValue::new("url.template", path));
            (SpanKind::Client, [Some(KeyValue::new("http.request.method", work.method)), target])
        } else {
            (SpanKind::Server, [None, None])
        };
        let all = own.into_iter().flatten().chain(facts.iter().map(attribute));
        let span = self.0.span_builder(name).with_kind(kind).with_attributes(all);
        let parent = parent.and_then(remote).map(|parent| Context::new().with_remote_span_context(parent));
        Box::new(Open(Some(span.start_with_context(&self.0, &parent.unwrap_or_default()))))
    }
}

impl Span for Open {
    fn traceparent(&self) -> Option<HeaderValue> {
        let span = self.0.as_ref().filter(|span| span.is_recording())?;
        let context = span.span_context();
        let flags = context.trace_flags().to_u8();
        HeaderValue::from_str(&format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())).ok()
    }

    fn end(mut self: Box<Self>, fault: Option<&'static str>, facts: &[Fact]) {
        let Some(mut span) = self.0.take() else { return };
        span.set_attributes(facts.iter().map(attribute));
        finish(span, fault);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            finish(span, Some("cancelled"));
        }
    }
}

fn finish(mut span: SdkSpan, fault: Option<&'static str>) {
    if let Some(fault) = fault {
        span.set_attribute(KeyValue::new(FAULT, fault));
        span.set_status(Status::error(""));
    }
    span.end();
}

fn attribute((name, value): &Fact) -> KeyValue {
    match *value {
        Value::Word(word) => KeyValue::new(*name, word),
        Value::Number(number) => KeyValue::new(*name, number),
    }
}

/// The span that a `traceparent` names. Its form was checked when it came.
fn remote(parent: &HeaderValue) -> Option<SpanContext> {
    let mut parts = parent.to_str().ok()?.split('-').skip(1);
    let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}
