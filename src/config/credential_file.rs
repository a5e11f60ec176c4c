//! Reads the credential file, and decides which of its tokens may go to which base. It only finishes what an earlier
//! process left unfinished.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::api::token::{StoredAccount, Token};
use crate::files;

use super::leftover::{self, Leftover};
use super::names::DEFAULT_ORIGIN;
use super::placeholder::{unfilled, unfilled_token};
use super::route::Route;
use super::source::Source;

/// The fields of the file that this program reads; each is text.
const NAMES: [&str; 4] = ["apiToken", "baseUrl", "claimToken", ISSUED_BY];
/// The base of the account, if only the environment named that base. Unlike `baseUrl` it sends no token there; it says
/// which base the tokens of this file may go to.
pub(super) const ISSUED_BY: &str = "issuedBy";

#[derive(Clone)]
pub(super) struct CredentialFile {
    path: PathBuf,
    /// All fields; `None` if the file cannot be read.
    pub(super) fields: Option<Map<String, Value>>,
    pub(super) notices: Vec<String>,
    /// Set if the account was found beside the file and could not be put in place.
    pub(super) unsaved: Option<Unsaved>,
}

impl CredentialFile {
    /// Reads the file at start. First puts an account in place that an earlier process could not.
    pub(super) fn recovered(path: PathBuf) -> Self {
        let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if files::beside(&real).is_empty() {
            return Self::read(path);
        }
        // A process that holds the lock is writing now, so the file beside it is not left over.
        let lock = files::open_log(&lock_path(&path)).and_then(|lock| {
            files::lock(&lock, Duration::ZERO)?;
            Ok(lock)
        });
        let busy = lock.as_ref().is_err_and(|fault| fault.kind() == io::ErrorKind::TimedOut);
        let found = if busy { None } else { leftover::recover(&path) };
        if lock.is_ok() && !matches!(found, Some(Leftover::Stuck(..))) {
            leftover::clear(&path);
        }
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

    /// Reads the file. If it cannot be read it stays as it is, and a notice says so.
    pub(super) fn read(path: PathBuf) -> Self {
        let mut notices = Vec::new();
        let fields = match files::read_named(&path) {
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

    /// The base in the file, which may be a placeholder.
    pub(super) fn base_url(&self) -> Option<&str> {
        self.raw("baseUrl")
    }

    /// The account, if it may go to the base of `route`: to the account's own base or the default one, and by no way
    /// that the environment alone has laid. A hostile project's configuration could have set either to fetch the token.
    pub(super) fn account_for(&mut self, route: &Route) -> StoredAccount {
        let Some(token) = self.text("apiToken").map(str::to_owned) else { return StoredAccount::default() };
        let issuer = self.text(ISSUED_BY);
        let own = issuer.or(self.base_url()).unwrap_or(DEFAULT_ORIGIN).to_owned();
        let fits_default = issuer.is_none() && route.is_at(DEFAULT_ORIGIN);
        if !route.is_at(&own) {
            // The environment's token is used at the default base, and a notice has said so.
            if fits_default && route.base.source == Source::Default {
                return StoredAccount::default();
            }
            if !fits_default {
                self.notices.push(format!(
                    "the token in {} is not used: it belongs to {own}, and the base in use is {} ({})",
                    self.path.display(),
                    route.base.value,
                    route.base.source
                ));
                return StoredAccount::default();
            }
        }
        if let Some(refusal) = route.refusal() {
            self.notices.push(refusal);
            return StoredAccount::default();
        }
        let bearer = Token::bearing(&token);
        if let Err(fault) = &bearer {
            self.notices.push(format!("apiToken in {} is ignored: {fault}", self.path.display()));
        }
        // A claim token is for the origin that issued it only.
        let claim_token = self.text("claimToken").filter(|_| route.is_at(&own)).and_then(|text| Token::new(text).ok());
        StoredAccount { token: bearer.ok(), claim_token }
    }
}

/// Why the text of a field is not used.
fn why_unfilled(name: &str, text: &str) -> Option<&'static str> {
    if matches!(name, "baseUrl" | ISSUED_BY) { unfilled(text) } else { unfilled_token(text) }
}

/// The lock is a file beside the credential file, since the credential file is replaced. It is beside the file itself,
/// not beside a link to it: all links share it.
pub(super) fn lock_path(path: &Path) -> PathBuf {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real.with_extension("json.lock")
}

fn is_text(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_none_or(|value| value.is_string() || value.is_null())
}

/// The place of a JSON error, without the text, which may be secret.
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

/// Why the account in use is not in the file.
#[derive(Clone, Debug)]
pub(super) struct Unsaved {
    /// The token that is still in the file.
    pub(super) left_behind: Option<Token>,
    pub(super) why: String,
}
