//! The stop switch. While it is on, every running server of this user refuses every write. The switch is a file, so
//! that it takes effect at once and survives restarts.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::answer::text::moment_of;
use crate::answer::{Denial, Shown, figure, quoted, quoted_to, shown};
use crate::files;

/// A warning for a server that has no switch file to check.
pub const UNREACHABLE: &str = "no `opentrain-mcp freeze` can stop this server: there is no home folder (HOME, \
                               XDG_CONFIG_HOME) for the stop switch";

/// The paths of the switch file. There may be several, because servers of one user may have different home folders.
#[derive(Clone, Debug, Default)]
pub struct Switch(Vec<PathBuf>);

/// The content of a switch that is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwitchState {
    /// The time at which the switch was turned on, as written in the file.
    pub since: String,
    /// The reason; empty if none was given.
    pub reason: String,
}

impl SwitchState {
    /// Parses the lines of a switch file.
    fn of(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
        Self { since: lines.next().unwrap_or_default(), reason: lines.next().unwrap_or_default() }
    }

    /// The state after another freeze: it keeps its time, and its reason unless a new one is given.
    pub(super) fn new(before: Option<&Self>, reason: &str, now: Timestamp) -> Self {
        let known = before.cloned().unwrap_or_default();
        let since = if known.since.is_empty() { format!("since {}", moment_of(now)) } else { known.since };
        let reason = if reason.trim().is_empty() { known.reason } else { reason.to_owned() };
        Self { since, reason }
    }

    /// The refusal of a write while the switch is on.
    pub(super) fn denial(self) -> Denial {
        let Self { since, reason } = self;
        let since = (!since.is_empty()).then(|| shown!(" {}", since_of(&since)));
        let why = (!reason.is_empty()).then(|| shown!(": {}", quoted(&reason)));
        Denial::frozen(shown!("The operator has stopped all writes{}{}", since, why))
    }
}

impl Switch {
    /// A switch that is on if a file exists at one of `paths`.
    #[must_use]
    pub const fn at(paths: Vec<PathBuf>) -> Self {
        Self(paths)
    }

    /// The paths of the switch file.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.0
    }

    /// Turns the switch on at every path. If it was on already, it keeps its time, takes the new reason, and the old
    /// content is returned.
    ///
    /// # Errors
    /// The file that could not be written. The other files are written nevertheless.
    pub fn freeze(&self, reason: &str) -> io::Result<Option<SwitchState>> {
        let before = self.0.iter().find_map(|path| files::read(path).ok());
        let before = before.map(|text| SwitchState::of(&String::from_utf8_lossy(&text)));
        let SwitchState { since, reason } = SwitchState::new(before.as_ref(), reason, Timestamp::now());
        let text = format!("{since}\n{reason}\n");
        self.everywhere(|path| {
            let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
            files::put(files::unnamed(folder)?, text.as_bytes(), path)
        })?;
        Ok(before)
    }

    /// Turns the switch off at every path. Returns `false` if it was off already.
    ///
    /// # Errors
    /// Every file that could not be removed.
    pub fn thaw(&self) -> io::Result<bool> {
        let mut was_on = false;
        self.everywhere(|path| match std::fs::remove_file(path) {
            Err(fault) if is_absent(&fault) => Ok(()),
            removed => removed.map(|()| was_on = true),
        })?;
        Ok(was_on)
    }

    /// Applies a change at every path, also after a failure at one of them.
    fn everywhere(&self, mut change: impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        let faults = self.0.iter().filter_map(|path| Some(format!("{}: {}", path.display(), change(path).err()?)));
        let faults: Vec<String> = faults.collect();
        if faults.is_empty() { Ok(()) } else { Err(io::Error::other(faults.join("; "))) }
    }

    /// Refuses a write if the switch is on at any path, or if its state cannot be read.
    ///
    /// # Errors
    /// The refusal.
    pub fn check(&self) -> Result<(), Denial> {
        self.0.iter().try_for_each(|path| match files::read(path) {
            Err(fault) if is_absent(&fault) => Ok(()),
            Ok(text) => Err(SwitchState::of(&String::from_utf8_lossy(&text)).denial()),
            Err(fault) => {
                let (path, fault) = (quoted_to(&path.display().to_string(), 400), quoted(&fault.to_string()));
                Err(Denial::frozen(shown!("The stop switch {} cannot be read ({})", path, fault)))
            }
        })
    }
}

/// `since 2026-06-12 10:00 UTC`, as this program writes it. Other words in the file are quoted.
fn since_of(line: &str) -> Shown {
    let since = line.strip_prefix("since ").and_then(|rest| rest.strip_suffix(" UTC"));
    match since.map(figure) {
        Some(moment) => shown!("since {} UTC", moment),
        None => quoted(line),
    }
}

/// True if there is no file, or there can be none.
fn is_absent(fault: &io::Error) -> bool {
    matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn switch(folder: &Path, names: &[&str]) -> Switch {
        Switch::at(names.iter().map(|name| folder.join(name)).collect())
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_as_record_stops_writes_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(std::process::Command::new("mkfifo").arg(folder.path().join("frozen")).status().unwrap().success());
        let denial = switch(folder.path(), &["frozen"]).check().unwrap_err();
        assert!(denial.message.contains("cannot be read"), "{}", denial.message);
    }

    #[test]
    fn is_on_from_freeze_to_thaw_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let switch = switch(folder.path(), &["a/frozen"]);
        assert!(switch.check().is_ok());
        assert_eq!(switch.freeze("too many milestones").unwrap(), None);
        let denial = switch.check().unwrap_err();
        assert_eq!(denial.reason, "frozen");
        assert!(denial.message.contains("«too many milestones»"), "{}", denial.message);
        assert!(switch.thaw().unwrap() && !switch.thaw().unwrap());
        assert!(switch.check().is_ok());
    }

    #[test]
    fn a_second_reason_replaces_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let switch = switch(folder.path(), &["frozen"]);
        switch.freeze("one").unwrap();
        let since = SwitchState::of(&std::fs::read_to_string(folder.path().join("frozen")).unwrap()).since;
        for (given, before) in [("two", "one"), ("", "two")] {
            let said = SwitchState { since: since.clone(), reason: before.into() };
            assert_eq!(switch.freeze(given).unwrap(), Some(said), "{given}");
        }
        assert!(switch.check().unwrap_err().message.contains("«two»"));
    }

    #[test]
    fn either_of_two_places_stops_and_thaw_clears_both() {
        let folder = tempfile::tempdir().unwrap();
        let (both, other) = (switch(folder.path(), &["a/frozen", "b/frozen"]), switch(folder.path(), &["b/frozen"]));
        both.freeze("drill").unwrap();
        assert!(other.check().is_err());
        assert!(both.thaw().unwrap() && other.check().is_ok());
        other.freeze("drill").unwrap();
        assert!(both.check().is_err());
    }

    #[test]
    fn one_writable_switch_is_enough_to_freeze() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let switch = switch(folder.path(), &["file/frozen", "b/frozen"]);
        assert!(switch.freeze("drill").unwrap_err().to_string().contains("file/frozen"));
        assert!(switch.check().unwrap_err().message.contains("drill"));
    }

    #[test]
    fn what_cannot_be_read_counts_as_on() {
        let folder = tempfile::tempdir().unwrap();
        assert!(switch(folder.path(), &["."]).check().is_err());
    }
}
