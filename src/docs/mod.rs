//! Generates text from the tables of tools, settings and hosts: the files in `schemas/`, the pages in `docs/hosts`, and
//! sections of the README and of `docs/`. The server must not use this room.

mod sections;
mod words;

use std::collections::BTreeMap;

use serde_json::json;

use crate::api::catalogue::INPUTS;
use crate::install::{self, HOSTS};
use crate::mcp;
use crate::tools::{SCHEMAS, writers};

pub use sections::{Page, pages};

/// A generated file.
#[derive(Clone, Debug)]
pub struct GeneratedFile {
    /// The path below the crate's root, such as `schemas/list_contracts.json`.
    pub path: String,
    /// The whole file.
    pub content: String,
}

/// `schemas/<tool>.json` for every tool, exactly as served, and the record of words.
#[must_use]
pub fn schema_files() -> Vec<GeneratedFile> {
    let makers = SCHEMAS.iter().flat_map(|family| family.iter());
    let files = makers.map(|maker| {
        let tool = mcp::tool(&maker.facts, (maker.make)(), maker.facts.name.to_owned());
        GeneratedFile { path: format!("schemas/{}.json", maker.facts.name), content: format!("{:#}\n", json!(tool)) }
    });
    files.chain([GeneratedFile { path: "schemas/words.md".to_owned(), content: words::words() }]).collect()
}

/// `src/engine/origins.json`: for each tool the fields that strangers write, and whether its answers are public.
#[must_use]
pub fn origins() -> GeneratedFile {
    let origins: BTreeMap<&str, _> = SCHEMAS.iter().flat_map(|family| family.iter()).map(|maker| {
        let (tool, published) = (maker.facts.name, (maker.make)());
        let origin = json!({
            "untrusted": writers::of_strangers(tool, &published.output_schema), "public": writers::PUBLIC.contains(&tool)
        });
        (tool, origin)
    }).collect();
    GeneratedFile { path: "src/engine/origins.json".to_owned(), content: format!("{:#}\n", json!(origins)) }
}

/// `src/api/inputs.json`: the input of every operation.
#[must_use]
pub fn inputs() -> GeneratedFile {
    let inputs: BTreeMap<_, _> = INPUTS.iter().map(|maker| (maker.name, (maker.make)())).collect();
    GeneratedFile { path: "src/api/inputs.json".to_owned(), content: format!("{:#}\n", json!(inputs)) }
}

/// `docs/hosts/<host>.md` for every host.
///
/// # Errors
/// If a host's format cannot contain our entry.
pub fn host_pages() -> Result<Vec<GeneratedFile>, install::DocumentError> {
    let page = |host: &install::Host| {
        Ok(GeneratedFile { path: format!("docs/hosts/{}.md", host.name), content: install::page(host)? })
    };
    HOSTS.iter().map(page).collect()
}
