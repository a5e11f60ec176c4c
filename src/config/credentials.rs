//! The token, and the file that OpenTrain's own tools keep an account in: `{"apiToken", "baseUrl", "claimToken"}`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Map, Value};
use tempfile::NamedTempFile;
use url::Url;

use crate::api::token::{Hold, Kept, Token, TokenSource};
use crate::files;

use super::leftover::{self, Leftover};
use super::placeholder::{unfilled, unfilled_token};
use super::{DEFAULT_ORIGIN, Source};

/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same while a call waits that has nothing to do with it.
const SHORT_PATIENCE: Duration = Duration::from_millis(200);
/// The room that is taken for a new account, beside what stands in the file already. Tokens have some hundred bytes.
const ROOM: usize = 16 * 1024;

/// The fields of the file that are ours to read; each is text.
const NAMES: [&str; 3] = ["apiToken", "baseUrl", "claimToken"];

/// The credential file as it was found.
#[derive(Clone)]
pub(super) struct CredentialFile {
    path: PathBuf,
    /// All of it; `None` when there is one that cannot be read.
    fields: Option<Map<String, Value>>,
    notices: Vec<String>,
    /// Why its account is not in the file itself: it was found beside it.
    unsaved: Option<Unsaved>,
}

impl CredentialFile {
    /// Reads what is there at start, an account included that an earlier process could not put in place.
    pub(super) fn recovered(path: PathBuf) -> Self {
        let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if files::beside(&real).is_empty() {
            return Self::read(path);
        }
        // Who holds the lock is just writing there, and no earlier process.
        let lock = files::private_log().open(lock_path(&path)).and_then(|lock| {
            files::lock(&lock, Duration::ZERO)?;
            Ok(lock)
        });
        let busy = lock.as_ref().is_err_and(|fault| fault.kind() == io::ErrorKind::TimedOut);
        let found = if busy { None } else { leftover::recover(&path) };
        let mut file = Self::read(path);
        match found {
            None => {}
            Some(Leftover::Placed) => file.notices.push(format!(
                "an account that was delivered to an earlier process and could not be saved then is now in {}",
                file.path.display()
            )),
            Some(Leftover::Stuck(fields, fault)) => {
                let left_behind = file.text("apiToken").and_then(|text| Token::new(text).ok());
                file.unsaved = Some(Unsaved { left_behind, why: fault.to_string() });
                file.fields = Some(fields);
            }
        }
        file
    }

    /// Reads what is there. What cannot be read is noticed, and left as it is.
    pub(super) fn read(path: PathBuf) -> Self {
        let mut notices = Vec::new();
        let fields = match files::read(&path) {
            Ok(bytes) => {
                notices.extend(readable_by_others(&path));
                // Some editors put a byte order mark before a text.
                let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
                let fields: Result<Map<String, Value>, String> =
                    serde_json::from_slice(text).map_err(|fault| place(&fault));
                let fields = fields.and_then(|fields| match NAMES.iter().find(|name| !is_text(&fields, name)) {
                    Some(name) => Err(format!("{name} is not a string")),
                    None => Ok(fields),
                });
                fields.map_err(|what| notices.push(not_ours(&path, &what))).ok()
            }
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Some(Map::new()),
            Err(fault) => {
                notices.push(format!("{} cannot be read ({fault})", path.display()));
                None
            }
        };
        let mut file = Self { path, fields, notices, unsaved: None };
        let unfilled = NAMES.iter().filter_map(|name| {
            let why = why_unfilled(name, file.raw(name)?)?;
            Some(format!("{name} in {} is not used: {why}", file.path.display()))
        });
        file.notices.extend(unfilled.collect::<Vec<_>>());
        file
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn raw(&self, name: &str) -> Option<&str> {
        Some(self.fields.as_ref()?.get(name)?.as_str()?.trim()).filter(|text| !text.is_empty())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|text| why_unfilled(name, text).is_none())
    }

    pub(super) fn base_url(&self) -> Option<&str> {
        self.text("baseUrl")
    }

    /// What is kept, as far as `origin` may have it: the file's own base or the default one. Any other comes from the
    /// environment, where a hostile project's configuration could have put it to fetch the token.
    fn kept_for(&mut self, origin: &Url, base_source: &Source) -> Kept {
        let Some(token) = self.text("apiToken").map(str::to_owned) else { return Kept::default() };
        let own = self.base_url().unwrap_or(DEFAULT_ORIGIN).to_owned();
        let same = |base: &str| Url::parse(base).is_ok_and(|base| base.origin() == origin.origin());
        // The default base is in use although the file names another: it was not used, and that has been said.
        if !same(&own) && *base_source == Source::Default {
            return Kept::default();
        }
        if !same(&own) && !same(DEFAULT_ORIGIN) {
            self.notices.push(format!(
                "the token in {} is not used: it belongs to {own}, and {base_source} names another base ({origin})",
                self.path.display()
            ));
            return Kept::default();
        }
        let kept = Token::bearing(&token);
        if let Err(fault) = &kept {
            self.notices.push(format!("apiToken in {} is ignored: {fault}", self.path.display()));
        }
        // A claim token is for the origin that gave it and no other.
        let claim_token = self.text("claimToken").filter(|_| same(&own)).and_then(|text| Token::new(text).ok());
        Kept { token: kept.ok(), claim_token }
    }
}

