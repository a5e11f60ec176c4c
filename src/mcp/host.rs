//! The abilities of the host. They are read for each request, because each request of revision 2026-07-28 carries its
//! own.

use rmcp::RoleServer;
use rmcp::model::ProtocolVersion;
use rmcp::service::RequestContext;

/// Hosts that are known to accept a `resource_link`, by `clientInfo.name`. Many others drop the whole answer because of
/// one; they find the link in the text and the structure.
const TAKE_LINKS: &[&str] = &["Visual Studio Code", "Visual Studio Code - Insiders"];
/// Hosts that are known to wait 25 s for a call, by `clientInfo.name`. Some frameworks give up after 5 s.
const WAIT: &[&str] = &[
    "Visual Studio Code",
    "Visual Studio Code - Insiders",
    "claude-code",
    "codex-mcp-client",
    "gemini-cli-mcp-client",
    "opencode",
    "opentrain-mcp-cli",
];

/// The abilities of a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host {
    page_delivery: Delivery,
    form_delivery: Delivery,
    links: bool,
    waits: bool,
}

/// The way to show a page or a form to the host's user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Revision 2026-07-28 with elicitation: the result asks for input, and the client repeats the call.
    InputRequired,
    /// Older revisions with elicitation: the server asks while the call is open.
    Elicitation,
    /// All other hosts: the answer says what there is to say.
    Answer,
}

impl Host {
    pub(crate) fn of(context: &RequestContext<RoleServer>) -> Self {
        let version = context.protocol_version();
        let since =
            |first: &ProtocolVersion| version.as_ref().is_some_and(|version| version.as_str() >= first.as_str());
        let capabilities = context.client_capabilities();
        let elicits = capabilities.and_then(|can| can.elicitation);
        let delivery = |can: bool, first: &ProtocolVersion| match can {
            true if since(&ProtocolVersion::V_2026_07_28) => Delivery::InputRequired,
            true if since(first) => Delivery::Elicitation,
            _ => Delivery::Answer,
        };
        // A URL must not be put into a form.
        let takes_pages = elicits.as_ref().is_some_and(|can| can.url.is_some());
        let page_delivery = delivery(takes_pages, &ProtocolVersion::V_2025_11_25);
        // An empty object means forms only.
        let takes_forms = elicits.is_some_and(|can| can.form.is_some() || can.url.is_none());
        let form_delivery = delivery(takes_forms, &ProtocolVersion::V_2025_06_18);
        let client = context.client_info();
        let is_one_of = |names: &[&str]| client.as_ref().is_some_and(|client| names.contains(&client.name.as_str()));
        let links = since(&ProtocolVersion::V_2025_06_18) && is_one_of(TAKE_LINKS);
        // A host that asks for progress reports sees that the call is alive.
        let waits = is_one_of(WAIT) || context.meta.get_progress_token().is_some();
        Self { page_delivery, form_delivery, links, waits }
    }

    pub(crate) fn page_delivery(self) -> Delivery {
        self.page_delivery
    }

    pub(crate) fn form_delivery(self) -> Delivery {
        self.form_delivery
    }

    /// True if the host is known to wait half a minute for a call.
    pub(crate) fn waits(self) -> bool {
        self.waits
    }

    pub(crate) fn takes_links(self) -> bool {
        self.links
    }
}
