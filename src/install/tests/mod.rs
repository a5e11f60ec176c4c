//! Every host, in homes of their own.

mod texts;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use serde_json::Value;

use super::document::read;
use super::entry::command_line;
use super::*;
use texts::{broken, texts};

const COMMAND: &str = "/opt/open train/opentrain-mcp";

fn launch(arguments: &[&str]) -> Launch {
    Launch { command: COMMAND.into(), arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect() }
}

/// A home without anything in it, and where the host's file belongs in it.
fn home(host: &Host) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = machine(home.path(), System::Linux);
    let path = host.expected(&path).unwrap().file;
    (home, path)
}

fn machine(home: &Path, system: System) -> Machine {
    let home = home.to_str().unwrap().to_owned();
    let name = if system == System::Windows { "USERPROFILE" } else { "HOME" };
    Machine::new(system, move |variable| (variable == name).then(|| home.clone())).unwrap()
}

/// A home in which the host's file has this text.
fn home_with(host: &Host, text: &str) -> (TempDir, PathBuf) {
    let (home, path) = home(host);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    (home, path)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn entry(host: &Host, text: &str, name: &str) -> Value {
    read(host.format, text).unwrap()[host.key][name].clone()
}

#[test]
fn a_host_without_a_file_gets_one() {
    for host in &HOSTS {
        let (_home, path) = home(host);
        let change = install(host, &path, "opentrain", &launch(&[]), false).unwrap();
        assert_eq!(change, Change::Added { copy: None }, "{}", host.name);
        let written = text(&path);
        assert_eq!(written, snippet(host, "opentrain", &launch(&[])).unwrap());
        assert_eq!(command_line(&entry(host, &written, "opentrain")), [COMMAND], "{written}");
        assert!(written.ends_with('\n') && !written.contains("ot_pat_"), "{written}");
        let change = uninstall(host, &path, None, false).unwrap();
        assert!(matches!(change, Change::Removed { restored: true, .. }), "{}: {change:?}", host.name);
        assert!(files(path.parent().unwrap()).is_empty(), "{}", host.name);
    }
}

#[test]
fn an_installation_keeps_every_line_and_can_be_undone() {
    for host in &HOSTS {
        for before in texts(host) {
            let (_home, path) = home_with(host, &before);
            let change = install(host, &path, "opentrain", &launch(&["--sandbox"]), false).unwrap();
            assert!(matches!(change, Change::Added { copy: Some(_) }), "{}: {before}", host.name);
            let after = text(&path);
            assert_eq!(command_line(&entry(host, &after, "opentrain")), [COMMAND, "--sandbox"], "{after}");
            assert_lines_kept(&before, &after);
            assert_eq!(text(&file::copy_path(&path)), before);

            let change = install(host, &path, "opentrain", &launch(&["--sandbox"]), false).unwrap();
            assert_eq!((change, text(&path)), (Change::Nothing, after), "{}: twice", host.name);

            let change = uninstall(host, &path, None, false).unwrap();
            assert!(matches!(change, Change::Removed { restored: true, .. }), "{}: {change:?}", host.name);
            assert_eq!(text(&path), before, "{}", host.name);
            assert_eq!(files(path.parent().unwrap()), [path], "{}: the copy is gone", host.name);
        }
    }
}

/// Every line of the old text is in the new one, in its order and with its line end. A line may have gained a comma,
/// and an object on one line may have been opened.
fn assert_lines_kept(before: &str, after: &str) {
    let bare = |line: &str| line.replace([',', ' ', '\t', '{', '}'], "");
    let mut lines = after.split_inclusive('\n').peekable();
    for line in before.split_inclusive('\n').filter(|line| !bare(line.trim()).is_empty()) {
        let kept = lines.any(|new| {
            if line.ends_with('\n') { bare(new) == bare(line) } else { bare(new.trim_end()).contains(&bare(line)) }
        });
        assert!(kept || before.lines().count() == 1, "{line:?} of\n{before}\nis missing in\n{after}");
    }
    assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'));
    let has_end = before.trim_start_matches('\u{feff}').is_empty() || before.ends_with('\n');
    assert_eq!(after.ends_with('\n'), has_end, "{before:?} {after:?}");
    let is_dos = before.contains("\r\n") && !before.replace("\r\n", "").contains('\n');
    assert!(!is_dos || !after.replace("\r\n", "").contains('\n'), "{after:?}");
}

#[test]
fn a_file_that_changed_since_loses_only_our_entry() {
    for host in &HOSTS {
        for before in texts(host) {
            let (_home, path) = home_with(host, &before);
            install(host, &path, "opentrain", &launch(&[]), false).unwrap();
            let changed = texts::with_a_change(host, &text(&path));
            std::fs::write(&path, &changed).unwrap();
            let change = uninstall(host, &path, None, false).unwrap();
            let copy = Some(file::copy_path(&path));
            assert_eq!(change, Change::Removed { names: vec!["opentrain".into()], restored: false, copy });
            let (left, wanted) = (read(host.format, &text(&path)).unwrap(), read(host.format, &changed).unwrap());
            for (key, value) in &wanted {
                let mut value = value.clone();
                if key == host.key {
                    value.as_object_mut().unwrap().remove("opentrain");
                }
                let gone = value.as_object().is_some_and(serde_json::Map::is_empty);
                assert!(left.get(key).is_none_or(|left| *left == value), "{}: {key}", host.name);
                assert!(gone || left.contains_key(key), "{}: {key} is gone", host.name);
            }
        }
    }
}

#[test]
fn two_entries_go_one_after_the_other() {
    for host in &HOSTS {
        for before in texts(host) {
            let (_home, path) = home_with(host, &before);
            install(host, &path, "opentrain", &launch(&[]), false).unwrap();
            let one = text(&path);
            install(host, &path, "opentrain-sandbox", &launch(&["--sandbox"]), false).unwrap();
            assert_eq!(our_names(host, &text(&path)).unwrap(), ["opentrain", "opentrain-sandbox"]);
            uninstall(host, &path, Some("opentrain-sandbox"), false).unwrap();
            assert_eq!(entry(host, &text(&path), "opentrain"), entry(host, &one, "opentrain"), "{}", host.name);
            uninstall(host, &path, Some("opentrain"), false).unwrap();
            assert_eq!(our_names(host, &text(&path)).unwrap(), [""; 0], "{}", host.name);
        }
    }
}

#[test]
fn a_broken_file_is_left_alone() {
    for host in &HOSTS {
        for before in broken(host) {
            let (_home, path) = home_with(host, &before);
            let error = install(host, &path, "opentrain", &launch(&[]), false).expect_err(&before).to_string();
            assert!(error.contains(path.to_str().unwrap()) && error.contains("left alone"), "{error}");
            assert!(matches!(uninstall(host, &path, None, false), Err(_) | Ok(Change::Nothing)), "{}", host.name);
            assert_eq!(text(&path), before, "{}", host.name);
            assert_eq!(files(path.parent().unwrap()), [path], "{}", host.name);
        }
    }
}

#[test]
fn the_entry_of_another_program_is_left_alone() {
    for host in &HOSTS {
        let other = Launch { command: "/usr/bin/other".into(), arguments: vec!["x".into()] };
        let before = snippet(host, "opentrain", &other).unwrap();
        let (_home, path) = home_with(host, &before);
        let error = install(host, &path, "opentrain", &launch(&[]), false).unwrap_err().to_string();
        assert!(error.contains("/usr/bin/other x") && error.contains("--name"), "{error}");
        assert_eq!(uninstall(host, &path, None, false).unwrap(), Change::Nothing);
        assert_eq!(text(&path), before);
        install(host, &path, "mine", &launch(&[]), false).unwrap();
        assert_eq!(our_names(host, &text(&path)).unwrap(), ["mine"]);
    }
}

#[test]
fn our_older_entry_gets_the_new_command() {
    for host in &HOSTS {
        let old = Launch { command: "/old/opentrain-mcp".into(), arguments: vec!["--read-only".into()] };
        let (_home, path) = home_with(host, &texts(host)[0]);
        install(host, &path, "opentrain", &old, false).unwrap();
        let mut wanted = entry(host, &text(&path), "opentrain");
        let change = install(host, &path, "opentrain", &launch(&[]), false).unwrap();
        assert_eq!(change, Change::Updated { copy: None }, "{}: the copy is there", host.name);
        let found = entry(host, &text(&path), "opentrain");
        assert_eq!(command_line(&found), [COMMAND, "--read-only"], "{}", host.name);
        for field in ["command", "cmd", "args"] {
            assert_eq!(wanted.get(field).is_some(), found.get(field).is_some());
            if let Some(value) = wanted.get_mut(field) {
                *value = found[field].clone();
            }
        }
        assert_eq!(found, wanted, "{}: everything else stays", host.name);
        assert_lines_kept(&texts(host)[0], &text(&path));
        let given = launch(&["--sandbox", "--read-only"]);
        install(host, &path, "opentrain", &given, false).unwrap();
        assert_eq!(command_line(&entry(host, &text(&path), "opentrain"))[1..], ["--sandbox", "--read-only"]);
        install(host, &path, "opentrain", &launch(&[]), false).unwrap();
        assert_eq!(command_line(&entry(host, &text(&path), "opentrain"))[1..], ["--read-only"]);
    }
}

#[test]
fn a_users_own_entry_is_copied_before_the_change() {
    for host in &HOSTS {
        let old = Launch { command: "opentrain-mcp".into(), arguments: vec![] };
        let (_home, path) = home_with(host, &texts(host)[0]);
        install(host, &path, "opentrain", &old, false).unwrap();
        std::fs::remove_file(file::copy_path(&path)).unwrap();
        let before = text(&path);
        let change = install(host, &path, "opentrain", &launch(&[]), false).unwrap();
        assert_eq!(change, Change::Updated { copy: Some(file::copy_path(&path)) }, "{}", host.name);
        assert_eq!(text(&file::copy_path(&path)), before);
        let change = uninstall(host, &path, None, false).unwrap();
        assert!(matches!(change, Change::Removed { restored: false, copy: Some(_), .. }), "{change:?}");
    }
}

#[test]
fn our_own_file_goes_with_its_last_entry() {
    for host in &HOSTS {
        let (_home, path) = home(host);
        install(host, &path, "opentrain", &launch(&[]), false).unwrap();
        let change = install(host, &path, "opentrain-sandbox", &launch(&["--sandbox"]), false).unwrap();
        assert_eq!(change, Change::Added { copy: None }, "{}", host.name);
        let change = uninstall(host, &path, None, false).unwrap();
        assert!(matches!(change, Change::Removed { restored: true, .. }), "{}: {change:?}", host.name);
        assert!(!path.exists(), "{}", host.name);
    }
}

#[test]
fn a_trial_writes_nothing() {
    for host in &HOSTS {
        let before = &texts(host)[0];
        let (_home, path) = home_with(host, before);
        assert!(matches!(install(host, &path, "a", &launch(&[]), true), Ok(Change::Added { .. })));
        assert_eq!((text(&path), files(path.parent().unwrap()).len()), (before.clone(), 1));
        install(host, &path, "a", &launch(&[]), false).unwrap();
        let after = text(&path);
        assert!(matches!(uninstall(host, &path, None, true), Ok(Change::Removed { restored: true, .. })));
        assert_eq!((text(&path), files(path.parent().unwrap()).len()), (after, 2));
    }
}

#[cfg(unix)]
#[test]
fn permissions_and_links_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    for host in &HOSTS {
        let before = &texts(host)[0];
        let (home, path) = home_with(host, before);
        let target = home.path().join("dotfiles");
        std::fs::rename(&path, &target).unwrap();
        std::fs::set_permissions(&target, PermissionsExt::from_mode(0o640)).unwrap();
        symlink(&target, &path).unwrap();
        install(host, &path, "a", &launch(&[]), false).unwrap();
        assert!(path.is_symlink() && text(&target).contains(COMMAND), "{}", host.name);
        for file in [&target, &file::copy_path(&path)] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o640, "{}", host.name);
        }
        uninstall(host, &path, None, false).unwrap();
        assert!(path.is_symlink() && text(&target) == *before, "{}", host.name);

        install(host, &path, "a", &launch(&[]), false).unwrap();
        let after = text(&target);
        std::fs::set_permissions(&target, PermissionsExt::from_mode(0o440)).unwrap();
        let result = [install(host, &path, "b", &launch(&[]), false), uninstall(host, &path, None, false)];
        for result in result {
            assert!(result.unwrap_err().to_string().contains("read-only"), "{}", host.name);
        }
        assert_eq!(text(&target), after);

        std::fs::remove_file(&target).unwrap();
        let error = install(host, &path, "b", &launch(&[]), false).unwrap_err().to_string();
        assert!(error.contains("link"), "{error}");
    }
}

