//! An MCP client in the same process, for `call`, `check` and `demo`. It receives what a host would receive.

use rmcp::model::{CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation};
use rmcp::service::{RunningService, ServiceExt};
use rmcp::{RoleClient, ServiceError};
use serde_json::{Value, json};

use crate::answer::Object;

use super::server::Server;

/// A connection to a server in this process.
pub struct Client {
    service: RunningService<RoleClient, ClientConfig>,
}

/// The result of a call as a host receives it.
#[derive(Clone, Debug)]
pub struct Called {
    /// The text that a model reads.
    pub text: String,
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
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            match server.serve(far).await {
                Ok(running) => drop(running.waiting().await),
                Err(fault) => tracing::debug!(%fault, "the handshake failed"),
            }
        });
        let name = Implementation::new("opentrain-mcp-cli", env!("CARGO_PKG_VERSION"));
        let service = ClientConfig::new(ClientCapabilities::default(), name).serve(near).await;
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
            text: texts.collect::<Vec<_>>().join("\n"),
            structured: result.structured_content.clone().unwrap_or_default(),
            is_error: result.is_error == Some(true),
            result: json!(result),
        })
    }
}
