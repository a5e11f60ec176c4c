//! `opentrain-mcp tools`

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::engine::{Family, Served, Toolbox};
use crate::tools::FAMILIES;

use super::terminal::{HEADING, styled};
use super::{Fault, print, print_whole};

/// Lists the tools: as a table by family, or as `tools/list` serves them.
pub(super) fn run(toolbox: &Toolbox, as_json: bool) -> Result<ExitCode, Fault> {
    if as_json {
        print_whole(&serde_json::to_string_pretty(&json!({ "tools": crate::mcp::tools(toolbox) }))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<(&str, [String; 4])> =
        toolbox.served().iter().map(|served| (family(served), row(toolbox, served))).collect();
    let widest =
        |cells: &dyn Fn(&[String; 4]) -> usize| rows.iter().map(|(_, row)| cells(row)).max().unwrap_or_default();
    let (names, effects) = (widest(&|[name, ..]| name.len()), widest(&|[_, effect, ..]| effect.len()));
    let mut above = "";
    for (family, [name, effect, parameters, first]) in &rows {
        if *family != above {
            let gap = if above.is_empty() { "" } else { "\n" };
            print(&format!("{gap}{}", styled(HEADING, &format!("{family}:"))))?;
            above = family;
        }
        print(format!("{name:<names$}  {effect:<effects$}  {parameters}").trim_end())?;
        print(&format!("    {first}"))?;
    }
    print("\nParameters in [brackets] may be left out. --toolsets takes the names of the families.")?;
    print("`opentrain-mcp tools --json` has the whole descriptions, with each parameter.")?;
    Ok(ExitCode::SUCCESS)
}

/// The family that a tool belongs to.
fn family(served: &Served) -> &'static str {
    let has = |family: &&Family| family.tools.iter().any(|entry| entry.facts.name == served.facts().name);
    FAMILIES.iter().find(has).map_or("", |family| family.name)
}

/// The name, effect, parameters, and first sentence of the description.
fn row(toolbox: &Toolbox, served: &Served) -> [String; 4] {
    let input = &served.published().input_schema;
    let properties = input.get("properties").and_then(Value::as_object);
    let required = input.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    let shown = |name: &String| if is_required(name) { name.clone() } else { format!("[{name}]") };
    let parameters: Vec<String> = properties.into_iter().flatten().map(|(name, _)| shown(name)).collect();
    let description = &served.published().description;
    let first = description.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned();
    [
        toolbox.names().listed(served.facts().name).to_string(),
        served.facts().effect.describe().to_owned(),
        parameters.join(", "),
        first,
    ]
}
