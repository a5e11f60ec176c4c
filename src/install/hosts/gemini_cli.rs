//! Gemini CLI. A variable that is not set becomes empty.

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "gemini-cli",
    title: "Gemini CLI",
    programs: &["gemini"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, None, Some("${OT_API_TOKEN}")),
    locations: |machine| {
        let folder =
            machine.named("GEMINI_CLI_HOME").map_or_else(|| machine.home(".gemini"), |home| home.join(".gemini"));
        vec![Location::in_folder(folder, "settings.json")]
    },
    restart: "Start a new session of gemini, in a folder that it trusts.",
    success: "`gemini mcp list` shows the server with \"Connected\"; /mcp in a session lists its tools.",
};
