//! Declares every setting that has a flag: one declaration gives the flag, its variable, its default, its help, and the
//! tables in the documentation and in `check`. `resolve` decides what the values mean together.

use std::ffi::OsString;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use rust_decimal::Decimal;
use tracing_subscriber::filter::Targets;

use crate::answer::{Shown, quoted, shown};

#[cfg(feature = "http")]
use super::http_flags::HttpFlags;

use super::ledger_url::LedgerUrl;
use super::names::HEADING;
use super::source::{ResolvedSetting, Source};
use super::values::{
    Confirm, LogFormat, Notify, Reader, confirm, dollars, log_format, minutes, notify, optional, port, seconds, switch,
    text, tool_prefix,
};

pub(super) const NO_LIMIT: &str = "no limit";
const NONE: &str = "none";
pub(super) const USUAL_TOOLSETS: &str = "all but team, tokens and webhooks";
const USUAL_RECORD: &str = "~/.local/state/opentrain-mcp/record.jsonl";

pub(super) const USUAL_LEDGER: &str = "files of this user";

/// clap treats an `Option` as an argument without a default. These settings have a default, which means none.
type Optional<T> = Option<T>;

/// The settings that have a flag: from the flag, the variable, or the default.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = HEADING)]
pub struct Flags {
    /// Limit for one HTTP attempt, from 0.1 to 600. A whole call is answered within 50 s whatever is set here
    #[arg(long, value_name = "SECONDS", env = "OPENTRAIN_TIMEOUT", default_value = "30")]
    #[arg(value_parser = Reader(seconds(0.1..=600.0)), allow_hyphen_values = true)]
    pub timeout: Duration,

    /// How long a call may wait for the user whose host has opened a page or a form, up to 3600; 0: it does not wait. With more
    /// than 40, calls may last longer than 50 s: only for hosts that allow it
    #[arg(long, value_name = "SECONDS", env = "OPENTRAIN_HUMAN_WAIT", default_value = "40")]
    #[arg(value_parser = Reader(seconds(0.0..=3600.0)), allow_hyphen_values = true)]
    pub human_wait: Duration,

    /// Work on a small OpenTrain on this machine: no account, no token, nothing real. The token, the base URL and the
    /// credential file are ignored
    #[arg(long, env = "OPENTRAIN_SANDBOX", value_parser = Reader(switch))]
    pub sandbox: bool,

    /// Loopback port of the sandbox. The servers of one user share a sandbox
    #[arg(long, value_name = "PORT", env = "OPENTRAIN_SANDBOX_PORT", default_value = "27610")]
    #[arg(value_parser = Reader(port), allow_hyphen_values = true)]
    pub sandbox_port: u16,

    /// List only tools that read. A write that is called all the same is refused before anything is sent
    #[arg(long, env = "OPENTRAIN_READ_ONLY", value_parser = Reader(switch))]
    pub read_only: bool,

    /// Families of tools to serve, separated by commas, or all. Tools of other families cannot be called
    #[arg(long, value_name = "FAMILIES", env = "OPENTRAIN_TOOLSETS", default_value = USUAL_TOOLSETS)]
    #[arg(value_parser = Reader(optional(USUAL_TOOLSETS, families)))]
    pub toolsets: Optional<String>,

    /// Put before the name of every tool, such as ot_, where several servers meet: up to 20 letters, digits, _ or -.
    /// Calls by the names of OpenTrain's own server (opentrain_…) work in any case
    #[arg(long, value_name = "PREFIX", env = "OPENTRAIN_TOOL_PREFIX", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, tool_prefix)))]
    pub tool_prefix: Optional<String>,

    /// The most that one milestone may cost, before fees: when it is created, funded or released, or comes with a hire.
    /// A cost that cannot be determined is refused
    #[arg(long, value_name = "USD", env = "OPENTRAIN_MAX_MILESTONE_USD", default_value = NO_LIMIT)]
    #[arg(value_parser = Reader(optional(NO_LIMIT, dollars)), allow_hyphen_values = true)]
    pub max_milestone_usd: Optional<Decimal>,

    /// The most that may be created, or requested to be funded, released or hired for, in one day (UTC), before fees.
    /// Each milestone counts once. The sum comes from the record of writes, which this limit needs
    #[arg(long, value_name = "USD", env = "OPENTRAIN_MAX_DAY_USD", default_value = NO_LIMIT)]
    #[arg(value_parser = Reader(optional(NO_LIMIT, dollars)), allow_hyphen_values = true)]
    pub max_day_usd: Optional<Decimal>,

    /// Who says yes before a call that takes effect at once and cannot be taken back, such as end_contract or publish_job.
    /// host: that is left to the host's own questions. person: a person, in a form that the host shows; where it cannot
    /// show one, the call is refused
    #[arg(long, value_name = "WHO", env = "OPENTRAIN_CONFIRM", default_value = "host")]
    #[arg(value_parser = Reader(confirm))]
    pub confirm: Confirm,

    /// Record every write in this file (an absolute path): one JSON line before the write leaves and one after it.
    /// Several servers may share the file. A write that cannot be recorded here is refused. Without this setting the
    /// record is in the default place, which XDG_STATE_HOME moves (a sandbox's is sandbox.jsonl beside it); if that
    /// cannot be written, the server warns and goes on
    #[arg(long, value_name = "FILE", env = "OPENTRAIN_AUDIT_LOG", default_value = USUAL_RECORD)]
    #[arg(value_parser = Reader(optional(USUAL_RECORD, text)))]
    pub audit_log: Optional<String>,

