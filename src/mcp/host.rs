//! What the host at the other end can take. Read anew for each request: in revision 2026-07-28 each carries its own.

use rmcp::RoleServer;
use rmcp::model::ProtocolVersion;
use rmcp::service::RequestContext;

/// Hosts that are known to take a `resource_link`, by `clientInfo.name`. Many others lose the whole answer over one, and
/// the link is in the text and the structure anyway.
const TAKE_LINKS: &[&str] = &["Visual Studio Code", "Visual Studio Code - Insiders"];
/// Hosts that were seen to wait for a call of 25 s, by `clientInfo.name`. Some frameworks cut a call at 5 s.
const WAIT: &[&str] = &[
    "Visual Studio Code",
    "Visual Studio Code - Insiders",
    "claude-code",
    "codex-mcp-client",
    "gemini-cli-mcp-client",
    "opencode",
    "opentrain-mcp-cli",
];

/// A host's abilities.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host {
    road: Road,
    links: bool,
    waits: bool,
}

/// How a page is brought before the person at the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Road {
    /// Revision 2026-07-28 with URL elicitation: the result asks for it, and the call is made again.
    InputRequired,
    /// Revision 2025-11-25 with URL elicitation: the server asks while the call is open.
    Elicitation,
    /// All others: the answer itself has the link.
    Answer,
}

impl Host {
    pub(crate) fn of(context: &RequestContext<RoleServer>) -> Self {
        let version = context.protocol_version();
        let since =
            |first: &ProtocolVersion| version.as_ref().is_some_and(|version| version.as_str() >= first.as_str());
        let capabilities = context.client_capabilities();
        // Form elicitation is no road: a URL must not be put into a form.
        let elicits = capabilities.and_then(|can| can.elicitation).is_some_and(|can| can.url.is_some());
        let road = match elicits {
            true if since(&ProtocolVersion::V_2026_07_28) => Road::InputRequired,
            true if since(&ProtocolVersion::V_2025_11_25) => Road::Elicitation,
            _ => Road::Answer,
        };
        let client = context.client_info();
        let is_one_of = |names: &[&str]| client.as_ref().is_some_and(|client| names.contains(&client.name.as_str()));
        let links = since(&ProtocolVersion::V_2025_06_18) && is_one_of(TAKE_LINKS);
        // Who asks for progress sees that the call is alive.
        let waits = is_one_of(WAIT) || context.meta.get_progress_token().is_some();
        Self { road, links, waits }
    }

    pub(crate) fn road(self) -> Road {
        self.road
    }

    /// Whether it is known to wait for a call that takes half a minute.
    pub(crate) fn waits(self) -> bool {
        self.waits
    }

    pub(crate) fn takes_links(self) -> bool {
        self.links
    }
}
