//! Private files that are replaced as a whole, and locks between processes. This room must not know what the files
//! contain.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

mod ours;

pub use ours::{named, open_any, open_named, open_ours};

/// The pause between two attempts to take a lock.
const INTERVAL: Duration = Duration::from_millis(10);

/// The largest file that is read, in bytes. Files of this program are far smaller.
const LARGEST: u64 = 1024 * 1024;

/// Reads a file of ours.
///
/// # Errors
/// If it cannot be opened as ours, or is too large.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A missing file is reported as missing, no matter who can write its folder.
    std::fs::symlink_metadata(path)?;
    whole(open_ours(path, OpenOptions::new().read(true))?)
}

/// Reads a file that the operator names.
///
/// # Errors
/// If it cannot be opened safely, or is too large.
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::symlink_metadata(path)?;
    whole(open_named(path)?)
}

fn whole(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

/// Creates a folder with its parents, with mode 0700. An existing folder stays as it is.
///
/// # Errors
/// If it cannot be created.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a file of ours for appending, and creates it with mode 0600 if it is missing.
///
/// # Errors
/// If it cannot be opened as ours.
pub fn open_log(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    allow_cut(&mut options);
    open_ours(path, &options)
}

/// On Windows a file that is opened for adding can be neither cut nor locked. Whoever adds holds the lock and seeks to the
/// end, so the right to write anywhere changes nothing else.
#[cfg(windows)]
fn allow_cut(options: &mut OpenOptions) {
    const GENERIC_READ_AND_WRITE: u32 = 0x8000_0000 | 0x4000_0000;
    std::os::windows::fs::OpenOptionsExt::access_mode(options, GENERIC_READ_AND_WRITE);
}

#[cfg(not(windows))]
fn allow_cut(_: &mut OpenOptions) {}

/// Like `open_log`, but does not create the file.
///
/// # Errors
/// If it cannot be opened as ours, or is missing.
pub fn open_known_log(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).read(true);
    allow_cut(&mut options);
    open_ours(path, &options)
}

/// Locks a file, and waits at most `patience` for another process. The lock ends when the file is closed.
///
/// # Errors
/// If another process still holds it, or it cannot be locked at all.
pub fn lock(file: &File, patience: Duration) -> io::Result<()> {
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(fault)) => return Err(fault),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(INTERVAL),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds it"));
            }
        }
    }
}

/// The start of the name of a temporary file.
const UNNAMED: &str = ".opentrain-mcp.";

/// Creates a temporary file with mode 0600 in the folder of its final place.
///
/// # Errors
/// If the folder or the file cannot be created. Nothing is lost at this point.
pub fn unnamed(folder: &Path) -> io::Result<NamedTempFile> {
    private_folder(folder)?;
    tempfile::Builder::new().prefix(UNNAMED).tempfile_in(folder)
}

/// Creates a file that will replace `path`, and reserves `size` bytes on the disk: a full disk shows before there is
/// anything to lose. `beside` finds the file again.
///
/// # Errors
/// If it cannot be created, or the disk is full.
pub fn room_for(path: &Path, size: usize) -> io::Result<NamedTempFile> {
    let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
    private_folder(folder)?;
    let mut file = tempfile::Builder::new().prefix(&unnamed_for(path)).tempfile_in(folder)?;
    file.write_all(&vec![0; size])?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The files that should have replaced `path` and did not.
#[must_use]
pub fn beside(path: &Path) -> Vec<PathBuf> {
    let begins = unnamed_for(path);
    let entries = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&begins)).map(|entry| entry.path()).collect()
}

/// Removes such files that are older than `age`, since they may contain a secret.
pub fn forget_beside(path: &Path, age: Duration) {
    for left in beside(path) {
        let modified = std::fs::symlink_metadata(&left).and_then(|facts| facts.modified());
        let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|passed| passed > age));
        if is_old {
            // The next call tries again.
            let _ = std::fs::remove_file(&left);
        }
    }
}

fn unnamed_for(path: &Path) -> String {
    format!("{UNNAMED}{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Fills `file` and renames it to `path`. It survives a power loss: the content is on the disk before the name, and the
/// name before this function returns.
///
/// # Errors
/// If it cannot be written or renamed. The old file is then unchanged. A complete file that could not be renamed stays,
/// and the error names it: its content may exist only there.
pub fn put(mut file: NamedTempFile, content: &[u8], path: &Path) -> io::Result<()> {
    file.rewind()?;
    file.write_all(content)?;
    file.as_file().set_len(content.len() as u64)?;
    file.as_file().sync_all()?;
    if let Err(fault) = file.persist(path) {
        let (_, kept) = fault.file.keep()?;
        return Err(io::Error::new(fault.error.kind(), format!("{}; it is in {}", fault.error, kept.display())));
    }
    sync_folder(path)
}

/// Renames a file that `put` left behind. Its content has `size` bytes; the rest is unused room.
///
/// # Errors
/// If it cannot be renamed. It then stays where it is.
pub fn put_found(found: &Path, size: usize, path: &Path) -> io::Result<()> {
    let file = open_ours(found, OpenOptions::new().write(true))?;
    file.set_len(size as u64)?;
    file.sync_all()?;
    std::fs::rename(found, path)?;
    sync_folder(path)
}

/// Makes sure that the names in the folder of `path` outlive a power loss.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// NTFS keeps names in a journal of its own, and a folder cannot be synced.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on other systems")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_private_file_is_replaced_whole() {
        let home = tempfile::tempdir().unwrap();
        let (folder, path) = (home.path().join("a/b"), home.path().join("a/b/file"));
        for content in ["one", "two"] {
            put(unnamed(&folder).unwrap(), content.as_bytes(), &path).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        #[cfg(unix)]
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn an_unplaced_token_file_stays_and_is_found() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        std::fs::create_dir_all(path.join("in the way")).unwrap();
        let fault = put(room_for(&path, 64).unwrap(), b"only once", &path).unwrap_err();
        let left = beside(&path);
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(std::fs::read(&left[0]).unwrap(), b"only once", "the room that was not used is given back");
        assert!(fault.to_string().contains(left[0].to_str().unwrap()), "{fault}");
    }

    #[test]
    fn a_held_lock_is_given_up_after_a_wait() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let [first, second] = [(); 2].map(|()| open_log(&path).unwrap());
        lock(&first, Duration::ZERO).unwrap();
        let fault = lock(&second, Duration::from_millis(30)).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
        drop(first);
        lock(&second, Duration::ZERO).unwrap();
        #[cfg(unix)]
        assert_eq!(mode(&path), 0o600);
    }
}
