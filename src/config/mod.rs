//! The settings, read once at start: `Flags` is what was typed or set, `Config` is what it means. Start with
//! `Config::read`. This room reads the environment and the credential file, and knows nobody who uses the settings.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::api::client::Proxies;

mod account;
mod credential_file;
mod credentials;
mod environment;
mod flags;
mod leftover;
mod own_settings;
mod placeholder;
mod record;
mod route;
mod sources;
mod values;

use account::Account;
pub use account::{BASE_URL_VARIABLES, TOKEN_VARIABLES};
pub use credentials::Credentials;
pub use environment::Environment;
pub use flags::Flags;
pub use own_settings::Transport;
pub use record::RecordPlace;
pub use route::{Route, Sourced};
pub use sources::{ResolvedSetting, Source, flag_table};

/// The origin of OpenTrain, unless another one is set.
pub const DEFAULT_ORIGIN: &str = "https://app.opentrain.ai";

/// The format of the log on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// What the settings mean.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings whose value means the same whatever else is set.
    pub flags: Flags,
    /// The user of this machine: servers of one user share a sandbox.
    pub user: String,
    /// The origin of the API.
    pub origin: Url,
    /// Where each token may go, and where that was set.
    pub route: Route,
    /// Where the token comes from.
    pub credentials: Arc<Credentials>,
    /// The proxies that the environment names.
    pub proxies: Proxies,
    /// Where every write is recorded.
    pub record: RecordPlace,
    /// What several servers of one user share: `${XDG_STATE_HOME:-~/.local/state}/opentrain-mcp`.
    pub state_folder: Option<PathBuf>,
    /// Files that stop all writes of this user's servers; one of them is enough.
    pub switches: Vec<PathBuf>,
    /// Where secrets are written that no model may see: the folder of the credential file.
    pub private_folder: Option<PathBuf>,
    /// Every setting with its printable value and source.
    pub settings: Vec<ResolvedSetting>,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct ConfigError {
    origin: String,
    problem: String,
}

fn refused(source: &Source, problem: impl Into<String>) -> ConfigError {
    ConfigError { origin: source.to_string(), problem: problem.into() }
}

/// Settings that forbid something. A placeholder in one of them refuses the start: what the operator forbids is unknown.
const RESTRICTIONS: [&str; 3] = ["max-milestone-usd", "max-day-usd", "read-only"];

impl Config {
    /// Decides what the flags, the environment and the credential file mean together.
    ///
    /// # Errors
    /// The first setting that cannot be used, by where it was set.
    pub fn read(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let record = record::place(flags, environment)?;
        let mut notices = not_used(&flags.resolved)?;
        if flags.sandbox_fault.is_some() && !flags.sandbox {
            notices.push(format!("{} has no effect without --sandbox", flags.source("sandbox-fault")));
        }
        let proxies = Proxies::of(|name| environment.get(name).map(str::to_owned));
        let account = if flags.sandbox {
            Account::of_sandbox(environment, notices)?
        } else {
            Account::read(environment, &proxies, notices)?
        };
        let mut settings = flags.resolved.clone();
        if let Some(setting) = settings.iter_mut().find(|setting| setting.name == "audit-log") {
            setting.value = record.to_string();
        }
        settings.extend(account.settings);
        Ok(Self {
            flags: flags.clone(),
            user: environment.user(),
            origin: account.route.base.value.clone(),
            route: account.route,
            credentials: account.credentials,
            proxies,
            record,
            state_folder: environment.state_folder(),
            switches: environment.switch_paths(),
            private_folder: environment.config_folder(),
            settings,
        })
    }
}

/// Says which settings count as unset, since nobody filled them in.
fn not_used(settings: &[ResolvedSetting]) -> Result<Vec<String>, ConfigError> {
    let mut notices = Vec::new();
    for setting in settings {
        for (source, why) in &setting.unfilled {
            if RESTRICTIONS.contains(&setting.name.as_str()) {
                let problem = format!("{why}. The server does not start without knowing what this setting forbids");
                return Err(refused(source, problem));
            }
            notices.push(format!("{source} is not used: {why}"));
        }
    }
    Ok(notices)
}

#[cfg(test)]
mod tests;
