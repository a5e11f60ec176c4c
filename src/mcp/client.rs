//! An MCP client in the same process, for `call`, `check` and `demo`. It receives what a host would receive.

use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, FormElicitationCapability, Implementation,
};
use rmcp::service::{RequestContext, RunningService, ServiceExt};
use rmcp::{ClientHandler, ErrorData, RoleClient, ServiceError};
use serde_json::{Value, json};

use crate::answer::{Object, Shown};

use super::confirmation::YES;
use super::server::Server;

/// A connection to a server in this process.
pub struct Client {
    service: RunningService<RoleClient, Handler>,
}

/// Asks the person at the terminal, and returns whether they said yes. May block.
pub type Ask = fn(&str) -> bool;

/// Answers the server's questions.
struct Handler {
    config: ClientConfig,
    ask: Option<Ask>,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        self.config.clone()
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let (Some(ask), ElicitRequestParams::FormElicitationParams { message, .. }) = (self.ask, request) else {
            return Ok(ElicitResult::new(ElicitationAction::Cancel));
        };
        let yes = tokio::task::spawn_blocking(move || ask(&message)).await.unwrap_or_default();
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(json!({ YES: yes })))
    }
}

/// The result of a call as a host receives it.
#[derive(Clone, Debug)]
pub struct Called {
    /// The text that a model reads.
    pub text: Shown,
    /// `structuredContent`
    pub structured: Value,
    /// True if the tool failed.
    pub is_error: bool,
    /// The complete result in its MCP form.
    pub result: Value,
}

/// The connection failed, or the server could not route the call.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClientError(String);

impl Client {
    /// Connects over a pipe in memory and performs the handshake of revision 2025-11-25.
    ///
    /// # Errors
    /// If the handshake fails.
    pub async fn connect(server: Server) -> Result<Self, ClientError> {
        Self::connect_asking(server, None).await
    }

    /// Like `connect`, with a way to ask a person for a yes.
    ///
    /// # Errors
    /// If the handshake fails.
    pub async fn connect_asking(server: Server, ask: Option<Ask>) -> Result<Self, ClientError> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            match server.serve(far).await {
                Ok(running) => drop(running.waiting().await),
                Err(fault) => tracing::debug!(%fault, "the handshake failed"),
            }
        });
        let name = Implementation::new("opentrain-mcp-cli", env!("CARGO_PKG_VERSION"));
        let mut can = ClientCapabilities::default();
        can.elicitation = ask.map(|_| ElicitationCapability::new().with_form(FormElicitationCapability::default()));
        let service = Handler { config: ClientConfig::new(can, name), ask }.serve(near).await;
        Ok(Self { service: service.map_err(|fault| ClientError(fault.to_string()))? })
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// If the server has no such tool, or the connection broke.
    pub async fn call(&self, tool: &str, arguments: Object) -> Result<Called, ClientError> {
        let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let result = self.service.call_tool(request).await.map_err(|fault| match fault {
            ServiceError::McpError(fault) => ClientError(fault.message.into_owned()),
            fault => ClientError(fault.to_string()),
        })?;
        let texts = result.content.iter().filter_map(|block| block.as_text()).map(|text| text.text.as_str());
        Ok(Called {
            text: Shown::returned(texts.collect::<Vec<_>>().join("\n")),
            structured: result.structured_content.clone().unwrap_or_default(),
            is_error: result.is_error == Some(true),
            result: json!(result),
        })
    }
}
