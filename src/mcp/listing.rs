//! Builds the reply to `tools/list` from the files in `schemas/` and the names of this server.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};

use crate::engine::{Facts, Published, Toolbox};

/// All served tools in listing order.
#[must_use]
pub fn tools(toolbox: &Toolbox) -> Vec<Tool> {
    let served = toolbox.served().iter().map(|served| served.facts());
    served.map(|facts| tool(facts, Published::of(facts.name), toolbox.names().listed(facts.name).into())).collect()
}

/// Converts a tool to MCP's type (`Tool`, revision 2025-06-18 and later).
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
