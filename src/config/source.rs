//! Finds the source of each setting's value.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

use clap::builder::Str;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::answer::{Shown, id, quoted_to, shown};

use super::environment::variable;
use super::ledger_url::LedgerUrl;
use super::names::HEADING;
use super::placeholder::unfilled;

/// The most characters of a path.
const LONGEST_PATH: usize = 400;

/// The source of a value, in the order of precedence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The flag of this name.
    Flag(String),
    /// The environment variable of this name.
    Variable(String),
    /// The credential file.
    File(PathBuf),
    /// Nothing was set.
    #[default]
    Default,
}

impl Source {
    /// The source for a reader.
    #[must_use]
    pub fn shown(&self) -> Shown {
        match self {
            Self::Flag(name) => shown!("--{}", id(name)),
            Self::Variable(name) => id(name),
            Self::File(path) => quoted_to(&path.display().to_string(), LONGEST_PATH),
            Self::Default => "default".into(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(formatter, "--{name}"),
            Self::Variable(name) => formatter.write_str(name),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A setting with its effective value.
#[derive(Clone, Debug, Default)]
pub struct ResolvedSetting {
    /// The name of the setting.
    pub name: String,
    /// Its value; never a secret.
    pub value: String,
    /// The source of the value.
    pub source: Source,
    /// The words of the command line that set it, if any.
    pub typed: Vec<String>,
    /// The flag or variable that is not used because nobody filled it in, and why.
    pub unfilled: Vec<(Source, &'static str)>,
}

impl ResolvedSetting {
    /// The first text that somebody filled in: the flag, the variable, or the default. Hosts pass a variable that they
    /// cannot expand as `${NAME}`.
    pub(super) fn of(argument: &Arg, given: &OsStr, source: ValueSource) -> Self {
        let name = argument.get_long().unwrap_or_else(|| argument.get_id().as_str()).to_owned();
        let text = |value: &OsStr| value.to_string_lossy().trim().to_owned();
        let typed = (source == ValueSource::CommandLine).then(|| (Source::Flag(name.clone()), text(given)));
        let set = argument.get_env().and_then(|name| Some((Source::Variable(text(name)), variable(name)?)));
        let mut not_used = Vec::new();
        for (source, value) in typed.into_iter().chain(set) {
            match unfilled(&value) {
                Some(why) => not_used.push((source, why)),
                None => return Self { name, value, source, unfilled: not_used, ..Self::default() },
            }
        }
        let default = argument.get_default_values().first().map(|default| text(default)).unwrap_or_default();
        Self { name, value: default, unfilled: not_used, ..Self::default() }
    }

    /// Resolves every setting that is a flag.
    pub(super) fn of_flags(command: &Command, matches: &ArgMatches) -> Vec<Self> {
        let flags = command.get_arguments().filter(|argument| argument.get_help_heading() == Some(HEADING));
        let resolved = flags.filter_map(|argument| {
            let id = argument.get_id().as_str();
            let given = matches.try_get_raw(id).ok()??.next()?;
            let mut setting = Self::of(argument, given, matches.value_source(id)?);
            let value = value_name(argument).map(|_| setting.value.clone());
            if let Source::Flag(name) = &setting.source {
                setting.typed = std::iter::once(format!("--{name}")).chain(value).collect();
            }
            // The address of a database may hold a password.
            if let Ok(Some(Some(address))) = matches.try_get_one::<Option<LedgerUrl>>(id) {
                setting.value = address.to_string();
            }
            setting.value = match matches.try_get_one::<bool>(id) {
                Ok(is_on) => if is_on == Some(&true) { "on" } else { "off" }.into(),
                Err(_) => with_unit(argument, &setting.value),
            };
            Some(setting)
        });
        resolved.collect()
    }
}

/// The name of the argument's value, if it takes one.
pub(super) fn value_name(argument: &Arg) -> Option<&str> {
    argument.get_value_names().filter(|_| argument.get_action().takes_values())?.first().map(Str::as_str)
}

/// Adds the unit to a number.
pub(super) fn with_unit(argument: &Arg, text: &str) -> String {
    let number = text.trim_start_matches('$');
    match value_name(argument) {
        _ if number.parse::<f64>().is_err() => text.to_owned(),
        Some("SECONDS") => format!("{number} s"),
        Some("MINUTES") => format!("{number} min"),
        Some("USD") => format!("${number}"),
        _ => text.to_owned(),
    }
}
