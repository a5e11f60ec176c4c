//! What the settings mean: validated groups, read once at start. The only reader of the environment and of the
//! credential file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use url::Url;

use crate::api::client::{Proxies, is_loopback};
use crate::api::token::Token;

mod credential_file;
mod credentials;
mod leftover;
mod lookup;
mod placeholder;
mod record;
mod settings;

use credential_file::CredentialFile;
pub use credentials::Credentials;
pub use lookup::{Environment, logs_json};
use lookup::{Lookup, refused};
pub use record::RecordPlace;
use settings::{
    BASE_URL, DUPLICATE_WINDOW, HUMAN_WAIT, LOG_FILTER, LOG_FORMAT, MAX_DAY_USD, MAX_MILESTONE_USD, READ_ONLY, SANDBOX,
    SANDBOX_FAULT, SANDBOX_PORT, TIMEOUT, TOKEN, TOOL_PREFIX, TOOLSETS,
};
pub use settings::{Flag, SETTINGS, Setting};

/// Where OpenTrain is, unless something else is set.
pub const DEFAULT_ORIGIN: &str = "https://app.opentrain.ai";

/// The form of the log on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the settings say.
#[derive(Clone, Debug)]
pub struct Config {
    /// The sandbox, if that is what is called.
    pub sandbox: Option<SandboxConfig>,
    /// The faults that a sandbox plays, and where they were set.
    pub sandbox_faults: Option<(String, Source)>,
    /// Who runs this: servers of one user share a sandbox.
    pub user: String,
    /// The origin of the API.
    pub origin: Url,
    /// Where the token comes from.
    pub credentials: Arc<Credentials>,
    /// The limit for one HTTP attempt.
    pub timeout: Duration,
    /// The proxies that the environment names.
    pub proxies: Proxies,
    /// How long a call may wait for a person.
    pub human_wait: Duration,
    /// What the operator allows.
    pub operator: OperatorConfig,
    /// How the log is written.
    pub log: LogConfig,
    /// Each setting, with its value as it may be shown and where it came from.
    pub origins: Vec<Given>,
}

/// What the operator allows.
#[derive(Clone, Debug)]
pub struct OperatorConfig {
    /// Only reads.
    pub read_only: bool,
    /// The list of families, and where it was set.
    pub toolsets: Option<(String, Source)>,
    /// Put before every tool's name.
    pub tool_prefix: String,
    /// USD before fees.
    pub max_milestone: Option<Decimal>,
    /// USD before fees.
    pub max_day: Option<Decimal>,
    /// How long an equal milestone counts as the same one.
    pub duplicate_window: Duration,
    /// Where every write is recorded.
    pub record: RecordPlace,
    /// What several servers of one user share: `${XDG_STATE_HOME:-~/.local/state}/opentrain-mcp`.
    pub state_folder: Option<PathBuf>,
    /// The files of which each stops all writes of this user's servers while it is there.
    pub switches: Vec<PathBuf>,
    /// Where secrets that no model may see are written: the folder of the credential file.
    pub private_folder: Option<PathBuf>,
}

/// How the log is written.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Its form.
    pub format: LogFormat,
    /// What goes into it.
    pub filter: String,
}

/// The sandbox of this user.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Its loopback port.
    pub port: u16,
}

/// A setting as it was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The setting.
    pub name: &'static str,
    /// Its value; never a secret.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

/// Where a value came from, in the order in which they win.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag(&'static str),
    /// This environment variable.
    Environment(&'static str),
    /// The credential file.
    File(PathBuf),
    /// Nothing was set.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(formatter, "--{name}"),
            Self::Environment(name) => formatter.write_str(name),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct ConfigError {
    origin: String,
    problem: String,
}

/// The values of flags by the name of their setting; a switch that is on is `"1"`.
pub type Flags = BTreeMap<&'static str, String>;

impl Config {
    /// Reads every setting: flag, then environment, then credential file, then default.
    ///
    /// # Errors
    /// The first setting that cannot be used, by where it was set.
    pub fn read(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let mut lookup = Lookup { flags, environment, given: Vec::new() };
        let sandbox = lookup.switch(SANDBOX)?;
        let (port, source) = lookup.find(SANDBOX_PORT);
        let port = port.parse().map_err(|_| refused(&source, format!("must be a port, not \"{port}\"")))?;
        let timeout = lookup.seconds(TIMEOUT, 0.1..=600.0)?;
        let human_wait = lookup.seconds(HUMAN_WAIT, 0.0..=3600.0)?;
        let operator = operator(&mut lookup, sandbox)?;
        let sandbox_faults = lookup.set(SANDBOX_FAULT);
        let (format, source) = lookup.find(LOG_FORMAT);
        let format = match format.as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => return Err(refused(&source, format!("must be text or json, not \"{format}\""))),
        };
        let log = LogConfig { format, filter: lookup.find(LOG_FILTER).0 };
        let (origin, credentials) = if sandbox { offline(&mut lookup)? } else { account(&mut lookup)? };
        let without_effect = sandbox_faults.as_ref().filter(|_| !sandbox);
        let without_effect = without_effect.map(|(_, source)| format!("{source} has no effect without --sandbox"));
        let notices = lookup.placeholders(sandbox).into_iter().chain(without_effect);
        let credentials = credentials.with_notices(notices);
        let sandbox = sandbox.then_some(SandboxConfig { port });
        let credentials = Arc::new(credentials);
        Ok(Self {
            sandbox,
            sandbox_faults,
            user: environment.user(),
            origin,
            credentials,
            timeout,
            proxies: Proxies::of(|name| environment.get(name).map(str::to_owned)),
            human_wait,
            operator,
            log,
            origins: lookup.given,
        })
    }
}

