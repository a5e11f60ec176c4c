//! The secret in the user's state folder with which the servers of one user recognise each other's sandbox. Another
//! user's program on the port cannot read it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac::{HMAC_SHA256, Key, sign, verify};

use crate::files;

const NAME: &str = "sandbox.secret";
/// In bytes.
const LENGTH: usize = 32;

/// The secret of one user. It is read or made when it is first needed.
#[derive(Debug, Default)]
pub struct UserSecret {
    folder: Option<PathBuf>,
    key: OnceLock<Option<Key>>,
}

impl UserSecret {
    /// Without a folder there is no secret, and the sandbox is not shared.
    #[must_use]
    pub fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder, key: OnceLock::new() }
    }

    pub(super) fn key(&self) -> Option<&Key> {
        let read = || {
            let folder = self.folder.as_deref()?;
            match read_or_make(folder) {
                Ok(secret) => Some(Key::new(HMAC_SHA256, &secret)),
                Err(fault) => {
                    let path = folder.join(NAME);
                    tracing::warn!(%fault, path = %path.display(), "the sandbox is not shared: its secret cannot be used");
                    None
                }
            }
        };
        self.key.get_or_init(read).as_ref()
    }
}

/// Proves that the sandbox on `port` knows the secret.
pub(super) fn prove(key: &Key, port: u16, question: &str) -> String {
    BASE64.encode(sign(key, statement(port, question).as_bytes()))
}

pub(super) fn is_proof(key: &Key, port: u16, question: &str, proof: &str) -> bool {
    BASE64.decode(proof).is_ok_and(|proof| verify(key, statement(port, question).as_bytes(), &proof).is_ok())
}

/// The port is part of it, so that nobody can pass on the answer of another sandbox.
fn statement(port: u16, question: &str) -> String {
    format!("opentrain-mcp sandbox {port} {question}")
}

fn read_or_make(folder: &Path) -> io::Result<Vec<u8>> {
    let path = folder.join(NAME);
    let secret = match files::read(&path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => make(folder, &path)?,
        secret => secret?,
    };
    if secret.len() == LENGTH { Ok(secret) } else { Err(io::Error::other("it is not a secret of this program")) }
}

/// If two processes make it at once, one makes it and the other reads it.
fn make(folder: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let mut secret = vec![0; LENGTH];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let mut file = files::unnamed(folder)?;
    file.write_all(&secret)?;
    match file.persist_noclobber(path) {
        Err(fault) if fault.error.kind() == io::ErrorKind::AlreadyExists => files::read(path),
        named => named.map(|_| secret).map_err(|fault| fault.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_with_one_folder_have_one_secret() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let secret = |folder: &tempfile::TempDir| UserSecret::in_folder(Some(folder.path().join("state")));
        let (asking, answering, stranger) = (secret(&one), secret(&one), secret(&other));
        let proof = prove(answering.key().unwrap(), 80, "nonce");
        assert!(is_proof(asking.key().unwrap(), 80, "nonce", &proof));
        assert!(!is_proof(asking.key().unwrap(), 81, "nonce", &proof), "of another port");
        assert!(!is_proof(asking.key().unwrap(), 80, "other", &proof), "of another question");
        assert!(!is_proof(stranger.key().unwrap(), 80, "nonce", &proof));
        assert!(
            !format!("{asking:?}")
                .contains(&BASE64.encode(std::fs::read(one.path().join("state").join(NAME)).unwrap()))
        );
    }

    #[test]
    fn a_missing_folder_or_foreign_file_gives_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "short").unwrap();
        for place in [None, Some(folder.path().to_owned())] {
            assert!(UserSecret::in_folder(place).key().is_none());
        }
    }
}
