//! What the settings mean together. Start with `Config::read`.

use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::answer::shown;
use crate::api::client::Proxies;

use super::account::Account;
use super::credentials::Credentials;
use super::environment::Environment;
use super::error::{ConfigError, refused};
use super::flags::Flags;
#[cfg(feature = "http")]
use super::http_flags::is_for_http;
use super::ledger::{LedgerPlace, ledger_place};
use super::record::{self, RecordPlace};
use super::route::Route;
#[cfg(feature = "http")]
use super::seal_keys::SealKeys;
use super::source::ResolvedSetting;
#[cfg(feature = "otel")]
use super::traces::TraceSettings;

/// What the settings mean.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings that have a flag.
    pub flags: Flags,
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
    /// The database of the ledger, if it is in one.
    pub ledger: Option<LedgerPlace>,
    /// What several servers of one user share: `${XDG_STATE_HOME:-~/.local/state}/opentrain-mcp`.
    pub state_folder: Option<PathBuf>,
    /// Each of these files stops all writes of this user's servers.
    pub switches: Vec<PathBuf>,
    /// The folder of the credential file, for secrets that no model may see.
    pub private_folder: Option<PathBuf>,
    /// The file with the agents that may call over HTTP; `None` without a home folder.
    #[cfg(feature = "http")]
    pub agents: Option<PathBuf>,
    /// The keys that replicas share.
    #[cfg(feature = "http")]
    pub seal_keys: SealKeys,
    /// What the environment says about spans.
    #[cfg(feature = "otel")]
    pub traces: Option<TraceSettings>,
    /// Every setting with its printable value and source.
    pub settings: Vec<ResolvedSetting>,
}

/// Settings that forbid something. A placeholder in one of them refuses the start, since the rule is then unknown.
const RESTRICTIONS: [&str; 4] = ["max-milestone-usd", "max-day-usd", "read-only", "confirm"];

impl Config {
    /// Decides what the flags, the environment and the credential file mean together.
    ///
    /// # Errors
    /// The first setting that cannot be used, by where it was set.
    pub fn read(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let record = record::place(flags, environment)?;
        let ledger = ledger_place(flags, environment)?;
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
        if let Some(setting) = settings.iter_mut().find(|setting| setting.name == "notify") {
            setting.value = flags.notify.as_ref().map_or_else(|| setting.value.clone(), ToString::to_string);
        }
        settings.extend(account.settings);
        #[cfg(feature = "http")]
        let agents = match &flags.http.agents {
            Some(path) => Some(PathBuf::from(path)),
            None => environment.own_config_folder().map(|folder| folder.join("agents.toml")),
        };
        // They say nothing to the user of a host, who is nearly everybody.
        #[cfg(feature = "http")]
        settings.retain(|setting| flags.http.http.is_some() || !is_for_http(&setting.name));
        #[cfg(feature = "http")]
        if let (Some(path), Some(setting)) = (&agents, settings.iter_mut().find(|setting| setting.name == "agents")) {
            setting.value = path.display().to_string();
        }
        Ok(Self {
            flags: flags.clone(),
            origin: account.route.base.value.clone(),
            route: account.route,
            credentials: account.credentials,
            proxies,
            record,
            ledger,
            state_folder: environment.state_folder(),
            switches: environment.all_switch_paths(),
            private_folder: environment.config_folder(),
            #[cfg(feature = "http")]
            agents,
            #[cfg(feature = "http")]
            seal_keys: SealKeys::read(environment)?,
            #[cfg(feature = "otel")]
            traces: TraceSettings::read(environment)?,
            settings,
        })
    }
}

/// Names the settings that count as unset because nobody filled them in.
fn not_used(settings: &[ResolvedSetting]) -> Result<Vec<String>, ConfigError> {
    let mut notices = Vec::new();
    for setting in settings {
        for (source, why) in &setting.unfilled {
            if RESTRICTIONS.contains(&setting.name.as_str()) {
                let problem = shown!("{}. The server does not start without knowing what this setting forbids", *why);
                return Err(refused(source, problem));
            }
            notices.push(format!("{source} is not used: {why}"));
        }
    }
    Ok(notices)
}
