//! The tools as `schemas/` holds them: what is listed is what stands there, and nothing is made at run time.

use serde::Deserialize;

use crate::answer::Object;

/// Each tool's file, by name and in the order of the names.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// A tool as it is listed, without the prefix of its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// What a model reads of it.
    pub description: String,
    /// The schema of its arguments.
    pub input_schema: Object,
    /// The schema of its answers.
    pub output_schema: Object,
}

impl Published {
    /// The tool of that name; empty where `schemas/` has no file for it, which a test finds.
    #[must_use]
    pub fn of(tool: &str) -> Self {
        let file = FILES.binary_search_by_key(&tool, |(name, _)| name).ok().and_then(|place| FILES.get(place));
        file.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Whether the tool has a parameter of that name.
    #[must_use]
    pub fn takes(&self, parameter: &str) -> bool {
        has_property(&self.input_schema, parameter)
    }

    /// Whether the documented answer has a field of that name.
    #[must_use]
    pub fn answers_with(&self, field: &str) -> bool {
        has_property(&self.output_schema, field)
    }
}

fn has_property(schema: &Object, name: &str) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(name).is_some())
}
