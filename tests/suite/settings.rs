//! Where each setting comes from, and where a token may go.

mod trust;
mod values;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::harness::launch::{set_mode, write_private};
use crate::harness::upstream::Buffered;
use crate::harness::{Reply, TOKEN, Upstream, contracts, free_port, launch};

fn file(base: &str, token: &str) -> String {
    json!({ "apiToken": token, "baseUrl": base, "claimToken": "ot_clm_x" }).to_string()
}

/// The bearer of the last request.
fn bearer(upstream: &Upstream) -> String {
    upstream.requests().last().expect("a request").header("authorization")[0].to_owned()
}

#[tokio::test]
async fn the_first_token_variable_that_is_set_wins() {
    let upstream = Upstream::giving(&contracts(0)).await;
    let variables = ["OT_API_TOKEN", "OPENTRAIN_API_TOKEN", "OPENTRAIN_PERSONAL_API_TOKEN"];
    for set in [&variables[..], &variables[1..], &variables[2..]] {
        let mut server = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin);
        for name in set {
            server = server.env(name, &format!("ot_pat_x_{}", name.to_lowercase()));
        }
        server.start().await.done("list_contracts", json!({})).await;
        assert_eq!(bearer(&upstream), format!("Bearer ot_pat_x_{}", set[0].to_lowercase()));
    }
}

#[tokio::test]
async fn an_empty_or_unexpanded_variable_counts_as_unset() {
    let upstream = Upstream::giving(&contracts(0)).await;
    for nothing in ["", "  ", "${OT_API_TOKEN}"] {
        let server = launch().at(&upstream).env("OT_API_TOKEN", nothing).env("OPENTRAIN_API_TOKEN", "ot_pat_x_y");
        server.start().await.done("list_contracts", json!({})).await;
        assert_eq!(bearer(&upstream), "Bearer ot_pat_x_y", "{nothing:?}");
    }
}

#[tokio::test]
async fn the_environment_wins_over_file_and_default() {
    let (one, other) = (Upstream::giving(&contracts(0)).await, Upstream::giving(&contracts(0)).await);
    let by_file = launch().credentials(&file(&format!("{}/", one.origin), "ot_pat_a_filefilefile"));
    by_file.start().await.done("list_contracts", json!({})).await;
    assert_eq!(bearer(&one), "Bearer ot_pat_a_filefilefile");
    let both = launch().credentials(&file(&one.origin, "ot_pat_a_filefilefile")).env("OT_API_TOKEN", TOKEN);
    both.env("OT_API_BASE_URL", &other.origin).start().await.done("list_contracts", json!({})).await;
    assert_eq!(bearer(&other), format!("Bearer {TOKEN}"));
    assert_eq!(one.requests().len(), 1);
    let first = launch().at(&one).env("OT_API_BASE_URL", &other.origin);
    first.start().await.done("list_contracts", json!({})).await;
    assert_eq!((one.requests().len(), other.requests().len()), (2, 1), "OPENTRAIN_API_BASE_URL comes first");
}

