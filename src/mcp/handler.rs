//! The MCP requests that this server handles: its information, the list of tools, and calls.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, GetPromptRequestParams,
    GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument;

use crate::answer::{Failure, Object};
use crate::engine::arguments::shortened;
use crate::engine::instructions::instructions;
use crate::engine::{CALL_LIMIT, Call, mark};

use super::carried::Carried;
use super::confirmation::Asked;
use super::elicitation::{self, Resumed, is_opened};
use super::host::Host;
use super::listing::tools;
use super::observer::Ended;
use super::progress::HostProgress;
use super::server::{Outcome, Request, Server, cancelled};
use super::state::Waits;
use super::traced::Traced;
use super::uses::Continued;

impl Server {
    /// Runs a call until it ends or the host cancels it.
    async fn run(&self, request: &Request, context: &RequestContext<RoleServer>) -> Result<Outcome, ErrorData> {
        let Some(served) = self.toolbox.find(&request.name, &request.arguments) else {
            let refusal = self.toolbox.refusal(&request.name, &request.arguments, &request.call).await;
            return refusal.map(Err).ok_or_else(|| self.unknown(&request.name));
        };
        tokio::select! {
            outcome = self.toolbox.call(served, request.arguments.clone(), &request.call) => Ok(outcome),
            () = context.ct.cancelled() => Err(cancelled()),
        }
    }

    /// The call of a request.
    fn call(&self, host: Host, context: &RequestContext<RoleServer>, trace: Option<HeaderValue>) -> Call {
        let carried = Carried::of(context);
        Call {
            progress: Arc::new(HostProgress::of(context, self.observer.clone())),
            is_patient: host.waits(),
            closing: self.closing.clone(),
            client: carried.client(context),
            trace,
            ..Call::within(CALL_LIMIT.max(self.toolbox.services.human_wait + elicitation::MARGIN))
        }
    }