fn operator(lookup: &mut Lookup<'_>, sandbox: bool) -> Result<OperatorConfig, ConfigError> {
    let read_only = lookup.switch(READ_ONLY)?;
    let toolsets = lookup.set(TOOLSETS);
    let tool_prefix = tool_prefix(lookup)?;
    let max_milestone = lookup.dollars(MAX_MILESTONE_USD)?;
    let max_day = lookup.dollars(MAX_DAY_USD)?;
    let record = record::place(lookup, sandbox, max_day.is_some())?;
    let (minutes, source) = lookup.find(DUPLICATE_WINDOW);
    let window = minutes.parse::<u32>().ok().filter(|minutes| *minutes <= 10_080);
    let window =
        window.ok_or_else(|| refused(&source, format!("must be whole minutes, from 0 to 10080, not \"{minutes}\"")))?;
    let duplicate_window = Duration::from_secs(60 * u64::from(window));
    let state_folder = lookup.environment.state_folder();
    let switches = lookup.environment.switch_paths();
    let private_folder = lookup.environment.folder();
    Ok(OperatorConfig {
        read_only,
        toolsets,
        tool_prefix,
        max_milestone,
        max_day,
        duplicate_window,
        record,
        state_folder,
        switches,
        private_folder,
    })
}

/// Model APIs take names of up to 64 letters, digits, `_` and `-`, not beginning with a digit; hosts put the server's name
/// before each, and the longest tool has 27 characters.
fn tool_prefix(lookup: &mut Lookup<'_>) -> Result<String, ConfigError> {
    let Some((prefix, source)) = lookup.set(TOOL_PREFIX) else { return Ok(String::new()) };
    let fits = prefix.len() <= 20
        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && !prefix.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    if fits {
        return Ok(prefix);
    }
    Err(refused(
        &source,
        "must be up to 20 letters, digits, _ or -, and begin with a letter or _: model APIs take no other names",
    ))
}

/// In the sandbox neither token nor base matters, and nothing of the user's is read.
fn offline(lookup: &mut Lookup<'_>) -> Result<(Url, Credentials), ConfigError> {
    for name in [BASE_URL, TOKEN] {
        let (_, source) = lookup.look(name);
        lookup.given.push(Given { name, value: "ignored: the sandbox is on".into(), source });
    }
    let origin = parse_origin(DEFAULT_ORIGIN, &Source::Default)?;
    Ok((origin.clone(), Credentials::new(None, None, origin, Source::Default)))
}

fn account(lookup: &mut Lookup<'_>) -> Result<(Url, Credentials), ConfigError> {
    let file = lookup.environment.credential_path().map(CredentialFile::recovered);
    let fixed = match lookup.look(TOKEN) {
        (text, source @ Source::Environment(variable)) => {
            Some((Token::bearing(&text).map_err(|fault| refused(&source, fault.to_string()))?, variable))
        }
        _ => None,
    };
    let (origin, base_source, notice) = base(lookup, file.as_ref(), fixed.as_ref().map(|(_, variable)| *variable))?;
    lookup.given.push(Given { name: BASE_URL, value: origin.to_string(), source: base_source.clone() });
    let credentials = Credentials::new(fixed, file, origin.clone(), base_source).with_notices(notice);
    let (value, source) = credentials.described();
    lookup.given.push(Given { name: TOKEN, value, source });
    Ok((origin, credentials))
}

/// The base, where it was set, and what a person should know of it. A token of the environment goes to the environment's
/// base or the default one, never to one that only a file names: a file of another project, or of a rehearsal, could have
/// been put there to fetch it.
fn base(
    lookup: &Lookup<'_>,
    file: Option<&CredentialFile>,
    token_variable: Option<&str>,
) -> Result<(Url, Source, Option<String>), ConfigError> {
    let (base, source) = lookup.look(BASE_URL);
    let origin = parse_origin(&base, &source)?;
    let saved = file.filter(|_| source == Source::Default).and_then(|file| Some((file.path(), file.base_url()?)));
    let Some((path, saved)) = saved else { return Ok((origin, source, None)) };
    let from_file = Source::File(path.to_owned());
    let saved = parse_origin(saved, &from_file)?;
    match token_variable.filter(|_| saved.origin() != origin.origin()) {
        None => Ok((saved, from_file, None)),
        Some(variable) => {
            let notice = format!(
                "baseUrl in {} ({saved}) is not used with the token in {variable}: if that token belongs there, set \
                 OPENTRAIN_API_BASE_URL to it",
                path.display()
            );
            Ok((origin, source, Some(notice)))
        }
    }
}

/// An origin: scheme, host, port. Plain http would send the token in the clear: only on loopback.
fn parse_origin(text: &str, source: &Source) -> Result<Url, ConfigError> {
    let wrong = |problem: String| Err(refused(source, problem));
    let Ok(url) = Url::parse(text.trim_end_matches('/')) else {
        return wrong(format!("must be an origin such as {DEFAULT_ORIGIN}, not \"{text}\""));
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return wrong(format!(
                "must be https: over plain http the token could be read on the way (it was \"{text}\")"
            ));
        }
        other => return wrong(format!("must be https, not {other}")),
    }
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_bare || !url.username().is_empty() || url.password().is_some() || url.host_str().is_none() {
        return wrong(format!("must be an origin only, such as {DEFAULT_ORIGIN}, with no path, query or user"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
