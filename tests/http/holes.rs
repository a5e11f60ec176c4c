//! Holes that servers like this one had when they began to serve many users. Those that are not here have tests beside
//! their subject: a client for all tenants (`tenants`), two tokens in one request (`door`), a header that loosens
//! (`callers`), a forged `X-Forwarded-For`, Host and Origin on every path (`gate`), labels from arguments (`figures`).

use serde_json::json;

use crate::harness::Upstream;
use crate::served::message;
use crate::server;

#[tokio::test]
async fn no_caller_can_choose_where_its_token_goes() {
    let (api, server) = server().await;
    let evil = Upstream::giving(&json!({ "contracts": [] })).await;
    let key = server.agent("ci", &[]).await;
    let mut caller = server.caller(&key);
    for name in
        ["x-opentrain-base-url", "x-opentrain-api-base-url", "x-ot-api-base-url", "x-api-base", "x-forwarded-host"]
    {
        caller = caller.header(name, &evil.origin);
    }
    assert!(!caller.call("list_contracts", json!({})).await.is_error());
    for query in ["baseUrl", "base_url", "OPENTRAIN_API_BASE_URL", "upstream"] {
        let caller = caller.clone().with_query(&format!("?{query}={}", evil.origin));
        let answer = caller.asking("tools/call", json!({ "name": "list_contracts", "arguments": {} }));
        let answer = message(answer.send().await.unwrap()).await;
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
    assert_eq!((api.upstream.requests().len(), evil.requests().len()), (5, 0));
}

#[tokio::test]
async fn rights_are_looked_up_for_each_request() {
    let (_api, server) = server().await;
    let key = server.agent("ci", &[]).await;
    let caller = server.caller(&key);
    assert!(caller.tools().await.contains(&"create_milestone".to_owned()));
    let path = server.home.path().join(".config/opentrain-mcp/agents.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{file}read_only = true\n")).unwrap();
    while caller.tools().await.contains(&"create_milestone".to_owned()) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let refused =
        caller.ask("tools/call", json!({ "name": "create_milestone", "arguments": crate::terms("a", 5) })).await;
    assert!(refused.to_string().contains("read-only"), "{refused}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_does_not_grow_with_callers() {
    use crate::harness::{Reply, contract, launch};

    let upstream = Upstream::answering(|_, _| {
        let mut held = contract("ctr_8Kq2", &[]);
        held["jobDmConversationId"] = json!("cnv_1");
        Reply::json(200, &json!({ "contracts": [held] }))
    })
    .await;
    let server = launch().at(&upstream).args(["--accept-opentrain-tokens"]).over_http().await;
    let server = &server;
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
    };
    let call = |number: usize| async move {
        let token = format!("ot_pat_{number:08x}_s3cr3tpart{number:08x}");
        assert!(!server.caller(&token).call("list_contracts", json!({})).await.is_error());
    };
    // Until the allocator and the pools have what they need.
    for number in 0..200 {
        call(number).await;
    }
    let before = resident();
    for number in 200..1_200 {
        call(number).await;
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 2 * 1024, "1,000 callers took {grown} KiB");
}
