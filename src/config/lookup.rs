//! Where a value is looked for: flags, then the environment. A placeholder counts as not set.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::api::amount;

use super::placeholder::{unfilled, unfilled_token};
use super::settings::{BASE_URL, LOG_FORMAT, SETTINGS, Setting, TOKEN, setting};
use super::{ConfigError, Flags, Given, Source};

/// The environment, as far as it is text.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self::of(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// One made of pairs.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The same without the variables that hold a token: for what concerns the saved account only.
    #[must_use]
    pub fn without_token(&self) -> Self {
        let is_token = |name: &str| setting(TOKEN).is_some_and(|token| token.environment.contains(&name));
        Self::of(self.0.clone().into_iter().filter(|(name, _)| !is_token(name)))
    }

    /// A variable as it stands. Windows does not tell `Path` from `PATH`.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let same = |own: &str| if cfg!(windows) { own.eq_ignore_ascii_case(name) } else { own == name };
        self.0.iter().find(|(own, _)| same(own)).map(|(_, value)| value.as_str())
    }

    /// A variable that is set to something, a placeholder included.
    fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A variable that is set to something. Hosts pass a variable that they could not expand as `${NAME}`: that counts
    /// as not set.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| unfilled(value).is_none())
    }

    /// `${XDG_CONFIG_HOME:-~/.config}/opentrain`, the folder of OpenTrain's own tools.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.folders().next()
    }

    /// That folder, and the home's own where `XDG_CONFIG_HOME` names another.
    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let absolute = |path: &str| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        let named = self.get("XDG_CONFIG_HOME").and_then(absolute);
        let home = self.get("HOME").or_else(|| self.get("USERPROFILE")).and_then(absolute);
        let homes_own = home.map(|home| home.join(".config")).filter(|folder| Some(folder) != named.as_ref());
        named.into_iter().chain(homes_own).map(|config| config.join("opentrain"))
    }

    /// `${XDG_STATE_HOME:-~/.local/state}/opentrain-mcp`, what outlives a run and belongs to nobody else.
    pub(super) fn state_folder(&self) -> Option<PathBuf> {
        let absolute = |path: &str| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        let home = || self.get("HOME").or_else(|| self.get("USERPROFILE")).and_then(absolute);
        let state = self.get("XDG_STATE_HOME").and_then(absolute);
        Some(state.or_else(|| Some(home()?.join(".local/state")))?.join("opentrain-mcp"))
    }

    /// The file that OpenTrain's own tools write.
    pub(super) fn credential_path(&self) -> Option<PathBuf> {
        Some(self.folder()?.join("cli.json"))
    }

    /// The stop switch. It is in the home's own folder too: servers of one user may be started with another
    /// `XDG_CONFIG_HOME` each, and all of them are to be stopped.
    pub(super) fn switch_paths(&self) -> Vec<PathBuf> {
        self.folders().map(|folder| folder.join("mcp-frozen")).collect()
    }

    pub(super) fn user(&self) -> String {
        let names = ["USER", "LOGNAME", "USERNAME"];
        names.into_iter().find_map(|name| self.get(name)).unwrap_or("somebody").to_owned()
    }
}

/// Finds the value of each setting, and remembers where it came from.
pub(super) struct Lookup<'a> {
    pub(super) flags: &'a Flags,
    pub(super) environment: &'a Environment,
    pub(super) given: Vec<Given>,
}

impl Lookup<'_> {
    pub(super) fn find(&mut self, name: &'static str) -> (String, Source) {
        let found = self.look(name);
        self.given.push(Given { name, value: found.0.clone(), source: found.1.clone() });
        found
    }

    pub(super) fn look(&self, name: &'static str) -> (String, Source) {
        let Some(setting) = setting(name) else { return (String::new(), Source::Default) };
        let filled = self.candidates(setting).find(|(value, _)| why_unfilled(name, value).is_none());
        filled
            .map_or_else(|| (setting.default.to_owned(), Source::Default), |(value, source)| (value.to_owned(), source))
    }

    /// The values that were given, the first wins; placeholders are among them.
    fn candidates(&self, setting: &'static Setting) -> impl Iterator<Item = (&str, Source)> {
        let flag = self.flags.get(setting.name).map(|value| (value.trim(), Source::Flag(setting.name)));
        let variables = setting.environment.iter();
        let set = variables.filter_map(|name| Some((self.environment.raw(name)?, Source::Environment(name))));
        flag.into_iter().chain(set)
    }

    /// The settings that are not used since nobody filled them in, each in words.
    pub(super) fn placeholders(&self, sandbox: bool) -> Vec<String> {
        let matter = |setting: &&Setting| !sandbox || ![TOKEN, BASE_URL].contains(&setting.name);
        let given = SETTINGS.iter().filter(matter).flat_map(|setting| {
            self.candidates(setting).filter_map(|(value, source)| {
                Some(format!("{source} is not used: {}", why_unfilled(setting.name, value)?))
            })
        });
        given.collect()
    }

    /// A value that was set, and where.
    pub(super) fn set(&mut self, name: &'static str) -> Option<(String, Source)> {
        let found = self.find(name);
        (found.1 != Source::Default).then_some(found)
    }

    pub(super) fn dollars(&mut self, name: &'static str) -> Result<Option<Decimal>, ConfigError> {
        let Some((value, source)) = self.set(name) else { return Ok(None) };
        let digits = value.strip_prefix('$').unwrap_or(&value);
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let amount = is_plain.then(|| amount::plain(digits)).flatten();
        amount
            .map(Some)
            .ok_or_else(|| refused(&source, format!("must be an amount in USD, such as 500 or 99.50, not \"{value}\"")))
    }

    pub(super) fn seconds(&mut self, name: &'static str, range: RangeInclusive<f64>) -> Result<Duration, ConfigError> {
        let (value, source) = self.find(name);
        let seconds = value.parse::<f64>().ok().filter(|seconds| range.contains(seconds));
        let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        seconds.ok_or_else(|| {
            let (least, most) = range.into_inner();
            refused(&source, format!("must be seconds, from {least} to {most}, not \"{value}\""))
        })
    }

    pub(super) fn switch(&mut self, name: &'static str) -> Result<bool, ConfigError> {
        let (value, source) = self.find(name);
        let on = match value.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => true,
            "0" | "false" | "no" | "off" => false,
            _ => return Err(refused(&source, format!("must be 1 or 0, not \"{value}\""))),
        };
        if let Some(given) = self.given.last_mut() {
            given.value = if on { "on".into() } else { "off".into() };
        }
        Ok(on)
    }
}

/// Why a value of this setting counts as not set.
fn why_unfilled(name: &str, value: &str) -> Option<&'static str> {
    if name == TOKEN { unfilled_token(value) } else { unfilled(value) }
}

/// Whether the log is to be JSON, as far as that can be known before the settings are read: what keeps the program from
/// starting is told in the form of the log, too.
#[must_use]
pub fn logs_json(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> bool {
    let arguments: Vec<String> =
        arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let flag = format!("--{LOG_FORMAT}");
    let apart = arguments.windows(2).find(|pair| pair.first() == Some(&flag)).and_then(|pair| pair.get(1).cloned());
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix(&format!("{flag}=")).map(str::to_owned));
    let variables = setting(LOG_FORMAT).map_or(&[][..], |setting| setting.environment);
    let set = || variables.iter().find_map(|variable| environment.get(variable).map(str::to_owned));
    apart.or(joined).or_else(set).is_some_and(|format| format == "json")
}

pub(super) fn refused(source: &Source, problem: impl Into<String>) -> ConfigError {
    ConfigError { origin: source.to_string(), problem: problem.into() }
}
