//! Windsurf.

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "windsurf",
    title: "Windsurf",
    programs: &["windsurf"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, None, Some("${env:OT_API_TOKEN}")),
    locations: |machine| vec![Location::in_folder(machine.home(".codeium").join("windsurf"), "mcp_config.json")],
    restart: "Press the refresh button of the MCP servers in Cascade, or open Windsurf again.",
    success: "The MCP servers of Cascade show the server as enabled, with its number of tools.",
};
