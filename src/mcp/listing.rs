//! The tools as `tools/list` serves them.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::Value;

use crate::tools::{Served, Toolbox};

/// Every served tool, in the order of the table. A description names only tools that are served too.
#[must_use]
pub fn tools(toolbox: &Toolbox) -> Vec<Tool> {
    let listed = toolbox.served().iter();
    listed.map(|served| tool(served, toolbox.listed_name(served.entry), &|text| toolbox.told_here(text))).collect()
}

/// Every tool there is.
#[must_use]
pub fn all_tools() -> Vec<Tool> {
    Served::all().iter().map(|served| tool(served, served.entry.name.to_owned(), &str::to_owned)).collect()
}

fn tool(served: &Served, name: String, told: &dyn Fn(&str) -> String) -> Tool {
    let entry = served.entry;
    let hints = entry.effect.hints();
    let annotations = ToolAnnotations::with_title(entry.title)
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    let mut input = Value::Object(served.input().clone());
    each_description(&mut input, told);
    let input = input.as_object().cloned().unwrap_or_default();
    Tool::new(name, told(served.description()), Arc::new(input))
        .with_title(entry.title)
        .with_raw_output_schema(Arc::new(entry.output()))
        .with_annotations(annotations)
}

/// Puts every parameter's description as it is told here.
fn each_description(schema: &mut Value, told: &dyn Fn(&str) -> String) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "description" => *text = told(text),
                    value => each_description(value, told),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_description(item, told)),
        _ => {}
    }
}
