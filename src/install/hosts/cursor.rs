//! Cursor.

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "cursor",
    title: "Cursor",
    programs: &["cursor"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, Some("stdio"), Some("${env:OT_API_TOKEN}")),
    locations: |machine| vec![Location::in_folder(machine.home(".cursor"), "mcp.json")],
    restart: "Quit Cursor and open it again.",
    success: "Settings, MCP shows the server with a green dot and its number of tools.",
};
