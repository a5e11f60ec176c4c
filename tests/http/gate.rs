//! What is refused before a message is read: hosts, origins, sizes, too many calls.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{Gate, Reply, Upstream, contract, launch};
use crate::server;

#[tokio::test]
async fn a_foreign_host_or_page_is_refused_on_every_path() {
    let upstream = Upstream::giving(&json!({})).await;
    let server = launch()
        .at(&upstream)
        .args([
            "--allowed-origin",
            "https://app.example.com",
            "--metrics",
            "127.0.0.1:0",
            "--public-url",
            "https://mcp.example.com",
        ])
        .over_http()
        .await;
    let key = server.agent("ci", &[]).await;
    let figures = server.logged("/metrics address=").await;
    let urls = ["/mcp", "/healthz", "/readyz", "/nothing"].map(|path| format!("{}{path}", server.origin));
    for url in urls.into_iter().chain([format!("http://{figures}/metrics")]) {
        for (header, value) in
            [("host", "evil.example.com"), ("origin", "https://evil.example.com"), ("origin", "null")]
        {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let request = server.client.request(method, &url).bearer_auth(&key).header(header, value);
                assert_eq!(request.send().await.unwrap().status(), 403, "{url} with {header} {value}");
            }
        }
    }
    let page = |method: Method| server.request(method, "/mcp").header("origin", "https://app.example.com");
    let question = page(Method::OPTIONS).send().await.unwrap();
    assert_eq!(
        (question.status().as_u16(), &question.headers()["access-control-allow-origin"]),
        (204, &"https://app.example.com".parse().unwrap())
    );
    let unauthorized = page(Method::POST).send().await.unwrap();
    assert_eq!(unauthorized.status(), 401);
    assert_eq!(unauthorized.headers()["access-control-allow-origin"], "https://app.example.com");
    assert!(server.get("/healthz").await.headers().get("access-control-allow-origin").is_none());
    let public = server.request(Method::GET, "/healthz").header("host", "mcp.example.com").send().await.unwrap();
    assert_eq!((public.status().as_u16(), server.get("/healthz").await.status().as_u16()), (200, 200));
    assert_eq!(server.get("/metrics").await.status(), 404, "figures are on their own listener only");
    assert_eq!(server.get("/mcp").await.status(), 405);
    assert_eq!(server.request(Method::DELETE, "/mcp").send().await.unwrap().status(), 405);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.request(Method::HEAD, path).send().await.unwrap().status(), 200, "{path}");
        let posted = server.request(Method::POST, path).send().await.unwrap();
        assert_eq!((posted.status().as_u16(), &posted.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));
    }
}

#[tokio::test]
async fn a_forged_forwarded_address_is_not_believed() {
    let (_api, server) = server().await;
    for forged in ["203.0.113.77", "203.0.113.78, 203.0.113.79"] {
        server.request(Method::POST, "/mcp").header("x-forwarded-for", forged).send().await.unwrap();
    }
    server.logged("without a valid key is refused client=").await;
    assert!(server.log().contains("client=127.0.0.1") && !server.log().contains("203.0.113"), "{}", server.log());
}

#[tokio::test]
async fn a_large_body_is_refused_before_it_is_read() {
    let (api, server) = server().await;
    let key = server.agent("ci", &[]).await;
    let address = server.origin.trim_start_matches("http://");
    let head =
        |more: &str| format!("POST /mcp HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n{more}\r\n");
    // The MCP headers contradict the body, which nobody has judged yet.
    let declared = head("Mcp-Method: nonsense\r\nContent-Length: 1048577\r\n");
    assert!(spoken(address, declared.into_bytes()).await.starts_with("HTTP/1.1 413"));
    let mut chunked = head("Mcp-Method: nonsense\r\nTransfer-Encoding: chunked\r\n").into_bytes();
    for _ in 0..17 {
        chunked.extend(b"10000\r\n");
        chunked.extend(std::iter::repeat_n(b' ', 0x10000));
        chunked.extend(b"\r\n");
    }
    assert!(spoken(address, chunked).await.starts_with("HTTP/1.1 413"));
    let fits = format!("{}{{\"jsonrpc\":\"2.0\"", " ".repeat(1024 * 1024 - 16));
    assert_eq!(server.caller(&key).bare().body(fits).send().await.unwrap().status(), 400);
    assert!(api.upstream.requests().is_empty());
}

/// What comes back for these bytes.
async fn spoken(address: &str, bytes: Vec<u8>) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    // The server may close before it has read everything.
    let _ = stream.write_all(&bytes).await;
    let mut answer = vec![0; 1024];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
async fn too_many_calls_of_one_principal_hold_up_no_other() {
    let gate = Gate::closed();
    let reply = Reply::json(200, &json!({ "contracts": [contract("ctr_8Kq2", &[])] }));
    let held = gate.clone();
    let upstream = Upstream::answering(move |request, _| {
        if request.header("authorization")[0].contains("b0b0") { reply.clone() } else { reply.clone().once_open(&held) }
    })
    .await;
    let server = launch().at(&upstream).args(["--accept-opentrain-tokens"]).over_http().await;
    let key = server.agent("ci", &[]).await;
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let caller = server.caller(&key);
            tokio::spawn(async move { caller.call("list_contracts", json!({})).await })
        })
        .collect();
    upstream.has_seen(16).await;
    let one_more = server.caller(&key).asking("tools/list", json!({})).send().await.unwrap();
    assert_eq!((one_more.status().as_u16(), &one_more.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    let other = server.caller("ot_pat_b0b0b0b0_0wns3cr3tpart11").call("list_contracts", json!({})).await;
    assert!(!other.is_error());
    gate.open();
    for call in calls {
        assert!(!call.await.unwrap().is_error());
    }
    assert!(!server.caller(&key).tools().await.is_empty());
}

#[tokio::test]
async fn a_slow_sender_holds_up_no_other() {
    let (_api, server) = server().await;
    let key = server.agent("ci", &[]).await;
    let address = server.origin.trim_start_matches("http://");
    let mut slow = Vec::new();
    for part in [
        "POST /mcp HT",
        &format!(
            "POST /mcp HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Length: 90\r\n\r\n{{"
        ),
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let caller = server.caller(&key);
    let call = caller.call("list_contracts", json!({}));
    assert!(!tokio::time::timeout(Duration::from_secs(20), call).await.unwrap().is_error());
}
