//! What a hostile environment cannot fetch: the stored token.

use serde_json::json;

use super::over_tls;
use crate::harness::{Reply, Upstream, launch};

#[tokio::test]
async fn an_untrusted_projects_proxy_gets_no_stored_token() {
    let proxy = Upstream::answering(|_, _| Reply::new(502, "no way")).await;
    let launched = launch().credentials(&json!({ "apiToken": "ot_pat_a_filefilefile" }).to_string());
    let (home, roots) = (launched.home.path().to_owned(), launched.home.path().join("ca.pem"));
    std::fs::write(&roots, over_tls().await.1).unwrap();
    let at_home = |args: &[&str]| {
        let server = launch().env("HOME", home.to_str().unwrap()).env("SSL_CERT_FILE", roots.to_str().unwrap());
        server.env("HTTPS_PROXY", &proxy.origin).args(args.iter().copied())
    };
    let call = ["call", "list_contracts"];
    for command in [&call[..], &["logout"]] {
        let ran = at_home(command).run().await;
        assert!(ran.status != Some(0) && ran.stderr.contains("opentrain-mcp trust"), "{ran:?}");
    }
    let refused = at_home(&[]).start().await;
    refused.failed("list_contracts", json!({})).await.says(&["opentrain-mcp trust"]);
    refused.failed("register_agent", json!({})).await.says(&["opentrain-mcp trust"]);
    assert_eq!(proxy.connections(), 0);

    let trusted = at_home(&["trust"]).run().await;
    assert!(trusted.status == Some(0) && trusted.stdout.contains("mcp-settings.json"), "{trusted:?}");
    at_home(&call).run().await;
    assert!(proxy.connections() > 0);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_crash_leaves_no_core_dump() {
    let host = launch().start().await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", host.pid())).unwrap();
    let core: Vec<&str> = limits.lines().find(|line| line.contains("core")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{core:?}");
}

#[tokio::test]
async fn another_file_is_never_taken_for_a_record() {
    let upstream = Upstream::answering(|_, _| Reply::new(200, "{}")).await;
    let user = tempfile::tempdir().unwrap();
    let start_file = user.path().join(".bashrc");
    std::fs::write(&start_file, "export A=1\n".repeat(200)).unwrap();
    let link = user.path().join("record.jsonl");
    // A link on Windows needs rights that not every user has.
    #[cfg(unix)]
    std::os::unix::fs::symlink(&start_file, &link).unwrap();
    let named = if cfg!(unix) { &[&start_file, &link][..] } else { &[&start_file] };
    for named in named {
        let server = launch().at(&upstream).env("OPENTRAIN_AUDIT_LOG", named.to_str().unwrap());
        let ran = server.args(["call", "close_job", r#"{"jobId": "job_1"}"#]).run().await;
        assert!(ran.status == Some(1) && ran.stdout.contains("something else than a record"), "{ran:?}");
    }
    assert!(upstream.requests().is_empty());
    let state = user.path().join("state/opentrain-mcp");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::hard_link(&start_file, state.join("record.jsonl")).unwrap();
    let server = launch().at(&upstream).env("XDG_STATE_HOME", state.parent().unwrap().to_str().unwrap());
    let ran = server.args(["call", "close_job", r#"{"jobId": "job_1"}"#]).run().await;
    assert!(ran.stdout.contains("not on record") || ran.stderr.contains("not on record"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&start_file).unwrap(), "export A=1\n".repeat(200));
}
