//! Where writes are recorded, as the settings say.

use std::path::{Path, PathBuf};

use super::settings::{AUDIT_LOG, MAX_DAY_USD, NO_RECORD};
use super::{ConfigError, Lookup, refused};

/// Where writes are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordPlace {
    /// Where the operator says.
    Named(PathBuf),
    /// Where state of this user's programs is kept.
    Default(PathBuf),
    /// Nowhere: there is no home folder.
    Missing,
    /// Nowhere: the operator wants no record.
    Off,
}

impl RecordPlace {
    /// The file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Named(path) | Self::Default(path) => Some(path),
            Self::Missing | Self::Off => None,
        }
    }
}

/// Where writes are recorded; a limit for the day has to be counted somewhere.
pub(super) fn place(lookup: &mut Lookup<'_>, sandbox: bool, is_counted: bool) -> Result<RecordPlace, ConfigError> {
    let named = lookup.set(AUDIT_LOG);
    let shown = lookup.given.len().checked_sub(1);
    let off = lookup.switch(NO_RECORD)?;
    let name = if sandbox { "sandbox.jsonl" } else { "record.jsonl" };
    let place = match (named, off, lookup.environment.state_folder()) {
        (Some(_), true, _) => {
            let (_, source) = lookup.look(NO_RECORD);
            return Err(refused(&source, "contradicts --audit-log (OPENTRAIN_AUDIT_LOG): give one of them"));
        }
        (Some((path, _)), false, _) => RecordPlace::Named(PathBuf::from(path)),
        (None, true, _) => RecordPlace::Off,
        (None, false, Some(folder)) => RecordPlace::Default(folder.join(name)),
        (None, false, None) => RecordPlace::Missing,
    };
    let (_, source) = lookup.look(MAX_DAY_USD);
    match place {
        RecordPlace::Off if is_counted => {
            return Err(refused(
                &source,
                "is counted from the record of writes: leave out --no-record (OPENTRAIN_NO_RECORD)",
            ));
        }
        RecordPlace::Missing if is_counted => {
            let why = "is counted from the record of writes, and there is no home folder for it: set --audit-log FILE \
                       (OPENTRAIN_AUDIT_LOG), HOME or XDG_STATE_HOME";
            return Err(refused(&source, why));
        }
        _ => {}
    }
    if let Some(given) = shown.and_then(|shown| lookup.given.get_mut(shown)) {
        given.value = match &place {
            RecordPlace::Named(path) | RecordPlace::Default(path) => path.display().to_string(),
            RecordPlace::Missing => "none: there is no home folder (HOME, XDG_STATE_HOME)".into(),
            RecordPlace::Off => "none: --no-record".into(),
        };
    }
    Ok(place)
}
