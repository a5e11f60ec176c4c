//! Who may call, and with which handler. The door is asked for every request; nothing of it is kept afterwards.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue};
use rmcp::ServerHandler;

/// Replaces secrets in a text that leaves.
pub type Mask = Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>;

/// Decides who may call.
pub trait Door: Send + Sync + 'static {
    /// Handles the messages of one caller.
    type Handler: ServerHandler + Send + 'static;
    /// True if the handler takes the arguments of tools beside the message, with every number as it was written.
    const CARRIES_ARGUMENTS: bool;

    /// Admits the caller of one request by its bearer token. The headers of `wish` can only take rights away.
    ///
    /// # Errors
    /// The reason of a refusal.
    fn admit(&self, bearer: Option<&str>, wish: &Wish) -> Result<Admitted<Self::Handler>, Refused>;

    /// Checks whether calls can be served now.
    fn ready(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// A caller that may call.
pub struct Admitted<H> {
    /// Tells principals apart: calls in flight are counted by it. Never shown.
    pub principal: String,
    /// Handles this request, and no other.
    pub handler: H,
    /// The last filter of everything that leaves.
    pub mask: Mask,
}

/// A request that is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No valid token. The caller is not told more.
    Unauthorized,
    /// A header that narrows the request names something unknown.
    Header(String),
}

/// What a request takes away from its own rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// `X-MCP-Toolsets`: families, separated by commas.
    pub toolsets: Option<String>,
    /// `X-MCP-Tools`: tools, separated by commas.
    pub tools: Option<String>,
    /// `X-MCP-Readonly`: anything but a plain no.
    pub read_only: bool,
}

impl Wish {
    /// Reads the headers. A value that is no text counts as one that allows nothing.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let list = |name: &str| {
            let values: Vec<String> =
                headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?").to_owned()).collect();
            (!values.is_empty()).then(|| values.join(","))
        };
        let is_no = |value: &HeaderValue| {
            matches!(
                value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str(),
                "false" | "0" | "no" | "off" | ""
            )
        };
        Self {
            toolsets: list("x-mcp-toolsets"),
            tools: list("x-mcp-tools"),
            read_only: headers.get_all("x-mcp-readonly").iter().any(|value| !is_no(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_sent_twice_does_not_loosen() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("x-mcp-readonly", "true"), ("x-mcp-readonly", "false"), ("x-mcp-toolsets", "a"), ("x-mcp-toolsets", "b")]
        {
            headers.append(name, HeaderValue::from_static(value));
        }
        let wish = Wish::of(&headers);
        assert!(wish.read_only);
        assert_eq!(wish.toolsets.as_deref(), Some("a,b"));
        assert_eq!(Wish::of(&HeaderMap::new()), Wish::default());
    }
}
