//! Text that is generated from the tables of tools, settings and hosts: the files in `schemas/`, the pages in
//! `docs/hosts`, and sections of the README and of `docs/`. Nothing here runs in the server.

mod sections;
mod words;

use serde_json::json;

use crate::install::{self, HOSTS};
use crate::mcp;
use crate::tools::SCHEMAS;

pub use sections::{Page, pages};

/// A file that is generated as a whole.
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

/// `docs/hosts/<host>.md` for every host.
///
/// # Errors
/// When the format of a host cannot hold our entry.
pub fn host_pages() -> Result<Vec<GeneratedFile>, install::DocumentError> {
    let page = |host: &install::Host| {
        Ok(GeneratedFile { path: format!("docs/hosts/{}.md", host.name), content: install::page(host)? })
    };
    HOSTS.iter().map(page).collect()
}
