//! Goose, on the command line and as a desktop application. It calls servers extensions and fills in no variables.

use serde_json::json;

use super::{Format, Host, Location};
use crate::install::{Entry, System};

/// How long Goose waits for one call, in seconds: waiting for a person takes minutes.
const PATIENCE: u32 = 300;

pub(super) const HOST: Host = Host {
    name: "goose",
    title: "Goose",
    programs: &["goose"],
    format: Format::Yaml,
    key: "extensions",
    entry: |launch, name| {
        let mut entry = Entry::new();
        entry.insert("enabled".into(), true.into());
        entry.insert("type".into(), "stdio".into());
        entry.insert("name".into(), name.into());
        entry.insert("cmd".into(), launch.command.clone().into());
        entry.insert("args".into(), json!(launch.arguments));
        entry.insert("envs".into(), json!({}));
        entry.insert("timeout".into(), PATIENCE.into());
        entry
    },
    locations: |machine| {
        let folder = match machine.system() {
            System::Windows => machine.application_data().join("Block").join("goose").join("config"),
            System::Linux | System::MacOs => machine.config().join("goose"),
        };
        vec![Location::in_folder(folder, "config.yaml")]
    },
    restart: "Start a new session of goose; quit the desktop application and open it again.",
    success: "`goose info -v` lists the extension; the desktop application shows it under Extensions, switched on.",
};
