//! The server over a toolbox, and how what came of a call stands on the wire.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, Resource};
use tokio_util::sync::CancellationToken;

use crate::answer::{Answer, Failure, Object, Rendered, render};
use crate::engine::arguments::nearest;
use crate::engine::{Call, Toolbox};

use super::host::Host;
use super::seal::{Seal, SealError};

/// An MCP server over a box of tools. It keeps nothing between requests, so one can serve any number of hosts.
#[derive(Clone)]
pub struct Server {
    pub(super) toolbox: Arc<Toolbox>,
    pub(super) seal: Arc<Seal>,
    pub(super) closing: CancellationToken,
    pub(super) bounded: bool,
}

/// What came of a call.
pub(super) type Outcome = Result<Answer, Failure>;

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
        self.toolbox.services.close().await;
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

    pub(super) fn unknown(&self, name: &str) -> ErrorData {
        let names: Vec<String> =
            self.toolbox.served().iter().map(|served| self.toolbox.names().listed(served.facts().name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let meant = nearest(name, &names);
        let meant = meant.map(|meant| format!("; {meant} was probably meant")).unwrap_or_default();
        ErrorData::new(ErrorCode::INVALID_PARAMS, format!("unknown tool \"{name}\"{meant}"), None)
    }

    /// Puts what came of a call on the wire, as this host can take it.
    pub(super) fn result(&self, outcome: Outcome, host: Host) -> CallToolResult {
        result(render(outcome, self.toolbox.services.sandbox, self.bounded), host.takes_links())
    }
}

/// rmcp drops the answer to a cancelled request; this only ends the handler.
pub(super) fn cancelled() -> ErrorData {
    ErrorData::new(ErrorCode::INTERNAL_ERROR, "cancelled", None)
}

fn result(rendered: Rendered, with_links: bool) -> CallToolResult {
    let mut content = vec![ContentBlock::text(rendered.text)];
    if with_links {
        let links = rendered.links.into_iter().filter(|link| link.verified);
        content.extend(links.map(|link| {
            let title = link.kind.title();
            ContentBlock::ResourceLink(Resource::new(link.url, title).with_title(title).with_mime_type("text/html"))
        }));
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(serde_json::Value::Object(rendered.structured));
    result.is_error = Some(rendered.is_error);
    result
}
