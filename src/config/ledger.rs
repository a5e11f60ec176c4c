//! The address of the ledger's database. It may hold a password, which is never printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::environment::Environment;
use super::error::{ConfigError, refused};
use super::flags::Flags;
use super::source::Source;

/// The variable that every program of PostgreSQL reads a password from.
const PASSWORD: &str = "PGPASSWORD";

/// An address as it was given.
#[derive(Clone, Debug)]
pub struct LedgerUrl {
    url: SecretString,
    /// Without a password.
    shown: String,
    has_password: bool,
}

/// The ledger's database, and the password that stands beside its address.
#[derive(Clone, Debug)]
pub struct LedgerPlace {
    address: LedgerUrl,
    password: Option<SecretString>,
    /// Where the address was set.
    pub source: Source,
}

impl LedgerUrl {
    /// Reads an address. The error does not repeat it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
        let mut shown = url.ok_or("must be the address of a database, such as postgres://user@host/database")?;
        let in_query = shown.query_pairs().any(|(name, _)| name == "password");
        let has_password = shown.password().is_some() || in_query;
        // An address that cannot have a password keeps what it has, which is none.
        let _ = shown.set_password(None);
        if in_query {
            shown.set_query(None);
        }
        Ok(Self { url: text.into(), shown: shown.into(), has_password })
    }
}

impl fmt::Display for LedgerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl LedgerPlace {
    /// The address with its password.
    #[must_use]
    pub fn url(&self) -> &str {
        self.address.url.expose_secret()
    }

    /// The password to use if the address has none.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl fmt::Display for LedgerPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(formatter)
    }
}

/// Decides which database holds the ledger, if one does.
///
/// # Errors
/// If a password stands on the command line, which other users of the machine can read.
pub fn ledger_place(flags: &Flags, environment: &Environment) -> Result<Option<LedgerPlace>, ConfigError> {
    let Some(address) = flags.ledger.clone() else { return Ok(None) };
    let source = flags.source("ledger");
    if address.has_password && matches!(source, Source::Flag(_)) {
        let problem = "must not hold a password, since other users of this machine can read command lines: set \
                       OPENTRAIN_LEDGER instead, or PGPASSWORD beside it";
        return Err(refused(&source, problem));
    }
    Ok(Some(LedgerPlace { address, password: environment.get(PASSWORD).map(Into::into), source }))
}
