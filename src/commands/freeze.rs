//! `opentrain-mcp freeze` and `thaw`

use std::process::ExitCode;

use crate::answer::text::{quoted, visible};
use crate::config::Config;
use crate::guard::freeze::Switch;

use super::{Fault, print};

/// Switches all writes off.
pub(super) fn freeze(config: &Config, reason: &str) -> Result<ExitCode, Fault> {
    let switch = switch(config)?;
    let before = switch.freeze(reason).map_err(|fault| format!("the stop switch could not be written: {fault}"))?;
    let paths: Vec<String> = switch.paths().iter().map(|path| path.display().to_string()).collect();
    match before {
        None => print(&format!("Frozen: every server of this user refuses every write. ({})", paths.join(", ")))?,
        Some(said) => {
            let reason = match (said.reason.as_str(), reason.trim()) {
                ("", "") => "no reason is given".into(),
                (old, "") => format!("the reason stays {}", quoted(old)),
                ("", new) => format!("the reason is now {}", quoted(new)),
                (old, new) => format!("the reason is now {}, in place of {}", quoted(new), quoted(old)),
            };
            print(&format!("It was frozen already, {}; {reason}. ({})", visible(&said.since), paths.join(", ")))?;
        }
    }
    print("`opentrain-mcp thaw` lets them through again.")?;
    Ok(ExitCode::SUCCESS)
}

/// Switches them on again.
pub(super) fn thaw(config: &Config) -> Result<ExitCode, Fault> {
    let was_on = switch(config)?.thaw().map_err(|fault| format!("the stop switch could not be removed: {fault}"))?;
    print(if was_on { "Thawed: writes go through again." } else { "It was not frozen." })?;
    Ok(ExitCode::SUCCESS)
}

fn switch(config: &Config) -> Result<Switch, Fault> {
    let paths = config.switches.clone();
    if paths.is_empty() {
        return Err("there is no home folder to keep the switch in: set HOME or XDG_CONFIG_HOME".into());
    }
    Ok(Switch::at(paths))
}
