//! `opentrain-mcp freeze` and `thaw`

use std::process::ExitCode;

use crate::config::Config;
use crate::tools::freeze::Switch;

use super::{Fault, print};

/// Switches all writes off.
pub(super) fn freeze(config: &Config, reason: &str) -> Result<ExitCode, Fault> {
    let switch = switch(config)?;
    switch.freeze(reason)?;
    print(&format!("Frozen: every server of this user refuses every write. ({})", switch.path().display()))?;
    print("`opentrain-mcp thaw` lets them through again.")?;
    Ok(ExitCode::SUCCESS)
}

/// Switches them on again.
pub(super) fn thaw(config: &Config) -> Result<ExitCode, Fault> {
    print(if switch(config)?.thaw()? { "Thawed: writes go through again." } else { "It was not frozen." })?;
    Ok(ExitCode::SUCCESS)
}

fn switch(config: &Config) -> Result<Switch, Fault> {
    let path = config.operator.switch.clone();
    Ok(Switch::at(path.ok_or("there is no home folder to keep the switch in: set HOME or XDG_CONFIG_HOME")?))
}
