//! What makes a test read as a sentence: an upstream that is not ours, and the real binary as a host sees it.

pub(crate) mod api;
pub(crate) mod host;
pub(crate) mod launch;
pub(crate) mod record;
pub(crate) mod samples;
pub(crate) mod upstream;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) use api::{Api, World};
pub(crate) use host::{Answer, Host};
pub(crate) use launch::{Launch, Ran, launch};
pub(crate) use record::{pairs, record, recorded};
pub(crate) use samples::{CLAIM_PATH, claim_required, contract, contracts, milestone};
pub(crate) use upstream::{Gate, Refusing, Reply, Upstream};

/// The token of the tests.
pub(crate) const TOKEN: &str = "ot_pat_c3f9aa01_s3cr3tpart99zz";
/// Its secret part.
pub(crate) const SECRET: &str = "s3cr3tpart99zz";
/// Revisions that begin with a handshake.
pub(crate) const HANDSHAKES: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The revision that needs none.
pub(crate) const STATELESS: &str = "2026-07-28";
/// How long anything may take before a test gives it up. Nothing waits so long unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Every place of a JSON value, the value itself first.
pub(crate) fn every(value: &serde_json::Value, visit: &mut impl FnMut(&serde_json::Value)) {
    visit(value);
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| every(item, visit)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| every(field, visit)),
        _ => {}
    }
}

/// One plain HTTP request, as a browser without scripts makes it: its status, its whole head, and the body.
pub(crate) async fn browse(method: &str, url: &str) -> (u16, String, String) {
    browse_with(method, url, "").await
}

/// The same, with a form that a person has filled in.
pub(crate) async fn submit(url: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    browse_with("POST", url, &form).await
}

async fn browse_with(method: &str, url: &str, form: &str) -> (u16, String, String) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut connection = tokio::net::TcpStream::connect(host).await.unwrap();
    let kind = if form.is_empty() { "" } else { "Content-Type: application/x-www-form-urlencoded\r\n" };
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\n{kind}Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
}

/// Opens a page and presses its button; gives the page that comes then.
pub(crate) async fn press(url: &str) -> String {
    let (status, _, html) = browse("GET", url).await;
    assert_eq!(status, 200, "{html}");
    assert!(html.contains("method=\"post\""), "a button was expected: {html}");
    let action = html.split_once("action=\"").unwrap().1.split('"').next().unwrap();
    let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let (status, head, html) = browse("POST", &format!("{origin}{action}")).await;
    if status != 303 {
        return html;
    }
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let location = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("location")).unwrap().1;
    browse("GET", &format!("{origin}{location}")).await.2
}
