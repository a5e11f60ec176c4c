//! Decides which environment variables count as set, and finds the folders that they name. No other file reads the
//! environment; clap reads the variables of the flags itself.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::names::TOKEN_VARIABLES;
use super::placeholder::unfilled;

/// The value of a variable, trimmed, if it is not empty.
pub(super) fn variable(name: &OsStr) -> Option<String> {
    let value = std::env::var_os(name)?;
    Some(value.to_string_lossy().trim().to_owned()).filter(|value| !value.is_empty())
}

/// The variables whose names are text.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    /// The home folder in the user database.
    user_home: Option<PathBuf>,
}

/// The file name of the stop switch.
const SWITCH: &str = "mcp-frozen";
/// Names the home folder of the user database in debug builds, so that tests can have one of their own.
const HOME_OF_TESTS: &str = "OPENTRAIN_TEST_USER_HOME";

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let of_tests = std::env::var_os(HOME_OF_TESTS).filter(|_| cfg!(debug_assertions)).map(PathBuf::from);
        let user_home = of_tests.or_else(home_in_user_database).filter(|home| home.is_dir());
        Self { variables: variables.collect(), user_home }
    }

    /// For tests.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self { variables, user_home: None }
    }

    /// Leaves out the variables that contain a token, for commands about the saved account.
    #[must_use]
    pub fn without_token(&self) -> Self {
        let mut others = self.clone();
        others.variables.retain(|name, _| !TOKEN_VARIABLES.contains(&name.as_str()));
        others
    }

    /// The raw value.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.value(name)?.to_str()
    }

    /// The value of a variable. Windows does not tell `Path` from `PATH`.
    fn value(&self, name: &str) -> Option<&OsString> {
        if !cfg!(windows) {
            return self.variables.get(name);
        }
        self.variables.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// A value that is not empty. It may be a placeholder.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.value(name)?.to_str().map(str::trim).filter(|value| !value.is_empty())
    }

    /// The value as other libraries read it, even if it is a placeholder or no text. Empty if it is not set.
    pub(super) fn as_it_stands(&self, name: &str) -> &OsStr {
        self.value(name).map_or(OsStr::new(""), OsString::as_os_str)
    }

    /// A value that is not empty and no placeholder.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| unfilled(value).is_none())
    }

    fn folder_in(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    fn home(&self) -> Option<PathBuf> {
        self.folder_in(if self.get("HOME").is_some() { "HOME" } else { "USERPROFILE" })
    }

    /// `${XDG_CONFIG_HOME:-~/.config}/opentrain`, the folder of OpenTrain's own tools.
    pub(super) fn config_folder(&self) -> Option<PathBuf> {
        self.config_folders().next()
    }

    /// That folder, and the one in the home folder if `XDG_CONFIG_HOME` names another.
    fn config_folders(&self) -> impl Iterator<Item = PathBuf> {
        let named = self.folder_in("XDG_CONFIG_HOME");
        let in_home = self.home().map(|home| home.join(".config")).filter(|folder| Some(folder) != named.as_ref());
        named.into_iter().chain(in_home).map(|config| config.join("opentrain"))
    }

    /// `${XDG_STATE_HOME:-~/.local/state}/opentrain-mcp`: the record, the locks. On Windows, programs keep such files in
    /// `%LOCALAPPDATA%`.
    pub(super) fn state_folder(&self) -> Option<PathBuf> {
        let named = self.folder_in("XDG_STATE_HOME");
        let of_system = || self.folder_in("LOCALAPPDATA").filter(|_| cfg!(windows));
        let state = named.or_else(of_system).or_else(|| Some(self.home()?.join(".local/state")));
        Some(state?.join("opentrain-mcp"))
    }

    /// `${XDG_CONFIG_HOME:-~/.config}/opentrain-mcp`: what belongs to this program alone.
    #[cfg(feature = "http")]
    pub(super) fn own_config_folder(&self) -> Option<PathBuf> {
        let config = self.folder_in("XDG_CONFIG_HOME").or_else(|| Some(self.home()?.join(".config")));
        Some(config?.join("opentrain-mcp"))
    }

    /// The file that OpenTrain's own tools write.
    pub(super) fn credential_path(&self) -> Option<PathBuf> {
        Some(self.config_folder()?.join("cli.json"))
    }

    /// The files that the stop switch is written to. One is in the home folder whatever `XDG_CONFIG_HOME` says: servers
    /// of one user may be started with another one each, and a freeze stops all of them.
    #[must_use]
    pub fn switch_paths(&self) -> Vec<PathBuf> {
        self.config_folders().map(|folder| folder.join(SWITCH)).collect()
    }

    /// The files where the stop switch is looked for: these, and the one in the home folder that the user database
    /// names, so that another `HOME` does not hide it.
    #[must_use]
    pub fn all_switch_paths(&self) -> Vec<PathBuf> {
        let mut paths = self.switch_paths();
        let of_user = self.user_home.as_ref().map(|home| home.join(".config/opentrain").join(SWITCH));
        paths.extend(of_user.filter(|path| !paths.contains(path)));
        paths
    }
}

#[cfg(unix)]
fn home_in_user_database() -> Option<PathBuf> {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok()??;
    Some(user.dir)
}

#[cfg(windows)]
fn home_in_user_database() -> Option<PathBuf> {
    known_folders::get_known_folder_path(known_folders::KnownFolder::Profile)
}
