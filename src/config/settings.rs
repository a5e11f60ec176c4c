//! Every setting, in one table.

use super::DEFAULT_ORIGIN;

/// A setting: how it is given, and what it is for. The command line, the environment, `check` and the README are all
/// read from this table.
#[derive(Debug)]
pub struct Setting {
    /// Its name, which is its flag where it has one.
    pub name: &'static str,
    /// How it may be given on the command line.
    pub flag: Flag,
    /// The environment variables, the first that is set wins.
    pub environment: &'static [&'static str],
    /// The field of the credential file.
    pub file_field: Option<&'static str>,
    /// What holds when nothing is set.
    pub default: &'static str,
    /// What it is for.
    pub help: &'static str,
}

impl Setting {
    /// A value of it with its unit, as far as it is a number.
    #[must_use]
    pub fn shown(&self, value: &str) -> String {
        let number = value.trim_start_matches('$');
        match self.flag {
            _ if number.parse::<f64>().is_err() => value.to_owned(),
            Flag::Value("SECONDS") => format!("{number} s"),
            Flag::Value("MINUTES") => format!("{number} min"),
            Flag::Value("USD") => format!("${number}"),
            _ => value.to_owned(),
        }
    }
}

/// How a setting may be given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Not at all: process lists show command lines.
    None,
    /// `--name`
    Switch,
    /// `--name VALUE`
    Value(&'static str),
}

pub(super) const TOKEN: &str = "token";
pub(super) const BASE_URL: &str = "base-url";
pub(super) const TIMEOUT: &str = "timeout";
pub(super) const HUMAN_WAIT: &str = "human-wait";
pub(super) const SANDBOX: &str = "sandbox";
pub(super) const SANDBOX_PORT: &str = "sandbox-port";
pub(super) const READ_ONLY: &str = "read-only";
pub(super) const TOOLSETS: &str = "toolsets";
pub(super) const MAX_MILESTONE_USD: &str = "max-milestone-usd";
pub(super) const MAX_DAY_USD: &str = "max-day-usd";
pub(super) const DUPLICATE_WINDOW: &str = "duplicate-window";
pub(super) const TOOL_PREFIX: &str = "tool-prefix";
pub(super) const AUDIT_LOG: &str = "audit-log";
pub(super) const NO_RECORD: &str = "no-record";
pub(super) const SANDBOX_FAULT: &str = "sandbox-fault";
pub(super) const LOG_FORMAT: &str = "log-format";
pub(super) const LOG_FILTER: &str = "log-filter";

