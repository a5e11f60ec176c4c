//! Everything that can come back, or not, which no document mentions: each is a clear error, and the session goes on.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::errors::tells_the_whole_story;
use crate::harness::{Refusing, Reply, Upstream, contract, contracts, launch, milestone};

/// A fault that is an answer all the same: what it is called, the reply, its status, and what the message must say.
fn answers() -> Vec<(&'static str, Reply, u16, &'static str)> {
    let whole = json!({ "contract": contract("c", &[]) }).to_string();
    let html = "<!DOCTYPE html><html><body>Bad gateway</body></html>";
    let not_utf8 = b"{\"contract\":{\"id\":\"\xff\xfe\"}}".to_vec();
    let huge = [b"{\"contract\":{\"id\":\"".to_vec(), vec![b'a'; 17 << 20], b"\"}}".to_vec()].concat();
    let chunked_huge = {
        let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for _ in 0..17 {
            bytes.extend_from_slice(b"100000\r\n");
            bytes.extend(std::iter::repeat_n(b' ', 1 << 20));
            bytes.extend_from_slice(b"\r\n");
        }
        [bytes, b"0\r\n\r\n".to_vec()].concat()
    };
    vec![
        ("HTML with 200", Reply::new(200, html).header("Content-Type", "text/html"), 200, "HTML"),
        ("HTML with 403", Reply::new(403, html).header("Content-Type", "text/html"), 403, "HTML"),
        ("HTML with 404", Reply::new(404, format!("\n {html}")), 404, "HTML"),
        ("HTML with 500", Reply::new(500, html), 500, "HTML"),
        ("nothing with 200", Reply::new(200, ""), 200, "empty"),
        ("nothing with 204", Reply::raw("HTTP/1.1 204 No Content\r\n\r\n"), 204, "empty"),
        ("blanks", Reply::new(200, " \n"), 200, "empty"),
        ("nothing with 500", Reply::new(500, ""), 500, "500"),
        ("an array", Reply::new(200, "[]"), 200, "no JSON object"),
        ("a string", Reply::new(200, "\"ok\""), 200, "no JSON object"),
        ("null", Reply::new(200, "null"), 200, "no JSON object"),
        ("words", Reply::new(200, "all fine"), 200, "no JSON object"),
        ("no wrapper", Reply::new(200, "{}"), 200, "contract"),
        ("another wrapper", Reply::new(200, "{\"contracts\":[]}"), 200, "contract"),
        ("a null wrapper", Reply::new(200, "{\"contract\":null}"), 200, "contract: expected an object, found null"),
        (
            "an array as wrapper",
            Reply::new(200, "{\"contract\":[]}"),
            200,
            "contract: expected an object, found an array",
        ),
        (
            "a string as wrapper",
            Reply::new(200, "{\"contract\":\"c\"}"),
            200,
            "contract: expected an object, found a string",
        ),
        ("broken JSON", Reply::new(200, "{\"contract\": {\"id\": }}"), 200, "cannot be read"),
        ("two objects", Reply::new(200, "{\"contract\":{}} {\"contract\":{}}"), 200, "cannot be read"),
        ("an array with 400", Reply::new(400, "[1]"), 400, "400"),
        ("words with 401", Reply::new(401, "Unauthorized"), 401, "401"),
        ("words with 429", Reply::new(429, "slow down").header("Retry-After", "60"), 429, "429"),
        ("not UTF-8", Reply::new(200, not_utf8.clone()), 200, "UTF-8"),
        ("not UTF-8 with 400", Reply::new(400, not_utf8), 400, "UTF-8"),
        ("17 MiB, announced", Reply::new(200, huge), 200, "16 MiB"),
        ("17 MiB, in chunks", Reply::raw(chunked_huge), 200, "16 MiB"),
        ("a body cut short", Reply::new(200, whole.clone()).cut_after(whole.len() / 2), 200, "middle"),
        (
            "a body of too great a length",
            Reply::new(200, whole).header("Content-Length", "100000").cut_after(100),
            200,
            "middle",
        ),
        ("JSON that stops", Reply::new(200, "{\"contract\":{\"id\":\"c\","), 200, "middle"),
        (
            "a chunk cut short",
            Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"contract\":"),
            200,
            "middle",
        ),
    ]
}

