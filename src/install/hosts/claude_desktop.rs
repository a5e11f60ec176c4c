//! Claude Desktop. It fills in no variables.

use std::path::PathBuf;

use super::{Format, Host, Location, Machine};
use crate::install::System;
use crate::install::entry::standard;

const FILE: &str = "claude_desktop_config.json";

pub(super) const HOST: Host = Host {
    name: "claude-desktop",
    title: "Claude Desktop",
    programs: &[],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, None, None),
    locations: |machine| {
        let own = Location::in_folder(machine.application_data().join("Claude"), FILE);
        packaged(machine).into_iter().map(|folder| Location::in_folder(folder, FILE)).chain([own]).collect()
    },
    restart: "Quit Claude Desktop from its menu or tray icon (closing the window is not enough) and open it again.",
    success: "Settings, Developer shows the server as running, and its tools are in the menu below the message box.",
};

/// On Windows the packaged application reads its own copy of the roaming folder.
fn packaged(machine: &Machine) -> Vec<PathBuf> {
    if machine.system() != System::Windows {
        return Vec::new();
    }
    let packages = std::fs::read_dir(machine.local_data().join("Packages")).into_iter().flatten().flatten();
    let claude = packages.filter(|package| package.file_name().to_string_lossy().starts_with("Claude_"));
    claude.map(|package| package.path().join("LocalCache").join("Roaming").join("Claude")).collect()
}
