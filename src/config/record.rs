//! Decides where writes are recorded.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::answer::shown;

use super::environment::Environment;
use super::error::{ConfigError, refused};
use super::flags::Flags;
use super::source::Source;

/// Where writes are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordPlace {
    /// In the file that the operator names.
    Named(PathBuf),
    /// Where this user's programs keep their state.
    Default(PathBuf),
    /// In the database of the ledger, whose address is printable.
    Ledger(String),
    /// Nowhere, since there is no home folder.
    Missing,
    /// Nowhere, since the operator wants no record.
    Off,
}

impl RecordPlace {
    /// The file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Named(path) | Self::Default(path) => Some(path),
            Self::Ledger(_) | Self::Missing | Self::Off => None,
        }
    }
}

impl fmt::Display for RecordPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(path) | Self::Default(path) => write!(formatter, "{}", path.display()),
            Self::Ledger(address) => formatter.write_str(address),
            Self::Missing => formatter.write_str("none: there is no home folder (HOME, XDG_STATE_HOME)"),
            Self::Off => formatter.write_str("none: --no-record"),
        }
    }
}

/// A limit for the day needs a record to count from.
pub(super) fn place(flags: &Flags, environment: &Environment) -> Result<RecordPlace, ConfigError> {
    if let Some(address) = &flags.ledger {
        let contradicting = ["audit-log", "no-record"].map(|name| flags.source(name));
        return match contradicting.into_iter().find(|source| *source != Source::Default) {
            Some(source) => Err(refused(&source, "contradicts --ledger (OPENTRAIN_LEDGER): give one of them")),
            None => Ok(RecordPlace::Ledger(address.to_string())),
        };
    }
    let name = if flags.sandbox { "sandbox.jsonl" } else { "record.jsonl" };
    let place = match (&flags.audit_log, flags.no_record, environment.state_folder()) {
        (Some(_), true, _) => {
            let problem = "contradicts --audit-log (OPENTRAIN_AUDIT_LOG): give one of them";
            return Err(refused(&flags.source("no-record"), problem));
        }
        (Some(path), false, _) => RecordPlace::Named(PathBuf::from(path)),
        (None, true, _) => RecordPlace::Off,
        (None, false, Some(folder)) => RecordPlace::Default(folder.join(name)),
        (None, false, None) => RecordPlace::Missing,
    };
    let missing = match place {
        RecordPlace::Off => "leave out --no-record (OPENTRAIN_NO_RECORD)",
        RecordPlace::Missing => {
            "there is no home folder for it: set --audit-log FILE (OPENTRAIN_AUDIT_LOG), HOME or XDG_STATE_HOME"
        }
        RecordPlace::Named(_) | RecordPlace::Default(_) | RecordPlace::Ledger(_) => return Ok(place),
    };
    if flags.max_day_usd.is_none() {
        return Ok(place);
    }
    Err(refused(&flags.source("max-day-usd"), shown!("is counted from the record of writes: {}", missing)))
}
