//! `opentrain-mcp tools`

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::answer::{Joined, Shown, id, shown};
use crate::engine::{Family, Served, Toolbox};
use crate::tools::FAMILIES;

use super::terminal::{HEADING, padded, styled};
use super::{Fault, print, print_whole};

/// Lists the tools: as a table by family, or as `tools/list` serves them.
pub(super) fn run(toolbox: &Toolbox, as_json: bool) -> Result<ExitCode, Fault> {
    if as_json {
        print_whole(&serde_json::to_string_pretty(&json!({ "tools": crate::mcp::tools(toolbox) }))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<_> = toolbox.served().iter().map(|served| (family(served), row(toolbox, served))).collect();
    let widest = |column: fn(&Row) -> &Shown| rows.iter().map(|(_, row)| column(row).len()).max().unwrap_or_default();
    let (names, effects) = (widest(|row| &row.name), widest(|row| &row.effect));
    let mut above = "";
    for (family, row) in &rows {
        if *family != above {
            let gap = if above.is_empty() { "" } else { "\n" };
            print(shown!("{}{}", gap, styled(HEADING, shown!("{}:", family))))?;
            above = family;
        }
        let line = shown!("{}  {}  {}", padded(&row.name, names), padded(&row.effect, effects), row.parameters);
        print(line.without_end(' '))?;
        print(shown!("    {}", row.first))?;
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

/// What is printed of a tool.
struct Row {
    name: Shown,
    effect: Shown,
    parameters: Shown,
    /// The first sentence of the description.
    first: Shown,
}

fn row(toolbox: &Toolbox, served: &Served) -> Row {
    let input = &served.published().input_schema;
    let properties = input.get("properties").and_then(Value::as_object);
    let required = input.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    let shown = |name: &String| if is_required(name) { id(name) } else { shown!("[{}]", id(name)) };
    Row {
        name: toolbox.names().listed(served.facts().name),
        effect: served.facts().effect.describe().into(),
        parameters: properties.into_iter().flatten().map(|(name, _)| shown(name)).joined(", "),
        first: served.published().first_sentence(),
    }
}
