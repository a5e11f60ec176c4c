//! The tools as `tools/list` serves them.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::Value;

use crate::tools::schema::Object;
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
    Tool::new(name, told(served.description()), Arc::new(schema(served.published_input(), told)))
        .with_title(entry.title)
        .with_raw_output_schema(Arc::new(schema(entry.output(), told)))
        .with_annotations(annotations)
}

/// A schema with each description as it is told here.
fn schema(mut schema: Object, told: &dyn Fn(&str) -> String) -> Object {
    for (name, value) in &mut schema {
        match value {
            Value::String(text) if name == "description" => *text = told(text),
            value => each_description(value, told),
        }
    }
    schema
}

fn each_description(value: &mut Value, told: &dyn Fn(&str) -> String) {
    match value {
        Value::Object(fields) => *fields = schema(std::mem::take(fields), told),
        Value::Array(items) => items.iter_mut().for_each(|item| each_description(item, told)),
        _ => {}
    }
}