#[test]
fn each_system_has_its_own_places() {
    let home = tempfile::tempdir().unwrap();
    let package = "AppData/Local/Packages/Claude_abc/LocalCache/Roaming/Claude";
    std::fs::create_dir_all(home.path().join(package)).unwrap();
    for (system, host, wanted) in [
        (System::Linux, "claude-desktop", ".config/Claude/claude_desktop_config.json"),
        (System::MacOs, "claude-desktop", "Library/Application Support/Claude/claude_desktop_config.json"),
        (
            System::Windows,
            "claude-desktop",
            "AppData/Local/Packages/Claude_abc/LocalCache/Roaming/Claude/claude_desktop_config.json",
        ),
        (System::MacOs, "vscode", "Library/Application Support/Code/User/mcp.json"),
        (System::Windows, "vscode", "AppData/Roaming/Code/User/mcp.json"),
        (System::MacOs, "zed", ".config/zed/settings.json"),
        (System::Windows, "zed", "AppData/Roaming/Zed/settings.json"),
        (System::MacOs, "goose", ".config/goose/config.yaml"),
        (System::Windows, "goose", "AppData/Roaming/Block/goose/config/config.yaml"),
        (System::Windows, "codex", ".codex/config.toml"),
    ] {
        let machine = machine(home.path(), system);
        let file = Host::named(host).unwrap().expected(&machine).unwrap().file;
        assert_eq!(file, home.path().join(wanted), "{system:?} {host}");
    }
}

