//! Allows one create at a time per contract, across all processes of one user. The operating system releases the file
//! lock when its process ends in any way. The lock file holds a text that the holders exchange; its meaning is up to
//! them.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::FutureExt;
use tokio::time::Instant;

use crate::api::hex::sha256;
use crate::files;
use crate::guard::ledger::store::{Lock, Step};

const NO_FOLDER: &str = "neither XDG_STATE_HOME nor HOME names a folder";
/// The most bytes that are read from a lock file.
const LARGEST: u64 = 1024 * 1024;
/// The interval between two attempts to take a lock.
const INTERVAL: Duration = Duration::from_millis(20);

/// The place of the lock files.
#[derive(Clone, Debug, Default)]
pub enum LockFiles {
    /// No other process needs the locks.
    #[default]
    OnlyHere,
    /// This folder, created at the first use.
    Folder(PathBuf),
    /// This machine has no folder for them.
    Nowhere,
}

/// A lock that is held.
#[derive(Debug)]
pub(super) struct LockFile {
    file: Option<File>,
    unshared: Option<String>,
    /// True if the record is this user's own, as the lock is.
    covers_record: bool,
}

impl LockFiles {
    /// Locks in a folder that all servers of one user share; `None` if there is no such folder.
    #[must_use]
    pub fn shared_in(folder: Option<PathBuf>) -> Self {
        folder.map_or(Self::Nowhere, Self::Folder)
    }

    /// The reason why two servers of this user could create the same milestone at the same moment; `None` if they
    /// cannot, as far as is known before the folder is created.
    pub(super) fn problem(&self) -> Option<String> {
        let folder = match self {
            Self::OnlyHere => return None,
            Self::Nowhere => return Some(NO_FOLDER.into()),
            Self::Folder(folder) => folder,
        };
        let there = folder.ancestors().find_map(|path| Some((path, std::fs::metadata(path).ok()?)));
        match there {
            Some((_, found)) if found.is_dir() && !found.permissions().readonly() => None,
            Some((path, _)) => Some(format!("{} is no folder that can be written", path.display())),
            None => Some(format!("{} cannot be made", folder.display())),
        }
    }

    /// Takes the lock named `key`. Returns `None` if it is still held at `until`.
    pub(super) async fn take(&self, key: &str, until: Instant) -> Option<LockFile> {
        let held = |file, unshared| Some(LockFile { file, unshared, covers_record: false });
        let file = match self.file(key).await {
            Ok(Some(file)) => file,
            Ok(None) => return held(None, None),
            Err(fault) => return held(None, Some(fault.to_string())),
        };
        loop {
            match file.try_lock() {
                Ok(()) => return held(Some(file), None),
                Err(TryLockError::Error(fault)) => return held(None, Some(fault.to_string())),
                Err(TryLockError::WouldBlock) if Instant::now() < until => tokio::time::sleep(INTERVAL).await,
                Err(TryLockError::WouldBlock) => return None,
            }
        }
    }

    /// The file to lock; `None` if no other process needs the lock.
    async fn file(&self, key: &str) -> io::Result<Option<File>> {
        let folder = match self {
            Self::OnlyHere => return Ok(None),
            Self::Nowhere => return Err(io::Error::other(NO_FOLDER)),
            Self::Folder(folder) => folder.clone(),
        };
        let path = folder.join(file_name(key));
        tokio::task::spawn_blocking(move || open(&folder, &path)).await.map_err(io::Error::other)?.map(Some)
    }
}

fn open(folder: &Path, path: &Path) -> io::Result<File> {
    files::private_folder(folder).and_then(|()| files::open_log(path)).map_err(|fault| {
        io::Error::new(fault.kind(), format!("the folder for locks, {}, cannot be used: {fault}", folder.display()))
    })
}

impl LockFile {
    /// The same for a record that is this user's own, or not.
    pub(super) fn covering_record(self, covers_record: bool) -> Self {
        Self { covers_record, ..self }
    }

    /// Runs an action on the lock file, if any, on a thread that may block.
    async fn with_file<T: Default + Send + 'static>(
        &self,
        act: impl FnOnce(File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let Some(file) = self.file.as_ref() else { return Ok(T::default()) };
        let file = file.try_clone()?;
        tokio::task::spawn_blocking(move || act(file)).await?
    }
}

impl Lock for LockFile {
    fn text(&self) -> Step<'_, String> {
        self.with_file(|mut file| {
            let length = file.metadata()?.len().min(LARGEST);
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
            file.seek(SeekFrom::Start(0))?;
            file.take(LARGEST).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
        .boxed()
    }

    fn leave(&self, text: String) -> Step<'_, ()> {
        self.with_file(move |mut file| {
            file.set_len(0)?;
            // A file that is opened for adding stands at its end; on Windows it is not opened so.
            file.seek(SeekFrom::Start(0))?;
            file.write_all(text.as_bytes())
        })
        .boxed()
    }

    fn unshared(&self) -> Option<String> {
        self.unshared.clone()
    }

    fn covers_record(&self) -> bool {
        self.covers_record && self.unshared.is_none()
    }
}

/// A valid file name for any key.
fn file_name(key: &str) -> String {
    format!("{}.lock", sha256(key.as_bytes(), 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(40)
    }

    #[tokio::test]
    async fn one_process_waits_for_the_other() {
        let home = tempfile::tempdir().unwrap();
        let [first, second] = [(); 2].map(|()| LockFiles::shared_in(Some(home.path().join("locks"))));
        let held = first.take("a", soon()).await.unwrap();
        assert!(held.unshared.is_none());
        assert!(second.take("a", soon()).await.is_none(), "the same contract");
        assert!(second.take("b", soon()).await.is_some(), "another contract");
        drop(held);
        assert!(second.take("a", soon()).await.is_some());
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_had_is_told() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        let locks = LockFiles::shared_in(Some(file.join("locks")));
        assert!(locks.problem().unwrap().contains("is no folder"));
        assert!(locks.take("a", soon()).await.unwrap().unshared.is_some());
        assert!(LockFiles::shared_in(None).problem().unwrap().contains("XDG_STATE_HOME"));
        assert!(LockFiles::default().problem().is_none());
    }
}
