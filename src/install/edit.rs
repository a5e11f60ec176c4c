//! Adds our entry to a host's file and removes it. Start at `install`.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::document::{DocumentError, Slot, read, with_entry, without_entry};
use super::entry::{Entry, Launch, command_line, is_ours, updated};
use super::file::ConfigFile;
use super::hosts::Host;

/// The change of one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// The entry was added. An existing file was copied first.
    Added {
        /// The copy.
        copy: Option<PathBuf>,
    },
    /// An entry that starts this program was changed.
    Updated {
        /// The copy, if there was none.
        copy: Option<PathBuf>,
    },
    /// Nothing to add or remove.
    Nothing,
    /// Our entries were removed.
    Removed {
        /// Their names.
        names: Vec<String>,
        /// True if the file is now, byte for byte, what it was before the installation.
        restored: bool,
        /// A copy from before the installation that was left where it is, since the file has changed in other places.
        copy: Option<PathBuf>,
    },
}

/// Why a file was left alone.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// It cannot be read or written.
    #[error("{path} was left alone: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its text cannot be edited.
    #[error("{path} was left alone: {source}", path = .path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// The problem.
        source: DocumentError,
    },
    /// An entry of this name starts another program.
    #[error("{path} was left alone: \"{name}\" in it starts another program ({starts}); choose another --name", path = .path.display())]
    NameTaken {
        /// The file.
        path: PathBuf,
        /// The name of the entry.
        name: String,
        /// Its command line.
        starts: String,
    },
}

/// Adds the entry to a host's file, or updates an earlier one. With `is_trial` the file stays as it is, and the result
/// says what would happen.
///
/// # Errors
/// The reason why the file was left alone.
pub fn install(host: &Host, path: &Path, name: &str, launch: &Launch, is_trial: bool) -> Result<Change, InstallError> {
    let at_file = |source| InstallError::File { path: path.to_owned(), source };
    let in_document = |source| InstallError::Document { path: path.to_owned(), source };
    let file = ConfigFile::read(path).map_err(at_file)?;
    let text = file.text().unwrap_or_default();
    let servers = servers(host, text).map_err(in_document)?;
    let existing = servers.get(name);
    let entry = match existing {
        None => (host.entry)(launch, name),
        Some(existing) if is_ours(existing) => updated(existing, launch, |launch| (host.entry)(launch, name)),
        Some(other) => {
            let (path, name, starts) = (path.to_owned(), name.to_owned(), command_line(other).join(" "));
            return Err(InstallError::NameTaken { path, name, starts });
        }
    };
    if existing.and_then(Value::as_object) == Some(&entry) {
        return Ok(Change::Nothing);
    }
    let slot = Slot { key: host.key, name };
    let edited = with_entry(host.format, text, slot, &entry).map_err(in_document)?;
    file.check_writable().map_err(at_file)?;
    let needs_copy = needs_copy(host, &file).map_err(at_file)?;
    if !is_trial {
        if needs_copy {
            file.keep_copy().map_err(at_file)?;
        }
        file.replace(&edited).map_err(at_file)?;
    }
    let copy = needs_copy.then(|| file.copy_path());
    Ok(if existing.is_some() { Change::Updated { copy } } else { Change::Added { copy } })
}

/// True if a copy is kept before a change. The copy shows the file from before any entry of ours, so a later change
/// keeps the one there is; a file that an installation made needs none.
fn needs_copy(host: &Host, file: &ConfigFile) -> io::Result<bool> {
    let Some(text) = file.text() else { return Ok(false) };
    let is_first = our_names(host, text).is_ok_and(|names| names.is_empty());
    Ok(is_first || (file.copy()?.is_none() && !is_installation_of(host, "", text)))
}

/// Removes our entries from the file of a host, or only the one of this name. A file that has not changed since the
/// installation becomes, byte for byte, what it was before. `is_trial` leaves the file as it is.
///
/// # Errors
/// The reason why the file was left alone.
pub fn uninstall(host: &Host, path: &Path, name: Option<&str>, is_trial: bool) -> Result<Change, InstallError> {
    let at_file = |source| InstallError::File { path: path.to_owned(), source };
    let in_document = |source| InstallError::Document { path: path.to_owned(), source };
    let file = ConfigFile::read(path).map_err(at_file)?;
    let Some(text) = file.text() else { return Ok(Change::Nothing) };
    let ours = our_names(host, text).map_err(in_document)?;
    let names: Vec<String> = ours.iter().filter(|own| name.is_none_or(|name| name == *own)).cloned().collect();
    if names.is_empty() {
        return Ok(Change::Nothing);
    }
    file.check_writable().map_err(at_file)?;
    let copy = file.copy().map_err(at_file)?;
    let restored = names == ours && is_installation_of(host, copy.as_deref().unwrap_or_default(), text);
    let is_last = names == ours;
    if !is_trial {
        match &copy {
            Some(copy) if restored => file.replace(copy).map_err(at_file)?,
            None if restored => file.remove().map_err(at_file)?,
            _ => {
                let edited = names.iter().try_fold(text.to_owned(), |text, name| {
                    without_entry(host.format, &text, Slot { key: host.key, name })
                });
                file.replace(&edited.map_err(in_document)?).map_err(at_file)?;
            }
        }
        if restored {
            file.remove_copy().map_err(at_file)?;
        }
    }
    let copy = copy.filter(|_| is_last && !restored).map(|_| file.copy_path());
    Ok(Change::Removed { names, restored, copy })
}

/// The servers that a file of this host lists, by name.
///
/// # Errors
/// If the text is not in the host's format.
pub fn servers(host: &Host, text: &str) -> Result<Entry, DocumentError> {
    let mut document = read(host.format, text)?;
    Ok(document.get_mut(host.key).and_then(Value::as_object_mut).map(std::mem::take).unwrap_or_default())
}

/// The names of the servers that start this program.
///
/// # Errors
/// If the text is not in the host's format.
pub fn our_names(host: &Host, text: &str) -> Result<Vec<String>, DocumentError> {
    let servers = servers(host, text)?;
    Ok(servers.into_iter().filter(|(_, entry)| is_ours(entry)).map(|(name, _)| name).collect())
}

/// True if `text` is `before` with our entries added and nothing else changed.
fn is_installation_of(host: &Host, before: &str, text: &str) -> bool {
    let rebuilt = || {
        let servers = servers(host, text)?;
        let ours = servers.iter().filter(|(_, entry)| is_ours(entry));
        let mut ours = ours.filter_map(|(name, entry)| Some((name, entry.as_object()?)));
        ours.try_fold(before.to_owned(), |text, (name, entry)| {
            with_entry(host.format, &text, Slot { key: host.key, name }, entry)
        })
    };
    our_names(host, before).is_ok_and(|names| names.is_empty()) && rebuilt().is_ok_and(|rebuilt| rebuilt == text)
}

/// A whole configuration file of this host that holds only our entry.
///
/// # Errors
/// If the host's format cannot contain the entry.
pub fn snippet(host: &Host, name: &str, launch: &Launch) -> Result<String, DocumentError> {
    with_entry(host.format, "", Slot { key: host.key, name }, &(host.entry)(launch, name))
}
