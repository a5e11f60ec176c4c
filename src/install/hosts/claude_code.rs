//! Claude Code, for all projects of the user.

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "claude-code",
    title: "Claude Code",
    programs: &["claude"],
    format: Format::Json,
    key: "mcpServers",
    // With a default the host does not warn about a variable that is not set.
    entry: |launch, _| standard(launch, Some("stdio"), Some("${OT_API_TOKEN:-}")),
    locations: |machine| {
        vec![match machine.named("CLAUDE_CONFIG_DIR") {
            Some(folder) => Location::in_folder(folder, ".claude.json"),
            None => Location { file: machine.home(".claude.json"), folder: machine.home(".claude") },
        }]
    },
    restart: "Start a new session of claude.",
    success: "`claude mcp list` shows the server with \"Connected\"; /mcp in a session lists its tools.",
};
