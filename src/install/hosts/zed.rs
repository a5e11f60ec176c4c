//! Zed. It calls servers context servers and fills in no variables.

use super::{Format, Host, Location};
use crate::install::System;
use crate::install::entry::standard;

pub(super) const HOST: Host = Host {
    name: "zed",
    title: "Zed",
    programs: &["zed", "zeditor"],
    format: Format::Json,
    key: "context_servers",
    entry: |launch, _| standard(launch, None, None),
    locations: |machine| {
        let folder = match machine.system() {
            System::Linux => machine.config().join("zed"),
            System::MacOs => machine.home(".config").join("zed"),
            System::Windows => machine.application_data().join("Zed"),
        };
        vec![Location::in_folder(folder, "settings.json")]
    },
    restart: "Nothing: Zed reads the file as soon as it changes.",
    success: "The settings of the agent panel show the server with a green dot.",
};
