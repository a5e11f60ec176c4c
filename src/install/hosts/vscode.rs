//! VS Code and VS Code Insiders, for the user's default profile.

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "vscode",
    title: "VS Code",
    programs: &["code", "code-insiders"],
    format: Format::Json,
    key: "servers",
    entry: |launch, _| standard(launch, Some("stdio"), Some("${env:OT_API_TOKEN}")),
    locations: |machine| {
        let editions = ["Code", "Code - Insiders"].into_iter();
        let folders = editions.map(|edition| machine.application_data().join(edition));
        folders.map(|folder| Location { file: folder.join("User").join("mcp.json"), folder }).collect()
    },
    restart: "Run \"MCP: List Servers\" in the command palette, choose the server and start it.",
    success: "The tools button of the chat view, in agent mode, lists the server and its tools.",
};
