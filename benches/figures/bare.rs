//! The yardsticks: the request by reqwest alone, and an rmcp server of a few lines around it.

use std::sync::{Arc, OnceLock};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, ServiceExt};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService, stdio_pipes};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Map, Value};

use super::Fault;
use super::upstream::{ORIGIN_VARIABLE, TOKEN, TOKEN_VARIABLE};

/// Makes this executable the bare server.
pub(crate) const FLAG: &str = "--bare-server";

/// Makes it, beside the other flag, that over HTTP.
pub(crate) const OVER_HTTP: &str = "--bare-server-over-http";

/// The request, and nothing around it. Like ours, it builds the HTTP client at the first call.
#[derive(Clone)]
pub(crate) struct Http {
    root: Arc<str>,
    token: Arc<str>,
    client: Arc<OnceLock<reqwest::Client>>,
}

impl Http {
    pub(crate) fn new(origin: &str, token: &str) -> Self {
        let root = format!("{origin}/api/public/v1/contracts").into();
        Self { root, token: token.into(), client: Arc::default() }
    }

    /// Sends what `tool` sends, and reads the body.
    pub(crate) async fn send(&self, tool: &str, mut arguments: Map<String, Value>) -> Result<Vec<u8>, reqwest::Error> {
        let client = self.client.get_or_init(client);
        let request = if tool == "create_milestone" {
            let contract = arguments.remove("contractId");
            let contract = contract.as_ref().and_then(Value::as_str).unwrap_or_default();
            let body = Value::Object(arguments).to_string();
            client
                .post(format!("{}/{contract}/milestones", self.root))
                .header("content-type", "application/json")
                .body(body)
        } else {
            client.get(&*self.root)
        };
        let response = request.bearer_auth(&self.token).send().await?.error_for_status()?;
        Ok(response.bytes().await?.into())
    }
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap_or_default()
}

#[derive(Clone)]
struct Server(Http);

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = Arc::new(Map::from_iter([("type".to_owned(), Value::from("object"))]));
        let tools = ["list_contracts", "create_milestone"].map(|name| Tool::new(name, name, Arc::clone(&schema)));
        Ok(ListToolsResult::with_all_items(tools.into()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let body = self.0.send(&request.name, request.arguments.unwrap_or_default()).await.map_err(internal)?;
        let mut result = CallToolResult::success(vec![ContentBlock::text("ok")]);
        result.structured_content = Some(serde_json::from_slice(&body).map_err(internal)?);
        Ok(result.into())
    }
}

fn internal(fault: impl std::error::Error) -> ErrorData {
    ErrorData::internal_error(fault.to_string(), None)
}

/// Serves on stdin and stdout until the input ends.
#[tokio::main]
pub(crate) async fn serve() -> Result<(), Fault> {
    let origin = std::env::var(ORIGIN_VARIABLE)?;
    let token = std::env::var(TOKEN_VARIABLE).unwrap_or_else(|_| TOKEN.to_owned());
    Server(Http::new(&origin, &token)).serve(stdio_pipes()).await?.waiting().await?;
    Ok(())
}

/// Serves over HTTP without sessions, as axum and rmcp do it by themselves.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve_over_http() -> Result<(), Fault> {
    let http = Http::new(&std::env::var(ORIGIN_VARIABLE)?, TOKEN);
    let config = StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let service =
        StreamableHttpService::new(move || Ok(Server(http.clone())), Arc::<NeverSessionManager>::default(), config);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    eprintln!("address={}", listener.local_addr()?);
    Ok(axum::serve(listener, axum::Router::new().route_service("/mcp", service)).await?)
}
