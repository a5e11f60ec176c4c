//! `opentrain-mcp tools`

use std::process::ExitCode;

use serde_json::json;

use crate::tools::{Served, Toolbox};

use super::{Fault, print};

/// Lists the tools: as a table, or as `tools/list` serves them.
pub(super) fn run(toolbox: &Toolbox, as_json: bool) -> Result<ExitCode, Fault> {
    if as_json {
        print(&serde_json::to_string_pretty(&json!({ "tools": crate::mcp::tools(toolbox) }))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 4]> = toolbox.served().iter().map(|served| row(toolbox, served)).collect();
    let widest = |cells: &dyn Fn(&[String; 4]) -> usize| rows.iter().map(cells).max().unwrap_or_default();
    let (names, effects) = (widest(&|[name, ..]| name.len()), widest(&|[_, effect, ..]| effect.len()));
    for [name, effect, parameters, first] in &rows {
        print(format!("{name:<names$}  {effect:<effects$}  {parameters}").trim_end())?;
        print(&format!("    {first}"))?;
    }
    print("\n`opentrain-mcp tools --json` has the whole descriptions, with each parameter.")?;
    Ok(ExitCode::SUCCESS)
}

/// Name, what a call does, parameters, and the first sentence of the description.
fn row(toolbox: &Toolbox, served: &Served) -> [String; 4] {
    let properties = served.input().get("properties").and_then(|properties| properties.as_object());
    let parameters: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let description = toolbox.told_here(served.description());
    let first = description.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned();
    [toolbox.listed_name(served.entry), served.entry.effect.told().to_owned(), parameters.join(", "), first]
}
