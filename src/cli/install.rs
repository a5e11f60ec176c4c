//! The command lines of `install` and `uninstall`.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::install::HOSTS;

/// Every host accepts these characters in a server's name, and every model in the names of its tools.
const NAME_CHARACTERS: &str = "letters, digits, - and _";
const LONGEST_NAME: usize = 32;

/// What to install, and where.
#[derive(Debug, Args)]
pub struct Install {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// The name of the entry [default: opentrain, or opentrain-sandbox with --sandbox]
    #[arg(long, value_parser = entry_name)]
    pub(crate) name: Option<String>,
    /// List the hosts: which are found, where their files are, and what of ours is in them
    #[arg(long, conflicts_with_all = ["name", "dry_run"])]
    pub(crate) list: bool,
}

/// What to remove, and from where.
#[derive(Debug, Args)]
pub struct Uninstall {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Remove only the entry of this name [default: every entry that starts this program]
    #[arg(long, value_parser = entry_name)]
    pub(crate) name: Option<String>,
}

/// The hosts, and whether their files are changed.
#[derive(Debug, Args)]
pub(crate) struct Scope {
    /// The hosts; every host that is found when it is left out
    #[arg(value_name = "HOST", value_parser = host_names())]
    pub(crate) hosts: Vec<String>,
    /// Show what would be changed, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

fn host_names() -> PossibleValuesParser {
    PossibleValuesParser::new(HOSTS.iter().map(|host| host.name))
}

fn entry_name(name: &str) -> Result<String, String> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_plain && (1..=LONGEST_NAME).contains(&name.len()) {
        Ok(name.to_owned())
    } else {
        Err(format!("a name has 1 to {LONGEST_NAME} characters: {NAME_CHARACTERS}"))
    }
}
