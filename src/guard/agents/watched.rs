//! The agents of a file that may change while the server runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use super::agent::Agents;
use super::file::AgentsError;

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_millis(200);

/// The current agents of a file. A file that is broken changes nothing: the last good one stays in use.
#[derive(Clone)]
pub struct Watched {
    path: PathBuf,
    families: Vec<&'static str>,
    current: Arc<RwLock<Arc<Agents>>>,
}

/// What tells one version of the file from another.
type Version = Option<(SystemTime, u64, u64)>;

impl Watched {
    /// Reads the file. Must be followed by `watch`.
    ///
    /// # Errors
    /// If the file cannot be read, or an entry is wrong.
    pub fn open(path: PathBuf, families: Vec<&'static str>) -> Result<Self, AgentsError> {
        let current = Agents::read(&path, &families)?;
        Ok(Self { path, families, current: Arc::new(RwLock::new(Arc::new(current))) })
    }

    /// The agents now.
    #[must_use]
    pub fn current(&self) -> Arc<Agents> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes up every change of the file, and tells `changed`. Never returns.
    pub async fn watch(&self, changed: impl Fn(&Agents)) {
        // What changed between `open` and now is read again.
        let mut seen: Option<Version> = None;
        loop {
            let (path, families) = (self.path.clone(), self.families.clone());
            let looked = tokio::task::spawn_blocking(move || {
                let version = version(&path);
                (seen != Some(version)).then(|| (version, Agents::read(&path, &families)))
            });
            if let Ok(Some((version, read))) = looked.await {
                seen = Some(version);
                match read {
                    Ok(agents) => {
                        changed(&agents);
                        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(agents);
                    }
                    Err(fault) => tracing::error!(%fault, "the agents cannot be read: the last good ones stay in use"),
                }
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

fn version(path: &Path) -> Version {
    let facts = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&facts);
    #[cfg(not(unix))]
    let number = 0;
    Some((facts.modified().ok()?, facts.len(), number))
}
