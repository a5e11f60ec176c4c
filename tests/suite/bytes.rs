//! Answers as odd servers and boxes in between write them: what they say comes through whole.

use serde_json::json;

use crate::harness::{Reply, Upstream, contract, launch};

/// A chunked answer in pieces of so many bytes.
fn chunked(status: u16, body: &str, bytes: usize) -> Vec<u8> {
    let mut raw = format!("HTTP/1.1 {status} Odd\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
    for piece in body.as_bytes().chunks(bytes) {
        raw.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        raw.extend_from_slice(piece);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(b"0\r\n\r\n");
    raw
}

#[tokio::test]
async fn odd_bytes_leave_the_rest_of_an_answer_whole() {
    let (whole, title) = (contract("ctr_1", &[]).to_string(), contract("ctr_1", &[])["title"].to_string());
    let titled = |json: &str| format!(r#"{{"contract":{}}}"#, whole.replace(&title, json));
    let plain = titled("\"T\"");
    let many_headers = (0..200).fold(Reply::new(200, plain.clone()), |reply, n| reply.header(&format!("X-H{n}"), "v"));
    let cases = [
        ("a lone high surrogate", Reply::new(200, titled(r#""a\ud83d b""#)), "a\u{fffd} b"),
        ("a lone low surrogate", Reply::new(200, titled(r#""\uDE00\n""#)), "\u{fffd}\n"),
        ("a pair of surrogates", Reply::new(200, titled(r#""\ud83d\ude00""#)), "😀"),
        ("an escaped backslash before u", Reply::new(200, titled(r#""\\ud83d""#)), "\\ud83d"),
        ("a byte order mark", Reply::new(200, format!("\u{feff}{plain}")), "T"),
        ("blanks around", Reply::new(200, format!(" \r\n{plain}\n\n")), "T"),
        ("two hundred headers", many_headers, "T"),
        ("chunks of a byte", Reply::raw(chunked(200, &plain, 1)), "T"),
        ("text/plain", Reply::new(200, plain.clone()).header("Content-Type", "text/plain"), "T"),
        ("a name with a lone surrogate", Reply::new(200, titled(r#""T","\udbff":1"#)), "T"),
        ("a deep part", Reply::new(200, titled(&format!(r#""T","x":{}{}"#, "[".repeat(500), "]".repeat(500)))), "T"),
    ];
    let replies: Vec<Reply> = cases.iter().map(|(_, reply, _)| reply.clone()).collect();
    let upstream = Upstream::scripted(replies).await;
    let host = launch().at(&upstream).start().await;
    for (about, _, title) in cases {
        let answer = host.done("get_contract", json!({ "contractId": "ctr_1" })).await;
        let contract = &answer.structured()["contract"];
        assert_eq!((&contract["title"], &contract["id"]), (&json!(title), &json!("ctr_1")), "{about}: {}", answer.0);
        assert_eq!(contract["freelancer"]["displayName"], "Maria G.", "{about}");
    }
}

#[tokio::test]
async fn an_odd_error_says_what_it_says() {
    let replies = [
        Reply::new(409, "\u{feff}{\"error\":\"No.\",\"code\":\"X\"}"),
        Reply::new(409, r#"{"error":"N\ud83do.","code":"X"}"#),
        Reply::raw(chunked(409, r#"{"error":"No.","code":"X"}"#, 7)),
    ];
    let upstream = Upstream::scripted(replies).await;
    let host = launch().at(&upstream).start().await;
    for about in ["a byte order mark", "a lone surrogate", "chunks"] {
        let answer = host.failed("get_contract", json!({ "contractId": "ctr_1" })).await;
        assert_eq!((answer.code(), &answer.error()["status"]), ("X", &json!(409)), "{about}: {}", answer.0);
    }
}

#[tokio::test]
async fn nothing_compressed_is_asked_for_or_read() {
    let compressed = Reply::new(200, b"\x1f\x8b\x08".to_vec()).header("Content-Encoding", "gzip");
    let upstream = Upstream::scripted([compressed]).await;
    let host = launch().at(&upstream).start().await;
    let answer = host.failed("get_contract", json!({ "contractId": "ctr_1" })).await;
    answer.says(&["compressed", "gzip"]);
    assert_eq!(upstream.only_request().header("accept-encoding"), ["identity"]);
}

#[tokio::test]
async fn blanks_around_an_id_belong_to_no_id() {
    let upstream = Upstream::giving(&json!({ "contract": contract("ctr_1", &[]) })).await;
    let host = launch().at(&upstream).start().await;
    for (place, id) in [" ctr_1", "ctr_1\n", "\tctr_1 \r\n", "ctr_1\u{a0}", "ctr_1"].into_iter().enumerate() {
        host.done("get_contract", json!({ "contractId": id })).await;
        assert_eq!(upstream.requests()[place].path(), "/api/public/v1/contracts/ctr_1", "{id:?}");
    }
}
