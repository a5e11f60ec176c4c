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
