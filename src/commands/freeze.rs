//! `opentrain-mcp freeze` and `thaw`

use std::path::PathBuf;
use std::process::ExitCode;

use crate::answer::{quoted, quoted_to, shown};
use crate::config::{Environment, Flags, ledger_place};
use crate::guard::freeze::Switch;

use super::{Fault, print};

/// Turns the stop switch on, which stops all writes: that of the ledger, if the settings name one, else that of this user.
pub(super) fn freeze(flags: &Flags, environment: &Environment, reason: &str) -> Result<ExitCode, Fault> {
    let (before, whose, place) = if let Some(place) = ledger_place(flags, environment)? {
        (of_ledger::freeze(&place, reason)?, "every server of this ledger", quoted_to(&place.to_string(), 1_000))
    } else {
        let switch = switch(environment.switch_paths())?;
        let before = switch.freeze(reason).map_err(|fault| format!("the stop switch could not be written: {fault}"))?;
        let paths: Vec<String> = switch.paths().iter().map(|path| path.display().to_string()).collect();
        (before, "every server of this user", quoted_to(&paths.join(", "), 1_000))
    };
    match before {
        None => print(shown!("Frozen: {} refuses every write. ({})", whose, place))?,
        Some(before) => {
            let reason = match (before.reason.as_str(), reason.trim()) {
                ("", "") => "no reason is given".into(),
                (old, "") => shown!("the reason stays {}", quoted(old)),
                ("", new) => shown!("the reason is now {}", quoted(new)),
                (old, new) => shown!("the reason is now {}, in place of {}", quoted(new), quoted(old)),
            };
            print(shown!("It was frozen already, {}; {}. ({})", quoted(&before.since), reason, place))?;
        }
    }
    print("`opentrain-mcp thaw` lets them through again.")?;
    Ok(ExitCode::SUCCESS)
}

/// Turns the stop switch off.
pub(super) fn thaw(flags: &Flags, environment: &Environment) -> Result<ExitCode, Fault> {
    let was_on = if let Some(place) = ledger_place(flags, environment)? {
        of_ledger::thaw(&place)?
    } else {
        let thawed = switch(environment.all_switch_paths())?.thaw();
        thawed.map_err(|fault| format!("writes are still stopped; a stop switch could not be removed: {fault}"))?
    };
    print(if was_on { "Thawed: writes go through again." } else { "It was not frozen." })?;
    Ok(ExitCode::SUCCESS)
}

fn switch(paths: Vec<PathBuf>) -> Result<Switch, Fault> {
    if paths.is_empty() {
        return Err("there is no home folder to keep the switch in: set HOME or XDG_CONFIG_HOME".into());
    }
    Ok(Switch::at(paths))
}

/// The switch of a ledger.
#[cfg(feature = "postgres")]
mod of_ledger {
    use crate::commands::Fault;
    use crate::commands::ledger::database;
    use crate::config::LedgerPlace;
    use crate::guard::freeze::SwitchState;

    pub(super) fn freeze(place: &LedgerPlace, reason: &str) -> Result<Option<SwitchState>, Fault> {
        let database = database(place)?;
        Ok(runtime()?.block_on(database.freeze(reason))?)
    }

    pub(super) fn thaw(place: &LedgerPlace) -> Result<bool, Fault> {
        let database = database(place)?;
        Ok(runtime()?.block_on(database.thaw())?)
    }

    fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    }
}

#[cfg(not(feature = "postgres"))]
mod of_ledger {
    use crate::commands::Fault;
    use crate::config::LedgerPlace;
    use crate::guard::freeze::SwitchState;

    const WITHOUT: &str = "this program was built without the feature `postgres`";

    pub(super) fn freeze(_: &LedgerPlace, _: &str) -> Result<Option<SwitchState>, Fault> {
        Err(WITHOUT.into())
    }

    pub(super) fn thaw(_: &LedgerPlace) -> Result<bool, Fault> {
        Err(WITHOUT.into())
    }
}
