//! What is generated from the tables is what stands in the repository. `UPDATE_GENERATED=1` rewrites it instead.

use std::collections::BTreeSet;
use std::path::Path;

use opentrain_mcp::cli;
use opentrain_mcp::docs;

use crate::documents::documents;
use crate::root;

/// What repairs a failure of these tests.
const COMMAND: &str = "UPDATE_GENERATED=1 cargo test --test suite generated";

fn updating() -> bool {
    std::env::var_os("UPDATE_GENERATED").is_some_and(|value| value == "1")
}

/// Compares a file with what it must hold, or rewrites it.
fn holds(path: &Path, content: &str) {
    let found = std::fs::read_to_string(path).unwrap_or_default();
    if found == content {
        return;
    }
    if updating() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        return;
    }
    let differs = found.lines().zip(content.lines()).position(|(is, should)| is != should);
    let line = differs.unwrap_or_else(|| found.lines().count().min(content.lines().count())) + 1;
    panic!("{} is out of date from line {line} on. Run: {COMMAND}", path.display());
}

#[test]
fn schema_files_are_what_is_served() {
    for made in docs::schema_files() {
        holds(&root().join(&made.path), &made.content);
    }
}

#[test]
fn inputs_are_those_of_the_types() {
    let made = docs::inputs();
    holds(&root().join(&made.path), &made.content);
}

#[test]
fn origins_are_those_of_the_table_of_writers() {
    let made = docs::origins();
    holds(&root().join(&made.path), &made.content);
}

#[test]
fn host_pages_are_up_to_date() {
    for made in docs::host_pages().unwrap() {
        holds(&root().join(&made.path), &made.content);
    }
}

/// The manual pages, by their names: one for the program and one for each command.
fn manual() -> Vec<(String, String)> {
    let mut program = cli::command();
    program.build();
    let commands = program.get_subcommands().filter(|command| command.get_name() != "help");
    [&program].into_iter().chain(commands).map(page).collect()
}

fn page(command: &clap::Command) -> (String, String) {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut text = Vec::new();
    let version = concat!("opentrain-mcp ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command.clone()).title(&name).source(version).render(&mut text).unwrap();
    (format!("packaging/man/{name}.1"), String::from_utf8(text).unwrap())
}

#[test]
fn manual_pages_are_up_to_date() {
    for (path, text) in manual() {
        holds(&root().join(path), &text);
    }
}

#[test]
fn generated_folders_hold_no_stray_files() {
    let made = docs::schema_files().into_iter().chain(docs::host_pages().unwrap());
    let made = made.map(|made| made.path).chain(manual().into_iter().map(|(path, _)| path));
    let made: BTreeSet<String> = made.collect();
    for folder in ["schemas", "docs/hosts", "packaging/man"] {
        for entry in std::fs::read_dir(root().join(folder)).into_iter().flatten() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if made.contains(&path) {
                continue;
            }
            assert!(updating(), "nothing generates {path}. Run: {COMMAND}");
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[test]
fn generated_sections_are_up_to_date() {
    let pages = docs::pages();
    for (path, text) in documents() {
        let is_listed = pages.iter().any(|page| page.path == path);
        assert!(is_listed || !text.contains("\n<!-- generated: "), "a marker in {path} that nothing fills");
    }
    for page in pages {
        let path = root().join(page.path);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        match page.fill(&text) {
            Ok(content) => {
                let markers = content.matches("<!-- generated: ").count();
                assert_eq!(markers, page.sections.len(), "a marker in {} that nothing fills", page.path);
                holds(&path, &content);
            }
            Err(section) => {
                panic!("{} lacks <!-- generated: {section} --> and <!-- /generated -->", page.path)
            }
        }
    }
}

#[tokio::test]
async fn schema_files_are_what_tools_list_serves() {
    let mut files = docs::schema_files();
    files.retain(|made| made.path != "schemas/words.md");
    let served = crate::harness::launch().env("OPENTRAIN_TOOLSETS", "all").start().await.tools().await;
    assert_eq!(served.len(), files.len());
    for (tool, made) in served.iter().zip(files) {
        let file: serde_json::Value = serde_json::from_str(&made.content).unwrap();
        assert_eq!(*tool, file, "{}", made.path);
        let keys: Vec<&String> = file.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["name", "title", "description", "inputSchema", "outputSchema", "annotations"],
            "{}",
            made.path
        );
    }
}
