//! Where the texts of an answer come from: which fields strangers write, and whether anybody may read the answer. Read
//! from `origins.json`, which is generated from the table of writers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::answer::Origin;

/// The origins by tool.
static ORIGINS: LazyLock<BTreeMap<String, File>> =
    LazyLock::new(|| serde_json::from_str(include_str!("origins.json")).unwrap_or_default());

#[derive(Deserialize)]
struct File {
    untrusted: Vec<String>,
    public: bool,
}

/// The origin of the answers of a tool. Those of an unknown tool count as private, and name no field.
#[must_use]
pub(super) fn of(tool: &str) -> Origin {
    ORIGINS.get(tool).map_or_else(Origin::default, |file| Origin { untrusted: &file.untrusted, is_public: file.public })
}
