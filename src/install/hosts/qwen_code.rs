//! Qwen Code.

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "qwen-code",
    title: "Qwen Code",
    programs: &["qwen"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, None, Some("${OT_API_TOKEN}")),
    locations: |machine| {
        let folder = machine.named("QWEN_HOME").unwrap_or_else(|| machine.home(".qwen"));
        vec![Location::in_folder(folder, "settings.json")]
    },
    restart: "Start a new session of qwen, in a folder that it trusts.",
    success: "`qwen mcp list` shows the server with \"Connected\"; /mcp in a session lists its tools.",
};
