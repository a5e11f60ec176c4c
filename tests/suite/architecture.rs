//! Which room may use which, and that no files of a room import each other in a circle. In prose: ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::root;

/// A room of the crate, whom it may use, and why no other.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
    because: &'static str,
}

const ROOMS: &[Room] = &[
    Room { name: "api", may_use: &[], because: "what OpenTrain is does not depend on what we make of it" },
    Room { name: "files", may_use: &[], because: "it does not know what stands in them" },
    Room { name: "answer", may_use: &["api"], because: "values and words: nothing is sent or read there" },
    Room {
        name: "guard",
        may_use: &["answer", "api", "files"],
        because: "what is allowed depends neither on the tools nor on how a call runs",
    },
    Room {
        name: "engine",
        may_use: &["answer", "api", "files", "guard"],
        because: "how a call runs is the same for every tool, so it names none",
    },
    Room {
        name: "tools",
        may_use: &["answer", "api", "engine", "guard"],
        because: "a tool says how its answer is worded, and never speaks MCP",
    },
    Room {
        name: "mcp",
        may_use: &["answer", "api", "engine"],
        because: "it carries calls to the engine, and never sees settings, tools or the sandbox",
    },
    Room {
        name: "sandbox",
        may_use: &["api", "files"],
        because: "it is the other side of the wire: it knows no tool and no MCP",
    },
    Room {
        name: "config",
        may_use: &["answer", "api", "files"],
        because: "settings are read once, and know nothing of their users",
    },
    Room {
        name: "install",
        may_use: &["files"],
        because: "it edits the files of hosts, and knows no setting and no token",
    },
    Room { name: "cli", may_use: &["config", "install"], because: "it is what was typed, not what it means" },
    Room { name: "otel", may_use: &["api"], because: "it sends spans on, and knows nothing of calls" },
    Room { name: "drift", may_use: &["answer", "api"], because: "it compares two descriptions of the API" },
    Room {
        name: "reconcile",
        may_use: &["answer", "api", "guard"],
        because: "it compares the record with OpenTrain, and neither reads nor sends",
    },
    Room {
        name: "docs",
        may_use: &["answer", "api", "config", "engine", "install", "mcp", "tools"],
        because: "text from the tables, and nothing that runs",
    },
    Room {
        name: "commands",
        may_use: &[
            "answer",
            "api",
            "cli",
            "config",
            "docs",
            "drift",
            "engine",
            "files",
            "guard",
            "install",
            "mcp",
            "otel",
            "reconcile",
            "sandbox",
            "tools",
        ],
        because: "the rooms meet here and nowhere else",
    },
    Room { name: "main", may_use: &["commands"], because: "it only starts" },
    Room { name: "lib", may_use: &["commands"], because: "it is the map" },
];

/// Families that use another one of their room, each with its reason. Any other pair is a mistake.
const FAMILY_ARROWS: &[(&str, &str, &str, &str)] = &[
    ("api", "contracts", "milestones", "a contract holds its milestones"),
    ("api", "contracts", "approvals", "ending a contract may answer with an approval"),
    ("api", "milestones", "approvals", "funding and releasing answer with an approval"),
    ("api", "proposals", "approvals", "hiring answers with an approval"),
];

/// Files that may name a library that nobody else may.
const OWNERS: &[(&str, &[&str], &str)] = &[
    ("rmcp", &["src/mcp/"], "only one folder knows MCP"),
    (
        "reqwest",
        &[
            "src/api/client.rs",
            "src/api/network.rs",
            "src/api/receive.rs",
            "src/commands/demo/person.rs",
            "src/sandbox/http/",
            "src/sandbox/tests/",
        ],
        "one way to OpenTrain; the demo's person has a browser, and the sandbox calls webhooks",
    ),
    ("opentelemetry", &["src/otel/"], "only one folder exports spans"),
    ("axum", &["src/sandbox/"], "only the sandbox serves HTTP"),
    ("maud", &["src/sandbox/", "src/reconcile/html.rs"], "only the sandbox has pages, and one report is a page"),
    ("clap", &["src/cli/", "src/config/"], "only the command line and the settings are read with it"),
];

/// The longest that a file may be, in lines.
const LONGEST: usize = 450;

struct Source {
    /// From the crate's root, with slashes.
    path: String,
    /// Without comments.
    code: String,
    lines: usize,
}

