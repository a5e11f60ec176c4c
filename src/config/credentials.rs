//! The token in use, and the account in the file of OpenTrain's own tools: `{"apiToken", "baseUrl", "claimToken"}`. A
//! new account is in use at once; if it cannot be saved, saving is tried again.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use crate::api::token::{AccountLock, StoredAccount, Token, TokenSource};
use crate::api::wording::{Wording, wording};
use crate::files;

use super::credential_file::{CredentialFile, ISSUED_BY, Unsaved, lock_path};
use super::leftover;
use super::names::{DEFAULT_ORIGIN, TOKEN_VARIABLES};
use super::route::Route;
use super::source::Source;

/// How long another process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// Like `PATIENCE`, while a call waits that does not need the file.
const SHORT_PATIENCE: Duration = Duration::from_millis(200);
/// The room that is reserved for a new account, in addition to what the file holds. Tokens have some hundred bytes.
const ROOM: usize = 16 * 1024;

/// The source of the token: the environment, or the file, which is read again when its token is refused.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Where each token may go. It contains the environment's token and the path of the file.
    route: Route,
    state: Arc<RwLock<State>>,
    /// Locked while the file is read or written and the state follows it, so that an older read never replaces a newer
    /// write.
    in_step: Arc<Mutex<()>>,
    /// Notices about the other settings, found at start.
    notices: Vec<String>,
    /// How saving an account again ended, until a caller takes this notice.
    saved_again: Arc<Mutex<Option<String>>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    account: StoredAccount,
    notices: Vec<String>,
    /// Set while the account in use is not in the file.
    unsaved: Option<Unsaved>,
}

impl State {
    fn of(mut file: CredentialFile, route: &Route) -> Self {
        let account = file.account_for(route);
        Self { account, notices: file.notices, unsaved: file.unsaved }
    }
}

impl Credentials {
    /// The tokens of the environment and of the file that may go by this route.
    pub(super) fn new(route: Route, file: Option<CredentialFile>) -> Self {
        let state = file.map(|file| State::of(file, &route)).unwrap_or_default();
        Self {
            route,
            state: Arc::new(RwLock::new(state)),
            in_step: Arc::default(),
            notices: Vec::new(),
            saved_again: Arc::default(),
        }
    }

    /// Adds notices for the user.
    pub(super) fn with_notices(mut self, notices: impl IntoIterator<Item = String>) -> Self {
        self.notices.extend(notices);
        self
    }

    /// Why no key may be stored for the base in use; `None` if one may. A base that only the environment names must not
    /// get a key that its user means for the stored base.
    #[must_use]
    pub fn refuses_login(&self) -> Option<String> {
        let Source::Variable(variable) = &self.route.base.source else { return None };
        let stored = self.route.file.clone().map(CredentialFile::read);
        let stored = stored.as_ref().and_then(CredentialFile::base_url).unwrap_or(DEFAULT_ORIGIN);
        (!self.route.is_at(stored)).then(|| {
            format!(
                "{variable} names the base {}, and the stored one is {stored}: a key for one must not go to the other. \
                 Unset {variable} to log in at {stored}; for {}, set the key as OT_API_TOKEN beside {variable}",
                self.route.base.value, self.route.base.value
            )
        })
    }