/// The setting of that name.
pub(super) fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: TOKEN,
        flag: Flag::None,
        environment: &["OT_API_TOKEN", "OPENTRAIN_API_TOKEN", "OPENTRAIN_PERSONAL_API_TOKEN"],
        file_field: Some("apiToken"),
        default: "none",
        help: "OpenTrain API token (ot_pat_…). Never a flag: process lists show those",
    },
    Setting {
        name: BASE_URL,
        flag: Flag::None,
        environment: &["OPENTRAIN_API_BASE_URL", "OT_API_BASE_URL"],
        file_field: Some("baseUrl"),
        default: DEFAULT_ORIGIN,
        help: "Origin of the API; https, or http on loopback",
    },
    Setting {
        name: TIMEOUT,
        flag: Flag::Value("SECONDS"),
        environment: &["OPENTRAIN_TIMEOUT"],
        file_field: None,
        default: "30",
        help: "Limit for one HTTP attempt, from 0.1. A whole call is answered within 50 s whatever is set here",
    },
    Setting {
        name: HUMAN_WAIT,
        flag: Flag::Value("SECONDS"),
        environment: &["OPENTRAIN_HUMAN_WAIT"],
        file_field: None,
        default: "40",
        help: "How long a call may wait for a person whose host has opened a page; 0 for not at all. More than 40 lets \
               calls last longer than 50 s: only for hosts that allow it",
    },
    Setting {
        name: SANDBOX,
        flag: Flag::Switch,
        environment: &["OPENTRAIN_SANDBOX"],
        file_field: None,
        default: "off",
        help: "Work on a small OpenTrain on this machine: no account, no token, nothing real. Token and base URL are \
               ignored, the credential file is not read",
    },
    Setting {
        name: SANDBOX_PORT,
        flag: Flag::Value("PORT"),
        environment: &["OPENTRAIN_SANDBOX_PORT"],
        file_field: None,
        default: "27610",
        help: "Loopback port of the sandbox; servers of the same user share one",
    },
    Setting {
        name: READ_ONLY,
        flag: Flag::Switch,
        environment: &["OPENTRAIN_READ_ONLY"],
        file_field: None,
        default: "off",
        help: "List only tools that read; a write that is called all the same is refused before anything is sent",
    },
    Setting {
        name: TOOLSETS,
        flag: Flag::Value("A,B"),
        environment: &["OPENTRAIN_TOOLSETS"],
        file_field: None,
        default: "all but team, tokens and webhooks",
        help: "Families of tools to serve, separated by commas, or all; what is not listed cannot be called",
    },
    Setting {
        name: TOOL_PREFIX,
        flag: Flag::Value("PREFIX"),
        environment: &["OPENTRAIN_TOOL_PREFIX"],
        file_field: None,
        default: "none",
        help: "Put before every tool's name, such as ot_, where several servers meet. The names of OpenTrain's own server \
               (opentrain_…) are always taken too",
    },
    Setting {
        name: MAX_MILESTONE_USD,
        flag: Flag::Value("USD"),
        environment: &["OPENTRAIN_MAX_MILESTONE_USD"],
        file_field: None,
        default: "no limit",
        help: "The most that one milestone may cost, before fees: when it is created, funded or released, or comes \
               with a hire. What cannot be determined is refused",
    },
    Setting {
        name: MAX_DAY_USD,
        flag: Flag::Value("USD"),
        environment: &["OPENTRAIN_MAX_DAY_USD"],
        file_field: None,
        default: "no limit",
        help: "The most that may be created, or asked to be funded, released or hired for, in one day (UTC), before \
               fees; each milestone counts once. Counted from the record of writes, which it needs",
    },
    Setting {
        name: AUDIT_LOG,
        flag: Flag::Value("FILE"),
        environment: &["OPENTRAIN_AUDIT_LOG"],
        file_field: None,
        default: "~/.local/state/opentrain-mcp/record.jsonl",
        help: "Record every write here (a whole path): one JSON line before it leaves and one after; several servers may \
               share it. A write that cannot be recorded here is refused. Without this setting, writes are recorded in \
               the default place, which XDG_STATE_HOME moves (a sandbox's in sandbox.jsonl beside it), and go on with a \
               warning if that cannot be written",
    },
    Setting {
        name: NO_RECORD,
        flag: Flag::Switch,
        environment: &["OPENTRAIN_NO_RECORD"],
        file_field: None,
        default: "off",
        help: "Record no writes. After a crash the server then knows of no write that was under way, and a limit for the \
               day is refused",
    },
    Setting {
        name: DUPLICATE_WINDOW,
        flag: Flag::Value("MINUTES"),
        environment: &["OPENTRAIN_DUPLICATE_WINDOW"],
        file_field: None,
        default: "15",
        help: "How long a milestone with the same terms counts as the same one, and is given back in place of a second; \
               0 for never",
    },
    Setting {
        name: SANDBOX_FAULT,
        flag: Flag::Value("FAULTS"),
        environment: &["OPENTRAIN_SANDBOX_FAULT"],
        file_field: None,
        default: "none",
        help: "Faults for the sandbox to play, such as lost-reply@create_milestone:1 (the first call's reply is lost). \
               The sandbox is not shared then",
    },
    Setting {
        name: LOG_FORMAT,
        flag: Flag::Value("FORMAT"),
        environment: &["OPENTRAIN_LOG_FORMAT"],
        file_field: None,
        default: "text",
        help: "Format of the log on stderr: text or json",
    },
    Setting {
        name: LOG_FILTER,
        flag: Flag::None,
        environment: &["RUST_LOG"],
        file_field: None,
        default: "warn,rmcp=error",
        help: "What is logged, such as debug or opentrain_mcp=debug",
    },
];
