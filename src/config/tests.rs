use clap::{Args, Command};

use super::*;
use crate::api::token::{StoredAccount, Token, TokenSource};
use std::time::Duration;

fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
    read_with(&[], pairs)
}

fn read_with(line: &[&str], pairs: &[(&str, &str)]) -> Result<Config, String> {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::of(pairs);
    let command = Flags::augment_args(Command::new("test").no_binary_name(true));
    let line: Vec<_> = line.iter().map(Into::into).collect();
    let (flags, _) = Flags::read(|| command.clone(), &line)
        .map_err(|fault| fault.to_string().trim_start_matches("error: ").to_owned())?;
    Config::read(&flags, &environment).map_err(|fault| fault.to_string())
}

fn source(config: &Config, name: &str) -> String {
    config.settings.iter().find(|setting| setting.name == name).unwrap().source.to_string()
}

/// A home with this credential file.
fn home(content: &str) -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/opentrain");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("cli.json"), content).unwrap();
    set_mode(&folder.join("cli.json"), 0o600);
    let path = home.path().to_str().unwrap().to_owned();
    (home, path)
}

#[cfg(not(unix))]
fn set_mode(_: &std::path::Path, _: u32) {}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn token(config: &Config) -> Option<String> {
    config.credentials.current().map(|token| token.expose().to_owned())
}

#[test]
fn a_flag_wins_over_the_default() {
    let config = read_with(&["--timeout", "7"], &[]).unwrap();
    assert_eq!((config.flags.timeout, source(&config, "timeout")), (Duration::from_secs(7), "--timeout".into()));
    assert_eq!((config.flags.human_wait, source(&config, "human-wait")), (Duration::from_secs(40), "default".into()));
}

