//! The ledger that the settings name: files of this user, or a database.

use std::path::Path;

use crate::config::{Config, LedgerPlace, RecordPlace};
use crate::guard::freeze::Switch;
use crate::guard::ledger::{Files, Ledger, LockFiles, RecordFile};

use super::Fault;

/// Builds the ledger. A record that a limit is counted from must be writable.
pub(super) fn of(config: &Config) -> Result<Ledger, Fault> {
    let switch = Switch::at(config.switches.clone());
    if let (Some(place), RecordPlace::Ledger(_)) = (&config.ledger, &config.record) {
        return in_database(place, switch);
    }
    let place = &config.record;
    let record = match place {
        RecordPlace::Named(path) => RecordFile::named(path.clone()),
        RecordPlace::Default(path) => RecordFile::by_default(path.clone(), config.flags.max_day_usd.is_some()),
        RecordPlace::Ledger(_) | RecordPlace::Missing | RecordPlace::Off => Ok(RecordFile::default()),
    };
    let record = record.map_err(|fault| format!("the audit log {place} cannot be written: {fault}"))?;
    Ok(Ledger::in_files(Files::new(record, locks(config.state_folder.as_deref())), switch))
}

/// Connects to the database before the server begins, if the ledger is in one. A database that is away is no reason not
/// to serve reads; one that refuses us is a wrong setting.
///
/// # Errors
/// Why the database refuses this server.
pub(super) async fn connect(config: &Config) -> Result<(), Fault> {
    let Some(place) = &config.ledger else { return Ok(()) };
    match in_database(place, Switch::default())?.check().await {
        Err(fault) if fault.kind() == std::io::ErrorKind::NotConnected => {
            tracing::warn!(%fault, "the ledger is away: every write is refused until it is back");
            Ok(())
        }
        checked => Ok(checked?),
    }
}

/// The reason why two servers of this user could create the same milestone at the same moment; `None` if they cannot.
pub(super) fn problem(config: &Config) -> Option<String> {
    if config.ledger.is_some() {
        return None;
    }
    let files = Files::new(RecordFile::default(), locks(config.state_folder.as_deref()));
    Ledger::in_files(files, Switch::default()).problem()
}

/// The locks that allow one create at a time per contract, across all servers of this user.
fn locks(state_folder: Option<&Path>) -> LockFiles {
    LockFiles::shared_in(state_folder.map(|folder| folder.join("locks")))
}

#[cfg(feature = "postgres")]
fn in_database(place: &LedgerPlace, switch: Switch) -> Result<Ledger, Fault> {
    Ok(Ledger::in_postgres(database(place)?, switch))
}

/// The database of a ledger.
#[cfg(feature = "postgres")]
pub(super) fn database(place: &LedgerPlace) -> Result<crate::guard::ledger::Postgres, Fault> {
    use crate::guard::ledger::{Address, Postgres};
    let address = Address::parse(place.url(), place.password()).map_err(|why| format!("{}: {why}", place.source))?;
    Ok(Postgres::at(address)?)
}

#[cfg(not(feature = "postgres"))]
fn in_database(place: &LedgerPlace, _: Switch) -> Result<Ledger, Fault> {
    Err(format!("{}: this program was built without the feature `postgres`", place.source).into())
}
