//! What is packaged agrees with the crate: one version, one address, settings that exist, actions that are pinned. The
//! packages themselves are built, installed and started by `tests/packages/run.sh`.

use std::path::Path;

use opentrain_mcp::config::{TOKEN_VARIABLES, flag_table};
use serde_json::{Value, json};

use crate::root;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

/// `opentrain-mcp/opentrain-mcp`, the project on GitHub.
fn project() -> &'static str {
    REPOSITORY.strip_prefix("https://github.com/").unwrap()
}

/// The facts in place of their marks, as packaging/facts.sh does.
fn fill(text: &str) -> String {
    let facts = [
        ("@VERSION@", VERSION.to_owned()),
        ("@REPOSITORY@", REPOSITORY.to_owned()),
        ("@REGISTRY_NAME@", format!("io.github.{}", project())),
        ("@IMAGE@", format!("ghcr.io/{}", project())),
        ("@DESCRIPTION@", env!("CARGO_PKG_DESCRIPTION").to_owned()),
        ("@LICENSE@", env!("CARGO_PKG_LICENSE").to_owned()),
    ];
    facts.iter().fold(text.to_owned(), |text, (mark, fact)| text.replace(mark, fact))
}

fn json_of(path: &str) -> Value {
    serde_json::from_str(&fill(&read(path))).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn is_a(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == ending)
}

/// Every file below a folder, by its path from the root.
fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn the_version_and_the_address_stand_in_cargo_toml_only() {
    let all = files("packaging").into_iter().filter(|path| !path.starts_with("packaging/man/") && !is_a(path, "png"));
    for path in all.chain(["glama.json".into(), ".github/workflows/release.yml".into()]) {
        let text = read(&path);
        assert!(!text.contains(REPOSITORY), "{path} repeats the address of the project");
        assert!(!text.contains(&format!("\"{VERSION}\"")), "{path} repeats the version");
    }
    // A Dockerfile cannot be filled in: whoever reads it builds it as it is.
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains(&format!("io.modelcontextprotocol.server.name=\"io.github.{}\"", project())));
    assert!(dockerfile.contains(&format!("org.opencontainers.image.source=\"{REPOSITORY}\"")));
    assert!(dockerfile.contains(&format!("licenses=\"{}\"", env!("CARGO_PKG_LICENSE"))));
    let changes = read("CHANGELOG.md");
    assert!(changes.contains(&format!("## [{VERSION}]")) || changes.contains(&format!("this will be {VERSION}")));
}

#[test]
fn every_mark_is_a_fact() {
    for path in files("packaging") {
        if is_a(&path, "png") || is_a(&path, "svg") || is_a(&path, "sh") || path.starts_with("packaging/man/") {
            continue;
        }
        let text = fill(&read(&path));
        // These depend on what was built.
        let later = ["@SHA256:", "@COMMIT@", "@MANIFEST@"];
        let left: Vec<&str> = text
            .match_indices('@')
            .map(|(place, _)| {
                text[place..].split_inclusive(|mark: char| mark == '"' || mark.is_whitespace()).next().unwrap()
            })
            .filter(|word| word[1..].starts_with(|letter: char| letter.is_ascii_uppercase()))
            .filter(|word| !later.iter().any(|mark| word.starts_with(mark)))
            .collect();
        assert!(left.is_empty(), "{path}: {left:?}");
    }
}

#[test]
fn the_registry_entry_fits_its_schema() {
    let mut server = json_of("packaging/registry/server.json");
    let variables = json_of("packaging/registry/variables.json");
    for package in server["packages"].as_array_mut().unwrap() {
        let is_bundle = package["registryType"] == "mcpb";
        if is_bundle {
            package["fileSha256"] = json!("0".repeat(64));
        } else {
            package["environmentVariables"] = variables.clone();
        }
        let named = package["version"].as_str().unwrap_or(package["identifier"].as_str().unwrap());
        assert!(named.contains(VERSION), "{package}");
    }
    let schema: Value = serde_json::from_str(&read("tests/fixtures/server.schema.json")).unwrap();
    let check = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> =
        check.iter_errors(&server).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:?}");
    // What the registry asks beyond its schema.
    assert!(server["description"].as_str().unwrap().len() <= 100);
    assert_eq!(server["name"], json_of("packaging/npm/package.json")["mcpName"]);
    assert!(
        fill(&read("packaging/npm/README.md")).contains(&format!("mcp-name: {}", server["name"].as_str().unwrap()))
    );
    server["version"] = json!("latest");
    server["name"] = json!("no name");
    assert!(check.iter_errors(&server).count() > 0, "the schema refuses nothing");
}

