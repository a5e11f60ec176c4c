//! How it is spoken: the only folder that knows MCP and rmcp. It lists the tools, carries calls to them, and takes
//! whichever road a host has for bringing a page before its person. What is said is made in `tools`.

pub mod client;
mod elicitation;
mod host;
mod listing;
mod progress;
pub mod stdio;

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode, Implementation, ListToolsResult,
    PaginatedRequestParams, Resource, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::tools::answer::{Report, Spoken};
use crate::tools::schema::Object;
use crate::tools::{CALL_LIMIT, Call, Toolbox};

use elicitation::Seal;
pub use elicitation::SealError;
use host::Host;
pub use listing::{all_tools, tools};
use progress::HostProgress;

/// An MCP server over a box of tools. It keeps nothing between requests, so one can serve any number of hosts.
#[derive(Clone)]
pub struct Server {
    toolbox: Arc<Toolbox>,
    seal: Arc<Seal>,
    closing: CancellationToken,
    bounded: bool,
}

/// One `tools/call`, from arguments to answer.
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) arguments: Object,
    pub(crate) call: Call,
}

impl Server {
    /// Serves `toolbox`.
    ///
    /// # Errors
    /// When the system gives no random bytes to seal states with.
    pub fn new(toolbox: Arc<Toolbox>) -> Result<Self, SealError> {
        Ok(Self { toolbox, seal: Arc::new(Seal::new()?), closing: CancellationToken::new(), bounded: true })
    }

    /// The same server with answers as large as they are: for a caller without a bound, such as a command line.
    #[must_use]
    pub fn unbounded(self) -> Self {
        Self { bounded: false, ..self }
    }

    /// Ends what is still open on the record: the process stops.
    pub(crate) async fn close(&self) {
        self.toolbox.close().await;
    }

    /// A text that leaves this process, without its secrets.
    pub(crate) fn masked(&self, text: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(text) {
            Ok(mut text) => {
                self.toolbox.mask(&mut text);
                text.into_bytes()
            }
            // All that leaves is JSON or words of ours, which are UTF-8.
            Err(fault) => fault.into_bytes(),
        }
    }

    /// Whether there is a tool of that name in a family that the operator does not serve.
    pub(crate) fn withholds(&self, tool: &str) -> bool {
        self.toolbox.withholds(tool)
    }

    /// Becomes cancelled when the host has gone: nobody is there any more to wait for.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Runs a call to its end, or until its host cancels it.
    async fn run(&self, request: &Request, context: &RequestContext<RoleServer>) -> Result<Report, ErrorData> {
        let Some(served) = self.toolbox.find(&request.name, &request.arguments) else {
            let refused = self.toolbox.refuse(&request.name, &request.arguments, &request.call);
            return refused.ok_or_else(|| self.unknown(&request.name));
        };
        tokio::select! {
            report = self.toolbox.call(served, request.arguments.clone(), &request.call) => Ok(report),
            () = context.ct.cancelled() => Err(cancelled()),
        }
    }

    async fn answer(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let host = Host::of(&context);
        let call = Call {
            progress: Arc::new(HostProgress::of(&context)),
            is_patient: host.waits(),
            closing: self.closing.clone(),
            client: context.client_info().map(|client| format!("{} {}", client.name, client.version)),
            ..Call::within(CALL_LIMIT.max(self.toolbox.human_wait + elicitation::MARGIN))
        };
        let CallToolRequestParams { name, arguments, input_responses, request_state, .. } = request;
        let request = Request { name: Cow::into_owned(name), arguments: arguments.unwrap_or_default(), call };
        if let Some(resumed) = self.resumed(&request, request_state.as_deref(), input_responses.as_ref()) {
            let report = self.resume(&request, resumed, &context).await?;
            return Ok(self.result(report, host).into());
        }
        let report = self.run(&request, &context).await?;
        self.bring_to_person(request, report, host, &context).await
    }

    fn unknown(&self, name: &str) -> ErrorData {
        let names: Vec<String> =
            self.toolbox.served().iter().map(|served| self.toolbox.listed_name(served.entry)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let meant = crate::tools::arguments::nearest(name, &names);
        let meant = meant.map(|meant| format!("; {meant} was probably meant")).unwrap_or_default();
        ErrorData::new(ErrorCode::INVALID_PARAMS, format!("unknown tool \"{name}\"{meant}"), None)
    }

    /// Puts a report on the wire, as this host can take it.
    fn result(&self, report: Report, host: Host) -> CallToolResult {
        result(report.speak(self.toolbox.sandbox, self.bounded), host.takes_links())
    }
}

/// rmcp drops the answer to a cancelled request; this only ends the handler.
fn cancelled() -> ErrorData {
    ErrorData::new(ErrorCode::INTERNAL_ERROR, "cancelled", None)
}

fn result(spoken: Spoken, with_links: bool) -> CallToolResult {
    let mut content = vec![ContentBlock::text(spoken.text)];
    if with_links {
        let links = spoken.links.into_iter().filter(|link| link.verified);
        content.extend(links.map(|link| {
            let title = link.kind.title();
            ContentBlock::ResourceLink(Resource::new(link.url, title).with_title(title).with_mime_type("text/html"))
        }));
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(serde_json::Value::Object(spoken.structured));
    result.is_error = Some(spoken.is_error);
    result
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let name = Implementation::new("opentrain-mcp", env!("CARGO_PKG_VERSION")).with_title("OpenTrain AI");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(name)
            .with_instructions(self.toolbox.instructions())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools(&self.toolbox)))
    }

    /// Boxed: rmcp moves this future several times before it runs, and there are kilobytes of it.
    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send {
        Box::pin(async move {
            let (tool, id, began) = (request.name.clone(), context.id.to_string(), Instant::now());
            let answered = self.answer(request, context).await;
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
        })
    }
}
