//! The tools as `tools/list` serves them.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};

use crate::tools::{Served, Toolbox};

/// Every served tool, in the order of the table. A description names only tools that are served too.
#[must_use]
pub fn tools(toolbox: &Toolbox) -> Vec<Tool> {
    let listed = toolbox.served().iter();
    listed
        .map(|served| tool(served, toolbox.listed_name(served.entry), toolbox.told_here(served.description())))
        .collect()
}

/// Every tool there is.
#[must_use]
pub fn all_tools() -> Vec<Tool> {
    Served::all()
        .iter()
        .map(|served| tool(served, served.entry.name.to_owned(), served.description().to_owned()))
        .collect()
}

fn tool(served: &Served, name: String, description: String) -> Tool {
    let entry = served.entry;
    let hints = entry.effect.hints();
    let annotations = ToolAnnotations::with_title(entry.title)
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    Tool::new(name, description, Arc::new(served.input().clone()))
        .with_title(entry.title)
        .with_raw_output_schema(Arc::new(entry.output()))
        .with_annotations(annotations)
}
