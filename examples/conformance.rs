//! The fixtures of MCP's official conformance suites on the HTTP stack of this server. What each tool, prompt and resource
//! answers stands in `tests/clients/fixtures.json`; `tests/clients/run.sh` starts this program and the suites.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for tests, which says what is wrong by failing"
)]
#![allow(deprecated, reason = "the suites try logging, which older revisions have")]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use opentrain_mcp::mcp::http::{Admitted, Door, Names, Origins, Refused, Settings, Wish, serve};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, ErrorCode, GetPromptRequestParams,
    GetPromptResponse, InputRequiredResult, InputResponses, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, LoggingLevel, LoggingMessageNotificationParam, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, RequestStateCodec,
    SealOptions, ServerCapabilities, ServerConfig, ServerNotification, SetLevelRequestParams, SubscribeRequestParams,
    SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// The pause between two notifications.
const PAUSE: Duration = Duration::from_millis(50);

static FIXTURES: LazyLock<Fixtures> =
    LazyLock::new(|| serde_json::from_str(include_str!("../tests/clients/fixtures.json")).unwrap());

#[derive(Deserialize)]
struct Fixtures {
    tools: BTreeMap<String, Tool>,
    prompts: BTreeMap<String, Prompt>,
    resources: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tool {
    input_schema: Option<Value>,
    /// Reported to a client that wants progress.
    #[serde(default)]
    progress: Vec<u32>,
    #[serde(default)]
    log: Vec<String>,
    /// What the client is asked for, round by round.
    #[serde(default)]
    rounds: Vec<Map<String, Value>>,
    /// True if the client is only asked for what it has declared.
    #[serde(default)]
    only_declared: bool,
    /// The abilities that the client must have declared.
    requires: Option<Value>,
    /// The list that a call changes, as subscribers hear.
    changes: Option<List>,
    result: Value,
}

impl Tool {
    /// The tool as it is listed under `name`.
    fn listed(&self, name: &str) -> Value {
        let schema = self.input_schema.clone().unwrap_or_else(|| json!({ "type": "object", "properties": {} }));
        json!({ "name": name, "description": "A fixture of the conformance suite", "inputSchema": schema })
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum List {
    Tools,
    Prompts,
}

#[derive(Deserialize)]
struct Prompt {
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    rounds: Vec<Map<String, Value>>,
    messages: Value,
}

/// Everybody may call.
struct Open {
    seal: Arc<RequestStateCodec>,
    changes: broadcast::Sender<List>,
}

impl Door for Open {
    type Handler = Server;
    const CARRIES_ARGUMENTS: bool = false;

    fn admit(&self, _: Option<&str>, _: &Wish) -> Result<Admitted<Server>, Refused> {
        let handler = Server { seal: Arc::clone(&self.seal), changes: self.changes.clone() };
        Ok(Admitted { principal: "anybody".into(), handler, mask: Arc::new(|text| text) })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), String>> {
        async { Ok(()) }.boxed()
    }
}

struct Server {
    seal: Arc<RequestStateCodec>,
    changes: broadcast::Sender<List>,
}

/// A result as one of rmcp's types.
fn of<T: DeserializeOwned>(mut value: Value) -> Result<T, ErrorData> {
    if let Some(fields) = value.as_object_mut() {
        fields.entry("resultType").or_insert_with(|| json!("complete"));
    }
    serde_json::from_value(value).map_err(|fault| ErrorData::internal_error(fault.to_string(), None))
}

fn unknown(what: &str) -> ErrorData {
    ErrorData::invalid_params(format!("there is no {what}"), Some(json!({ "uri": what })))
}

/// Replaces `{name}` in every text.
fn filled(value: &Value, arguments: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => arguments
            .iter()
            .fold(text.clone(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
            })
            .into(),
        Value::Array(items) => items.iter().map(|item| filled(item, arguments)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), filled(value, arguments))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

impl Server {
    /// The next question to the client; `None` if everything is answered.
    fn ask(
        &self,
        name: &str,
        rounds: &[Map<String, Value>],
        answered: (Option<String>, Option<InputResponses>),
    ) -> Result<Option<InputRequiredResult>, ErrorData> {
        let (state, responses) = answered;
        let round: usize = match state {
            None => 0,
            Some(state) => self
                .seal
                .open_json_with(&state, name.as_bytes())
                .map_err(|fault| ErrorData::invalid_params(format!("requestState: {fault}"), None))?,
        };
        let is_answered = |asked: &Map<String, Value>| {
            responses
                .as_ref()
                .is_some_and(|responses| asked.keys().all(|key| responses.get(key).is_some_and(Value::is_object)))
        };
        let round = if rounds.get(round).is_some_and(is_answered) { round + 1 } else { round };
        let Some(asked) = rounds.get(round) else { return Ok(None) };
        let options = SealOptions::new().associated_data(name.as_bytes()).ttl(Duration::from_secs(60));
        let state = self.seal.seal_json_with(&round, &options);
        let state = state.map_err(|fault| ErrorData::internal_error(fault.to_string(), None))?;
        of(json!({ "resultType": "input_required", "inputRequests": asked, "requestState": state })).map(Some)
    }

    async fn notify(tool: &Tool, context: &RequestContext<RoleServer>) {
        for progress in &tool.progress {
            if let Some(token) = context.meta.get_progress_token() {
                let progress = ProgressNotificationParam::new(token, f64::from(*progress)).with_total(100.0);
                let _ = context.peer.notify_progress(progress).await;
                tokio::time::sleep(PAUSE).await;
            }
        }
        // Since 2026-07-28 a request says whether it wants to hear of the log.
        let is_modern = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        for line in tool.log.iter().filter(|_| !is_modern || context.meta.log_level().is_some()) {
            let _ = context
                .peer
                .notify_logging_message(LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(line)))
                .await;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The abilities that the client has declared.
fn declared(context: &RequestContext<RoleServer>) -> Value {
    json!(context.client_capabilities())
}

fn ability(method: &str) -> &str {
    method.split('/').next().unwrap_or_default()
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_completions().enable_logging();
        let capabilities = capabilities.enable_prompts().enable_prompts_list_changed();
        let capabilities = capabilities.enable_resources().enable_resources_subscribe();
        let capabilities = capabilities.enable_tools().enable_tool_list_changed().build();
        ServerConfig::new(capabilities)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = FIXTURES.tools.iter().map(|(name, tool)| tool.listed(name));
        of(json!({ "tools": tools.collect::<Vec<_>>() }))
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        serde_json::from_value(FIXTURES.tools.get(name)?.listed(name)).ok()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = FIXTURES.tools.get(&*request.name).ok_or_else(|| unknown(&request.name))?;
        let declared = declared(&context);
        if let Some(required) = &tool.requires
            && required.as_object().is_some_and(|all| all.keys().any(|ability| declared[ability].is_null()))
        {
            let data = json!({ "requiredCapabilities": required });
            return Err(ErrorData::new(
                ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
                "the client cannot do it",
                Some(data),
            ));
        }
        let mut rounds = tool.rounds.clone();
        if tool.only_declared {
            let is_declared =
                |asked: &Value| !declared[ability(asked["method"].as_str().unwrap_or_default())].is_null();
            for round in &mut rounds {
                round.retain(|_, asked| is_declared(asked));
            }
        }
        if let Some(asked) = self.ask(&request.name, &rounds, (request.request_state, request.input_responses))? {
            return Ok(CallToolResponse::InputRequired(asked));
        }
        Self::notify(tool, &context).await;
        // Nobody need listen.
        let _ = tool.changes.map(|list| self.changes.send(list));
        Ok(CallToolResponse::Complete(of(tool.result.clone())?))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = FIXTURES.prompts.iter().map(|(name, prompt)| {
            let arguments = prompt.arguments.iter();
            let arguments: Vec<Value> = arguments.map(|name| json!({ "name": name, "required": true })).collect();
            json!({ "name": name, "description": "A fixture of the conformance suite", "arguments": arguments })
        });
        of(json!({ "prompts": prompts.collect::<Vec<_>>() }))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let prompt = FIXTURES.prompts.get(&request.name).ok_or_else(|| unknown(&request.name))?;
        if let Some(asked) =
            self.ask(&request.name, &prompt.rounds, (request.request_state, request.input_responses))?
        {
            return Ok(GetPromptResponse::InputRequired(asked));
        }
        let messages = filled(&prompt.messages, &request.arguments.unwrap_or_default());
        Ok(GetPromptResponse::Complete(of(json!({ "messages": messages }))?))
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        of(json!({ "completion": { "values": ["testValue1"], "total": 1, "hasMore": false } }))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = FIXTURES.resources.iter().filter(|(uri, _)| !uri.contains('{'));
        let resources = resources.map(|(uri, resource)| {
            json!({ "uri": uri, "name": uri, "description": "A fixture", "mimeType": resource["mimeType"] })
        });
        of(json!({ "resources": resources.collect::<Vec<_>>() }))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let templates = FIXTURES.resources.iter().filter(|(uri, _)| uri.contains('{'));
        let templates = templates.map(|(uri, resource)| {
            json!({ "uriTemplate": uri, "name": uri, "description": "A fixture", "mimeType": resource["mimeType"] })
        });
        of(json!({ "resourceTemplates": templates.collect::<Vec<_>>() }))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri;
        let found = FIXTURES.resources.iter().find_map(|(template, resource)| {
            let Some((before, after)) = template.split_once("{id}") else {
                return (*template == uri).then(|| (resource, Map::new()));
            };
            let id = uri.strip_prefix(before)?.strip_suffix(after)?;
            Some((resource, Map::from_iter([("id".to_owned(), id.into())])))
        });
        let (resource, arguments) = found.ok_or_else(|| unknown(&uri))?;
        let mut content = filled(resource, &arguments);
        content["uri"] = uri.into();
        Ok(ReadResourceResponse::Complete(of(json!({ "contents": [content] }))?))
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                () = context.cancelled() => return Ok(()),
            };
            let Ok(list) = change else { return Ok(()) };
            // What the client has not asked for is refused here.
            let _ = context
                .sink()
                .send(match list {
                    List::Tools => ServerNotification::ToolListChangedNotification(
                        rmcp::model::ToolListChangedNotification::default(),
                    ),
                    List::Prompts => ServerNotification::PromptListChangedNotification(
                        rmcp::model::PromptListChangedNotification::default(),
                    ),
                })
                .await;
        }
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    println!("http://{}/mcp", listener.local_addr().unwrap());
    let settings = Settings {
        names: Names { loopback: true, hosts: Vec::new(), any: false },
        origins: Origins::default(),
        ..Settings::default()
    };
    let door =
        Open { seal: Arc::new(RequestStateCodec::try_new([7; 32]).unwrap()), changes: broadcast::Sender::new(16) };
    serve(listener, settings, door, None, CancellationToken::new(), std::future::ready(())).await.unwrap();
}
