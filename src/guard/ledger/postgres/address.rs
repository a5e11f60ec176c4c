//! The address of the database. Its password is never printed, and TLS is used unless the address says otherwise or the
//! database is on this machine.

use std::fmt;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use url::Url;

/// The time limit for one connection.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);
/// What the database does for a server that has gone away in the middle of a step.
const OPTIONS: &str = "-c statement_timeout=4s -c lock_timeout=3s -c idle_in_transaction_session_timeout=5s";

/// The database that the operator names.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    /// Without the password.
    shown: String,
}

impl Address {
    /// Parses `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. `password` is used if the address has none.
    ///
    /// # Errors
    /// What is wrong with it, without the address.
    pub fn parse(text: &str, password: Option<&str>) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|fault| format!("is no address of a database ({fault})"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("must begin with postgres://".into());
        }
        let mode = take_mode(&mut url)?;
        let mut config: Config = url.as_str().parse().map_err(|fault| {
            let source = std::error::Error::source(&fault).map(|why| format!(": {why}")).unwrap_or_default();
            format!("cannot be used ({fault}{source})")
        })?;
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            return Err("must name a host and a database, such as postgres://user@host/database".into());
        }
        if config.get_password().is_none()
            && let Some(password) = password
        {
            config.password(password);
        }
        let is_near = config.get_hosts().iter().all(is_on_this_machine);
        config.ssl_mode(mode.unwrap_or(if is_near { SslMode::Disable } else { SslMode::Require }));
        config.connect_timeout(CONNECT_TIMEOUT);
        config.keepalives_idle(std::time::Duration::from_secs(10));
        config.application_name(concat!("opentrain-mcp/", env!("CARGO_PKG_VERSION")));
        let options = config.get_options().map(|own| format!("{OPTIONS} {own}"));
        config.options(options.as_deref().unwrap_or(OPTIONS));
        // Nothing after the path is printed, since a password may stand there, too.
        url.set_query(None);
        let _ = url.set_password(None);
        Ok(Self { config, shown: url.into() })
    }
}

/// Takes `sslmode` out of the address. Certificates are always verified in full, so the modes that ask for it in libpq
/// are the same as `require`.
fn take_mode(url: &mut Url) -> Result<Option<SslMode>, String> {
    let (modes, others): (Vec<_>, Vec<_>) = url.query_pairs().into_owned().partition(|(name, _)| name == "sslmode");
    let mode = match modes.first().map(|(_, mode)| mode.as_str()) {
        None => return Ok(None),
        Some("disable") => SslMode::Disable,
        Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
        Some(_) => return Err("has an sslmode that is neither disable nor require nor verify-full".into()),
    };
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    Ok(Some(mode))
}

fn is_on_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> SslMode {
        Address::parse(text, None).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn the_password_is_never_printed() {
        for text in ["postgres://me:pw-9@db.example/opentrain", "postgres://me@db.example/opentrain?password=pw-9"] {
            let address = Address::parse(text, None).unwrap();
            assert_eq!(format!("{address} {address:?}").matches("pw-9").count(), 0, "{address}");
            assert_eq!(address.config.get_password(), Some(&b"pw-9"[..]));
        }
        let fault = Address::parse("postgres://me:pw-9@/?nonsense=pw-9", None).unwrap_err();
        assert!(!fault.contains("pw-9"), "{fault}");
    }

    #[test]
    fn another_machine_is_reached_by_tls_only() {
        assert_eq!(mode("postgres://me@db.example/o"), SslMode::Require);
        assert_eq!(mode("postgres://me@127.0.0.1/o"), SslMode::Disable);
        assert_eq!(mode("postgres://me@localhost/o?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://me@db.example/o?sslmode=disable&application_name=a"), SslMode::Disable);
        assert!(Address::parse("postgres://me@db.example/o?sslmode=prefer", None).is_err());
    }

    #[test]
    fn what_is_no_database_is_refused() {
        for text in ["", "db.example", "mysql://me@db.example/o", "postgres://", "postgres://me@db.example"] {
            assert!(Address::parse(text, None).is_err(), "{text}");
        }
    }
}