#[tokio::test]
async fn an_environment_token_never_goes_to_the_files_base() {
    let upstream = Upstream::giving(&contracts(0)).await;
    let server = launch().credentials(&file(&upstream.origin, "ot_pat_a_filefilefile")).env("OT_API_TOKEN", TOKEN);
    // The default base is on the network: a proxy that opens no tunnel keeps the test off it.
    let proxy = Upstream::answering(|_, _| Reply::new(502, "no way")).await;
    let ran = server.env("HTTPS_PROXY", &proxy.origin).args(["call", "get_auth_status"]).run().await;
    assert!(ran.stderr.contains("cli.json") && ran.stderr.contains("OT_API_TOKEN"), "{}", ran.stderr);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_placeholder_token_is_named_and_never_sent() {
    let upstream = Upstream::giving(&contracts(0)).await;
    for placeholder in ["$OT_API_TOKEN", "<your token>", "ot_pat_...", "'ot_pat_x_y'", "op://a/b/c"] {
        let host = launch().at(&upstream).env("OT_API_TOKEN", placeholder).start().await;
        host.failed("list_contracts", json!({})).await.says(&["OT_API_TOKEN is not used: it is"]);
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn the_credential_file_is_where_opentrains_tools_write() {
    let upstream = Upstream::giving(&contracts(0)).await;
    let server = launch();
    let elsewhere = server.home.path().join("xdg");
    write_private(&elsewhere.join("opentrain/cli.json"), &file(&upstream.origin, "ot_pat_x_dg"));
    let server = server.credentials(&file(&upstream.origin, "ot_pat_ho_me"));
    let server = server.env("XDG_CONFIG_HOME", elsewhere.to_str().unwrap());
    server.start().await.done("list_contracts", json!({})).await;
    assert_eq!(bearer(&upstream), "Bearer ot_pat_x_dg");
}

#[tokio::test]
async fn a_flag_wins_over_the_environment() {
    let upstream = Upstream::scripted([Reply::hang()]).await;
    let host = launch().at(&upstream).env("OPENTRAIN_TIMEOUT", "600").args(["--timeout", "0.2"]).start().await;
    assert_eq!(host.failed("list_contracts", json!({})).await.code(), "TIMEOUT");
}

#[tokio::test]
async fn a_base_is_an_origin_over_https_or_on_loopback() {
    for (base, said) in [
        ("http://app.opentrain.ai", "https"),
        ("http://10.0.0.1:3000", "https"),
        ("http://127.0.0.1.evil.example", "https"),
        ("http://localhost.evil.example", "https"),
        ("ftp://app.opentrain.ai", "https"),
        ("file:///etc/passwd", "https"),
        ("app.opentrain.ai", "origin"),
        ("https://app.opentrain.ai/api/public/v1", "origin"),
        ("https://app.opentrain.ai/?x=1", "origin"),
        ("https://app.opentrain.ai/#x", "origin"),
        ("https://user:secret@app.opentrain.ai", "origin"),
        ("https://", "origin"),
    ] {
        for variable in ["OPENTRAIN_API_BASE_URL", "OT_API_BASE_URL"] {
            let ran = launch().env(variable, base).env("OT_API_TOKEN", TOKEN).run().await;
            assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{base}: {ran:?}");
            assert!(ran.stderr.contains(variable) && ran.stderr.contains(said), "{base}: {}", ran.stderr);
        }
        let ran = launch().credentials(&file(base, TOKEN)).run().await;
        assert_eq!(ran.status, Some(2), "{base} in the file: {ran:?}");
        assert!(ran.stderr.contains("cli.json"), "{}", ran.stderr);
    }
    let upstream = Upstream::giving(&contracts(0)).await;
    for base in [
        format!("{}/", upstream.origin),
        format!("http://localhost:{}", upstream.port()),
        format!("HTTP://LOCALHOST:{}/", upstream.port()),
    ] {
        launch().base(&base).start().await.done("list_contracts", json!({})).await;
    }
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn an_unsendable_token_is_refused_and_not_repeated() {
    for token in ["ot_pat_with a blank", "ot_pat_sëcret"] {
        let ran = launch().env("OT_API_TOKEN", token).run().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{token}: {ran:?}");
        assert!(ran.stderr.contains("OT_API_TOKEN") && !ran.stderr.contains(token), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn a_token_of_another_kind_is_never_sent() {
    let upstream = Upstream::giving(&contracts(0)).await;
    for (token, what) in [
        ("ot_clm_c3f9_secretsecret", "claim token"),
        ("ot_cat_c3f9_secretsecret", "claim page"),
        ("ot_ptk_c3f9_secretsecret", "Platform API"),
        ("whsec_secretsecret", "webhook"),
    ] {
        for variable in ["OT_API_TOKEN", "OPENTRAIN_API_TOKEN"] {
            let ran = launch().env(variable, token).run().await;
            assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{token}: {ran:?}");
            for part in [variable, what, "ot_pat_", "Settings → API keys"] {
                assert!(ran.stderr.contains(part), "{part} is missing from: {}", ran.stderr);
            }
            assert!(!ran.stderr.contains("secretsecret"), "{}", ran.stderr);
        }
        let host = launch().credentials(&file(&upstream.origin, token)).start().await;
        host.failed("list_contracts", json!({})).await.says(&["cli.json", what, "ot_pat_"]);
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn the_status_says_where_the_token_comes_from() {
    let upstream = Upstream::giving(&json!({ "actor": { "userId": "u" }, "token": { "scopes": [] } })).await;
    let by_variable = launch().base(&upstream.origin).unset("OT_API_TOKEN").env("OPENTRAIN_API_TOKEN", TOKEN);
    let by_file = launch().credentials(&file(&upstream.origin, TOKEN));
    for (server, named) in [(by_variable, "OPENTRAIN_API_TOKEN"), (by_file, "cli.json")] {
        let status = server.start().await.done("get_auth_status", json!({})).await;
        status.says(&[&format!("personal API token from {}", if named == "cli.json" { "the file" } else { named })]);
        status.says(&[named]);
    }
}

#[tokio::test]
async fn the_status_tells_what_is_known_here() {
    let upstream = Upstream::scripted([Reply::new(500, "no")]).await;
    let server = launch().at(&upstream).credentials("{").args(["--max-milestone-usd", "500"]);
    let status = server.start().await.failed("get_auth_status", json!({})).await;
    status.says(&["at most $500 a milestone", "is not the JSON", "from OT_API_TOKEN"]);
}

#[tokio::test]
async fn a_file_token_goes_where_the_file_says() {
    let (own, hostile) = (Upstream::giving(&contracts(0)).await, Upstream::giving(&contracts(0)).await);
    for content in [file(&own.origin, TOKEN), json!({ "apiToken": TOKEN }).to_string()] {
        for variable in ["OPENTRAIN_API_BASE_URL", "OT_API_BASE_URL"] {
            let host = launch().credentials(&content).env(variable, &hostile.origin).start().await;
            let answer = host.failed("list_contracts", json!({})).await;
            assert_eq!(answer.code(), "NOT_CONFIGURED");
            answer.says(&["cli.json", "not used", variable]);
            host.stderr_says("not used").await;
            assert!(!host.stderr().contains(TOKEN));
        }
    }
    assert_eq!(hostile.connections(), 0);
    // The same base, named once more, is the file's own.
    let host = launch().credentials(&file(&own.origin, TOKEN)).env("OT_API_BASE_URL", &own.origin).start().await;
    host.done("list_contracts", json!({})).await;
}

#[tokio::test]
async fn a_token_leaves_the_old_base_with_its_file() {
    let refusing = Upstream::scripted([Reply::refusal(401, "UNAUTHORIZED", &Value::Null)]).await;
    let server = launch().credentials(&file(&refusing.origin, "ot_pat_o_ldtoken"));
    let path = server.credential_path();
    let host = server.start().await;
    write_private(&path, &file("https://elsewhere.example", "ot_pat_n_ewtoken").replace("ot_clm_x", "ot_clm_ewclaim"));
    host.failed("list_contracts", json!({})).await;
    let sent = refusing.requests().iter().map(|request| format!("{request:?} {}", request.body())).collect::<String>();
    assert!(sent.contains("ot_pat_o_ldtoken") && !sent.contains("ewtoken") && !sent.contains("ewclaim"), "{sent}");
}

#[tokio::test]
async fn a_broken_or_open_credential_file_is_named_and_kept() {
    let me = json!({ "actor": { "userId": "u" }, "token": { "scopes": [] } });
    let upstream = Upstream::giving(&me).await;
    let good = file(&upstream.origin, TOKEN);
    for (content, mode, said) in [
        ("{\"apiToken\": \"ot_pat_x_halfafile".to_owned(), 0o600, "is not the JSON"),
        ("[]".to_owned(), 0o600, "is not the JSON"),
        (String::new(), 0o600, "is not the JSON"),
        ("\u{0}\u{1}".to_owned(), 0o600, "is not the JSON"),
        (good.clone(), 0o644, "chmod 600"),
        (good, 0o640, "chmod 600"),
    ] {
        let server = launch().credentials(&content).at(&upstream);
        let path = server.credential_path();
        set_mode(&path, mode);
        let host = server.start().await;
        host.stderr_says(said).await;
        host.stderr_says("cli.json").await;
        assert!(!host.stderr().contains("halfafile") && !host.stderr().contains(TOKEN), "{}", host.stderr());
        let answer = host.done("get_auth_status", json!({})).await;
        answer.says(&["cli.json", said]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "it is left as it is");
    }
}

/// Makes a pipe that nobody ever writes into.
#[cfg(unix)]
fn make_pipe(path: &std::path::Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_or_giant_credential_file_is_not_read() {
    let pipe = launch();
    make_pipe(&pipe.credential_path());
    let giant = launch().credentials(&" ".repeat(2 << 20));
    for (server, named) in [(pipe, "not a file"), (giant, "more than 1 MiB")] {
        let answer = server.start().await.failed("list_contracts", json!({})).await;
        assert_eq!(answer.code(), "NOT_CONFIGURED");
        answer.says(&["cli.json", named]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_as_credential_file_delays_nobody() {
    let upstream = Upstream::answering(|_, _| Reply::refusal(401, "UNAUTHORIZED", &Value::Null)).await;
    let server = launch().credentials(&file(&upstream.origin, "ot_pat_a_filefilefile"));
    let path = server.credential_path();
    let host = server.start().await;
    std::fs::remove_file(&path).unwrap();
    make_pipe(&path);
    let refused = host.failed("list_contracts", json!({})).await;
    assert_eq!(refused.code(), "UNAUTHORIZED");
}

#[tokio::test]
async fn a_token_of_another_type_in_the_file_is_named() {
    let host = launch().credentials(&json!({ "apiToken": 5 }).to_string()).start().await;
    host.failed("list_contracts", json!({})).await.says(&["OT_API_TOKEN", "cli.json"]);
}

#[tokio::test]
async fn a_missing_token_names_the_broken_file() {
    let host = launch().credentials("{").start().await;
    host.failed("list_contracts", json!({})).await.says(&["OT_API_TOKEN", "cli.json", "is not the JSON"]);
    host.failed("get_auth_status", json!({})).await.says(&["cli.json", "is not the JSON"]);
}

#[tokio::test]
async fn the_sandbox_reads_and_leaves_no_user_files() {
    let hostile = Upstream::giving(&contracts(0)).await;
    for switch in [Some("1"), None] {
        let mut server =
            launch().credentials("{ broken").env("OPENTRAIN_API_BASE_URL", &hostile.origin).env("OT_API_TOKEN", TOKEN);
        server = match switch {
            Some(on) => server.env("OPENTRAIN_SANDBOX", on).env("OPENTRAIN_SANDBOX_PORT", &free_port().to_string()),
            None => server.sandbox(free_port()).env("OT_API_BASE_URL", "http://not-even-https.example"),
        };
        let path = server.credential_path();
        let host = server.start().await;
        let answer = host.done("get_auth_status", json!({})).await;
        answer.says(&["SANDBOX, nothing real"]);
        assert!(!answer.0.to_string().contains("cli.json"), "{}", answer.0);
        assert_eq!(host.stderr(), "");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{ broken");
        let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "nothing was written beside it");
    }
    assert_eq!(hostile.connections(), 0);
}

const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

#[tokio::test]
async fn loopback_is_never_reached_through_a_proxy() {
    let proxy = Upstream::giving(&contracts(0)).await;
    let upstream = Upstream::giving(&contracts(0)).await;
    for base in [upstream.origin.clone(), format!("http://localhost:{}", upstream.port())] {
        let mut server = launch().base(&base);
        for name in PROXIES {
            server = server.env(name, &proxy.origin);
        }
        server.start().await.done("list_contracts", json!({})).await;
    }
    assert_eq!((proxy.connections(), upstream.requests().len()), (0, 2));
    let mut sandboxed = launch().sandbox(free_port());
    for name in PROXIES {
        sandboxed = sandboxed.env(name, &proxy.origin);
    }
    sandboxed.start().await.done("list_contracts", json!({})).await;
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_proxy_never_sees_the_token() {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let proxy = Upstream::scripted([Reply::new(502, "no way")]).await;
        let host = launch().base("https://app.opentrain.test").env(name, &proxy.origin).start().await;
        let answer = host.failed("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
        assert_eq!((answer.code(), &answer.error()["outcome"]), ("UNREACHABLE", &json!("not_done")), "{}", answer.0);
        let request = proxy.requests()[0].clone();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("CONNECT", "app.opentrain.test:443"), "{name}");
        assert!(request.header("authorization").is_empty() && !format!("{request:?}").contains(TOKEN));
    }
}

#[tokio::test]
async fn no_proxy_hosts_are_reached_without_the_proxy() {
    let proxy = Upstream::scripted([Reply::new(502, "no way")]).await;
    let name = format!("{}.invalid", "a".repeat(70));
    let server = launch().base(&format!("https://{name}")).env("HTTPS_PROXY", &proxy.origin).env("NO_PROXY", &name);
    let host = server.start().await;
    assert_eq!(host.failed("list_contracts", json!({})).await.code(), "UNREACHABLE");
    assert_eq!(proxy.connections(), 0);
}

/// An API over TLS, with a certificate that nobody knows: its port, and the certificate.
async fn over_tls() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                use tokio::io::AsyncWriteExt;
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let mut stream = Buffered { stream, buffer: Vec::new() };
                while stream.request().await.is_some() {
                    let body = contracts(1).to_string();
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    stream.stream.write_all(answer.as_bytes()).await.unwrap();
                    stream.stream.flush().await.unwrap();
                }
            });
        }
    });
    (port, made.cert.pem())
}

#[tokio::test]
async fn certificates_are_checked_and_ssl_cert_file_names_more() {
    let (port, certificate) = over_tls().await;
    let base = format!("https://localhost:{port}");
    let host = launch().base(&base).start().await;
    let answer = host.failed("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
    assert_eq!(
        (answer.code(), &answer.error()["outcome"]),
        ("UNREACHABLE", &json!("not_done")),
        "an unknown certificate"
    );
    assert!(answer.message().contains("ertificate"), "{}", answer.message());

    let server = launch().base(&base);
    let path = server.home.path().join("ca.pem");
    std::fs::write(&path, certificate).unwrap();
    let host = server.env("SSL_CERT_FILE", path.to_str().unwrap()).start().await;
    let answer = host.done("list_contracts", json!({})).await;
    assert_eq!(answer.structured()["total"], 1);
}

#[tokio::test]
async fn the_hint_names_an_unusable_certificate_store() {
    let host = launch().base("https://localhost:1").env("SSL_CERT_FILE", "/nowhere/ca.pem").start().await;
    let answer = host.failed("list_contracts", json!({})).await;
    assert_eq!(answer.code(), "NOT_CONFIGURED");
    assert!(answer.hint().contains("SSL_CERT_FILE") && !answer.hint().contains("token"), "{}", answer.hint());
}

#[tokio::test]
async fn without_encryption_no_certificate_store_is_needed() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let host = launch().at(&upstream).env("SSL_CERT_FILE", "/nowhere/ca.pem").start().await;
    assert_eq!(host.done("list_contracts", json!({})).await.structured()["total"], 1);
}
