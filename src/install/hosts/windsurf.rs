//! Windsurf, and Devin Desktop, which Windsurf has become.

use super::{Format, Host, Location};
use crate::install::System;
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "windsurf",
    title: "Windsurf (Devin Desktop)",
    programs: &["windsurf"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, None, Some("${env:OT_API_TOKEN}")),
    locations: |machine| {
        let devin = match machine.system() {
            System::Windows => machine.application_data().join("devin"),
            System::Linux | System::MacOs => machine.home(".config/devin"),
        };
        let folders = [devin, machine.home(".codeium").join("windsurf")].into_iter();
        folders.map(|folder| Location::in_folder(folder, "mcp_config.json")).collect()
    },
    restart: "Press the refresh button of the MCP servers in the agent panel, or open the application again.",
    success: "The MCP section of the agent panel lists the server and its tools.",
};
