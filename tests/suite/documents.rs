//! The documents hold together: what they name exists, links lead somewhere, and they keep to their length.

use std::path::Path;

use opentrain_mcp::cli;

use crate::root;

/// The README, ARCHITECTURE and every page of `docs/`, by their paths below the root.
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut paths: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).into();
    for folder in ["docs", "docs/hosts"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                paths.push(format!("{folder}/{name}"));
            }
        }
    }
    let text = |path: &String| std::fs::read_to_string(root().join(path)).unwrap();
    paths.into_iter().map(|path| (path.clone(), text(&path))).collect()
}

#[test]
fn documents_keep_to_their_length() {
    for (path, text) in documents() {
        let longest = match path.as_str() {
            "README.md" => 220,
            "ARCHITECTURE.md" => 150,
            _ => continue,
        };
        assert!(text.lines().count() <= longest, "{path} has more than {longest} lines");
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    for (path, text) in documents() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") || file.contains(' ') {
                continue;
            }
            let own = root().join(&path);
            let linked = if file.is_empty() { own.clone() } else { own.parent().unwrap().join(file) };
            assert!(linked.exists(), "{path} links to {target}, which is not there");
            if !place.is_empty() {
                let linked = std::fs::read_to_string(linked).unwrap();
                let mut headings = linked.lines().filter(|line| line.starts_with('#'));
                assert!(headings.any(|heading| anchor(heading) == place), "{path} links to {target}: no such heading");
            }
        }
    }
}

/// All code of `src`, with its files by path.
fn code(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn what_documents_name_exists() {
    let mut sources = Vec::new();
    code(&root().join("src"), &mut sources);
    let is_plain = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/:".contains(letter));
    for (document, text) in documents().into_iter().filter(|(path, _)| !path.starts_with("docs/hosts/")) {
        let folder = root().join(&document).parent().unwrap().to_owned();
        for name in text.split('`').skip(1).step_by(2).filter(|name| is_plain(name)) {
            let ending = [".rs", ".md", ".sh", "/"].iter().any(|ending| name.ends_with(ending));
            if name.contains('/') && ending {
                let places = [folder.join(name), root().join(name), root().join("src").join(name)];
                assert!(places.iter().any(|place| place.exists()), "{document} names {name}, which is not there");
            }
            if let Some((owner, function)) = name.rsplit_once("::") {
                let owner = owner.rsplit("::").next().unwrap();
                let is_there = |word: String| sources.iter().any(|(_, code)| code.contains(&word));
                let is_function = is_there(format!("fn {function}(")) || is_there(format!("fn {function}<"));
                let is_item =
                    ["struct", "enum", "mod", "trait"].iter().any(|kind| is_there(format!("{kind} {function}")));
                assert!(is_function || is_item, "{document} names {name}, and there is no {function}");
                let file = sources.iter().any(|(path, _)| path.contains(&format!("/{owner}")));
                let is_type = ["struct", "enum", "trait"].iter().any(|kind| is_there(format!("{kind} {owner}")));
                assert!(file || is_type, "{document} names {name}, and there is no {owner}");
            }
        }
    }
}

#[test]
fn each_promise_names_a_test_module() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, promises) = text.split_once("## Promises").unwrap();
    let rows: Vec<&str> = promises.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() >= 10, "{rows:?}");
    for row in rows {
        let modules = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        for module in modules.split(',').map(|module| module.trim().trim_matches('`')) {
            let places = [format!("tests/suite/{module}.rs"), format!("tests/{module}/main.rs")];
            assert!(places.iter().any(|place| root().join(place).exists()), "there is no module {module}: {row}");
        }
    }
}

#[test]
fn each_key_of_ours_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/tools.md")).unwrap();
    let (_, keys) = text.split_once("The server's keys come first.").unwrap();
    for key in opentrain_mcp::answer::OUR_KEYS {
        assert!(keys.contains(&format!("`{key}`")), "docs/tools.md does not say what {key} means");
    }
}

#[test]
fn each_command_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/settings.md")).unwrap();
    for command in cli::command().get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        assert!(text.contains(&format!("| `{name}")) || text.contains(&format!(", `{name}`")), "{name} is missing");
    }
}