#[test]
fn each_flag_has_a_variable_a_default_and_help() {
    let table = flag_table();
    for row in &table {
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
    assert_eq!(table[0][..4], ["timeout", "--timeout SECONDS", "OPENTRAIN_TIMEOUT", "30 s"]);
}

#[test]
fn token_variables_win_in_their_order() {
    let all = [
        ("OPENTRAIN_PERSONAL_API_TOKEN", "ot_pat_c"),
        ("OPENTRAIN_API_TOKEN", "ot_pat_b"),
        ("OT_API_TOKEN", "ot_pat_a"),
    ];
    assert_eq!(token(&read(&all).unwrap()).as_deref(), Some("ot_pat_a"));
    assert_eq!(token(&read(&all[..2]).unwrap()).as_deref(), Some("ot_pat_b"));
    assert_eq!(token(&read(&[("OT_API_TOKEN", "${OT_API_TOKEN}"), all[0]]).unwrap()).as_deref(), Some("ot_pat_c"));
    assert_eq!(token(&read(&[("OT_API_TOKEN", " ")]).unwrap()), None);
}

#[test]
fn a_base_is_an_https_origin_or_on_loopback() {
    for (given, origin) in [
        ("https://api.example.com/", "https://api.example.com/"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/"),
        ("http://localhost:3000/", "http://localhost:3000/"),
        ("http://[::1]:3000", "http://[::1]:3000/"),
    ] {
        assert_eq!(read(&[("OPENTRAIN_API_BASE_URL", given)]).unwrap().origin.as_str(), origin);
    }
    for (given, part) in [
        ("http://api.example.com", "https"),
        ("http://127.0.0.1.example.com", "https"),
        ("ftp://127.0.0.1", "https"),
        ("api.example.com", "origin"),
        ("https://api.example.com/v1", "origin"),
        ("https://user:pw@api.example.com", "origin"),
    ] {
        let fault = read(&[("OT_API_BASE_URL", given)]).unwrap_err();
        assert!(fault.starts_with("OT_API_BASE_URL: ") && fault.contains(part), "{fault}");
    }
}

#[test]
fn the_file_gives_token_and_base() {
    let (_home, path) =
        home(r#"{"apiToken": "ot_pat_f", "baseUrl": "https://eu.example.com", "claimToken": "ot_clm_x"}"#);
    let config = read(&[("HOME", &path)]).unwrap();
    assert_eq!(token(&config).as_deref(), Some("ot_pat_f"));
    assert_eq!(config.origin.as_str(), "https://eu.example.com/");
    assert!(config.credentials.notices().is_empty());
}

#[test]
fn a_file_token_goes_to_its_base_or_the_default() {
    let (_home, path) = home(r#"{"apiToken": "ot_pat_f", "baseUrl": "https://eu.example.com"}"#);
    for (base, used) in [
        (DEFAULT_ORIGIN, true),
        ("https://eu.example.com/", true),
        ("https://evil.example.com", false),
        ("https://eu.example.com:8443", false),
    ] {
        let config = read(&[("HOME", &path), ("OPENTRAIN_API_BASE_URL", base)]).unwrap();
        assert_eq!(token(&config).is_some(), used, "{base}");
        assert_eq!(config.credentials.notices().iter().any(|notice| notice.contains("is not used")), !used);
    }
}

#[test]
fn an_account_of_another_base_leads_no_token_there() {
    let (home, path) = home("{}");
    let base = ("OPENTRAIN_API_BASE_URL", "https://eu.example.com");
    let lock = read(&[("HOME", &path), base]).unwrap().credentials.lock().unwrap();
    let account = StoredAccount { token: Token::new("ot_pat_new").ok(), claim_token: Token::new("ot_clm_new").ok() };
    lock.store(account).unwrap();
    let file = std::fs::read_to_string(home.path().join(".config/opentrain/cli.json")).unwrap();
    assert!(!file.contains("baseUrl"), "{file}");

    let there = read(&[("HOME", &path), base]).unwrap();
    assert_eq!(token(&there).as_deref(), Some("ot_pat_new"));
    assert!(there.credentials.claim_token().is_some());
    for default in [&[][..], &[("OPENTRAIN_API_BASE_URL", DEFAULT_ORIGIN)]] {
        let elsewhere = read(&[&[("HOME", &*path)], default].concat()).unwrap();
        assert_eq!(elsewhere.origin.as_str(), format!("{DEFAULT_ORIGIN}/"));
        assert_eq!((token(&elsewhere), elsewhere.credentials.claim_token()), (None, None));
        assert!(elsewhere.credentials.notices().join("").contains("it belongs to https://eu.example.com"));
    }
    let with_token = read(&[("HOME", &path), ("OT_API_TOKEN", "ot_pat_e")]).unwrap();
    assert_eq!(with_token.origin.as_str(), format!("{DEFAULT_ORIGIN}/"));
}

#[test]
fn a_proxy_with_its_roots_gets_no_stored_token() {
    let (home, path) = home(r#"{"apiToken": "ot_pat_f", "claimToken": "ot_clm_f"}"#);
    let roots = home.path().join("ca.pem");
    std::fs::write(&roots, "").unwrap();
    let roots = roots.to_str().unwrap();
    for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for root in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            let config = read(&[("HOME", &path), (proxy, "http://proxy:3128"), (root, roots)]).unwrap();
            assert_eq!((token(&config), config.credentials.claim_token()), (None, None), "{proxy}, {root}");
            let notices = config.credentials.notices().join("\n");
            for part in ["opentrain-mcp trust", proxy, root] {
                assert!(notices.contains(part), "{part}: {notices}");
            }
            assert!(config.credentials.lock().err().unwrap().contains("opentrain-mcp trust"));
        }
    }
    let proxy = ("HTTPS_PROXY", "http://proxy:3128");
    for harmless in [
        &[proxy][..],
        &[("SSL_CERT_FILE", roots)],
        &[proxy, ("SSL_CERT_DIR", "/etc/ssl/certs")],
        &[proxy, ("SSL_CERT_FILE", roots), ("NO_PROXY", "opentrain.ai")],
    ] {
        let config = read(&[&[("HOME", &*path)], harmless].concat()).unwrap();
        assert_eq!(token(&config).as_deref(), Some("ot_pat_f"), "{harmless:?}");
    }
    let own = [("HOME", &*path), proxy, ("SSL_CERT_FILE", roots), ("OT_API_TOKEN", "ot_pat_e")];
    assert_eq!(token(&read(&own).unwrap()).as_deref(), Some("ot_pat_e"), "the environment knows this one anyway");
}

#[test]
fn a_trusted_proxy_with_its_roots_gets_the_token() {
    let (home, path) = home(r#"{"apiToken": "ot_pat_f"}"#);
    let roots = home.path().join("ca.pem");
    std::fs::write(&roots, "").unwrap();
    let with = |proxy: &str| {
        read(&[("HOME", &path), ("HTTPS_PROXY", proxy), ("SSL_CERT_FILE", roots.to_str().unwrap())]).unwrap()
    };
    assert!(with("http://me:secret@proxy:3128").route.trust().unwrap().is_some());
    assert_eq!(token(&with("proxy:3128")).as_deref(), Some("ot_pat_f"), "the password may change");
    assert_eq!(token(&with("http://other:3128")), None);
    let settings = std::fs::read_to_string(home.path().join(".config/opentrain/mcp-settings.json")).unwrap();
    assert!(!settings.contains("secret"), "{settings}");
    assert_eq!(read(&[("HOME", &path)]).unwrap().route.trust().unwrap(), None, "nothing to trust");
}

#[cfg(unix)]
#[test]
fn a_projects_settings_trust_nothing_of_the_user() {
    let (home, path) = home(r#"{"apiToken": "ot_pat_f"}"#);
    let roots = home.path().join("ca.pem");
    std::fs::write(&roots, "").unwrap();
    let project = home.path().join("project/opentrain");
    std::fs::create_dir_all(&project).unwrap();
    std::os::unix::fs::symlink(home.path().join(".config/opentrain/cli.json"), project.join("cli.json")).unwrap();
    let trusted = serde_json::json!({ "trusted": [{ "proxy": "http://proxy:3128", "roots": [roots] }] });
    std::fs::write(project.join("mcp-settings.json"), trusted.to_string()).unwrap();
    let folder = project.parent().unwrap().to_str().unwrap();
    let hostile = [("HTTPS_PROXY", "http://proxy:3128"), ("SSL_CERT_FILE", roots.to_str().unwrap())];
    let config = read(&[&[("HOME", &*path), ("XDG_CONFIG_HOME", folder)], &hostile[..]].concat()).unwrap();
    assert_eq!(token(&config), None);
}

#[test]
fn a_broken_or_open_file_is_named_and_kept() {
    let (home, path) = home("{\"apiToken\": \"ot_pat_secretsecret\"");
    let config = read(&[("HOME", &path)]).unwrap();
    let notices = config.credentials.notices().join("\n");
    assert!(notices.contains("cli.json") && !notices.contains("secretsecret"), "{notices}");

    let file = home.path().join(".config/opentrain/cli.json");
    std::fs::write(&file, r#"{"apiToken": "ot_pat_f"}"#).unwrap();
    set_mode(&file, 0o644);
    let config = read(&[("HOME", &path)]).unwrap();
    assert_eq!(token(&config).as_deref(), Some("ot_pat_f"));
    assert!(config.credentials.notices().join("\n").contains("chmod 600"));
}

#[test]
fn a_token_that_another_process_saved_is_found() {
    let (home, path) = home(r#"{"apiToken": "ot_pat_old"}"#);
    let config = read(&[("HOME", &path)]).unwrap();
    std::fs::write(home.path().join(".config/opentrain/cli.json"), r#"{"apiToken": "ot_pat_new"}"#).unwrap();
    assert_eq!(token(&config).as_deref(), Some("ot_pat_old"));
    assert_eq!(config.credentials.reload().map(|token| token.expose().to_owned()).as_deref(), Some("ot_pat_new"));
    assert_eq!(token(&config).as_deref(), Some("ot_pat_new"));
}

#[test]
fn the_sandbox_ignores_token_base_and_file() {
    let (_home, path) = home("broken");
    let variables = [("HOME", &*path), ("OT_API_TOKEN", "two words"), ("OT_API_BASE_URL", "http://evil")];
    let config = read_with(&["--sandbox"], &variables).unwrap();
    assert!(config.flags.sandbox);
    assert_eq!(token(&config), None);
    assert!(config.credentials.notices().is_empty());
}

#[test]
fn a_wrong_value_names_its_flag_and_the_allowed_values() {
    for (line, said) in [
        (["--timeout", "soon"], "--timeout: must be seconds, from 0.1 to 600, not «soon»"),
        (["--timeout", "--sandbox"], "--timeout: must be seconds"),
        (["--human-wait", "-1"], "--human-wait: must be seconds, from 0 to 3600"),
        (["--sandbox-port", "70000"], "--sandbox-port: must be a port, from 0 to 65535"),
        (["--log-format", "xml"], "--log-format: must be text or json"),
        (["--log-filter", "opentrain_mcp=loudly"], "--log-filter: must be levels"),
        (["--max-day-usd", "-5"], "--max-day-usd: must be an amount in USD of 0 or more"),
        (["--duplicate-window", "1.5"], "--duplicate-window: must be whole minutes, from 0 to 10080"),
        (["--tool-prefix", "9_"], "--tool-prefix: must be up to 20 letters"),
    ] {
        let fault = read_with(&line, &[]).unwrap_err();
        assert!(fault.starts_with(said), "{fault}");
    }
    let fault = read(&[("OT_API_TOKEN", "two words")]).unwrap_err();
    assert!(fault.starts_with("OT_API_TOKEN: ") && !fault.contains("two words"), "{fault}");
}

#[test]
fn an_environment_token_avoids_a_base_of_the_file() {
    for base in ["http://127.0.0.1:4701", "https://eu.example.com"] {
        let (_home, path) =
            home(&format!(r#"{{"apiToken": "ot_pat_f", "baseUrl": "{base}", "claimToken": "ot_clm_x"}}"#));
        let config = read(&[("HOME", &path), ("OT_API_TOKEN", "ot_pat_e")]).unwrap();
        assert_eq!(config.origin.as_str(), format!("{DEFAULT_ORIGIN}/"));
        assert_eq!(token(&config).as_deref(), Some("ot_pat_e"));
        assert!(config.credentials.claim_token().is_none(), "it is for the file's base");
        let notices = config.credentials.notices().join("\n");
        assert!(notices.contains(base) && notices.contains("OT_API_TOKEN"), "{notices}");
    }
}

#[test]
fn a_placeholder_is_named_without_its_value() {
    for value in ["\"ot_pat_c3f9_s3cr3tpart99\"", "OT_API_TOKEN=ot_pat_c3f9_s3cr3tpart99"] {
        let config = read(&[("OT_API_TOKEN", value)]).unwrap();
        assert_eq!(token(&config), None);
        let notices = config.credentials.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].starts_with("OT_API_TOKEN") && !notices[0].contains("s3cr3t"), "{notices:?}");
    }
    for line in
        [&["--audit-log", "${HOME}/a.jsonl"][..], &["--audit-log={env:LOG}"], &["--audit-log", "$LOG", "--sandbox"]]
    {
        let config = read_with(line, &[]).unwrap();
        assert_eq!(config.record, RecordPlace::Missing);
        assert!(config.credentials.notices()[0].starts_with("--audit-log is not used"), "{line:?}");
        assert_eq!(config.flags.sandbox, line.contains(&"--sandbox"), "the rest of the line is read");
    }
}

#[test]
fn a_placeholder_in_a_limit_refuses_the_start() {
    for line in [["--max-day-usd", "${MAX}"], ["--max-milestone-usd", "<amount>"]] {
        let fault = read_with(&line, &[]).unwrap_err();
        assert!(fault.starts_with(line[0]) && fault.contains("placeholder"), "{fault}");
    }
    for base in ["{env:BASE}", "\"https://app.opentrain.ai\"", "$BASE"] {
        let fault = read(&[("OPENTRAIN_API_BASE_URL", base)]).unwrap_err();
        assert!(fault.starts_with("OPENTRAIN_API_BASE_URL") && fault.contains("origin"), "{fault}");
    }
    let (_home, path) = home(r#"{"apiToken": "ot_pat_f", "baseUrl": "<your base>"}"#);
    let fault = read(&[("HOME", &path)]).unwrap_err();
    assert!(fault.contains("cli.json") && fault.contains("placeholder"), "{fault}");
}

#[test]
fn a_placeholder_in_the_file_is_named_and_unused() {
    let (_home, path) = home(r#"{"apiToken": "ot_pat_..."}"#);
    let config = read(&[("HOME", &path)]).unwrap();
    assert_eq!((token(&config), config.origin.as_str()), (None, "https://app.opentrain.ai/"));
    let notices = config.credentials.notices().join("\n");
    assert!(notices.contains("apiToken in "), "{notices}");
}

#[test]
fn a_byte_order_mark_before_the_file_is_no_fault() {
    let (_home, path) = home("\u{feff}{\"apiToken\": \"ot_pat_f\"}");
    assert_eq!(token(&read(&[("HOME", &path)]).unwrap()).as_deref(), Some("ot_pat_f"));
}

/// A file beside the credential file, as a process leaves it that is killed before it can rename it.
fn leave_beside(home: &tempfile::TempDir, content: &str) -> std::path::PathBuf {
    let path = home.path().join(".config/opentrain/.opentrain-mcp.cli.json.abc123");
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn a_token_written_beside_its_place_is_found() {
    let (folder, path) = home(r#"{"apiToken": "ot_pat_old", "claimToken": "ot_clm_x"}"#);
    let left = leave_beside(&folder, "{\"apiToken\": \"ot_pat_new\", \"theirs\": 1}\n\0\0\0\0");
    let config = read(&[("HOME", &path)]).unwrap();
    assert_eq!(token(&config).as_deref(), Some("ot_pat_new"));
    let notices = config.credentials.notices().join("\n");
    assert!(notices.contains("earlier process"), "{notices}");
    assert!(!left.exists());
    let file = std::fs::read_to_string(folder.path().join(".config/opentrain/cli.json")).unwrap();
    assert_eq!(file, "{\"apiToken\": \"ot_pat_new\", \"theirs\": 1}\n", "the room that was not used is cut off");
}

#[test]
fn a_file_left_half_written_or_older_changes_nothing() {
    for content in ["\0\0\0\0", "{\"apiToken\": \"ot_pat_n"] {
        let (folder, path) = home(r#"{"apiToken": "ot_pat_old"}"#);
        let left = leave_beside(&folder, content);
        assert_eq!(token(&read(&[("HOME", &path)]).unwrap()).as_deref(), Some("ot_pat_old"), "{content:?}");
        assert!(!left.exists(), "it may hold a token");
    }
    let (folder, path) = home(r#"{"apiToken": "ot_pat_old"}"#);
    let left = leave_beside(&folder, r#"{"apiToken": "ot_pat_older"}"#);
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(&left).unwrap().set_modified(old).unwrap();
    assert_eq!(token(&read(&[("HOME", &path)]).unwrap()).as_deref(), Some("ot_pat_old"));
    assert!(!left.exists(), "it may hold a token");
}

#[test]
fn an_unsaved_account_is_saved_when_possible() {
    let (folder, path) = home(r#"{"apiToken": "ot_pat_old"}"#);
    let file = folder.path().join(".config/opentrain/cli.json");
    let credentials = read(&[("HOME", &path)]).unwrap().credentials;
    let lock = credentials.lock().unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir_all(file.join("in the way")).unwrap();
    let account = StoredAccount { token: Token::new("ot_pat_new").ok(), claim_token: None };
    lock.store(account).unwrap_err();
    assert!(credentials.is_unsaved());
    credentials.save_again();
    assert!(credentials.is_unsaved() && credentials.notices().join("").contains("could not be saved"));

    std::fs::remove_dir_all(&file).unwrap();
    credentials.save_again();
    assert!(!credentials.is_unsaved());
    assert!(credentials.take_notice().unwrap().contains("cli.json"), "it is said, once");
    assert_eq!(credentials.take_notice(), None);
    assert!(std::fs::read_to_string(&file).unwrap().contains("ot_pat_new"));
    assert_eq!(token(&read(&[("HOME", &path)]).unwrap()).as_deref(), Some("ot_pat_new"));
}

#[test]
fn writes_are_recorded_in_the_state_folder_or_where_named() {
    let place = |line: &[&str], variables: &[(&str, &str)]| read_with(line, variables).map(|config| config.record);
    let default = |path: &str| RecordPlace::Default(path.into());
    let home = ("HOME", "/home/ada");
    let file = "/home/ada/.local/state/opentrain-mcp";
    assert_eq!(place(&[], &[home]).unwrap(), default(&format!("{file}/record.jsonl")));
    assert_eq!(place(&["--sandbox"], &[home]).unwrap(), default(&format!("{file}/sandbox.jsonl")));
    let moved = [home, ("XDG_STATE_HOME", "/state")];
    assert_eq!(place(&[], &moved).unwrap(), default("/state/opentrain-mcp/record.jsonl"));
    assert_eq!(place(&[], &[home, ("XDG_STATE_HOME", "state")]).unwrap(), default(&format!("{file}/record.jsonl")));
    assert_eq!(place(&[], &[]).unwrap(), RecordPlace::Missing);
    assert_eq!(place(&["--audit-log", "/a"], &[home]).unwrap(), RecordPlace::Named("/a".into()));
    assert_eq!(place(&["--no-record"], &[home]).unwrap(), RecordPlace::Off);

    let fault = place(&["--audit-log", "/a", "--no-record"], &[]).unwrap_err();
    assert!(fault.starts_with("--no-record: contradicts --audit-log"), "{fault}");
    let limit = ["--max-day-usd", "100"];
    for (line, variables, wanted) in
        [(vec![], &[][..], "HOME"), (vec!["--no-record"], &[home][..], "leave out --no-record")]
    {
        let fault = place(&[&limit[..], &line].concat(), variables).unwrap_err();
        assert!(fault.starts_with("--max-day-usd") && fault.contains(wanted), "{fault}");
    }
    assert!(place(&limit, &[home]).is_ok() && place(&["--max-day-usd", "1", "--audit-log", "/a"], &[]).is_ok());
}