impl Source {
    /// The modules that it is in, such as `tools`, `creation`, `terms`.
    fn modules(&self) -> Vec<&str> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').collect()
    }

    /// Whether it only declares modules and passes names on.
    fn only_declares(&self) -> bool {
        self.path.ends_with("/mod.rs")
            && !["fn ", "struct ", "enum ", "impl ", "const ", "trait "].iter().any(|word| self.code.contains(word))
    }

    fn room(&self) -> &str {
        self.modules()[0]
    }

    /// The paths that it names, from the crate's root: `["tools", "contracts"]`.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for (start, _) in self.code.match_indices("crate::") {
            let before = self.code[..start].chars().next_back();
            if !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                spread(&[], &self.code[start + "crate::".len()..], &mut found);
            }
        }
        for (start, _) in self.code.match_indices("super::") {
            if self.code[..start].ends_with("super::") {
                continue;
            }
            let rest = &self.code[start..];
            let supers = rest.split("::").take_while(|word| *word == "super").count();
            let modules = self.modules();
            let base: Vec<String> =
                modules[..modules.len().saturating_sub(supers)].iter().map(|module| (*module).to_owned()).collect();
            spread(&base, &rest[supers * "super::".len()..], &mut found);
        }
        // `use child::Name;` in the file that declares `mod child;`.
        for line in self.code.lines() {
            let Some(rest) =
                line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("use ")
            else {
                continue;
            };
            let child: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            if self.code.contains(&format!("mod {child};")) {
                let base: Vec<String> = self.modules().iter().map(|module| (*module).to_owned()).collect();
                spread(&base, rest, &mut found);
            }
        }
        found
    }
}

/// Reads what follows `base` in a path: one name, or a group of them.
fn spread(base: &[String], rest: &str, found: &mut Vec<Vec<String>>) {
    let names = match rest.strip_prefix('{') {
        None => vec![rest],
        Some(group) => {
            let (mut depth, mut start, mut names) = (0, 0, Vec::new());
            for (place, letter) in group.char_indices() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        names.push(&group[start..place]);
                        break;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.push(&group[start..place]);
                        start = place + 1;
                    }
                    _ => {}
                }
            }
            names
        }
    };
    for name in names {
        let name = name.trim_start();
        let word: String = name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        if word.is_empty() {
            continue;
        }
        let path = [base, std::slice::from_ref(&word)].concat();
        match name[word.len()..].strip_prefix("::") {
            Some(rest) if path.len() < 5 => spread(&path, rest, found),
            _ => found.push(path),
        }
    }
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    assert!(files.len() > 20, "src/ was not found");
    files.iter().map(|path| source(path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn source(path: &Path) -> Source {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    Source { path, code, lines: text.lines().count() }
}

#[test]
fn rooms_use_only_whom_they_may() {
    for source in sources() {
        let room = ROOMS.iter().find(|room| room.name == source.room());
        let room = room.unwrap_or_else(|| panic!("{}: a room that no rule knows", source.path));
        for path in source.paths() {
            let other = path[0].as_str();
            let is_room = ROOMS.iter().any(|room| room.name == other);
            assert!(
                !is_room || other == room.name || room.may_use.contains(&other),
                "{}: {} must not use {}: {}",
                source.path,
                room.name,
                path.join("::"),
                room.because
            );
        }
    }
}

/// Rooms whose files still import each other in a circle.

#[test]
fn no_two_files_of_a_room_import_each_other() {
    let sources = sources();
    for room in ROOMS {
        let files: Vec<&Source> = sources.iter().filter(|source| source.room() == room.name).collect();
        if let Some(cycle) = cycle(&files) {
            panic!(
                "these files of {} import each other, directly or around a corner: {}",
                room.name,
                cycle.join(" → ")
            );
        }
    }
}

/// A circle of imports among `files`, if there is one.
fn cycle(files: &[&Source]) -> Option<Vec<String>> {
    let places: BTreeMap<Vec<String>, usize> = files
        .iter()
        .enumerate()
        .map(|(place, file)| (file.modules().iter().map(|module| (*module).to_owned()).collect(), place))
        .collect();
    let arrows: Vec<BTreeSet<usize>> = files
        .iter()
        .enumerate()
        .map(|(own, file)| {
            let paths = file.paths().into_iter();
            paths.filter_map(|path| target(&path, &places, files)).filter(|other| *other != own).collect()
        })
        .collect();
    let mut done = vec![false; files.len()];
    (0..files.len())
        .find_map(|start| walk(start, &arrows, &mut Vec::new(), &mut done))
        .map(|circle| circle.iter().map(|place| files[*place].path.clone()).collect())
}

/// The file that a path leads to: the longest module that is one. A `mod.rs` that only declares and re-exports is none: a
/// name that it passes on leads to the file that the name comes from.
fn target(path: &[String], places: &BTreeMap<Vec<String>, usize>, files: &[&Source]) -> Option<usize> {
    let (length, place) = (1..=path.len()).rev().find_map(|length| Some((length, *places.get(&path[..length])?)))?;
    if !files[place].only_declares() {
        return Some(place);
    }
    let name = path.get(length)?;
    let passed_on =
        files[place].paths().into_iter().find(|other| other.last() == Some(name) && other.len() > length + 1);
    passed_on.and_then(|other| target(&other, places, files))
}

fn walk(at: usize, arrows: &[BTreeSet<usize>], way: &mut Vec<usize>, done: &mut [bool]) -> Option<Vec<usize>> {
    if let Some(begin) = way.iter().position(|place| *place == at) {
        return Some(way[begin..].iter().copied().chain([at]).collect());
    }
    if done[at] {
        return None;
    }
    way.push(at);
    let circle = arrows[at].iter().find_map(|next| walk(*next, arrows, way, done));
    way.pop();
    done[at] = true;
    circle
}

#[test]
fn the_search_for_circles_finds_one() {
    let file = |path: &str, code: &str| Source { path: path.into(), code: code.into(), lines: 1 };
    let room = [
        file("src/answer/mod.rs", "mod a;\npub mod b;\npub use a::A;"),
        file("src/answer/a.rs", "use super::b::B;\nfn f() {}"),
        file("src/answer/b.rs", "use crate::answer::A;\nfn g() {}"),
    ];
    let room: Vec<&Source> = room.iter().collect();
    assert_eq!(cycle(&room).unwrap().len(), 3);
    assert!(cycle(&room[..2]).is_none());
}

#[test]
fn families_use_each_other_only_where_a_reason_is_given() {
    let families: Vec<&str> = opentrain_mcp::tools::FAMILIES.iter().map(|family| family.name).collect();
    for source in sources() {
        let modules = source.modules();
        let (Some(room), Some(own)) = (modules.first(), modules.get(1)) else { continue };
        // The sandbox is one world: what happens in one family shows in the others.
        if !families.contains(own) || *room == "sandbox" {
            continue;
        }
        for path in source.paths() {
            let [other_room, other, ..] = path.as_slice() else { continue };
            if other_room != room || other == own || !families.contains(&other.as_str()) {
                continue;
            }
            let allowed = FAMILY_ARROWS.iter().any(|(place, from, to, _)| place == room && from == own && to == other);
            assert!(
                allowed,
                "{}: {room}/{own} must not use {room}/{other}: a family is changed without reading another. Put what both \
                 need beside them, or give a reason in FAMILY_ARROWS",
                source.path
            );
        }
    }
}

#[test]
fn some_libraries_are_known_in_one_place_only() {
    for (library, owners, because) in OWNERS {
        for source in sources() {
            let names =
                source.code.contains(&format!("{library}::")) || source.code.contains(&format!("use {library};"));
            let owned = owners.iter().any(|owner| source.path.starts_with(owner));
            assert!(!names || owned, "{}: only {} may name {library}: {because}", source.path, owners.join(" and "));
        }
    }
}

/// The crate and its tests.
fn all_sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join("tests"), &mut files);
    sources().into_iter().chain(files.iter().map(|path| source(path))).collect()
}

