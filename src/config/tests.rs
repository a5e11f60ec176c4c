use super::settings::AUDIT_LOG;
use super::*;
use crate::api::token::TokenSource;

fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    read_with(&Flags::new(), pairs)
}

fn read_with(flags: &Flags, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(flags, &Environment::of(pairs))
}

fn source(config: &Config, name: &str) -> String {
    config.origins.iter().find(|given| given.name == name).unwrap().source.to_string()
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

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn token(config: &Config) -> Option<String> {
    config.credentials.current().map(|token| token.expose().to_owned())
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_default() {
    let flags = Flags::from([(TIMEOUT, "7".to_owned())]);
    let config = read_with(&flags, &[("OPENTRAIN_TIMEOUT", "8"), ("OPENTRAIN_HUMAN_WAIT", "0")]).unwrap();
    assert_eq!((config.timeout, source(&config, TIMEOUT)), (Duration::from_secs(7), "--timeout".into()));
    assert_eq!((config.human_wait, source(&config, HUMAN_WAIT)), (Duration::ZERO, "OPENTRAIN_HUMAN_WAIT".into()));
    assert_eq!(source(&config, LOG_FORMAT), "default");
}

#[test]
fn token_variables_win_in_their_order_and_unexpanded_ones_count_as_not_set() {
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
fn a_base_is_an_origin_and_https_unless_it_is_loopback() {
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
        let fault = read(&[("OT_API_BASE_URL", given)]).unwrap_err().to_string();
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
fn a_token_from_the_file_goes_to_its_own_base_or_the_default_one_only() {
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
fn a_broken_or_open_file_is_named_and_left_as_it_is() {
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
fn a_token_that_another_process_has_put_into_the_file_is_found() {
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
    let config = read(&[
        ("HOME", &path),
        ("OPENTRAIN_SANDBOX", "1"),
        ("OT_API_TOKEN", "ot_pat_a"),
        ("OT_API_BASE_URL", "http://evil"),
    ])
    .unwrap();
    assert!(config.sandbox.is_some());
    assert_eq!(token(&config), None);
    assert!(config.credentials.notices().is_empty());
}

#[test]
fn what_cannot_be_used_is_refused_by_where_it_was_set() {
    for (variable, value) in [
        ("OPENTRAIN_TIMEOUT", "soon"),
        ("OPENTRAIN_HUMAN_WAIT", "-1"),
        ("OPENTRAIN_SANDBOX", "perhaps"),
        ("OPENTRAIN_SANDBOX_PORT", "70000"),
        ("OPENTRAIN_LOG_FORMAT", "xml"),
        ("OT_API_TOKEN", "two words"),
    ] {
        let fault = read(&[(variable, value)]).unwrap_err().to_string();
        assert!(fault.starts_with(variable), "{fault}");
        assert!(variable != "OT_API_TOKEN" || !fault.contains(value), "{fault}");
    }
}

#[test]
fn a_token_of_the_environment_never_goes_to_a_base_of_the_file() {
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
fn a_placeholder_is_not_used_and_is_named_without_its_value() {
    for (variable, value) in [
        ("OT_API_TOKEN", "\"ot_pat_c3f9_s3cr3tpart99\""),
        ("OT_API_TOKEN", "OT_API_TOKEN=ot_pat_c3f9_s3cr3tpart99"),
        ("OPENTRAIN_API_BASE_URL", "{env:BASE}"),
        ("OPENTRAIN_TIMEOUT", "$TIMEOUT"),
        ("OPENTRAIN_READ_ONLY", "%READ_ONLY%"),
    ] {
        let config = read(&[(variable, value)]).unwrap();
        assert_eq!(token(&config), None);
        let notices = config.credentials.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].starts_with(variable) && !notices[0].contains("s3cr3t"), "{notices:?}");
    }
    let flags = Flags::from([(AUDIT_LOG, "${HOME}/a.jsonl".to_owned())]);
    let config = read_with(&flags, &[]).unwrap();
    assert_eq!(config.operator.record, RecordPlace::Missing);
    assert!(config.credentials.notices()[0].starts_with("--audit-log "));
}

#[test]
fn placeholders_in_the_file_are_not_used_and_are_named() {
    let (_home, path) = home(r#"{"apiToken": "ot_pat_...", "baseUrl": "<your base>"}"#);
    let config = read(&[("HOME", &path)]).unwrap();
    assert_eq!((token(&config), config.origin.as_str()), (None, "https://app.opentrain.ai/"));
    let notices = config.credentials.notices().join("\n");
    assert!(notices.contains("apiToken in ") && notices.contains("baseUrl in "), "{notices}");
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
fn a_token_that_was_written_and_not_put_in_place_is_found() {
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
        leave_beside(&folder, content);
        assert_eq!(token(&read(&[("HOME", &path)]).unwrap()).as_deref(), Some("ot_pat_old"), "{content:?}");
    }
    let (folder, path) = home(r#"{"apiToken": "ot_pat_old"}"#);
    let left = leave_beside(&folder, r#"{"apiToken": "ot_pat_older"}"#);
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    std::fs::File::options().write(true).open(&left).unwrap().set_modified(old).unwrap();
    assert_eq!(token(&read(&[("HOME", &path)]).unwrap()).as_deref(), Some("ot_pat_old"));
}

#[test]
fn an_account_that_could_not_be_saved_is_saved_when_the_way_is_free() {
    let (folder, path) = home(r#"{"apiToken": "ot_pat_old"}"#);
    let file = folder.path().join(".config/opentrain/cli.json");
    let credentials = read(&[("HOME", &path)]).unwrap().credentials;
    let lock = credentials.lock().unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir_all(file.join("in the way")).unwrap();
    let account = crate::api::token::StoredAccount { token: Token::new("ot_pat_new").ok(), claim_token: None };
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
fn writes_are_recorded_where_state_is_kept_unless_another_place_is_named() {
    let place = |flags: &[(&'static str, &str)], variables: &[(&str, &str)]| {
        let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        read_with(&flags, variables).map(|config| config.operator.record)
    };
    let default = |path: &str| RecordPlace::Default(path.into());
    let home = ("HOME", "/home/ada");
    let file = "/home/ada/.local/state/opentrain-mcp";
    assert_eq!(place(&[], &[home]).unwrap(), default(&format!("{file}/record.jsonl")));
    assert_eq!(place(&[(SANDBOX, "1")], &[home]).unwrap(), default(&format!("{file}/sandbox.jsonl")));
    let moved = [home, ("XDG_STATE_HOME", "/state")];
    assert_eq!(place(&[], &moved).unwrap(), default("/state/opentrain-mcp/record.jsonl"));
    assert_eq!(place(&[], &[home, ("XDG_STATE_HOME", "state")]).unwrap(), default(&format!("{file}/record.jsonl")));
    assert_eq!(place(&[], &[]).unwrap(), RecordPlace::Missing);
    assert_eq!(place(&[(AUDIT_LOG, "/a")], &[home]).unwrap(), RecordPlace::Named("/a".into()));
    assert_eq!(place(&[], &[home, ("OPENTRAIN_NO_RECORD", "1")]).unwrap(), RecordPlace::Off);

    let fault = place(&[(AUDIT_LOG, "/a")], &[("OPENTRAIN_NO_RECORD", "1")]).unwrap_err().to_string();
    assert!(fault.starts_with("OPENTRAIN_NO_RECORD: contradicts --audit-log"), "{fault}");
    let limit = (MAX_DAY_USD, "100");
    for (variables, wanted) in [(&[][..], "HOME"), (&[home, ("OPENTRAIN_NO_RECORD", "1")][..], "--no-record")] {
        let fault = place(&[limit], variables).unwrap_err().to_string();
        assert!(fault.starts_with("--max-day-usd") && fault.contains(wanted), "{fault}");
    }
    assert!(place(&[limit], &[home]).is_ok() && place(&[limit, (AUDIT_LOG, "/a")], &[]).is_ok());
}
