//! The token, and the file that OpenTrain's own tools keep it in: `{"apiToken", "baseUrl"}`. The file is read, never
//! written.

use std::path::{Path, PathBuf};
use std::sync::RwLock;

use serde::Deserialize;
use url::Url;

use crate::api::token::{Token, TokenSource};

use super::{DEFAULT_ORIGIN, Source};

/// The credential file as it was found.
#[derive(Clone, Debug)]
pub(super) struct CredentialFile {
    path: PathBuf,
    saved: Saved,
    notices: Vec<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    api_token: Option<String>,
    base_url: Option<String>,
}

impl std::fmt::Debug for Saved {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Saved").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl CredentialFile {
    /// Reads what is there. What cannot be read is noticed, and left as it is.
    pub(super) fn read(path: PathBuf) -> Self {
        let mut notices = Vec::new();
        let saved = match std::fs::read(&path) {
            Ok(bytes) => {
                notices.extend(readable_by_others(&path));
                serde_json::from_slice(&bytes).unwrap_or_else(|fault| {
                    notices.push(format!(
                        "{} is not the JSON that OpenTrain's tools write ({}); it is ignored",
                        path.display(),
                        place(&fault)
                    ));
                    Saved::default()
                })
            }
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Saved::default(),
            Err(fault) => {
                notices.push(format!("{} cannot be read ({fault})", path.display()));
                Saved::default()
            }
        };
        Self { path, saved, notices }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn base_url(&self) -> Option<&str> {
        self.saved.base_url.as_deref()
    }

    /// The token, if `origin` may have it: the file's own base or the default one. Any other comes from the environment,
    /// where a hostile project's configuration could have put it to fetch the token.
    fn token_for(&mut self, origin: &Url, base_source: &Source) -> Option<Token> {
        let text = self.saved.api_token.as_deref()?;
        let own = self.saved.base_url.as_deref().unwrap_or(DEFAULT_ORIGIN);
        let may_have = [own, DEFAULT_ORIGIN]
            .iter()
            .any(|base| Url::parse(base).is_ok_and(|base| base.origin() == origin.origin()));
        if !may_have {
            self.notices.push(format!(
                "the token in {} is not used: it belongs to {own}, and {base_source} names another base ({origin})",
                self.path.display()
            ));
            return None;
        }
        let token = Token::new(text).ok();
        if token.is_none() {
            self.notices.push(format!("apiToken in {} is no token; it is ignored", self.path.display()));
        }
        token
    }
}

/// Where a JSON fault is; never what stands there.
fn place(fault: &serde_json::Error) -> String {
    format!("line {}, column {}", fault.line(), fault.column())
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0)
        .then(|| format!("{0} can be read by other users of this machine: chmod 600 {0}", path.display()))
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> Option<String> {
    None
}

/// Where the token comes from: the environment, or the file, which is looked at again when its token is refused.
#[derive(Debug)]
pub struct Credentials {
    source: Source,
    /// The origin and where that came from, to judge what a file that has changed may be used for.
    origin: Option<(Url, Source)>,
    state: RwLock<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    token: Option<Token>,
    notices: Vec<String>,
}

impl Credentials {
    /// No token at all.
    #[must_use]
    pub fn none() -> Self {
        Self { source: Source::Default, origin: None, state: RwLock::default() }
    }

    pub(super) fn fixed(token: Token, source: Source, file: Option<CredentialFile>) -> Self {
        let notices = file.map(|file| file.notices).unwrap_or_default();
        Self { source, origin: None, state: RwLock::new(State { token: Some(token), notices }) }
    }

    pub(super) fn of_file(file: Option<CredentialFile>, origin: Url, base_source: &Source) -> Self {
        let Some(file) = file else { return Self::none() };
        let source = Source::File(file.path.clone());
        let state = State::of(file, &origin, base_source);
        Self { source, origin: Some((origin, base_source.clone())), state: RwLock::new(state) }
    }

    /// What may be shown of the token, and where it came from.
    pub(super) fn described(&self) -> (String, Source) {
        match self.current() {
            Some(token) => (format!("set ({})", token.kind()), self.source.clone()),
            None => ("none".into(), Source::Default),
        }
    }

    fn state(&self) -> State {
        self.state.read().map(|state| state.clone()).unwrap_or_default()
    }
}

impl State {
    fn of(mut file: CredentialFile, origin: &Url, base_source: &Source) -> Self {
        let token = file.token_for(origin, base_source);
        Self { token, notices: file.notices }
    }
}

impl TokenSource for Credentials {
    fn current(&self) -> Option<Token> {
        self.state().token
    }

    fn reload(&self) -> Option<Token> {
        if let (Source::File(path), Some((origin, base_source))) = (&self.source, &self.origin) {
            let fresh = State::of(CredentialFile::read(path.clone()), origin, base_source);
            if let Ok(mut state) = self.state.write() {
                *state = fresh;
            }
        }
        self.current()
    }

    fn notices(&self) -> Vec<String> {
        self.state().notices
    }
}