/// A fault where no answer came: what it is called, the reply, and its code.
fn silences() -> Vec<(&'static str, Reply, &'static str)> {
    vec![
        ("a reset", Reply::reset(), "UNREACHABLE"),
        ("a closed connection", Reply::raw(""), "UNREACHABLE"),
        ("no HTTP", Reply::raw("SSH-2.0-OpenSSH_9.6\r\n"), "UNREACHABLE"),
        ("half a head", Reply::raw("HTTP/1.1 200 OK\r\nContent-Ty"), "UNREACHABLE"),
        ("an impossible length", Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: minus one\r\n\r\n{}"), "UNREACHABLE"),
        ("silence", Reply::hang(), "TIMEOUT"),
        ("silence within the body", Reply::new(200, "{\"contract\":{}}").stalled_after(5), "TIMEOUT"),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_odd_answer_to_a_read_is_an_error() {
    let cases = answers();
    let replies: Vec<Reply> = cases.iter().map(|(_, reply, ..)| reply.clone()).collect();
    let upstream =
        Upstream::answering(move |request, _| match request.path().rsplit('/').next().unwrap().parse::<usize>() {
            Ok(place) => replies[place].clone(),
            Err(_) => Reply::json(200, &contracts(1)),
        })
        .await;
    let host = launch().at(&upstream).in_memory().await;
    for (place, (about, _, status, said)) in cases.iter().enumerate() {
        let answer = host.failed("get_contract", json!({ "contractId": place.to_string() })).await;
        tells_the_whole_story(&answer, about);
        assert_eq!((answer.code(), &answer.error()["status"]), ("BAD_RESPONSE", &json!(status)), "{about}");
        assert!(answer.message().contains(said), "{about}: {}", answer.message());
        assert_eq!(answer.error()["outcome"], "not_done", "{about}");
        assert!(answer.text().len() < 2_000, "{about}: the page itself is not repeated");
    }
    host.done("list_contracts", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn each_silence_after_a_read_is_an_error() {
    let cases = silences();
    let replies: Vec<Reply> = cases.iter().map(|(_, reply, _)| reply.clone()).collect();
    let upstream =
        Upstream::answering(move |request, _| match request.path().rsplit('/').next().unwrap().parse::<usize>() {
            Ok(place) => replies[place].clone(),
            Err(_) => Reply::json(200, &contracts(1)),
        })
        .await;
    let host = launch().at(&upstream).env("OPENTRAIN_TIMEOUT", "0.3").in_memory().await;
    let mut begun = Vec::new();
    for (place, (about, _, code)) in cases.iter().enumerate() {
        begun.push((host.begin("get_contract", json!({ "contractId": place.to_string() })).await, about, code));
    }
    for (id, about, code) in begun {
        let answer = host.end(id).await;
        tells_the_whole_story(&answer, about);
        assert_eq!(answer.code(), *code, "{about}: {}", answer.0);
        assert_eq!(
            (&answer.error()["outcome"], &answer.error()["retryable"]),
            (&json!("not_done"), &json!(true)),
            "{about}"
        );
        assert!(answer.error()["status"].is_null(), "{about}");
    }
    host.done("list_contracts", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_clear_answer_is_unknown() {
    let mut cases: Vec<(&str, Reply, bool)> = Vec::new();
    for (about, reply, status, _) in answers() {
        if !about.starts_with("17 MiB") {
            cases.push((about, reply, !(400..500).contains(&status)));
        }
    }
    cases.extend(silences().into_iter().map(|(about, reply, _)| (about, reply, true)));
    cases.extend([502, 503, 504].map(|status| ("a gateway", Reply::refusal(status, "X", &Value::Null), true)));
    let replies: Vec<Reply> = cases.iter().map(|(_, reply, _)| reply.clone()).collect();
    let upstream = Upstream::answering(move |request, _| {
        let place = request.path().split('/').nth(5).unwrap_or_default().parse::<usize>().unwrap();
        if request.is_write() { replies[place].clone() } else { Reply::refusal(404, "NOT_FOUND", &Value::Null) }
    })
    .await;
    let host = launch().at(&upstream).without_guard().env("OPENTRAIN_TIMEOUT", "0.3").in_memory().await;
    let mut begun = Vec::new();
    for (place, (about, _, unknown)) in cases.iter().enumerate() {
        let arguments = json!({ "contractId": place.to_string(), "description": "d", "amountUsd": 1 });
        begun.push((host.begin("create_milestone", arguments).await, about, unknown));
    }
    for (id, about, unknown) in begun {
        let answer = host.end(id).await;
        tells_the_whole_story(&answer, about);
        let outcome = if *unknown { "unknown" } else { "not_done" };
        assert_eq!(answer.error()["outcome"], outcome, "{about}: {}", answer.0);
        if *unknown {
            assert_eq!(answer.error()["retryable"], false, "{about}: repeating it unseen could make a second one");
            assert!(answer.text().starts_with("UNKNOWN whether it was created"), "{about}: {}", answer.text());
        }
    }
    for (place, (about, ..)) in cases.iter().enumerate() {
        let path = format!("/api/public/v1/contracts/{place}/milestones");
        let sent = upstream.requests().iter().filter(|request| request.path() == path).count();
        assert_eq!(sent, 1, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_never_followed() {
    let elsewhere = Upstream::giving(&json!({ "contract": contract("c", &[]) })).await;
    let mut runs = Vec::new();
    for status in [301, 302, 303, 307, 308] {
        let origin = elsewhere.origin.clone();
        runs.push(tokio::spawn(async move {
            let location = format!("{origin}/api/public/v1/contracts/c");
            let upstream = Upstream::scripted([Reply::new(status, "").header("Location", &location)]).await;
            let host = launch().at(&upstream).without_guard().in_memory().await;
            let answer = host.failed("get_contract", json!({ "contractId": "c" })).await;
            tells_the_whole_story(&answer, "a redirect");
            assert_eq!((answer.code(), &answer.error()["status"]), ("BAD_RESPONSE", &json!(status)));
            answer.says(&["redirect", &origin]);
            let answer = host.failed("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
            assert_eq!((answer.code(), upstream.writes()), ("BAD_RESPONSE", 1), "{status}");
        }));
    }
    for run in runs {
        run.await.unwrap();
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_listens_nothing_was_sent() {
    let nobody = Refusing::new();
    let host = launch().base(&nobody.origin()).in_memory().await;
    for (tool, arguments) in
        [("list_contracts", json!({})), ("create_milestone", json!({ "contractId": "c", "description": "d" }))]
    {
        let answer = host.failed(tool, arguments).await;
        tells_the_whole_story(&answer, tool);
        assert_eq!(answer.code(), "UNREACHABLE");
        assert_eq!((&answer.error()["outcome"], &answer.error()["retryable"]), (&json!("not_done"), &json!(true)));
        answer.says(&["Nothing was sent"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_host_name_is_unreachable() {
    // A label of more than 63 letters is refused by every resolver without asking anybody.
    let host = launch().base(&format!("https://{}.invalid", "a".repeat(70))).in_memory().await;
    let answer = host.failed("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
    tells_the_whole_story(&answer, "an unknown name");
    assert_eq!((answer.code(), &answer.error()["outcome"]), ("UNREACHABLE", &json!("not_done")));
}

#[tokio::test(start_paused = true)]
async fn an_upstream_without_tls_behind_https_is_unreachable() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
        }
    });
    let host = launch().base(&origin).in_memory().await;
    let answer = host.failed("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
    assert_eq!((answer.code(), &answer.error()["outcome"]), ("UNREACHABLE", &json!("not_done")), "{}", answer.0);
}

#[tokio::test(start_paused = true)]
async fn a_tls_handshake_that_never_ends_has_sent_nothing() {
    let upstream = Upstream::giving(&contracts(0)).await;
    let server = launch().base(&upstream.origin.replace("http:", "https:")).without_guard();
    let host = server.env("OPENTRAIN_TIMEOUT", "2").in_memory().await;
    let answer = host.failed("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
    assert!(upstream.requests().is_empty());
    assert_eq!(answer.error()["outcome"], "not_done", "{}", answer.0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_in_is_read_to_its_end() {
    let reply = Reply::json(200, &json!({ "contract": contract("c", &[]) })).dripping(Duration::from_millis(10));
    let upstream = Upstream::scripted([reply]).await;
    let host = launch().at(&upstream).in_memory().await;
    let answer = host.done("get_contract", json!({ "contractId": "c" })).await;
    assert_eq!(answer.structured()["contract"], contract("c", &[]));
}

#[tokio::test(start_paused = true)]
async fn odd_inner_fields_pass_through_untouched() {
    let names: Vec<String> = contract("c", &[]).as_object().unwrap().keys().cloned().collect();
    let parts: Vec<String> = milestone("m").as_object().unwrap().keys().cloned().collect();
    let odd = [json!(null), json!(7), json!("text"), json!([1, { "a": null }]), json!({ "new": [] }), json!(true)];
    let mut objects = vec![json!({}), json!({ "milestones": {} }), json!({ "milestones": [null, 3, [], {}] })];
    for value in &odd {
        objects.push(Value::Object(names.iter().map(|name| (name.clone(), value.clone())).collect()));
        let odd_milestone = Value::Object(parts.iter().map(|name| (name.clone(), value.clone())).collect());
        objects.push(contract("c", &[odd_milestone]));
        let mut budget = contract("c", &[]);
        budget["budget"] = value.clone();
        budget["freelancer"] = json!({ "displayName": value, "country": value });
        objects.push(budget);
    }
    let served = objects.clone();
    let upstream = Upstream::answering(move |request, _| {
        let place: usize = request.path().rsplit('/').find_map(|part| part.parse().ok()).unwrap_or(0);
        match request.path() {
            "/api/public/v1/contracts" => Reply::json(200, &json!({ "contracts": served, "more": { "x": 1 } })),
            _ => Reply::json(200, &json!({ "contract": served[place], "more": { "x": 1 } })),
        }
    })
    .await;
    let host = launch().at(&upstream).in_memory().await;
    for (place, object) in objects.iter().enumerate() {
        let answer = host.done("get_contract", json!({ "contractId": place.to_string() })).await;
        assert_eq!(answer.structured()["contract"], *object);
        assert_eq!(answer.structured()["more"], json!({ "x": 1 }), "what is beside the wrapper comes through too");
    }
    let answer = host.done("list_contracts", json!({ "limit": 100 })).await;
    assert_eq!(answer.structured()["contracts"], json!(objects));
    assert_eq!(answer.structured()["more"], json!({ "x": 1 }));
    assert_eq!(answer.structured()["total"], objects.len());
}

#[tokio::test(start_paused = true)]
async fn a_created_milestone_may_be_odd_too() {
    let odd = [json!({ "id": "m" }), json!({ "id": 5, "status": null, "amountUsd": "300", "new": [1] })];
    let replies: Vec<Reply> = odd.iter().map(|odd| Reply::json(201, &json!({ "milestone": odd }))).collect();
    let upstream = Upstream::scripted(replies).await;
    let host = launch().at(&upstream).without_guard().in_memory().await;
    for odd in odd {
        let answer = host.done("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
        assert_eq!(answer.structured()["milestone"], odd);
        assert_eq!(answer.structured()["outcome"], "created");
        assert!(answer.text().starts_with("Created, NOT funded"), "{}", answer.text());
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_of_two_equal_keys_counts() {
    let body = r#"{"contract":{"id":"ctr_1","status":"ended","status":"active","title":"T","milestones":[]}}"#;
    let upstream = Upstream::scripted([Reply::new(200, body)]).await;
    let host = launch().at(&upstream).in_memory().await;
    let answer = host.done("get_contract", json!({ "contractId": "ctr_1" })).await;
    assert_eq!(answer.structured()["contract"]["status"], "active");
}

#[tokio::test(start_paused = true)]
async fn a_list_without_its_wrapper_names_it() {
    for (body, named) in [("{}", "missing field `contracts`"), (r#"{"contracts":null}"#, "contracts: ")] {
        let upstream = Upstream::scripted([Reply::new(200, body)]).await;
        let host = launch().at(&upstream).in_memory().await;
        let answer = host.failed("list_contracts", json!({})).await;
        assert!(answer.message().contains(named), "{body}: {}", answer.message());
        assert!(answer.text().starts_with("Not done"), "{body}: {}", answer.text());
    }
}
