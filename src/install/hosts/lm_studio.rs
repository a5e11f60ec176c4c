//! LM Studio. It fills in no variables.

use std::path::PathBuf;

use super::{Format, Host, Location, Machine};
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "lm-studio",
    title: "LM Studio",
    programs: &["lms"],
    format: Format::Json,
    key: "mcpServers",
    entry: |launch, _| standard(launch, None, None),
    locations: |machine| vec![Location::in_folder(folder(machine), "mcp.json")],
    restart: "Nothing: LM Studio reads the file as soon as it changes. Switch the server on in the Program tab.",
    success: "The Program tab on the right shows the server, switched on, with its tools.",
};

/// The folder as LM Studio itself looks for it: where a file points to, that of its first versions, its own.
fn folder(machine: &Machine) -> PathBuf {
    let text = std::fs::read_to_string(machine.home(".lmstudio-home-pointer")).ok();
    let pointed = text.map(|path| PathBuf::from(path.trim())).filter(|path| path.is_absolute());
    let first = Some(machine.home(".cache/lm-studio")).filter(|folder| folder.is_dir());
    pointed.or(first).unwrap_or_else(|| machine.home(".lmstudio"))
}
