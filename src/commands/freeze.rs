//! `opentrain-mcp freeze` and `thaw`

use std::path::PathBuf;
use std::process::ExitCode;

use crate::answer::shown::quoted;
use crate::answer::visible::visible;
use crate::guard::freeze::Switch;

use super::{Fault, print};

/// Turns the stop switch on, which stops all writes.
pub(super) fn freeze(paths: Vec<PathBuf>, reason: &str) -> Result<ExitCode, Fault> {
    let switch = switch(paths)?;
    let before = switch.freeze(reason).map_err(|fault| format!("the stop switch could not be written: {fault}"))?;
    let paths: Vec<String> = switch.paths().iter().map(|path| path.display().to_string()).collect();
    match before {
        None => print(&format!("Frozen: every server of this user refuses every write. ({})", paths.join(", ")))?,
        Some(before) => {
            let reason = match (before.reason.as_str(), reason.trim()) {
                ("", "") => "no reason is given".into(),
                (old, "") => format!("the reason stays {}", quoted(old)),
                ("", new) => format!("the reason is now {}", quoted(new)),
                (old, new) => format!("the reason is now {}, in place of {}", quoted(new), quoted(old)),
            };
            print(&format!("It was frozen already, {}; {reason}. ({})", visible(&before.since), paths.join(", ")))?;
        }
    }
    print("`opentrain-mcp thaw` lets them through again.")?;
    Ok(ExitCode::SUCCESS)
}

/// Turns the stop switch off.
pub(super) fn thaw(paths: Vec<PathBuf>) -> Result<ExitCode, Fault> {
    let thawed = switch(paths)?.thaw();
    let was_on =
        thawed.map_err(|fault| format!("writes are still stopped; a stop switch could not be removed: {fault}"))?;
    print(if was_on { "Thawed: writes go through again." } else { "It was not frozen." })?;
    Ok(ExitCode::SUCCESS)
}

fn switch(paths: Vec<PathBuf>) -> Result<Switch, Fault> {
    if paths.is_empty() {
        return Err("there is no home folder to keep the switch in: set HOME or XDG_CONFIG_HOME".into());
    }
    Ok(Switch::at(paths))
}
