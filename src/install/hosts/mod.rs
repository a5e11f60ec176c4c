//! The hosts: programs that start MCP servers. One file per host says where its configuration is and what it reads.

mod claude_code;
mod claude_desktop;
mod codex;
mod copilot_cli;
mod cursor;
mod gemini_cli;
mod goose;
mod lm_studio;
mod opencode;
mod qwen_code;
mod vscode;
mod windsurf;
mod zed;

use std::path::{Path, PathBuf};

use super::document::Format;
use super::entry::{Entry, Launch};
use super::machine::Machine;

/// All hosts, in the order in which they are listed.
pub const HOSTS: [Host; 13] = [
    claude_desktop::HOST,
    claude_code::HOST,
    cursor::HOST,
    vscode::HOST,
    codex::HOST,
    gemini_cli::HOST,
    qwen_code::HOST,
    opencode::HOST,
    copilot_cli::HOST,
    goose::HOST,
    zed::HOST,
    windsurf::HOST,
    lm_studio::HOST,
];

/// A program that starts MCP servers.
pub struct Host {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name for a person.
    pub title: &'static str,
    /// Its programs on the search path, for a host that was never started and has no folder yet.
    pub programs: &'static [&'static str],
    /// The format of its configuration file.
    pub format: Format,
    /// The key of the top level under which servers stand.
    pub key: &'static str,
    /// The entry of this server, for a name.
    pub entry: fn(&Launch, &str) -> Entry,
    /// Where its configuration can be on a machine.
    pub locations: fn(&Machine) -> Vec<Location>,
    /// What makes it read its configuration again.
    pub restart: &'static str,
    /// What shows that the server is connected.
    pub success: &'static str,
}

/// One place where a host keeps its configuration.
#[derive(Clone, Debug)]
pub struct Location {
    /// The configuration file.
    pub file: PathBuf,
    /// A folder that exists once the host was started.
    pub folder: PathBuf,
}

impl Location {
    /// A file in the host's own folder.
    fn in_folder(folder: PathBuf, file: &str) -> Self {
        Self { file: folder.join(file), folder }
    }

    /// True if the host was ever started here.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.file.exists() || self.folder.is_dir()
    }
}

impl Host {
    /// The host of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        HOSTS.iter().find(|host| host.name == name)
    }

    /// The places that exist on this machine; the first place there could be when only a program of the host is found.
    #[must_use]
    pub fn found(&self, machine: &Machine) -> Vec<Location> {
        let mut locations = (self.locations)(machine);
        if locations.iter().any(Location::is_found) {
            locations.retain(Location::is_found);
        } else {
            let has_program = self.programs.iter().any(|program| machine.program(program).is_some());
            locations.truncate(usize::from(has_program));
        }
        locations
    }

    /// The place to write to when the host is not found.
    #[must_use]
    pub fn expected(&self, machine: &Machine) -> Option<Location> {
        (self.locations)(machine).into_iter().next()
    }
}

/// The first of these files that exists, else the last.
fn first_existing(folder: &Path, names: &[&str]) -> PathBuf {
    let paths = || names.iter().map(|name| folder.join(name));
    paths().find(|path| path.exists()).or_else(|| paths().next_back()).unwrap_or_else(|| folder.to_owned())
}
