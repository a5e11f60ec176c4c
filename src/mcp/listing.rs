//! The tools as `tools/list` serves them.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};

use crate::tools::Served;

/// Every served tool, in the order of the table.
#[must_use]
pub fn tools(served: &[Served]) -> Vec<Tool> {
    served.iter().map(tool).collect()
}

fn tool(served: &Served) -> Tool {
    let entry = served.entry;
    let hints = entry.effect.hints();
    let annotations = ToolAnnotations::with_title(entry.title)
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    Tool::new(entry.name, served.description().to_owned(), Arc::new(served.input().clone()))
        .with_title(entry.title)
        .with_raw_output_schema(Arc::new(entry.output()))
        .with_annotations(annotations)
}
