//! Where writes are recorded: a default place, another one that is named, or none.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::terms;
use crate::approvals::maria;
use crate::harness::launch::Launch;
use crate::harness::{Api, Ran, TOKEN, free_port, launch, record};

/// The record of a server without settings whose home is this.
fn default_record(home: &Path) -> PathBuf {
    home.join(".local/state/opentrain-mcp/record.jsonl")
}

/// A server of the user whose home is this.
fn server(api: &Api, home: &Path) -> Launch {
    launch().at(&api.upstream).env("HOME", home.to_str().unwrap())
}

async fn run(home: &Path, args: &[&str]) -> Ran {
    launch().env("HOME", home.to_str().unwrap()).env("OT_API_TOKEN", TOKEN).args(args.iter().copied()).run().await
}

#[cfg(unix)]
#[tokio::test]
async fn the_first_write_makes_a_private_default_record() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let path = default_record(home.path());
    let api = Api::of([maria()]).await;
    let host = server(&api, home.path()).start().await;
    host.done("list_contracts", json!({})).await;
    assert!(!home.path().join(".local").exists(), "neither the start nor a read writes anything");
    host.done("create_milestone", terms()).await;
    let lines = record(&path);
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert_eq!((&line["base"], &line["principal"]), (&json!(api.upstream.origin), &json!("c3f9aa01")), "{line}");
        assert!(line["sandbox"].is_null(), "{line}");
    }
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn an_unwritable_default_record_warns_once_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".local"), "a file in its way").unwrap();
    let api = Api::of([maria()]).await;
    let host = server(&api, home.path()).start().await;
    host.done("create_milestone", terms()).await.says(&["WARNING: writes are not on record here", "--audit-log"]);
    let answer = host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    assert!(!answer.text().contains("not on record"), "{}", answer.text());
}

#[tokio::test]
async fn a_limit_refuses_writes_without_a_writable_record() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".local"), "a file in its way").unwrap();
    let api = Api::of([maria()]).await;
    let launch = server(&api, home.path()).args(["--max-day-usd", "500"]);
    let ran = launch.run().await;
    assert!(ran.status != Some(0) && ran.stderr.contains("record.jsonl cannot be written"), "{ran:?}");
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test]
async fn a_limit_counts_from_the_default_record_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let api = Api::of([maria()]).await;
    let launch = || server(&api, home.path()).args(["--max-day-usd", "150"]);
    launch().start().await.done("create_milestone", terms()).await;
    let other = json!({ "contractId": "ctr_8Kq2", "description": "Fourth batch", "amountUsd": 51 });
    let host = launch().start().await;
    assert_eq!(host.failed("create_milestone", other).await.error()["reason"], "over_limit");
}

#[tokio::test]
async fn without_a_record_a_days_limit_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let api = Api::of([maria()]).await;
    let host = server(&api, home.path()).args(["--no-record"]).start().await;
    host.done("create_milestone", terms()).await;
    assert!(!default_record(home.path()).exists());
    let ran = run(home.path(), &["--no-record", "--max-day-usd", "100"]).await;
    assert!(ran.status != Some(0) && ran.stderr.contains("--no-record"), "{ran:?}");
}

#[tokio::test]
async fn a_sandbox_has_a_record_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let host = launch().sandbox(free_port()).env("HOME", home.path().to_str().unwrap()).start().await;
    // Refused by the sandbox, since nobody has claimed its account yet: that is on record, too.
    host.failed("create_milestone", terms()).await;
    let path = default_record(home.path());
    assert!(!path.exists(), "a rehearsal is no entry of the real record");
    for line in record(&path.with_file_name("sandbox.jsonl")) {
        assert_eq!(line["sandbox"], json!(true), "{line}");
        assert!(line["base"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{line}");
    }
    let ran = run(home.path(), &["--sandbox", "audit"]).await;
    assert!(ran.status == Some(0) && ran.stdout.contains("create_milestone"), "{ran:?}");
}

#[tokio::test]
async fn audit_without_a_file_reads_the_default_record() {
    let home = tempfile::tempdir().unwrap();
    let ran = run(home.path(), &["audit"]).await;
    assert!(ran.status == Some(0) && ran.stdout.contains("No write is on record yet"), "{ran:?}");
    let api = Api::of([maria()]).await;
    server(&api, home.path()).start().await.done("create_milestone", terms()).await;
    std::fs::write(default_record(home.path()).with_extension("jsonl.20260101T000000Z"), "").unwrap();
    let ran = run(home.path(), &["audit"]).await;
    assert!(ran.status == Some(0) && ran.stdout.contains("1 write with a known outcome"), "{ran:?}");
    assert!(ran.stdout.contains("earlier writes are in") && ran.stdout.contains("20260101T000000Z"), "{ran:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn an_unusable_record_place_refuses_the_start() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (place, why) in [
        (pipe.to_str().unwrap(), "a pipe or a device"),
        ("/dev/null", "a pipe or a device"),
        ("/dev/stderr", "cannot be written"),
        (home.path().to_str().unwrap(), "a folder"),
        ("audit.jsonl", "not a whole path"),
        ("~/audit.jsonl", "not a whole path"),
    ] {
        let ran = run(home.path(), &["--audit-log", place]).await;
        assert!(ran.status != Some(0) && ran.stderr.contains(why) && ran.stderr.contains(place), "{place}: {ran:?}");
    }
    assert!(!Path::new("audit.jsonl").exists());
}

#[tokio::test]
async fn a_server_beyond_any_freeze_says_so() {
    let api = Api::of([maria()]).await;
    let host = launch().at(&api.upstream).env("HOME", "").start().await;
    host.stderr_says("no `opentrain-mcp freeze` can stop this server").await;
    host.stderr_says("writes are not recorded").await;
    let ran = launch().at(&api.upstream).env("HOME", "").args(["check"]).run().await;
    assert!(ran.stdout.contains("no `opentrain-mcp freeze` can stop this server"), "{ran:?}");
}

#[tokio::test]
async fn check_fails_while_writes_are_frozen() {
    let home = tempfile::tempdir().unwrap();
    let port = free_port().to_string();
    let sandbox = ["--sandbox", "--sandbox-port", &port, "--toolsets", "account"];
    let check = [&sandbox[..], &["check"]].concat();
    let ran = run(home.path(), &check).await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    run(home.path(), &["freeze", "--reason", "drill"]).await;
    let ran = run(home.path(), &check).await;
    assert!(ran.status == Some(1) && ran.stdout.contains("drill"), "{ran:?}");
}
