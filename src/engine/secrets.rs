//! Stores secrets that a call returns and no model may see, in files. The file is created before the request is sent.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tempfile::{NamedTempFile, TempDir};

use crate::files;

use super::context::Context;

/// The bytes reserved for a secret before the request is sent. A secret has a few dozen.
const ROOM: usize = 1024;

/// A file without a name that is older is left over from a process that was killed; no call lasts as long.
const LEFT_OVER: Duration = Duration::from_secs(2 * 60 * 60);

/// An open file that gets its final name when it contains the secret.
pub struct Vault {
    file: NamedTempFile,
    folder: PathBuf,
}

/// The folder for the sandbox's secrets, readable only by this user and created at the first use. The folder outlives
/// the process, because other programs read the secrets.
#[derive(Default)]
struct SandboxFolder(std::sync::OnceLock<Option<PathBuf>>);

impl Vault {
    /// Reserves space for a secret.
    ///
    /// # Errors
    /// The reason why no space could be reserved.
    pub async fn open(context: &Context) -> Result<Self, String> {
        let folder = folder(context).await?;
        let opened = tokio::task::spawn_blocking(move || {
            let secret = folder.join("secret");
            files::forget_beside(&secret, LEFT_OVER);
            let file = files::room_for(&secret, ROOM)?;
            Ok(Self { file, folder })
        });
        opened.await.map_err(|fault| fault.to_string())?.map_err(|fault: io::Error| fault.to_string())
    }

    /// Writes the secret and gives the file its final name.
    ///
    /// # Errors
    /// The reason why it could not be written.
    pub async fn keep(self, secret: SecretString, name: String) -> Result<PathBuf, String> {
        let kept = tokio::task::spawn_blocking(move || self.write(&secret, &name));
        kept.await.map_err(|fault| fault.to_string())?.map_err(|fault| fault.to_string())
    }

    /// Writes the secret without a line end: a line end would break signatures computed with it.
    fn write(self, secret: &SecretString, name: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        files::put(self.file, secret.expose_secret().as_bytes(), &path)?;
        Ok(path)
    }
}

/// Removes a secret's file. Returns `None` if there is no such file.
///
/// # Errors
/// The path of the file that could not be removed, and the reason.
pub async fn remove(context: &Context, name: &str) -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
    let folder = if context.services.sandbox {
        context.services.memory.of::<SandboxFolder>().0.get().cloned().flatten()
    } else {
        context.private_folder().map(Path::to_path_buf)
    };
    let Some(folder) = folder else { return Ok(None) };
    let path = folder.join(name);
    let its_path = path.clone();
    let removed = tokio::task::spawn_blocking(move || std::fs::remove_file(its_path)).await;
    match removed.map_err(io::Error::other).flatten() {
        Ok(()) => Ok(Some(path)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err((path, fault)),
    }
}

/// The folder for secrets: beside the credentials, or in the sandbox a folder of this process.
async fn folder(context: &Context) -> Result<PathBuf, String> {
    if context.services.sandbox {
        let made = context.services.memory.of::<SandboxFolder>();
        let folder = tokio::task::spawn_blocking(move || made.0.get_or_init(make_sandbox_folder).clone()).await;
        return folder.ok().flatten().ok_or_else(|| "no temporary folder could be made".into());
    }
    let folder = context.private_folder().map(Path::to_path_buf);
    folder.ok_or_else(|| "neither XDG_CONFIG_HOME nor HOME says where the user's files are".into())
}

fn make_sandbox_folder() -> Option<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("opentrain-mcp-sandbox-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().map(TempDir::keep).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_a_file_of_its_user() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        let file = files::unnamed(&inner).unwrap();
        let vault = Vault { file, folder: inner.clone() };
        let path = vault.write(&SecretString::from("whsec_x"), "webhook-wh_1.secret").unwrap();
        assert_eq!(path, inner.join("webhook-wh_1.secret"));
        assert_eq!(std::fs::read(&path).unwrap(), b"whsec_x");
        #[cfg(unix)]
        for (path, mode) in [(&path, 0o600), (&inner, 0o700)] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
        assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 1);
    }
}
