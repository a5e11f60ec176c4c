//! Allows one create at a time per contract, across all processes of one user. The operating system releases the file
//! lock when its process ends in any way. The lock file holds a text that the holders exchange; its meaning is up to
//! them.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::files;

const NO_FOLDER: &str = "neither XDG_STATE_HOME nor HOME names a folder";
/// The most bytes that are read from a lock file.
const LARGEST: u64 = 1024 * 1024;
/// The interval between two attempts to take a lock.
const INTERVAL: Duration = Duration::from_millis(20);

type Turn = tokio::sync::Mutex<()>;

/// The locks of contracts.
#[derive(Default)]
pub struct Locks {
    place: Place,
    /// Calls within this process wait in the order of their arrival.
    turns: Mutex<HashMap<String, Weak<Turn>>>,
}

/// The place of the lock files.
#[derive(Default)]
enum Place {
    /// No other process needs the locks.
    #[default]
    OnlyHere,
    /// This folder, created at the first use.
    Folder(PathBuf),
    /// This machine has no folder for them.
    Nowhere,
}

/// The lock of a contract. It is released when this value is dropped.
pub struct Held {
    _turn: OwnedMutexGuard<()>,
    file: Option<File>,
    /// The reason why other processes do not see the lock, if so.
    pub unshared: Option<String>,
}

impl Locks {
    /// Locks in a folder that all servers of one user share; `None` if there is no such folder.
    #[must_use]
    pub fn shared_in(folder: Option<PathBuf>) -> Self {
        Self { place: folder.map_or(Place::Nowhere, Place::Folder), turns: Mutex::default() }
    }

    /// The reason why two servers of this user could create the same milestone at the same moment; `None` if they
    /// cannot, as far as is known before the folder is created.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let folder = match &self.place {
            Place::OnlyHere => return None,
            Place::Nowhere => return Some(NO_FOLDER.into()),
            Place::Folder(folder) => folder,
        };
        let there = folder.ancestors().find_map(|path| Some((path, std::fs::metadata(path).ok()?)));
        match there {
            Some((_, found)) if found.is_dir() && !found.permissions().readonly() => None,
            Some((path, _)) => Some(format!("{} is no folder that can be written", path.display())),
            None => Some(format!("{} cannot be made", folder.display())),
        }
    }

    /// Takes the lock named `key`. Returns `None` if it is still held at `until`.
    pub async fn take(&self, key: &str, until: Instant) -> Option<Held> {
        let turn = tokio::time::timeout_at(until, self.turn(key).lock_owned()).await.ok()?;
        let held = |file, unshared| Some(Held { _turn: turn, file, unshared });
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

    fn turn(&self, key: &str) -> Arc<Turn> {
        let Ok(mut turns) = self.turns.lock() else { return Arc::default() };
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::<Turn>::default();
        turns.insert(key.to_owned(), Arc::downgrade(&turn));
        turn
    }

    /// The file to lock; `None` if no other process needs the lock.
    async fn file(&self, key: &str) -> io::Result<Option<File>> {
        let folder = match &self.place {
            Place::OnlyHere => return Ok(None),
            Place::Nowhere => return Err(io::Error::other(NO_FOLDER)),
            Place::Folder(folder) => folder.clone(),
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

impl Held {
    /// The text that earlier holders have left in the lock file; empty without a file.
    pub async fn text(&self) -> String {
        self.with_file(|mut file| {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(0))?;
            file.take(LARGEST).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
        .await
        .unwrap_or_default()
    }

    /// Replaces the text in the lock file.
    pub async fn leave(&self, text: String) {
        self.with_file(move |mut file| {
            file.set_len(0)?;
            // A file that is opened for adding stands at its end; on Windows it is not opened so.
            file.seek(SeekFrom::Start(0))?;
            file.write_all(text.as_bytes())
        })
        .await;
    }

    /// Runs an action on the lock file, if any, on a thread that may block.
    async fn with_file<T: Send + 'static>(
        &self,
        act: impl FnOnce(File) -> io::Result<T> + Send + 'static,
    ) -> Option<T> {
        let file = self.file.as_ref()?.try_clone().ok()?;
        match tokio::task::spawn_blocking(move || act(file)).await {
            Ok(Ok(done)) => Some(done),
            Ok(Err(fault)) => {
                tracing::warn!(%fault, "what servers tell each other of a contract cannot be read or written");
                None
            }
            Err(_) => None,
        }
    }
}

/// A valid file name for any key.
fn file_name(key: &str) -> String {
    let hash = digest(&SHA256, key.as_bytes());
    let hash = hash.as_ref().iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{hash:016x}.lock")
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
        let [first, second] = [(); 2].map(|()| Locks::shared_in(Some(home.path().join("locks"))));
        let held = first.take("a", soon()).await.unwrap();
        assert!(held.unshared.is_none());
        assert!(second.take("a", soon()).await.is_none(), "the same contract");
        assert!(second.take("b", soon()).await.is_some(), "another contract");
        drop(held);
        assert!(second.take("a", soon()).await.is_some());
    }

    #[tokio::test]
    async fn calls_of_one_process_take_turns_without_a_folder() {
        for locks in [Locks::default(), Locks::shared_in(None)] {
            let held = locks.take("a", soon()).await.unwrap();
            assert!(locks.take("a", soon()).await.is_none());
            drop(held);
            assert!(locks.take("a", soon()).await.is_some());
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_had_is_told() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        let locks = Locks::shared_in(Some(file.join("locks")));
        assert!(locks.problem().unwrap().contains("is no folder"));
        assert!(locks.take("a", soon()).await.unwrap().unshared.is_some());
        assert!(Locks::shared_in(None).problem().unwrap().contains("XDG_STATE_HOME"));
        assert!(Locks::default().problem().is_none());
    }
}
