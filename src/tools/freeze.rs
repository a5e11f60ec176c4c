//! The stop switch: while it is on, every running server of this user refuses every write. It is a file, so that it
//! takes effect at once and outlives all of them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::failure::Denial;
use super::text::{moment_of, quoted};

/// Where the switch is.
#[derive(Clone, Debug)]
pub struct Switch(PathBuf);

impl Switch {
    /// The switch at `path`; on when there is a file.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Switches it on; what was said before stays.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn freeze(&self, reason: &str) -> io::Result<()> {
        if let Some(folder) = self.0.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = match std::fs::File::create_new(&self.0) {
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            file => file?,
        };
        writeln!(file, "since {}\n{reason}", moment_of(Timestamp::now()))?;
        file.sync_all()
    }

    /// Switches it off; `false` when it was off.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn thaw(&self) -> io::Result<bool> {
        match std::fs::remove_file(&self.0) {
            Ok(()) => Ok(true),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Refuses a write while the switch is on, or while that cannot be found out.
    ///
    /// # Errors
    /// Why.
    pub fn check(&self) -> Result<(), Denial> {
        match std::fs::read_to_string(&self.0) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(text) => {
                let mut lines = text.lines().filter(|line| !line.trim().is_empty());
                let since = lines.next().map(|line| format!(" {}", line.trim())).unwrap_or_default();
                let why = lines.next().map(|line| format!(": {}", quoted(line.trim()))).unwrap_or_default();
                Err(Denial::frozen(format!("The operator has stopped all writes{since}{why}")))
            }
            Err(fault) => Err(Denial::frozen(format!("The stop switch {} cannot be read ({fault})", self.0.display()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_on_from_freeze_to_thaw_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let switch = Switch::at(folder.path().join("a/frozen"));
        assert!(switch.check().is_ok());
        switch.freeze("too many milestones").unwrap();
        switch.freeze("again").unwrap();
        let denial = switch.check().unwrap_err();
        assert_eq!(denial.reason, "frozen");
        assert!(denial.message.contains("«too many milestones»"), "{}", denial.message);
        assert!(switch.thaw().unwrap() && !switch.thaw().unwrap());
        assert!(switch.check().is_ok());
    }

    #[test]
    fn what_cannot_be_read_counts_as_on() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Switch::at(folder.path().to_owned()).check().is_err());
    }
}
