//! LM Studio. It fills in no variables.

use super::{Format, Host, Location};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "lm-studio",
    title: "LM Studio",
    programs: &["lms"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, None, None),
    // The second folder is that of installations from before 2025.
    locations: |machine| {
        let folders = [".lmstudio", ".cache/lm-studio"].into_iter();
        folders.map(|folder| Location::in_folder(machine.home(folder), "mcp.json")).collect()
    },
    restart: "Nothing: LM Studio reads the file as soon as it changes. Switch the server on in the Program tab.",
    success: "The Program tab on the right shows the server, switched on, with its tools.",
};
