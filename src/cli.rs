//! What was typed. The flags of the settings are made from their table; what they mean is `config`'s.

mod install;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Parser, Subcommand};

use crate::config::{Flag, Flags, SETTINGS, Setting};

pub(crate) use install::{Install, Uninstall};

/// MCP server for OpenTrain AI: contracts, milestones, and the people who approve them, for AI agents.
///
/// Without a command it serves MCP on stdin and stdout; this is what hosts start. Starting binds no port, calls nobody,
/// and writes nothing, but for an empty file that --audit-log names. Try everything without an account:
/// `opentrain-mcp demo`, or add --sandbox.
#[derive(Debug, Parser)]
#[command(version, propagate_version = false, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    // Before the settings: these are told which command shows them.
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
    #[command(flatten)]
    pub(crate) typed: Typed,
}

const AFTER_HELP: &str = "The token is set in the environment as OT_API_TOKEN, never as a flag; \
    `opentrain-mcp check` tells what is set, where it came from, and whether it works.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Serve MCP on stdin and stdout (what happens without a command)
    Serve,
    /// Show the main job on a sandbox of its own: an account is claimed, a milestone made, funded and paid
    ///
    /// A real MCP client talks to the real server, over a sandbox on a free loopback port; the person's part is done on
    /// the real pages: a code is typed, a key made, buttons are pressed. A reply is lost on the way, and a limit holds.
    /// Exit status 0 when all of it went as expected.
    Demo,
    /// List the tools: what each takes, and the first sentence of its description
    Tools {
        /// Print exactly what MCP's tools/list serves
        #[arg(long)]
        json: bool,
    },
    /// Call one tool from the shell
    ///
    /// Prints the text that a model reads. Exit status 1 when the tool answers with an error. Examples:
    ///   opentrain-mcp --sandbox call list_contracts
    ///   opentrain-mcp --sandbox call get_contract '{"contractId": "ctr_8Kq2"}'
    #[command(verbatim_doc_comment)]
    Call {
        /// The tool's name
        tool: String,
        /// Its arguments, a JSON object; - reads them from stdin
        #[arg(value_name = "JSON", default_value = "{}")]
        arguments: String,
        /// Print the whole result of the call, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Add this server to the hosts on this machine: Claude Desktop, Cursor, VS Code, Codex, …
    ///
    /// Writes one entry into the configuration file of each host, with the absolute path of this program, and keeps a copy
    /// of the file beside it. Settings that are given as flags become arguments of the entry; the token is never written.
    /// Without HOST it takes every host that is found. Exit status 1 when a file was left alone.
    Install(Install),
    /// Remove this server from the hosts on this machine
    ///
    /// A file that has not changed since the installation becomes what it was before; else only our entries go.
    /// Exit status 1 when a file was left alone.
    Uninstall(Uninstall),
    /// Tell what is set, where it came from, and whether OpenTrain accepts it
    ///
    /// Give it the flags that the server is started with, and it tells what that server would be told.
    /// Reads the token's status and the account's features, and says which tools would be refused, why, and what to do.
    /// Exit status 1 when something would be refused.
    Check,
    /// Stop all writes of every running server of this user, at once
    ///
    /// They refuse each write and say why, until `opentrain-mcp thaw`. Nothing has to be restarted.
    Freeze {
        /// Why; agents are told
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Let writes through again
    Thaw,
    /// Revoke the token in the credential file, and forget the account that is kept there
    ///
    /// A token in the environment is neither revoked nor forgotten.
    Logout,
    /// Print the record of writes for a person: those whose outcome is not known first
    Audit {
        /// The file; the record of this user's servers when it is left out (with --sandbox, that of the sandbox)
        file: Option<PathBuf>,
    },
    /// Compare an OpenAPI document with what this server knows of the API
    ///
    /// Tells what is new, gone or different there: methods, paths, fields, what is required, scopes where it states them.
    /// Exit status 1 when something is.
    Drift {
        /// The document; the one that the API serves when it is left out, which needs no token
        #[arg(value_name = "FILE|URL")]
        document: Option<String>,
    },
    /// Serve the sandbox alone, for other programs to call
    Sandbox {
        /// Where to listen; loopback only
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:27610")]
        listen: SocketAddr,
        /// Print where the sandbox had to assume what the API's reference does not say, and exit
        #[arg(long)]
        assumptions: bool,
    },
}

/// The flags of the settings, as typed.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub(crate) Flags);

impl Typed {
    /// The flags again, as the arguments of a server that has the same settings.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let typed = SETTINGS.iter().filter_map(|setting| Some((setting, self.0.get(setting.name)?)));
        let arguments = typed.flat_map(|(setting, value)| match setting.flag {
            Flag::None => vec![],
            Flag::Switch => vec![format!("--{}", setting.name)],
            Flag::Value(_) => vec![format!("--{}", setting.name), value.clone()],
        });
        arguments.collect()
    }
}

/// The settings that matter to a command, where not all of them do. The others are taken all the same, since hosts and
/// scripts put them before any command, but its help does not show them.
const MATTER: &[(&str, &[&str])] = &[
    ("demo", &[]),
    ("uninstall", &[]),
    ("tools", &["read-only", "toolsets", "tool-prefix"]),
    ("freeze", &[]),
    ("thaw", &[]),
    ("logout", &["timeout"]),
    ("audit", &["audit-log", "sandbox"]),
    ("drift", &["timeout"]),
    ("sandbox", &["sandbox-fault", "log-format"]),
];

/// The flag of a setting, if it has one.
fn argument(setting: &Setting) -> Option<Arg> {
    let default = setting.shown(setting.default);
    let variables = setting.environment.join(", ");
    let help = format!("{} [default: {default}] [environment: {variables}]", setting.help);
    let argument = Arg::new(setting.name).long(setting.name).help(help).global(true).help_heading("Settings");
    match setting.flag {
        Flag::None => None,
        Flag::Switch => Some(argument.action(ArgAction::SetTrue)),
        // A negative number is a value: what is wrong with it is told where it is read.
        Flag::Value(name) => Some(argument.value_name(name).allow_negative_numbers(true)),
    }
}

/// Hides the settings that do not matter to `command`, which has them from the whole by now.
fn with_what_matters(command: Command) -> Command {
    let Some((_, matter)) = MATTER.iter().find(|(name, _)| *name == command.get_name()) else { return command };
    command.mut_args(|argument| {
        let name = argument.get_id().as_str();
        let hides = SETTINGS.iter().any(|setting| setting.name == name) && !matter.contains(&name);
        argument.hide(hides)
    })
}

impl Args for Typed {
    fn augment_args(command: Command) -> Command {
        // Deferred: only the command that is typed is worth the work.
        let command = command.mut_subcommands(|command| command.defer(with_what_matters));
        command.args(SETTINGS.iter().filter_map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut typed = Self::default();
        typed.update_from_arg_matches(matches)?;
        Ok(typed)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in SETTINGS {
            let value = match setting.flag {
                Flag::None => None,
                Flag::Switch => matches.get_flag(setting.name).then(|| "1".to_owned()),
                Flag::Value(_) => matches.get_one::<String>(setting.name).cloned(),
            };
            self.0.extend(value.map(|value| (setting.name, value)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn what_matters_to_a_command_is_a_setting_and_the_command_is_there() {
        Cli::command().debug_assert();
        for (command, matter) in MATTER {
            assert!(Cli::command().find_subcommand(command).is_some(), "{command}");
            for name in *matter {
                assert!(SETTINGS.iter().any(|setting| setting.name == *name), "{command}: {name}");
            }
        }
    }
}
