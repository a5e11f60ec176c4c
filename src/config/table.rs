//! The table of the settings for the documentation.

use clap::{Args, Command};

use super::account::IGNORED;
use super::flags::{Flags, NO_LIMIT, USUAL_LEDGER, USUAL_TOOLSETS};
use super::source::{value_name, with_unit};

/// Our own words among the values of settings.
pub const OWN_VALUES: [&str; 4] = [NO_LIMIT, USUAL_TOOLSETS, USUAL_LEDGER, IGNORED];

/// A row for each flag: name, flag, variable, default, purpose.
#[must_use]
pub fn flag_table() -> Vec<[String; 5]> {
    let command = Flags::augment_args(Command::new("settings"));
    let rows = command.get_arguments().map(|argument| {
        let name = argument.get_long().unwrap_or_default();
        let value = value_name(argument).map(|value| format!(" {value}")).unwrap_or_default();
        let default = argument.get_default_values().first().map(|text| with_unit(argument, &text.to_string_lossy()));
        [
            name.to_owned(),
            format!("--{name}{value}"),
            argument.get_env().unwrap_or_default().to_string_lossy().into_owned(),
            default.unwrap_or_else(|| "off".into()),
            argument.get_help().map(ToString::to_string).unwrap_or_default(),
        ]
    });
    rows.collect()
}
