//! Arguments of a call, against the schema of each tool: what fits once fits again, unchanged.
#![no_main]

use opentrain_mcp::engine::arguments::fit;
use opentrain_mcp::engine::{Entry, Published};
use opentrain_mcp::tools::all;
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((number, json)) = bytes.split_first() else { return };
    let tools: Vec<&Entry> = all().collect();
    let entry = tools[usize::from(*number) % tools.len()];
    let Ok(Value::Object(arguments)) = serde_json::from_slice(json) else { return };
    let schema = Published::of(entry.facts.name).input_schema;
    if let Ok(fitted) = fit(&schema, arguments) {
        assert_eq!(fit(&schema, fitted.clone()).ok(), Some(fitted), "{}", entry.facts.name);
    }
});
