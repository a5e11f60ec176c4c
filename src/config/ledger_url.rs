//! The address of a database. It may hold a password, which is never printed.

use std::fmt;

use secrecy::SecretString;
use url::Url;

use crate::answer::Shown;

/// An address as it was given.
#[derive(Clone, Debug)]
pub struct LedgerUrl {
    pub(super) url: SecretString,
    /// Without a password.
    shown: String,
    pub(super) has_password: bool,
}

impl LedgerUrl {
    /// Reads an address. The error does not repeat it.
    pub(super) fn read(text: &str) -> Result<Self, Shown> {
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