#[test]
fn packages_name_settings_that_exist() {
    let table = flag_table();
    let known = |name: &str| table.iter().any(|row| row[2] == name) || TOKEN_VARIABLES.contains(&name);
    let manifest = json_of("packaging/mcpb/manifest.json");
    let environment = manifest["server"]["mcp_config"]["env"].as_object().unwrap();
    let settings = manifest["user_config"].as_object().unwrap();
    for (name, value) in environment {
        assert!(known(name), "the bundle sets {name}");
        let setting = value.as_str().unwrap().trim_start_matches("${user_config.").trim_end_matches('}');
        assert!(
            settings[setting].get("default").is_some(),
            "without a default a host passes ${{user_config.{setting}}} on"
        );
    }
    assert_eq!(environment.len(), settings.len(), "each setting of the bundle is used");
    assert_eq!(settings["token"]["sensitive"], json!(true));
    for variable in json_of("packaging/registry/variables.json").as_array().unwrap() {
        assert!(known(variable["name"].as_str().unwrap()), "{variable}");
    }
    for name in read("packaging/registry/server.yaml").split_whitespace().filter(|word| word.starts_with("OPENTRAIN_"))
    {
        assert!(known(name), "Docker's catalogue sets {name}");
    }
}

#[test]
fn the_icon_is_as_large_as_hosts_want_it() {
    let icon = std::fs::read(root().join("packaging/icon.png")).unwrap();
    let side = |place: usize| u32::from_be_bytes(icon[place..place + 4].try_into().unwrap());
    // Signature, length and name of the first chunk, width, height.
    assert_eq!((&icon[1..4], &icon[12..16], side(16), side(20)), (&b"PNG"[..], &b"IHDR"[..], 512, 512));
}

#[test]
fn every_target_can_be_installed_by_every_way() {
    let targets = read("packaging/targets");
    let release = read(".github/workflows/release.yml");
    let cargo = read("Cargo.toml");
    for target in
        targets.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_whitespace().next().unwrap())
    {
        assert!(release.contains(&format!("target: {target} ")), "the release does not build {target}");
        let is_named = cargo.contains(&format!("opentrain-mcp-{target}.tar.gz"));
        assert!(is_named || target.contains("windows"), "cargo binstall does not find {target}");
    }
}

#[test]
fn actions_are_pinned_to_commits() {
    let mut pinned = 0;
    for path in files(".github/workflows") {
        for line in read(&path).lines().filter(|line| line.trim_start_matches("- ").trim_start().contains("uses: ")) {
            let (_, action) = line.split_once("uses: ").unwrap();
            let (name, rest) = action.split_once('@').unwrap();
            let (commit, version) =
                rest.split_once(" # ").unwrap_or_else(|| panic!("{path}: {name} has no version beside it"));
            assert!(commit.len() == 40 && commit.chars().all(|digit| digit.is_ascii_hexdigit()), "{path}: {action}");
            assert!(version.starts_with('v'), "{path}: {action}");
            pinned += 1;
        }
        let rights = read(&path).lines().any(|line| line.starts_with("permissions:"));
        assert!(rights, "{path} does not say which rights its jobs have");
    }
    assert!(pinned > 5);
}

#[test]
fn scripts_can_be_run() {
    let all = ["packaging", "tests", "docs"].into_iter().flat_map(files);
    let scripts: Vec<String> = all.filter(|path| is_a(path, "sh")).chain([".ci/run".into()]).collect();
    assert!(scripts.len() > 10, "{scripts:?}");
    for path in scripts {
        let parsed =
            std::process::Command::new("bash").args(["-n", path.as_str()]).current_dir(root()).status().unwrap();
        assert!(parsed.success(), "{path}");
    }
}
