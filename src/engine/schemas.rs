//! Reads the tools' descriptions and schemas from the embedded files of `schemas/`. Nothing is generated at run time.

use serde::Deserialize;

use crate::answer::{Object, Shown};

/// The files, sorted by the tools' names.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// The listed form of a tool, without the prefix of its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// The description for the model.
    pub description: String,
    /// The schema of the arguments.
    pub input_schema: Object,
    /// The schema of the answer's structured part.
    pub output_schema: Object,
}

impl Published {
    /// Reads the file of `tool`. The result is empty if `schemas/` has no such file; a test finds that.
    #[must_use]
    pub fn of(tool: &str) -> Self {
        let file = FILES.binary_search_by_key(&tool, |(name, _)| name).ok().and_then(|place| FILES.get(place));
        file.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The first sentence of the description.
    #[must_use]
    pub fn first_sentence(&self) -> Shown {
        let first = self.description.split_inclusive(". ").next().unwrap_or_default();
        Shown::returned(first.trim_end().to_owned())
    }

    /// True if the tool has this parameter.
    #[must_use]
    pub fn takes(&self, parameter: &str) -> bool {
        has_property(&self.input_schema, parameter)
    }

    /// True if the documented answer has this field.
    #[must_use]
    pub fn answers_with(&self, field: &str) -> bool {
        has_property(&self.output_schema, field)
    }
}

fn has_property(schema: &Object, name: &str) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(name).is_some())
}
