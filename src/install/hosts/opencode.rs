//! opencode. The command and its arguments are one list.

use serde_json::json;

use super::{Format, Host, Location, first_existing};
use crate::install::Entry;

pub(super) const HOST: Host = Host {
    name: "opencode",
    title: "opencode",
    programs: &["opencode"],
    format: Format::Json,
    key: "mcp",
    entry: |launch, _| {
        let command: Vec<&str> =
            [launch.command.as_str()].into_iter().chain(launch.arguments.iter().map(String::as_str)).collect();
        let mut entry = Entry::new();
        entry.insert("type".into(), "local".into());
        entry.insert("command".into(), json!(command));
        entry.insert("enabled".into(), true.into());
        if !launch.is_sandbox() {
            entry.insert("environment".into(), json!({ "OT_API_TOKEN": "{env:OT_API_TOKEN}" }));
        }
        entry
    },
    // opencode itself makes the second file.
    locations: |machine| {
        let folder = machine.config().join("opencode");
        vec![Location { file: first_existing(&folder, &["opencode.json", "opencode.jsonc"]), folder }]
    },
    restart: "Start opencode again.",
    success: "`opencode mcp list` shows the server with \"connected\".",
};
