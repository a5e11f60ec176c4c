//! GitHub Copilot CLI.

use serde_json::json;

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "copilot-cli",
    title: "Copilot CLI",
    programs: &["copilot"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| {
        let mut entry = standard(launch, Some("local"), Some("${OT_API_TOKEN}"));
        entry.insert("tools".into(), json!(["*"]));
        entry
    },
    locations: |machine| {
        let folder = machine.named("COPILOT_HOME").unwrap_or_else(|| machine.home(".copilot"));
        vec![Location::in_folder(folder, "mcp-config.json")]
    },
    restart: "Start a new session of copilot.",
    success: "`copilot mcp list` lists the server; /mcp show in a session lists its tools.",
};
