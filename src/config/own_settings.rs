//! Our own settings file, for what the operator says once. It is beside the credential file, so that nobody can combine
//! the settings of one folder with the token of another.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::files;

const NAME: &str = "mcp-settings.json";

/// Fields of later versions stay as they are.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct OwnSettings {
    #[serde(default)]
    trusted: Vec<Transport>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// A proxy and the roots of trust that are used with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transport {
    /// Scheme, host and port.
    pub proxy: String,
    /// Absolute paths of files and folders with certificates.
    pub roots: Vec<String>,
}

impl OwnSettings {
    /// Reads the file beside `credential_file`. An unreadable file counts as empty.
    pub(super) fn read(credential_file: &Path) -> Self {
        Self::load(&place(credential_file)).unwrap_or_default()
    }

    pub(super) fn trusts(&self, transport: &Transport) -> bool {
        self.trusted.contains(transport)
    }

    /// Adds a pair that is trusted, and returns the path of the file.
    pub(super) fn trust(credential_file: &Path, transport: Transport) -> Result<PathBuf, String> {
        let path = place(credential_file);
        let failed = |fault: &dyn std::fmt::Display| format!("{}: {fault}", path.display());
        let mut settings = Self::load(&path).map_err(|fault| failed(&fault))?;
        if !settings.trusts(&transport) {
            settings.trusted.push(transport);
            let text = format!("{:#}\n", serde_json::to_value(&settings).map_err(|fault| failed(&fault))?);
            let folder = path.parent().unwrap_or(&path);
            let written = files::unnamed(folder).and_then(|file| files::put(file, text.as_bytes(), &path));
            written.map_err(|fault| failed(&fault))?;
        }
        Ok(path)
    }

    fn load(path: &Path) -> std::io::Result<Self> {
        match files::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(fault) => Err(fault),
        }
    }
}

/// Beside the file that a link leads to, not beside the link.
fn place(credential_file: &Path) -> PathBuf {
    let real = std::fs::canonicalize(credential_file).unwrap_or_else(|_| credential_file.to_owned());
    real.with_file_name(NAME)
}