    /// Share a ledger with servers on other machines: postgres://USER@HOST/DATABASE. It takes the place of the record's file,
    /// and holds the locks of creates and a stop switch, too. Its password goes into the variable or into PGPASSWORD: others
    /// can read a command line
    #[arg(long, value_name = "URL", env = "OPENTRAIN_LEDGER", default_value = USUAL_LEDGER)]
    #[arg(value_parser = Reader(optional(USUAL_LEDGER, LedgerUrl::read)))]
    pub ledger: Optional<LedgerUrl>,

    /// Record no writes. After a crash the server then does not know which write was under way; a limit for the day is
    /// refused
    #[arg(long, env = "OPENTRAIN_NO_RECORD", value_parser = Reader(switch))]
    pub no_record: bool,

    /// How long a milestone with the same terms counts as the same one, up to 10080: a second create then returns the
    /// first milestone. 0: never
    #[arg(long, value_name = "MINUTES", env = "OPENTRAIN_DUPLICATE_WINDOW", default_value = "15")]
    #[arg(value_parser = Reader(minutes), allow_hyphen_values = true)]
    pub duplicate_window: Duration,

    /// Faults for the sandbox to play, such as lost-reply@create_milestone:1 (the first call's reply is lost). A
    /// sandbox with faults is not shared
    #[arg(long, value_name = "FAULTS", env = "OPENTRAIN_SANDBOX_FAULT", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, text)))]
    pub sandbox_fault: Optional<String>,

    /// Tell a person of each step that waits for one, with link, amount and trainer, once; and again when it expires within
    /// 12 hours. An https address gets it as JSON by POST; anything else is a command of the shell, which gets the JSON on
    /// stdin. For agents without a chat
    #[arg(long, value_name = "URL|COMMAND", env = "OPENTRAIN_NOTIFY", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, notify)), allow_hyphen_values = true)]
    pub notify: Optional<Notify>,
    /// The settings of a server over HTTP.
    #[cfg(feature = "http")]
    #[command(flatten)]
    pub http: HttpFlags,

    /// Format of the log on stderr: text or json
    #[arg(long, value_name = "FORMAT", env = "OPENTRAIN_LOG_FORMAT", default_value = "text")]
    #[arg(value_parser = Reader(log_format))]
    pub log_format: LogFormat,

    /// What is logged: a level (error, warn, info, debug, trace), for a part too, such as opentrain_mcp=debug
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "warn,rmcp=error")]
    #[arg(value_parser = Reader(filter))]
    pub log_filter: Targets,

    /// Each of these settings with its printable value and its source.
    #[arg(skip)]
    pub resolved: Vec<ResolvedSetting>,
}

impl Flags {
    /// Reads the command line, and the variables of the settings that it does not name. Also returns what clap read for
    /// the other arguments of `command`.
    ///
    /// # Errors
    /// What clap cannot read. An error in a value names the flag or the variable.
    pub fn read(command: impl Fn() -> Command, line: &[OsString]) -> Result<(Self, ArgMatches), clap::Error> {
        let mut whole = command();
        let matches = match whole.try_get_matches_from_mut(line) {
            Err(fault) if fault.kind() == ErrorKind::ValueValidation => {
                whole = without_overridden_variables(&command, line)?;
                whole.try_get_matches_from_mut(line)?
            }
            matches => matches?,
        };
        let command = whole;
        let resolved = ResolvedSetting::of_flags(&command, &matches);
        Ok((Self { resolved, ..Self::from_arg_matches(&matches)? }, matches))
    }

    /// The flags that were typed, for an entry that starts a server with the same settings.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        self.resolved.iter().flat_map(|setting| setting.typed.clone()).collect()
    }

    /// Where the value of a setting came from.
    #[must_use]
    pub fn source(&self, name: &str) -> Source {
        let setting = self.resolved.iter().find(|setting| setting.name == name);
        setting.map_or(Source::Default, |setting| setting.source.clone())
    }
}

/// A flag before the name of a command does not keep clap from reading the flag's variable again after the name, and
/// the other way round. So a wrong variable would refuse a start for which it does not count.
fn without_overridden_variables(command: impl Fn() -> Command, line: &[OsString]) -> Result<Command, clap::Error> {
    let mut bare = command().mut_args(|argument| argument.env(None::<&str>));
    let matches = bare.try_get_matches_from_mut(line)?;
    let given: Vec<String> = ResolvedSetting::of_flags(&bare, &matches)
        .into_iter()
        .filter(|setting| matches!(setting.source, Source::Flag(_)))
        .map(|setting| setting.name)
        .collect();
    Ok(command().mut_args(|argument| {
        let is_given = argument.get_long().is_some_and(|name| given.iter().any(|given| given == name));
        if is_given { argument.env(None::<&str>) } else { argument }
    }))
}

/// Accepts any list: only the tools know the names of families.
#[expect(clippy::unnecessary_wraps, reason = "a reader of values may refuse one")]
fn families(list: &str) -> Result<String, Shown> {
    Ok(list.to_owned())
}

fn filter(text: &str) -> Result<Targets, Shown> {
    text.parse().map_err(|fault: tracing_subscriber::filter::ParseError| {
        let why = quoted(&fault.to_string());
        shown!("must be levels, such as debug or warn,opentrain_mcp=debug, not {} ({})", quoted(text), why)
    })
}
