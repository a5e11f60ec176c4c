//! Codex, as a command line program and in editors. It passes a variable on by its name.

use serde_json::json;

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "codex",
    title: "Codex",
    programs: &["codex"],
    format: Format::Toml,
    key: "mcp_servers",
    entry: |launch, _| {
        let mut entry = standard(launch, None, None);
        if !launch.is_sandbox() {
            entry.insert("env_vars".into(), json!(["OT_API_TOKEN"]));
        }
        entry
    },
    locations: |machine| {
        let folder = machine.named("CODEX_HOME").unwrap_or_else(|| machine.home(".codex"));
        vec![Location::in_folder(folder, "config.toml")]
    },
    restart: "Start a new session of codex.",
    success: "`codex mcp list` shows the server as enabled; /mcp in a session lists its tools.",
};
