//! Which database holds the ledger, as the settings say.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::environment::Environment;
use super::error::{ConfigError, refused};
use super::flags::Flags;
use super::ledger_url::LedgerUrl;
use super::source::Source;

/// The variable that every program of PostgreSQL reads a password from.
const PASSWORD: &str = "PGPASSWORD";

/// The ledger's database, and the password that stands beside its address.
#[derive(Clone, Debug)]
pub struct LedgerPlace {
    address: LedgerUrl,
    password: Option<SecretString>,
    /// Where the address was set.
    pub source: Source,
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