    async fn answer(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
        trace: Option<HeaderValue>,
    ) -> Result<CallToolResponse, ErrorData> {
        let host = Host::of(&context);
        let carried = Carried::of(&context);
        let call = self.call(host, &context, trace);
        let CallToolRequestParams { name, arguments, input_responses, request_state, .. } = request;
        let mut request = Request {
            name: Cow::into_owned(name),
            arguments: carried.arguments.or(arguments).unwrap_or_default(),
            call,
        };
        let (responses, mut state) = (input_responses.as_ref(), None);
        // A claim replaces the token that binds the state, so the ends of earlier uses are looked up first.
        if let Some(sealed) = &request_state {
            let key = self.key_of_use(sealed, &request);
            if let Some(answer) = self.answer_of_earlier_use(&request, &key, host).await {
                return Ok(answer.into());
            }
            state = self.open_state(&request, sealed).map(|state| (state, key));
        }
        let mut outcome = match state {
            Some((state, key)) => {
                let waited = state.waited();
                request.call.confirmed = state.confirmed;
                match state.waits {
                    Waits::Page(after) => {
                        let resumed = Resumed { after, waited, accepted: is_opened(responses), key };
                        return Ok(match self.resume(&request, resumed, host, &context).await? {
                            Continued::Now(outcome) => self.result(*outcome, host).into(),
                            Continued::Earlier(answer) => answer.into(),
                        });
                    }
                    Waits::Yes(question) => {
                        match self.after_the_form(&mut request, question, responses, key, host, &context).await? {
                            Continued::Now(outcome) => *outcome,
                            Continued::Earlier(answer) => return Ok(answer.into()),
                        }
                    }
                }
            }
            None => self.run(&request, &context).await?,
        };
        if let Err(Failure { question: Some(question), .. }) = &outcome {
            outcome = match self.ask_for_a_yes(&request, question, host, &context).await? {
                Asked::Later(result) => return Ok(result.into()),
                Asked::Now(Ok(())) => {
                    request.call.confirmed = Some(mark(question));
                    self.run(&request, &context).await?
                }
                Asked::Now(Err(why)) => self.unconfirmed(&request, why).await?,
            };
        }
        self.show_step(request, outcome, host, &context).await
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let name = Implementation::new("opentrain-mcp", env!("CARGO_PKG_VERSION")).with_title("OpenTrain AI");
        let capabilities = ServerCapabilities::builder();
        let capabilities = capabilities.enable_completions().enable_prompts().enable_resources().enable_tools().build();
        ServerConfig::new(capabilities).with_server_info(name).with_instructions(instructions(&self.toolbox))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools(&self.toolbox)))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(self.prompts())
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompt(&request).map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let traced = self.traced("completion/complete", None, &context);
        let call = self.call(Host::of(&context), &context, traced.trace.clone());
        let completed = tokio::select! {
            // Boxed, as a call is: rmcp moves the largest of all handlers' futures, whichever runs.
            completed = Box::pin(self.completion(&request, &call)) => completed,
            () = context.ct.cancelled() => Err(cancelled()),
        };
        traced.end_request(completed.is_err());
        completed
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(self.resources())
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(self.resource_templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let traced = self.traced("resources/read", None, &context);
        let call = self.call(Host::of(&context), &context, traced.trace.clone());
        let read = tokio::select! {
            read = Box::pin(self.resource(&request.uri, &call)) => read.map(Into::into),
            () = context.ct.cancelled() => Err(cancelled()),
        };
        traced.end_request(read.is_err());
        read
    }

    /// Boxed: the future has kilobytes, and rmcp moves it several times before it runs.
    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send {
        let name = self.toolbox.find(&request.name, &Object::new()).map(|served| served.facts().name);
        let traced = self.traced("tools/call", name, &context);
        let trace = traced.trace.clone();
        let span = match trace.as_ref().and_then(|trace| trace.to_str().ok()) {
            Some(traceparent) => tracing::info_span!("call", traceparent),
            None => tracing::Span::none(),
        };
        let call = async move {
            let (tool, id, began) = (shortened(&request.name), context.id.to_string(), Instant::now());
            let answered = self.answer(request, context, trace).await;
            self.ended(name, &answered, began.elapsed(), traced);
            let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            match &answered {
                Ok(CallToolResponse::Complete(result)) => {
                    let said = |place| result.structured_content.as_ref().and_then(|answer| answer.pointer(place));
                    let (code, request_id) = (said("/error/code"), said("/error/requestId"));
                    let (code, request_id) = (code.and_then(Value::as_str), request_id.and_then(Value::as_str));
                    tracing::debug!(%tool, %id, ms, code, request_id, "a call is answered");
                }
                Ok(_) => tracing::debug!(%tool, %id, ms, "a call waits for a person"),
                Err(fault) => tracing::debug!(%tool, %id, ms, %fault, "a call could not be routed"),
            }
            answered
        };
        Box::pin(call.instrument(span))
    }
}

impl Server {
    /// Reports the end of a call.
    fn ended(
        &self,
        tool: Option<&'static str>,
        answered: &Result<CallToolResponse, ErrorData>,
        time: Duration,
        traced: Traced,
    ) {
        let found = |place| match answered {
            Ok(CallToolResponse::Complete(result)) => result.structured_content.as_ref()?.pointer(place)?.as_str(),
            _ => None,
        };
        let outcome = match answered {
            Ok(CallToolResponse::Complete(result)) => {
                let plain = if result.is_error == Some(true) { "not_done" } else { "done" };
                found("/outcome").or(found("/error/outcome")).unwrap_or(plain)
            }
            Ok(_) => "input_required",
            Err(fault) if fault.message == "cancelled" => "cancelled",
            Err(_) => "not_done",
        };
        let (reason, access) = (found("/error/reason"), self.toolbox.services.principal.access);
        let is_failed = !matches!(answered, Ok(CallToolResponse::Complete(result)) if result.is_error != Some(true));
        traced.end_call(is_failed && outcome != "input_required", outcome, reason);
        if let Some(observer) = &self.observer {
            observer.ended(Ended { tool, outcome, reason, access, took: time });
        }
    }
}