#[test]
fn names_of_tests_are_short_sentences() {
    for source in all_sources() {
        for test in source.code.split("#[test]").chain(source.code.split("#[tokio::test")).skip(1) {
            let Some((_, name)) = test.split_once("fn ") else { continue };
            let name = name.split('(').next().unwrap();
            assert!(name.split('_').count() <= 10, "{}: {name} has more than ten words", source.path);
        }
    }
}

#[test]
fn files_can_be_read_in_one_sitting() {
    for source in all_sources() {
        assert!(source.lines <= LONGEST, "{} has {} lines; {LONGEST} is the most", source.path, source.lines);
    }
}

#[test]
fn the_environment_is_read_in_one_place_only() {
    for source in sources() {
        let reads = source.code.contains("env::var") || source.code.contains("env::vars");
        assert!(
            !reads || source.path == "src/config/environment.rs",
            "{}: only config reads the environment",
            source.path
        );
    }
}

#[test]
fn the_reader_of_arrows_sees_them() {
    let code = "use crate::{api::client, tools::{answer, text}};\nfn f() { super::super::mcp::g(); crate::config::h() }\nuse super::contracts::X;";
    let source = Source { path: "src/tools/account.rs".into(), code: code.into(), lines: 3 };
    let paths: Vec<String> = source.paths().iter().map(|path| path.join("::")).collect();
    for wanted in ["api::client", "tools::answer", "tools::text", "config::h", "mcp::g", "tools::contracts::X"] {
        assert!(paths.iter().any(|path| path == wanted), "{wanted} is missing from {paths:?}");
    }
}

/// What reads back a text of ours as it was. Any other file would open a door for raw text.
const READ_BACK: [&str; 3] = ["src/answer/shown.rs", "src/engine/schemas.rs", "src/mcp/client.rs"];

#[test]
fn only_our_own_texts_are_read_back() {
    for source in sources() {
        let names_it = source.code.contains("Shown::returned");
        assert!(!names_it || READ_BACK.contains(&source.path.as_str()), "{}: quote it", source.path);
    }
}
