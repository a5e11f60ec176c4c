//! Opens files that nobody else can have created or can write. Opening never blocks. A hostile project may have put a
//! pipe, a device, or a link to another file in the place of ours.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Opens a file that only this program writes. It follows no link.
///
/// # Errors
/// If the file cannot be opened, is no plain file, or others can write it or its folder.
pub fn open_ours(path: &Path, options: &OpenOptions) -> io::Result<File> {
    system::check_folder_of(path)?;
    let (file, facts) = open_plain(path, options)?;
    system::check_owner(&facts)?;
    Ok(file)
}

/// Opens a plain file without following a link or waiting for another process.
fn open_plain(path: &Path, options: &OpenOptions) -> io::Result<(File, Metadata)> {
    let mut options = options.clone();
    system::wait_for_nobody(&mut options);
    let file = options.open(path).map_err(system::name_link)?;
    let facts = file.metadata()?;
    if facts.is_file() { Ok((file, facts)) } else { Err(io::Error::other("it is not a file")) }
}

/// The path to open for a file that the operator names. Links are followed if only root or this user can write every
/// folder on the way.
///
/// # Errors
/// If others could redirect the path, or it cannot be followed.
pub fn named(path: &Path) -> io::Result<PathBuf> {
    match std::fs::symlink_metadata(path) {
        Ok(facts) if facts.is_symlink() => system::real_path(path),
        _ => Ok(path.to_owned()),
    }
}

/// Opens a file that the operator names, for reading. It may belong to root, as mounted secrets do.
///
/// # Errors
/// If the file cannot be opened, is no plain file, or others can write it or redirect the path.
pub fn open_named(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    open_ours(path, &options).or_else(|_| {
        let (file, facts) = open_plain(&system::real_path(path)?, &options)?;
        system::check_owner_or_root(&facts)?;
        Ok(file)
    })
}

/// Opens a file of any owner, for showing it to the user who named it.
///
/// # Errors
/// If the file cannot be opened, or is no plain file.
pub fn open_any(path: &Path) -> io::Result<File> {
    let (file, _) = open_plain(&std::fs::canonicalize(path)?, OpenOptions::new().read(true))?;
    Ok(file)
}

#[cfg(unix)]
mod system {
    use std::ffi::OsString;
    use std::fs::{Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::{Component, Path, PathBuf};

    use rustix::fs::OFlags;
    use rustix::io::Errno;
    use rustix::process::geteuid;

    const ROOT: u32 = 0;
    const STICKY: u32 = 0o1000;
    /// More links than this count as a circle.
    const MOST_LINKS: usize = 40;

    pub(super) fn wait_for_nobody(options: &mut OpenOptions) {
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }

    pub(super) fn name_link(fault: io::Error) -> io::Error {
        let is_link = fault.raw_os_error() == Some(Errno::LOOP.raw_os_error());
        if is_link { io::Error::other("it is a link") } else { fault }
    }

    pub(super) fn check_owner(facts: &Metadata) -> io::Result<()> {
        check(facts, "it", facts.uid() == geteuid().as_raw())
    }

    pub(super) fn check_owner_or_root(facts: &Metadata) -> io::Result<()> {
        check(facts, "it", is_ours_or_roots(facts))
    }

    pub(super) fn check_folder_of(path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        check_folder(folder, &std::fs::metadata(folder)?)
    }

    /// In a folder such as /tmp, others can write but can change only their own files.
    fn check_folder(folder: &Path, facts: &Metadata) -> io::Result<()> {
        if facts.uid() == ROOT && facts.mode() & STICKY != 0 {
            return Ok(());
        }
        check(facts, &format!("its folder {}", folder.display()), is_ours_or_roots(facts))
    }

    fn check(facts: &Metadata, what: &str, has_right_owner: bool) -> io::Result<()> {
        if !has_right_owner {
            return Err(io::Error::other(format!("{what} belongs to another user (uid {})", facts.uid())));
        }
        if can_others_write(facts) {
            return Err(io::Error::other(format!("{what} can be written by other users (chmod go-w mends that)")));
        }
        Ok(())
    }

    fn is_ours_or_roots(facts: &Metadata) -> bool {
        facts.uid() == ROOT || facts.uid() == geteuid().as_raw()
    }

    /// A group with the user's number is the user's own group on most systems.
    fn can_others_write(facts: &Metadata) -> bool {
        facts.mode() & 0o002 != 0 || (facts.mode() & 0o020 != 0 && facts.gid() != facts.uid())
    }

    /// Follows links if only root or this user can write every folder on the way. The file itself may be missing.
    pub(super) fn real_path(path: &Path) -> io::Result<PathBuf> {
        let mut real = PathBuf::from("/");
        let mut left = backwards(&std::path::absolute(path)?);
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                real.pop();
                continue;
            }
            check_folder(&real, &std::fs::metadata(&real)?)?;
            let next = real.join(&name);
            let facts = match std::fs::symlink_metadata(&next) {
                Err(fault) if fault.kind() == io::ErrorKind::NotFound && left.is_empty() => return Ok(next),
                facts => facts?,
            };
            if !facts.is_symlink() {
                real = next;
                continue;
            }
            links += 1;
            if links > MOST_LINKS || !is_ours_or_roots(&facts) {
                let what = format!("{} is a link of another user, or leads to itself", next.display());
                return Err(io::Error::other(what));
            }
            let target = std::fs::read_link(&next)?;
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            left.extend(backwards(&target));
        }
        Ok(real)
    }

    /// The names in a path, last name first.
    fn backwards(path: &Path) -> Vec<OsString> {
        let names = path.components().rev().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        });
        names.collect()
    }
}

