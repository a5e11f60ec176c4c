//! Reads, copies and replaces one configuration file. Permissions, owner and symbolic links stay.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::files;

/// The end of the name of the copy that is kept beside a file.
const COPY: &str = ".before-opentrain-mcp";

/// A file as it was read.
pub(super) struct ConfigFile {
    path: PathBuf,
    text: Option<String>,
}

impl ConfigFile {
    /// Reads the file; there may be none yet.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), text: read(path)? })
    }

    /// Its text, if there is a file.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Where the copy of the file is kept.
    pub(super) fn copy_path(&self) -> PathBuf {
        copy_path(&self.path)
    }

    /// The copy that an earlier installation kept.
    pub(super) fn copy(&self) -> io::Result<Option<String>> {
        read(&self.copy_path())
    }

    /// Keeps a copy of the file as it is now. A file that does not exist needs none.
    pub(super) fn keep_copy(&self) -> io::Result<()> {
        self.text.as_deref().map_or(Ok(()), |text| put(&self.copy_path(), text, &fs::metadata(&self.path)?))
    }

    /// Removes the copy.
    pub(super) fn remove_copy(&self) -> io::Result<()> {
        match fs::remove_file(self.copy_path()) {
            Err(fault) if fault.kind() != ErrorKind::NotFound => Err(fault),
            _ => Ok(()),
        }
    }

    /// Replaces the content.
    pub(super) fn replace(&self, text: &str) -> io::Result<()> {
        self.check_writable()?;
        if self.text.is_none() {
            let folder = self.path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
            return files::put(files::unnamed(folder)?, text.as_bytes(), &self.path);
        }
        // Replaces the file behind a symbolic link, so that the link stays.
        let target = self.path.canonicalize()?;
        put(&target, text, &fs::metadata(&target)?)
    }

    /// Removes the file that was read.
    pub(super) fn remove(&self) -> io::Result<()> {
        self.check_writable()?;
        fs::remove_file(&self.path)
    }

    /// True if the file may be replaced: a user who made it read-only wants it to stay, and a host may have written it
    /// since it was read.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        if self.text.is_some() && fs::metadata(&self.path)?.permissions().readonly() {
            return Err(io::Error::new(ErrorKind::PermissionDenied, "it is read-only"));
        }
        if read(&self.path)? != self.text {
            return Err(io::Error::other("another program changed it in this moment; try again"));
        }
        Ok(())
    }
}

/// Where the copy of a file is kept: beside it, so that the user finds it.
pub(super) fn copy_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(COPY);
    name.into()
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| io::Error::other("it is not UTF-8 text")),
        Err(fault) if fault.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_ok() => {
            Err(io::Error::other("it is a link to a file that does not exist"))
        }
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Writes a file beside `path` and renames it, with the permissions and the owner of `like`.
fn put(path: &Path, text: &str, like: &Metadata) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
    let file = files::unnamed(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.as_file().metadata()?;
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            fchown(file.as_file(), Some(like.uid()), Some(like.gid()))?;
        }
    }
    file.as_file().set_permissions(like.permissions())?;
    files::put(file, text.as_bytes(), path)
}
