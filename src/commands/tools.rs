//! `opentrain-mcp tools`

use std::process::ExitCode;

use serde_json::json;

use crate::tools::Toolbox;

use super::{Fault, print};

/// Lists the tools: as a table, or as `tools/list` serves them.
pub(super) fn run(toolbox: &Toolbox, as_json: bool) -> Result<ExitCode, Fault> {
    if as_json {
        print(&serde_json::to_string_pretty(&json!({ "tools": crate::mcp::tools(toolbox) }))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for served in toolbox.served() {
        let properties = served.input().get("properties").and_then(|properties| properties.as_object());
        let names = properties.into_iter().flatten().map(|(name, _)| name.as_str());
        print(&format!(
            "{:<26} {:<13} {}",
            toolbox.listed_name(served.entry),
            served.entry.effect.told(),
            names.collect::<Vec<_>>().join(", ")
        ))?;
        print(&format!("    {}", toolbox.told_here(served.description())))?;
    }
    Ok(ExitCode::SUCCESS)
}