#[test]
fn a_variable_of_the_host_names_its_folder() {
    for (host, variable, wanted) in [
        ("claude-code", "CLAUDE_CONFIG_DIR", "/own/.claude.json"),
        ("codex", "CODEX_HOME", "/own/config.toml"),
        ("gemini-cli", "GEMINI_CLI_HOME", "/own/.gemini/settings.json"),
        ("qwen-code", "QWEN_HOME", "/own/settings.json"),
        ("copilot-cli", "COPILOT_HOME", "/own/mcp-config.json"),
        ("opencode", "XDG_CONFIG_HOME", "/own/opencode/opencode.jsonc"),
        ("vscode", "XDG_CONFIG_HOME", "/own/Code/User/mcp.json"),
    ] {
        let folder = move |name: &str| match name {
            "HOME" => Some("/home/x".to_owned()),
            name => (name == variable).then(|| "/own".to_owned()),
        };
        let machine = Machine::new(System::Linux, folder).unwrap();
        assert_eq!(Host::named(host).unwrap().expected(&machine).unwrap().file, Path::new(wanted), "{host}");
    }
}

#[test]
fn a_host_is_found_by_its_folder_or_its_program() {
    for host in &HOSTS {
        let home = tempfile::tempdir().unwrap();
        let nothing = machine(home.path(), System::Linux);
        assert!(host.found(&nothing).is_empty(), "{}", host.name);
        for location in (host.locations)(&nothing) {
            std::fs::create_dir_all(&location.folder).unwrap();
        }
        assert_eq!(host.found(&nothing).len(), (host.locations)(&nothing).len(), "{}", host.name);
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("codex"), "").unwrap();
    let path = home.path().to_str().unwrap().to_owned();
    let machine = Machine::new(System::Linux, move |name| ["HOME", "PATH"].contains(&name).then(|| path.clone()));
    let found: Vec<&str> =
        HOSTS.iter().filter(|host| !host.found(machine.as_ref().unwrap()).is_empty()).map(|host| host.name).collect();
    assert_eq!(found, ["codex"]);
}