/// Why the text of a field counts as not there.
fn why_unfilled(name: &str, text: &str) -> Option<&'static str> {
    if name == "baseUrl" { unfilled(text) } else { unfilled_token(text) }
}

/// The lock stands beside the credential file, since that one is replaced.
fn lock_path(path: &Path) -> PathBuf {
    path.with_extension("json.lock")
}

fn is_text(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_none_or(|value| value.is_string() || value.is_null())
}

/// Where a JSON fault is; never what stands there.
fn place(fault: &serde_json::Error) -> String {
    format!("line {}, column {}", fault.line(), fault.column())
}

fn not_ours(path: &Path, what: &str) -> String {
    format!("{} is not the JSON that OpenTrain's tools write ({what}); it is ignored", path.display())
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
#[derive(Clone, Debug)]
pub struct Credentials {
    /// A token of the environment: it wins over the file's.
    fixed: Option<(Token, &'static str)>,
    /// The file, if there is a home to keep one in.
    path: Option<PathBuf>,
    /// What the file is used with, and where that was set.
    origin: Url,
    base_source: Source,
    state: Arc<RwLock<State>>,
    /// Held while the file and the state are made the same: what was read must not replace what is written meanwhile.
    in_step: Arc<Mutex<()>>,
    /// What is to be known of the settings around it, since the start.
    notices: Vec<String>,
    /// What became of an account that had to be saved again, until somebody is told.
    news: Arc<Mutex<Option<String>>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    kept: Kept,
    notices: Vec<String>,
    /// Set while the account in use is not in the file.
    unsaved: Option<Unsaved>,
}

/// An account that is in use and could not be saved.
#[derive(Clone, Debug)]
struct Unsaved {
    /// The token that the file still has.
    left_behind: Option<Token>,
    why: String,
}

impl State {
    fn of(mut file: CredentialFile, origin: &Url, base_source: &Source) -> Self {
        let kept = file.kept_for(origin, base_source);
        Self { kept, notices: file.notices, unsaved: file.unsaved }
    }
}

impl Credentials {
    /// What the environment and the file give for `origin`.
    pub(super) fn new(
        fixed: Option<(Token, &'static str)>,
        file: Option<CredentialFile>,
        origin: Url,
        base_source: Source,
    ) -> Self {
        let path = file.as_ref().map(|file| file.path.clone());
        let state = file.map(|file| State::of(file, &origin, &base_source)).unwrap_or_default();
        Self {
            fixed,
            path,
            origin,
            base_source,
            state: Arc::new(RwLock::new(state)),
            in_step: Arc::default(),
            notices: Vec::new(),
            news: Arc::default(),
        }
    }

    /// The same, with more that a person should know.
    pub(super) fn with_notices(mut self, notices: impl IntoIterator<Item = String>) -> Self {
        self.notices.extend(notices);
        self
    }

    /// What may be shown of the token, and where it came from.
    pub(super) fn described(&self) -> (String, Source) {
        let source = match (&self.fixed, &self.path) {
            (Some((_, variable)), _) => Source::Environment(variable),
            (None, Some(path)) => Source::File(path.clone()),
            (None, None) => Source::Default,
        };
        match self.current() {
            Some(token) => (format!("set ({})", token.kind()), source),
            None => ("none".into(), Source::Default),
        }
    }

    fn state(&self) -> State {
        self.state.read().map(|state| state.clone()).unwrap_or_default()
    }

    /// Reads the file again. What another process has put there counts; a file without a token takes nothing away, nor
    /// does one with the token of before: what could not be saved is in memory only.
    fn reread(&self, path: &Path) -> CredentialFile {
        let _in_step = self.in_step.lock().unwrap_or_else(PoisonError::into_inner);
        let file = CredentialFile::read(path.to_owned());
        let fresh = State::of(file.clone(), &self.origin, &self.base_source);
        let left_behind = self.state().unsaved.and_then(|unsaved| unsaved.left_behind);
        if fresh.kept.token.is_some() && (left_behind.is_none() || fresh.kept.token != left_behind) {
            self.set_state(fresh);
        }
        file
    }

    fn held(&self, patience: Duration) -> Result<Held, String> {
        let path =
            self.path.clone().ok_or("there is no home folder to keep an account in: set HOME or XDG_CONFIG_HOME")?;
        Held::of(self.clone(), path.clone(), patience).map_err(|fault| format!("{}: {fault}", path.display()))
    }

    /// Saves the account in use, which could not be saved before, unless another process has saved one since.
    fn save_unsaved(&self) -> Result<String, String> {
        let held = self.held(SHORT_PATIENCE)?;
        let (token, path) = (self.state().kept.token, held.path.display().to_string());
        if self.is_unsaved() {
            Box::new(held).keep(self.state().kept)?;
        }
        Ok(if self.state().kept.token == token {
            format!("The new token, which could not be saved before, is in {path} now.")
        } else {
            format!("Another process has saved another account in {path}; that one is in use now.")
        })
    }

    fn set_state(&self, fresh: State) {
        if let Ok(mut state) = self.state.write() {
            *state = fresh;
        }
    }
}

impl TokenSource for Credentials {
    fn current(&self) -> Option<Token> {
        self.fixed.as_ref().map(|(token, _)| token.clone()).or_else(|| self.state().kept.token)
    }

    fn reload(&self) -> Option<Token> {
        if let Some(path) = &self.path {
            self.reread(path);
        }
        self.current()
    }

    fn notices(&self) -> Vec<String> {
        let State { notices, unsaved, .. } = self.state();
        let unsaved = unsaved.map(|Unsaved { why, .. }| {
            format!(
                "the token in use could not be saved ({why}); saving is tried again at every call and at the end, and \
                 the token is lost if this server is killed before"
            )
        });
        self.notices.iter().cloned().chain(notices).chain(unsaved).collect()
    }

    fn claim_token(&self) -> Option<Token> {
        self.state().kept.claim_token
    }

    fn found_in(&self) -> String {
        match self.described().1 {
            Source::File(path) => format!("the file {}", path.display()),
            source => source.to_string(),
        }
    }

    fn overruled_by(&self) -> Option<&'static str> {
        self.fixed.as_ref().map(|(_, variable)| *variable)
    }

    fn hold(&self) -> Result<Box<dyn Hold>, String> {
        Ok(Box::new(self.held(PATIENCE)?))
    }

    fn is_unsaved(&self) -> bool {
        self.state.read().is_ok_and(|state| state.unsaved.is_some())
    }

    fn save_again(&self) {
        if !self.is_unsaved() {
            return;
        }
        match self.save_unsaved() {
            Ok(done) => *self.news.lock().unwrap_or_else(PoisonError::into_inner) = Some(done),
            Err(why) => {
                if let Ok(mut state) = self.state.write()
                    && let Some(unsaved) = &mut state.unsaved
                {
                    unsaved.why = why;
                }
            }
        }
    }

    fn take_news(&self) -> Option<String> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A hold on the credential file: the lock, and the file that will take its place.
struct Held {
    credentials: Credentials,
    /// Where the file really is: a link to it stays one.
    path: PathBuf,
    fields: Map<String, Value>,
    next: NamedTempFile,
    /// Beside the credential file, since that one is replaced. The lock ends when this is closed.
    _lock: File,
}

impl Held {
    fn of(credentials: Credentials, path: PathBuf, patience: Duration) -> io::Result<Self> {
        let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
        files::private_folder(folder)?;
        let lock = files::private_log().open(lock_path(&path))?;
        files::lock(&lock, patience)?;
        // What this finds is read in the next step; what it cannot put in place is tried again below.
        drop(leftover::recover(&path));
        let broken =
            || io::Error::other("it cannot be read, and what is there must not be lost; mend or remove it first");
        let fields = credentials.reread(&path).fields.ok_or_else(broken)?;
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let size = Value::Object(fields.clone()).to_string().len();
        let next = files::room_for(&path, 2 * size + ROOM)?;
        Ok(Self { credentials, path, fields, next, _lock: lock })
    }

    fn save(mut self, kept: &Kept) -> io::Result<()> {
        let fields = &mut self.fields;
        for (name, token) in [("apiToken", &kept.token), ("claimToken", &kept.claim_token)] {
            match token {
                Some(token) => drop(fields.insert(name.into(), token.expose().into())),
                None => drop(fields.shift_remove(name)),
            }
        }
        // A base belongs to its account: left alone it would lead the next one astray.
        if kept.token.is_some() || kept.claim_token.is_some() {
            let base = self.credentials.origin.as_str().trim_end_matches('/');
            fields.insert("baseUrl".into(), base.into());
        } else {
            fields.shift_remove("baseUrl");
        }
        let text = format!("{:#}\n", Value::Object(self.fields));
        files::put(self.next, text.as_bytes(), &self.path)?;
        leftover::clear(&self.path);
        Ok(())
    }
}

impl Hold for Held {
    fn kept(&self) -> Kept {
        self.credentials.state().kept
    }

    fn is_taken(&self) -> bool {
        let is_set = |name| self.fields.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        self.kept().token.is_some() || is_set("apiToken") || is_set("claimToken")
    }

    fn keep(self: Box<Self>, kept: Kept) -> Result<(), String> {
        let credentials = self.credentials.clone();
        let _in_step = credentials.in_step.lock().unwrap_or_else(PoisonError::into_inner);
        let State { notices, .. } = credentials.state();
        let in_file = self.fields.get("apiToken").and_then(Value::as_str).and_then(|text| Token::new(text).ok());
        let in_use = State { kept: kept.clone(), notices, unsaved: None };
        credentials.set_state(in_use.clone());
        let path = self.path.clone();
        self.save(&kept).map_err(|fault| {
            let why = format!("{} could not be written ({fault})", path.display());
            credentials
                .set_state(State { unsaved: Some(Unsaved { left_behind: in_file, why: why.clone() }), ..in_use });
            why
        })
    }
}
