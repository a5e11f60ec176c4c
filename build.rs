//! Embeds `schemas/*.json`: the server lists its tools with what stands there, without the blanks between the parts. The
//! files are made by `UPDATE_GENERATED=1 cargo test --test suite generated`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let folder = root.join("schemas");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut table = String::from("[\n");
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(table, "({name:?}, {:?}),", compact(&fs::read_to_string(path)?));
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    fs::write(Path::new(&out).join("schemas.rs"), table)
}

/// The JSON text without the blanks between its parts.
fn compact(json: &str) -> String {
    let (mut in_text, mut is_escaped) = (false, false);
    let mut stays = |letter: &char| {
        let ends_or_begins = *letter == '"' && !is_escaped;
        is_escaped = in_text && *letter == '\\' && !is_escaped;
        in_text ^= ends_or_begins;
        in_text || !letter.is_ascii_whitespace()
    };
    json.chars().filter(|letter| stays(letter)).collect()
}