/// On Windows the rights of a file come from its folder, and nobody else but administrators may write the folder of a
/// user. So links are refused here too, and owners are not looked at.
#[cfg(not(unix))]
mod system {
    use std::fs::{Metadata, OpenOptions};
    use std::io;
    use std::path::{Path, PathBuf};

    /// Opens a link itself and not what it leads to; a link is no plain file. Opening waits for nobody on Windows.
    #[cfg(windows)]
    pub(super) fn wait_for_nobody(options: &mut OpenOptions) {
        const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
        std::os::windows::fs::OpenOptionsExt::custom_flags(options, FILE_FLAG_OPEN_REPARSE_POINT);
    }

    #[cfg(not(windows))]
    pub(super) fn wait_for_nobody(_: &mut OpenOptions) {}

    pub(super) fn name_link(fault: io::Error) -> io::Error {
        fault
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn check_owner(_: &Metadata) -> io::Result<()> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn check_owner_or_root(_: &Metadata) -> io::Result<()> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn check_folder_of(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn real_path(path: &Path) -> io::Result<PathBuf> {
        std::fs::canonicalize(path)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn reading() -> OpenOptions {
        OpenOptions::new().read(true).clone()
    }

    fn why(path: &Path) -> String {
        open_ours(path, &reading()).unwrap_err().to_string()
    }

    #[test]
    fn a_file_of_this_user_is_opened() {
        let folder = folder();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        set_mode(&path, 0o644);
        open_ours(&path, &reading()).unwrap();
        assert_eq!(open_ours(&folder.path().join("none"), &reading()).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn links_pipes_folders_and_devices_are_refused_at_once() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        symlink("/dev/zero", at("device")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        for name in ["link", "dangling", "device"] {
            assert_eq!(why(&at(name)), "it is a link");
        }
        let mut appending = OpenOptions::new();
        appending.create(true).append(true);
        for name in ["folder", "pipe", "link"] {
            open_ours(&at(name), &reading()).unwrap_err();
            open_ours(&at(name), &appending).unwrap_err();
        }
    }

    #[test]
    fn what_others_can_write_is_refused() {
        let folder = folder();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        set_mode(&path, 0o666);
        assert!(why(&path).contains("it can be written by other users"));
        set_mode(&path, 0o600);
        set_mode(folder.path(), 0o777);
        assert!(why(&path).contains("its folder") && open_named(&path).is_err());
        if geteuid_is_root() {
            // As /tmp is.
            set_mode(folder.path(), 0o1777);
            open_ours(&path, &reading()).unwrap();
            chown(&path, Some(65534), None).unwrap();
            assert!(why(&path).contains("another user") && open_named(&path).is_err());
        }
    }

    #[test]
    fn a_named_file_is_reached_through_safe_links() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("data")).unwrap();
        std::fs::write(at("data/token"), "").unwrap();
        symlink("data", at("..current")).unwrap();
        symlink("..current/token", at("token")).unwrap();
        open_named(&at("token")).unwrap();
        assert_eq!(named(&at("token")).unwrap(), at("data/token").canonicalize().unwrap());
        set_mode(&at("data"), 0o777);
        assert!(open_named(&at("token")).unwrap_err().to_string().contains("data can be written"));
        symlink("itself", at("itself")).unwrap();
        open_named(&at("itself")).unwrap_err();
    }

    fn geteuid_is_root() -> bool {
        rustix::process::geteuid().is_root()
    }
}
