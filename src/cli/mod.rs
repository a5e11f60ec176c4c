//! The command line: commands and their arguments. `config` declares the flags of the settings and decides what they
//! mean.

#[cfg(feature = "http")]
mod agents;
mod install;
mod reconcile;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::{Environment, Flags};

#[cfg(feature = "http")]
pub(crate) use agents::Agents;
pub(crate) use install::{Install, Uninstall};
pub(crate) use reconcile::Reconcile;

/// MCP server for OpenTrain AI: contracts, milestones, and the people who approve them, for AI agents.
///
/// Without a command it serves MCP on stdin and stdout; hosts start it this way. The start binds no port, calls nobody,
/// and writes nothing except an empty file for --audit-log. Try everything without an account: `opentrain-mcp demo`, or
/// add --sandbox.
#[derive(Debug, Parser)]
#[command(version, propagate_version = false, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
    #[command(flatten)]
    /// The settings that are flags.
    pub flags: Flags,
}

const AFTER_HELP: &str = "The token is set in the environment as OT_API_TOKEN, never as a flag. `opentrain-mcp check` \
    shows every setting and its source, and whether OpenTrain accepts the token.";

/// A command.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Serve MCP on stdin and stdout, or with --http over HTTP (what happens without a command)
    Serve,
    /// Play the main job on a sandbox: claim an account, create, fund and pay a milestone
    ///
    /// A real MCP client talks to the real server, over a sandbox on a free loopback port. The demo does the user's
    /// part on the real pages: it types a code, makes a key and presses buttons. It loses a reply on the way, and
    /// reaches a limit. Exit status 0 when everything went as expected.
    Demo,
    /// List the tools, each with its parameters and the first sentence of its description
    Tools {
        /// Print exactly what MCP's tools/list serves
        #[arg(long)]
        json: bool,
    },
    /// Call one tool from the shell
    ///
    /// Prints the text that a model reads. Exit status 1 when the tool returns an error. Examples:
    ///   opentrain-mcp --sandbox call list_contracts
    ///   opentrain-mcp --sandbox call get_contract '{"contractId": "ctr_8Kq2"}'
    #[command(verbatim_doc_comment)]
    Call {
        /// The tool's name
        tool: String,
        /// The tool's arguments as a JSON object; - reads them from stdin
        #[arg(value_name = "JSON", default_value = "{}")]
        arguments: String,
        /// Print the whole result of the call, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Add this server to the hosts on this machine: Claude Desktop, Cursor, VS Code, Codex, …
    ///
    /// Writes one entry into the configuration file of each host, with the absolute path of this program, and keeps a
    /// copy of the file beside it. Settings that are given as flags become arguments of the entry; the token is never
    /// written. Without HOST it takes every host that is found. Exit status 1 when a file was left alone.
    Install(Install),
    /// Remove this server from the hosts on this machine
    ///
    /// A file that has not changed since the installation becomes what it was before; else only our entries go.
    /// Exit status 1 when a file was left alone.
    Uninstall(Uninstall),
    /// Show every setting and its source, and whether OpenTrain accepts the token
    ///
    /// Give it the flags of the server. It reads the token's status and the account's features, and names the tools that
    /// would be refused, why, and what to do. Exit status 1 when something would be refused.
    Check {
        /// Call every tool that reads once, and report where OpenTrain's answers differ from what this server assumes
        ///
        /// It writes nothing. The report names fields and kinds of values, and no value: you can send it to the project as
        /// it is. Exit status 1 when something differs.
        #[arg(long)]
        live: bool,
    },
    /// Manage the agents that may call a server over HTTP, and their keys
    #[cfg(feature = "http")]
    #[command(subcommand)]
    Agents(Agents),
    /// Stop all writes of every running server of this user, at once
    ///
    /// The servers refuse every write and say why, until `opentrain-mcp thaw`. They need no restart.
    Freeze {
        /// The reason, which agents read
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Let writes through again
    Thaw,
    /// Trust the proxy and the certificates that the environment names now, for the stored account
    ///
    /// A stored token is not sent while the environment alone names both a proxy (HTTPS_PROXY, ALL_PROXY) and roots of
    /// trust (SSL_CERT_FILE, SSL_CERT_DIR): together they could read it. Where both are yours, such as a company's
    /// proxy, run this once with the same environment.
    Trust,
    /// Save an API key that you have made in the app, after a check
    ///
    /// Prints the page where a key is made, and reads the key without showing it, or from a pipe. Says what the key may
    /// do and saves it where OpenTrain's own tools keep theirs. Running servers go on with it by themselves. For
    /// example: opentrain-mcp login < key.txt
    Login,
    /// Revoke the token in the credential file, and remove the account from the file
    ///
    /// A token in the environment stays valid.
    Logout,
    /// Print the requests on record that wait for a person, each with its link
    ///
    /// They are known from the record of writes, and each is looked up. Exit status 1 when one could not be looked up.
    Approvals {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare the record of writes with OpenTrain: every milestone from the request to the payout
    ///
    /// Says what does not fit, such as a milestone that nobody asked for here, another amount, or a confirmed request that
    /// was not carried out, each with what to do. Exit status 1 when something does not fit.
    Reconcile(Reconcile),
    /// Print the record of writes for a person: what is real first, day by day
    ///
    /// Writes with an unknown outcome come first of all. Exit status 1 when there is one.
    Audit {
        /// The file [default: the record of this user's servers, or with --sandbox that of the sandbox]
        file: Option<PathBuf>,
    },
    /// Compare an OpenAPI document with the API that this server knows
    ///
    /// Prints what is new, gone or different: methods, paths, fields, required fields, and scopes where the document
    /// names them. Exit status 1 when something differs.
    Drift {
        /// The document [default: the one that the API serves, which needs no token]
        #[arg(value_name = "FILE|URL")]
        document: Option<String>,
    },
    /// Print the completions for a shell
    ///
    /// For example: opentrain-mcp completions bash > ~/.local/share/bash-completion/completions/opentrain-mcp
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Serve only the sandbox, for other programs to call
    Sandbox {
        /// Address to listen on; loopback only
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:27610")]
        listen: SocketAddr,
        /// Print what the sandbox assumes where the API's reference says nothing, and exit
        #[arg(long)]
        assumptions: bool,
    },
}

/// The settings that matter to a command. The other settings are accepted, since hosts and scripts put them before any
/// command, but the command's help does not show them.
const MATTER: &[(&str, &[&str])] = &[
    ("demo", &[]),
    ("completions", &[]),
    ("uninstall", &[]),
    #[cfg(feature = "http")]
    ("agents", &["agents"]),
    ("tools", &["read-only", "toolsets", "tool-prefix"]),
    ("freeze", &["ledger"]),
    ("thaw", &["ledger"]),
    ("trust", &[]),
    ("login", &["timeout"]),
    ("logout", &["timeout"]),
    ("approvals", &["audit-log", "ledger", "sandbox", "sandbox-port", "timeout"]),
    ("reconcile", &["audit-log", "ledger", "sandbox", "sandbox-port", "timeout"]),
    ("audit", &["audit-log", "ledger", "sandbox"]),
    ("drift", &["timeout"]),
    ("sandbox", &["sandbox-fault", "log-format", "log-filter"]),
];

impl Cli {
    /// Parses the command line, and the variables of settings without a flag.
    ///
    /// # Errors
    /// A text for the user. Help and version are errors of clap, too.
    pub fn read(line: &[OsString]) -> Result<Self, clap::Error> {
        let (flags, matches) = Flags::read(command, line)?;
        Ok(Self { flags, ..Self::from_arg_matches(&matches)? })
    }
}

/// The script with which a shell completes the command line.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), env!("CARGO_PKG_NAME"), &mut script);
    // In half of its script for Bash, clap_complete treats the hyphen in a program's name as a separator
    // (clap-rs/clap#6421), so that no command would complete.
    String::from_utf8_lossy(&script).replace("opentrain__subcmd__mcp", "opentrain__mcp")
}

/// The command line of the program. Settings may stand before and after the name of a command.
#[must_use]
pub fn command() -> Command {
    let command = Cli::command().mut_args(|argument| argument.global(true).hide_env_values(true));
    // A command gets the settings only when it is built.
    command.mut_subcommands(|command| command.defer(with_what_matters))
}

/// Hides the settings that do not matter to a command in its help.
fn with_what_matters(command: Command) -> Command {
    let Some((_, matter)) = MATTER.iter().find(|(name, _)| *name == command.get_name()) else { return command };
    command.mut_args(|argument| {
        let is_setting = argument.get_help_heading().is_some();
        let matters = matter.iter().any(|name| argument.get_long() == Some(*name));
        argument.hide(is_setting && !matters)
    })
}

/// True if errors are JSON, as the log is. The command line itself could not be parsed.
#[must_use]
pub fn logs_json(line: &[OsString], environment: &Environment) -> bool {
    let words: Vec<_> = line.iter().map(|word| word.to_string_lossy()).collect();
    let typed = words.join("=");
    if typed.contains("--log-format=") {
        return typed.contains("--log-format=json");
    }
    environment.variable("OPENTRAIN_LOG_FORMAT") == Some("json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::flag_table;

    #[test]
    fn each_setting_that_matters_exists() {
        command().debug_assert();
        for (name, matter) in MATTER {
            assert!(command().find_subcommand(name).is_some(), "{name}");
            for setting in *matter {
                assert!(flag_table().iter().any(|[row, ..]| row == setting), "{name}: {setting}");
            }
        }
    }
}
