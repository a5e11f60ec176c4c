//! A span over one request of a client, and the trace that everything done for it belongs to.

use http::HeaderValue;
use rmcp::RoleServer;
use rmcp::service::RequestContext;

use crate::answer::Access;
use crate::api::trace::{Fact, Span, Value, Work};

use super::carried::Carried;
use super::observer::{OUTCOMES, REASONS, kind_of, known};
use super::server::Server;

/// One request under way. Without a collector it only passes the caller's trace on.
pub(super) struct Traced {
    span: Option<Box<dyn Span>>,
    /// The `traceparent` (W3C Trace Context) of what is done for the request.
    pub(super) trace: Option<HeaderValue>,
}

impl Server {
    /// Begins the span of a request below the caller's own trace.
    pub(super) fn traced(
        &self,
        method: &'static str,
        tool: Option<&'static str>,
        context: &RequestContext<RoleServer>,
    ) -> Traced {
        let trace = Carried::trace_of(context);
        let services = &self.toolbox.services;
        let Some(tracer) = services.client.tracer() else { return Traced { span: None, trace } };
        let access = services.principal.access;
        let transport = if access == Access::Local { "pipe" } else { "tcp" };
        let mut facts: Vec<Fact> = vec![
            ("mcp.method.name", Value::Word(method)),
            ("network.transport", Value::Word(transport)),
            ("opentrain_mcp.principal", Value::Word(kind_of(access))),
        ];
        if let Some(tool) = tool {
            facts.extend([
                ("gen_ai.operation.name", Value::Word("execute_tool")),
                ("gen_ai.tool.name", Value::Word(tool)),
            ]);
        }
        let span = tracer.begin(Work { is_sent: false, method, target: tool }, &facts, trace.as_ref());
        Traced { trace: span.traceparent().or(trace), span: Some(span) }
    }
}

impl Traced {
    /// Ends the span of a tool's call.
    pub(super) fn end_call(self, is_failed: bool, outcome: &str, reason: Option<&str>) {
        let outcome = known(outcome, &OUTCOMES);
        let reason = reason.map(|reason| known(reason, &REASONS));
        let facts = [("opentrain_mcp.outcome", Value::Word(outcome))];
        self.end(is_failed.then_some(reason.unwrap_or(outcome)), &facts);
    }

    /// Ends the span of another request.
    pub(super) fn end_request(self, is_failed: bool) {
        self.end(is_failed.then_some("failed"), &[]);
    }

    fn end(self, fault: Option<&'static str>, facts: &[Fact]) {
        if let Some(span) = self.span {
            span.end(fault, facts);
        }
    }
}
