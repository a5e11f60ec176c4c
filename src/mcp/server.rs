//! The server over a toolbox, and the conversion of results to MCP.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, Resource};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::answer::{Answer, Failure, Object, Rendered, id, quoted, render, shown};
use crate::engine::arguments::nearest;
use crate::engine::{Call, Toolbox};

use super::host::Host;
use super::observer::Observer;
use super::seal::{Seal, SealError};

/// An MCP server over a toolbox. It keeps no state between requests, so one server can serve any number of hosts.
#[derive(Clone)]
pub struct Server {
    pub(super) toolbox: Arc<Toolbox>,
    pub(super) seal: Arc<Seal>,
    pub(super) closing: CancellationToken,
    pub(super) bounded: bool,
    /// Counts calls.
    pub(super) observer: Option<Arc<dyn Observer>>,
}

/// The result of a call.
pub(super) type Outcome = Result<Answer, Failure>;

/// One `tools/call` with its arguments.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) arguments: Object,
    pub(crate) call: Call,
}

impl Server {
    /// Builds a server over `toolbox`.
    ///
    /// # Errors
    /// If the operating system provides no random bytes for the key of sealed states.
    pub fn new(toolbox: Arc<Toolbox>) -> Result<Self, SealError> {
        Ok(Self {
            toolbox,
            seal: Arc::new(Seal::new()?),
            closing: CancellationToken::new(),
            bounded: true,
            observer: None,
        })
    }

    /// Makes answers unlimited in size, for a caller such as the command line.
    #[must_use]
    pub fn unbounded(self) -> Self {
        Self { bounded: false, ..self }
    }

    /// Prepares the process to stop: ends open writes in the record.
    pub(crate) async fn close(&self) {
        self.toolbox.services.close().await;
    }

    /// Replaces the secrets in a text that leaves this process.
    pub(crate) fn masked(&self, text: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(text) {
            Ok(mut text) => {
                self.toolbox.mask(&mut text);
                text.into_bytes()
            }
            // Every outgoing text is JSON or our own wording, and therefore UTF-8.
            Err(fault) => fault.into_bytes(),
        }
    }

    /// True if the tool belongs to a family that the operator does not serve.
    pub(crate) fn withholds(&self, tool: &str) -> bool {
        self.toolbox.withholds(tool)
    }

    /// Cancelled when the host is gone.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    pub(super) fn unknown(&self, name: &str) -> ErrorData {
        let names: Vec<String> = self
            .toolbox
            .served()
            .iter()
            .map(|served| self.toolbox.names().listed(served.facts().name).into())
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let meant = nearest(name, &names);
        let meant = meant.map(|meant| shown!("; {} was probably meant", id(meant)));
        let message = shown!("unknown tool {}{}", quoted(name), meant);
        ErrorData::new(ErrorCode::INVALID_PARAMS, String::from(message), None)
    }

    /// Converts the result of a call to MCP, within the host's abilities.
    pub(super) fn result(&self, outcome: Outcome, host: Host) -> CallToolResult {
        result(self.rendered(outcome), host.takes_links())
    }

    /// Renders the result of a call for any host.
    pub(super) fn rendered(&self, outcome: Outcome) -> Rendered {
        render(outcome, self.toolbox.services.sandbox, self.bounded)
    }
}

/// rmcp drops the answer to a cancelled request; this error only ends the handler.
pub(super) fn cancelled() -> ErrorData {
    ErrorData::new(ErrorCode::INTERNAL_ERROR, "cancelled", None)
}

pub(super) fn result(rendered: Rendered, with_links: bool) -> CallToolResult {
    let mut content = vec![ContentBlock::text(rendered.text)];
    if with_links {
        let links = rendered.links.into_iter().filter(|link| link.verified);
        content.extend(links.map(|link| {
            let title = link.kind.title();
            ContentBlock::ResourceLink(
                Resource::new(link.page.as_str(), title).with_title(title).with_mime_type("text/html"),
            )
        }));
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(serde_json::Value::Object(rendered.structured));
    result.is_error = Some(rendered.is_error);
    // Read by hosts that follow where data goes ("information flow control").
    let ifc = json!({
        "integrity": if rendered.is_trusted { "trusted" } else { "untrusted" },
        "confidentiality": if rendered.is_public { "public" } else { "private" },
    });
    result.meta.get_or_insert_default().insert("ifc".into(), ifc);
    result
}
