//! The tools as `tools/list` serves them: the files in `schemas/`, with the names that this server gives.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};

use crate::engine::{Facts, Published, Toolbox};

/// Every served tool, in the order of the table.
#[must_use]
pub fn tools(toolbox: &Toolbox) -> Vec<Tool> {
    let served = toolbox.served().iter().map(crate::engine::Served::facts);
    served.map(|facts| tool(facts, Published::of(facts.name), toolbox.names().listed(facts.name))).collect()
}

/// A tool in MCP's own shape (`Tool`, revision 2025-06-18 and later).
#[must_use]
pub fn tool(facts: &Facts, published: Published, name: String) -> Tool {
    let hints = facts.effect.hints();
    let annotations = ToolAnnotations::with_title(facts.title)
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    Tool::new(name, published.description, Arc::new(published.input_schema))
        .with_title(facts.title)
        .with_raw_output_schema(Arc::new(published.output_schema))
        .with_annotations(annotations)
}