    /// Describes the token and its source without the secret.
    pub(super) fn described(&self) -> (String, Source) {
        let source = match (&self.route.token, &self.route.file) {
            (Some(token), _) => token.source.clone(),
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

    /// Reads the file again. A token that another process has put there is used. A file without a token, or with the
    /// token from before one that could not be saved, changes nothing: that one is only in memory.
    fn reread(&self, path: &Path) -> CredentialFile {
        let _in_step = self.in_step.lock().unwrap_or_else(PoisonError::into_inner);
        let file = CredentialFile::read(path.to_owned());
        let fresh = State::of(file.clone(), &self.route);
        let left_behind = self.state().unsaved.and_then(|unsaved| unsaved.left_behind);
        if fresh.account.token.is_some() && (left_behind.is_none() || fresh.account.token != left_behind) {
            self.set_state(fresh);
        }
        file
    }

    fn locked_file(&self, patience: Duration) -> Result<LockedFile, String> {
        if let Some(refusal) = self.route.refusal() {
            return Err(refusal);
        }
        let path = self
            .route
            .file
            .clone()
            .ok_or("there is no home folder to keep an account in: set HOME or XDG_CONFIG_HOME")?;
        LockedFile::of(self.clone(), path.clone(), patience).map_err(|fault| format!("{}: {fault}", path.display()))
    }

    /// Saves the account that could not be saved before, unless another process has saved one since.
    fn save_unsaved(&self) -> Result<String, String> {
        let file = self.locked_file(SHORT_PATIENCE)?;
        let (token, path) = (self.state().account.token, file.path.display().to_string());
        if self.is_unsaved() {
            Box::new(file).store(self.state().account)?;
        }
        Ok(if self.state().account.token == token {
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
        self.route.token.as_ref().map(|token| token.value.clone()).or_else(|| self.state().account.token)
    }

    fn reload(&self) -> Option<Token> {
        if let Some(path) = &self.route.file {
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
        self.state().account.claim_token
    }

    fn found_in(&self) -> Wording {
        match self.described().1 {
            Source::File(path) => wording!("the file {}", path.display().to_string()),
            source => wording!("{}", source.to_string()),
        }
    }

    fn overriding_variable(&self) -> Option<&'static str> {
        match &self.route.token.as_ref()?.source {
            Source::Variable(name) => TOKEN_VARIABLES.into_iter().find(|variable| variable == name),
            _ => None,
        }
    }

    fn may_be_replaced(&self) -> bool {
        self.route.token.is_none() && self.route.file.is_some()
    }

    fn lock(&self) -> Result<Box<dyn AccountLock>, String> {
        Ok(Box::new(self.locked_file(PATIENCE)?))
    }

    fn secrets(&self) -> Vec<Token> {
        let StoredAccount { token, claim_token } = self.state().account;
        self.route.token.iter().map(|token| token.value.clone()).chain(token).chain(claim_token).collect()
    }

    fn is_unsaved(&self) -> bool {
        self.state.read().is_ok_and(|state| state.unsaved.is_some())
    }

    fn save_again(&self) {
        if !self.is_unsaved() {
            return;
        }
        match self.save_unsaved() {
            Ok(done) => *self.saved_again.lock().unwrap_or_else(PoisonError::into_inner) = Some(done),
            Err(why) => {
                if let Ok(mut state) = self.state.write()
                    && let Some(unsaved) = &mut state.unsaved
                {
                    unsaved.why = why;
                }
            }
        }
    }

    fn take_notice(&self) -> Option<String> {
        self.saved_again.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The credential file under its lock, and the file that will take its place.
struct LockedFile {
    credentials: Credentials,
    /// The file itself, so that a link to it stays a link.
    path: PathBuf,
    fields: Map<String, Value>,
    next: NamedTempFile,
    /// A file of its own, since the credential file is replaced. Closing it ends the lock.
    _lock: File,
}

impl LockedFile {
    fn of(credentials: Credentials, path: PathBuf, patience: Duration) -> io::Result<Self> {
        let folder = path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?;
        files::private_folder(folder)?;
        let lock = files::open_log(&lock_path(&path))?;
        files::lock(&lock, patience)?;
        // The next step reads what this puts in place; the save below replaces the rest.
        drop(leftover::recover(&path));
        let broken =
            || io::Error::other("it cannot be read, and its content must not be lost; repair or remove it first");
        let fields = credentials.reread(&path).fields.ok_or_else(broken)?;
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let size = Value::Object(fields.clone()).to_string().len();
        let next = files::room_for(&path, 2 * size + ROOM)?;
        Ok(Self { credentials, path, fields, next, _lock: lock })
    }

    fn save(mut self, account: &StoredAccount) -> io::Result<()> {
        let fields = &mut self.fields;
        for (name, token) in [("apiToken", &account.token), ("claimToken", &account.claim_token)] {
            match token {
                Some(token) => drop(fields.insert(name.into(), token.expose().into())),
                None => drop(fields.shift_remove(name)),
            }
        }
        // A base belongs to its account: the next account must not go there.
        fields.shift_remove(ISSUED_BY);
        if account.token.is_some() || account.claim_token.is_some() {
            let route = &self.credentials.route;
            let stored = fields.get("baseUrl").and_then(Value::as_str);
            let name = if route.names_base(stored) { "baseUrl" } else { ISSUED_BY };
            fields.insert(name.into(), route.base.value.as_str().trim_end_matches('/').into());
        } else {
            fields.shift_remove("baseUrl");
        }
        let text = format!("{:#}\n", Value::Object(self.fields));
        files::put(self.next, text.as_bytes(), &self.path)?;
        leftover::clear(&self.path);
        Ok(())
    }
}

impl AccountLock for LockedFile {
    fn stored(&self) -> StoredAccount {
        self.credentials.state().account
    }

    fn is_taken(&self) -> bool {
        let is_set = |name| self.fields.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        self.stored().token.is_some() || is_set("apiToken") || is_set("claimToken")
    }

    fn store(self: Box<Self>, account: StoredAccount) -> Result<(), String> {
        let credentials = self.credentials.clone();
        let _in_step = credentials.in_step.lock().unwrap_or_else(PoisonError::into_inner);
        let State { notices, .. } = credentials.state();
        let in_file = self.fields.get("apiToken").and_then(Value::as_str).and_then(|text| Token::new(text).ok());
        let in_use = State { account: account.clone(), notices, unsaved: None };
        credentials.set_state(in_use.clone());
        let path = self.path.clone();
        self.save(&account).map_err(|fault| {
            let why = format!("{} could not be written ({fault})", path.display());
            credentials
                .set_state(State { unsaved: Some(Unsaved { left_behind: in_file, why: why.clone() }), ..in_use });
            why
        })
    }
}
