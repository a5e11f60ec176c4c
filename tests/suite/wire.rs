//! What goes to the API, byte for byte; and what never does.

use serde_json::{Value, json};

use crate::harness::{Host, Reply, TOKEN, Upstream, contract, contracts, launch, milestone};

/// Arguments as a host writes them, numbers included.
fn arguments(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

async fn listing() -> (Upstream, Host) {
    let upstream = Upstream::giving(&contracts(2)).await;
    let host = launch().at(&upstream).in_memory().await;
    (upstream, host)
}

async fn creating() -> (Upstream, Host) {
    let upstream = Upstream::scripted([Reply::json(201, &json!({ "milestone": milestone("ms_7Rtd") }))]).await;
    let host = launch().at(&upstream).without_guard().in_memory().await;
    (upstream, host)
}

#[tokio::test(start_paused = true)]
async fn a_read_is_a_plain_get_with_the_token() {
    let (upstream, host) = listing().await;
    host.done("list_contracts", json!({})).await;
    let request = upstream.only_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/api/public/v1/contracts"));
    assert_eq!(request.header("authorization"), [format!("Bearer {TOKEN}")]);
    assert_eq!(request.header("user-agent"), [concat!("opentrain-mcp/", env!("CARGO_PKG_VERSION"))]);
    assert_eq!(request.header("accept"), ["application/json"]);
    assert_eq!(request.header("host"), [upstream.origin.trim_start_matches("http://")]);
    assert!(request.header("cookie").is_empty() && request.header("referer").is_empty());
    assert!(request.body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_request_carries_our_name_and_version() {
    let upstream = Upstream::answering(|request, _| match request.path() {
        "/api/public/v1/contracts/c/milestones" => Reply::refusal(400, "BAD_REQUEST", &json!({ "field": "volume" })),
        _ => Reply::json(200, &json!({ "contract": contract("c", &[]) })),
    })
    .await;
    let host = launch().at(&upstream).in_memory().await;
    host.failed("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
    host.done("get_contract", json!({ "contractId": "c" })).await;
    let requests = upstream.requests();
    assert!(requests.len() >= 3, "a look, the refused write, the read");
    for request in requests {
        assert_eq!(request.header("user-agent"), [concat!("opentrain-mcp/", env!("CARGO_PKG_VERSION"))]);
    }
}

#[tokio::test(start_paused = true)]
async fn only_given_filters_of_the_api_are_sent() {
    let (upstream, host) = listing().await;
    let cases = [
        (json!({ "status": "active" }), Some("status=active")),
        (json!({ "status": "ended" }), Some("status=ended")),
        (json!({ "jobId": "job_3Vn6" }), Some("jobId=job_3Vn6")),
        (json!({ "status": "active", "jobId": "job_3Vn6" }), Some("status=active&jobId=job_3Vn6")),
        (json!({ "jobId": "a b&status=ended#é" }), Some("jobId=a+b%26status%3Dended%23%C3%A9")),
        (json!({ "limit": 1 }), None),
        (json!({ "status": null, "jobId": null, "limit": null, "cursor": null }), None),
    ];
    for (place, (arguments, query)) in cases.into_iter().enumerate() {
        host.done("list_contracts", arguments.clone()).await;
        let request = upstream.requests()[place].clone();
        assert_eq!((request.path(), request.query()), ("/api/public/v1/contracts", query), "{arguments}");
    }
    let cursor = host.done("list_contracts", json!({ "limit": 1 })).await.structured()["nextCursor"].clone();
    host.done("list_contracts", json!({ "cursor": cursor })).await;
    assert_eq!(upstream.requests().last().unwrap().query(), None, "a cursor is ours, not the API's");
}

#[tokio::test(start_paused = true)]
async fn a_write_is_a_post_of_exactly_the_arguments() {
    let cases = [
        (r#"{"contractId":"c","description":"d"}"#, r#"{"description":"d"}"#),
        (
            r#"{"dueDate":"2026-07-15","amountUsd":300,"name":"n","description":"d","contractId":"c"}"#,
            r#"{"description":"d","name":"n","amountUsd":300,"dueDate":"2026-07-15"}"#,
        ),
        (
            r#"{"contractId":"c","description":"d","volume":12.5,"name":null,"amountUsd":null,"dueDate":null}"#,
            r#"{"description":"d","volume":12.5}"#,
        ),
        (
            r#"{"contractId":" c\n","description":" d\n","name":"","dueDate":"","volume":0,"toolCallId":"call_1"}"#,
            r#"{"description":" d\n"}"#,
        ),
        (
            r#"{"contractId":"c","description":"señor \"日本\" \u202e","name":"300"}"#,
            "{\"description\":\"señor \\\"日本\\\" \u{202e}\",\"name\":\"300\"}",
        ),
    ];
    let (upstream, host) = creating().await;
    for (place, (given, sent)) in cases.into_iter().enumerate() {
        host.done("create_milestone", arguments(given)).await;
        let request = upstream.requests()[place].clone();
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("POST", "/api/public/v1/contracts/c/milestones")
        );
        assert_eq!(request.body(), sent, "{given}");
        assert_eq!(request.header("content-type"), ["application/json"]);
        assert_eq!(request.header("authorization"), [format!("Bearer {TOKEN}")]);
        assert!(request.header("idempotency-key").is_empty(), "the API documents none");
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_go_out_as_they_came_in() {
    let (upstream, host) = creating().await;
    let written = ["300", "300.0", "300.1", "300.10", "0.035", "999999999999.9999"];
    for number in written {
        for given in [number.to_owned(), format!("\"{number}\""), format!("\" {number} \"")] {
            let given = format!(r#"{{"contractId":"c","description":"d","amountUsd":{given}}}"#);
            host.done("create_milestone", arguments(&given)).await;
            let sent = upstream.requests().pop().unwrap();
            assert_eq!(sent.body(), format!(r#"{{"description":"d","amountUsd":{number}}}"#), "{given}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_amount_that_is_not_exact_is_refused() {
    let (upstream, host) = creating().await;
    let no_amounts =
        ["9007199254740993", "0.00001", "1e12", "0.000000000000000000000000000050049e28", "5e99999", "-0", "0e9"];
    for number in no_amounts {
        for field in ["amountUsd", "volume"] {
            for given in [number.to_owned(), format!("\"{number}\"")] {
                let given = format!(r#"{{"contractId":"c","description":"d","{field}":{given}}}"#);
                let refused = host.failed("create_milestone", arguments(&given)).await;
                assert_eq!(refused.error()["field"], field, "{given}: {}", refused.0);
            }
        }
    }
    assert_eq!(upstream.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_number_with_an_exponent_keeps_its_value() {
    let (upstream, host) = creating().await;
    for (number, value) in [("3e2", 300.0), ("1E+2", 100.0), ("125e-1", 12.5)] {
        let given = format!(r#"{{"contractId":"c","description":"d","volume":{number}}}"#);
        host.done("create_milestone", arguments(&given)).await;
        let sent: Value = serde_json::from_slice(&upstream.requests().pop().unwrap().body).unwrap();
        assert_eq!(sent["volume"].as_f64(), Some(value), "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn text_parameters_are_never_changed_into_something_else() {
    let (upstream, host) = creating().await;
    host.done("create_milestone", json!({ "contractId": "300", "description": "true", "name": "{\"a\":1}" })).await;
    let request = upstream.only_request();
    assert_eq!(request.target, "/api/public/v1/contracts/300/milestones");
    assert_eq!(request.body(), r#"{"description":"true","name":"{\"a\":1}"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_page_size_may_be_text_or_end_in_zero() {
    let (_upstream, host) = listing().await;
    for limit in [json!(1), json!("1"), json!(" 1 "), arguments("1.0")] {
        let answer = host.done("list_contracts", json!({ "limit": limit })).await;
        assert_eq!(answer.structured()["contracts"].as_array().unwrap().len(), 1, "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_stays_one_segment_of_the_path() {
    let upstream = Upstream::giving(&json!({ "contract": contract("c", &[]) })).await;
    let host = launch().at(&upstream).in_memory().await;
    let ids = [
        ("ctr_8Kq2", "ctr_8Kq2"),
        ("a-b.c_d~e", "a-b.c_d~e"),
        ("a/b", "a%2Fb"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("%2e%2e", "%252e%252e"),
        ("a b", "a%20b"),
        ("é日", "%C3%A9%E6%97%A5"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil%3A%201"),
        ("...", "..."),
    ];
    for (place, (id, segment)) in ids.into_iter().enumerate() {
        host.done("get_contract", json!({ "contractId": id })).await;
        let request = upstream.requests()[place].clone();
        assert_eq!(request.target, format!("/api/public/v1/contracts/{segment}"), "{id:?}");
        assert!(request.header("x-evil").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn due_dates_go_out_as_they_were_written() {
    let (upstream, host) = creating().await;
    for date in
        ["2026-07-15", "2028-02-29", "2026-07-15T10:00:00Z", "2026-07-15T10:00:00.000+02:00", "2026-07-15T10:00:00"]
    {
        host.done("create_milestone", json!({ "contractId": "c", "description": "d", "dueDate": date })).await;
        let sent = upstream.requests().pop().unwrap();
        assert_eq!(sent.body(), format!(r#"{{"description":"d","dueDate":"{date}"}}"#));
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_arguments_are_refused_by_their_own_names() {
    let (upstream, host) = creating().await;
    let wrong = [
        // arguments, field, what the message must say
        (r#"{"description":"d"}"#, "contractId", "contractId is missing"),
        (r#"{"contractId":null,"description":"d"}"#, "contractId", "contractId is missing"),
        (r#"{"contractId":"","description":"d"}"#, "contractId", "empty"),
        (r#"{"contractId":"  ","description":"d"}"#, "contractId", "empty"),
        (r#"{"contractId":".","description":"d"}"#, "contractId", "\".\""),
        (r#"{"contractId":"..","description":"d"}"#, "contractId", "\"..\""),
        (r#"{"contractId":7,"description":"d"}"#, "contractId", "string"),
        (r#"{"contractId":["c"],"description":"d"}"#, "contractId", "string"),
        (r#"{"contractId":"c"}"#, "description", "description is missing"),
        (r#"{"contractId":"c","description":"\n \t"}"#, "description", "empty"),
        (r#"{"contractId":"c","description":"d","amountUsd":0}"#, "amountUsd", "above 0"),
        (r#"{"contractId":"c","description":"d","amountUsd":-0.0}"#, "amountUsd", "above 0"),
        (r#"{"contractId":"c","description":"d","amountUsd":-5}"#, "amountUsd", "above 0"),
        (r#"{"contractId":"c","description":"d","amountUsd":1e999}"#, "amountUsd", "amountUsd"),
        (r#"{"contractId":"c","description":"d","amountUsd":1e-999}"#, "amountUsd", "amountUsd"),
        (r#"{"contractId":"c","description":"d","amountUsd":"NaN"}"#, "amountUsd", "number"),
        (r#"{"contractId":"c","description":"d","amountUsd":"Infinity"}"#, "amountUsd", "number"),
        (r#"{"contractId":"c","description":"d","amountUsd":"$300"}"#, "amountUsd", "number"),
        (r#"{"contractId":"c","description":"d","amountUsd":"1,000"}"#, "amountUsd", "number"),
        (r#"{"contractId":"c","description":"d","amountUsd":true}"#, "amountUsd", "number"),
        (r#"{"contractId":"c","description":"d","amountUsd":{"usd":1}}"#, "amountUsd", "number"),
        (r#"{"contractId":"c","description":"d","volume":"many"}"#, "volume", "number"),
        (r#"{"contractId":"c","description":"d","dueDate":"2026-02-30"}"#, "dueDate", "2026-07-15"),
        (r#"{"contractId":"c","description":"d","dueDate":"15.07.2026"}"#, "dueDate", "2026-07-15"),
        (r#"{"contractId":"c","description":"d","dueDate":"tomorrow"}"#, "dueDate", "2026-07-15"),
        (r#"{"contractId":"c","description":"d","dueDate":"2026-07-15T25:00:00Z"}"#, "dueDate", "2026-07-15"),
        (r#"{"contractId":"c","description":"d","dueDate":20260715}"#, "dueDate", "string"),
        (r#"{"contractId":"c","description":"d","name":5}"#, "name", "string"),
        (r#"{"contractId":"c","description":"d","amount":300}"#, "amount", "\"amountUsd\" was probably meant"),
        (
            r#"{"contractId":"c","description":"d","amountUsd":123456789012345678901234567890}"#,
            "amountUsd",
            "more digits than",
        ),
        (r#"{"contract_id":"c","description":"d"}"#, "contract_id", "\"contractId\" was probably meant"),
        (r#"{"contractId":"c","desciption":"d"}"#, "desciption", "\"description\" was probably meant"),
        (
            r#"{"contractId":"c","description":"d","due_date":"2026-07-15"}"#,
            "due_date",
            "\"dueDate\" was probably meant",
        ),
        (r#"{"contractId":"c","description":"d","currency":"EUR"}"#, "currency", "parameters are"),
    ];
    for (given, field, said) in wrong {
        let answer = host.failed("create_milestone", arguments(given)).await;
        assert_eq!((answer.code(), &answer.error()["field"]), ("INVALID_ARGUMENT", &json!(field)), "{given}");
        assert!(answer.message().contains(said), "{given}: {}", answer.message());
        assert!(answer.error()["status"].is_null(), "no answer came: {given}");
        assert_eq!(answer.error()["outcome"], "not_done", "{given}");
        answer.says(&["Not created", field, "Nothing was sent"]);
    }
    assert_eq!(upstream.connections(), 0, "{:#?}", upstream.requests());
}

#[tokio::test(start_paused = true)]
async fn a_name_without_end_is_not_repeated_whole() {
    let (_upstream, host) = listing().await;
    let answer = host.failed("list_contracts", json!({ "x".repeat(100_000): 1 })).await;
    assert_eq!(answer.code(), "INVALID_ARGUMENT");
    assert!(answer.text().len() < 1_000, "{} bytes", answer.text().len());
}

#[tokio::test(start_paused = true)]
async fn an_id_unfit_for_a_path_is_refused_unsent() {
    let (upstream, host) = listing().await;
    let arguments = json!({ "contractId": "c".repeat(70_000), "description": "d" });
    let answer = host.failed("create_milestone", arguments).await;
    assert_eq!((answer.code(), &answer.error()["outcome"]), ("INVALID_ARGUMENT", &json!("not_done")));
    answer.says(&["Not created", "too long"]);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_asked_for_in_words_that_exist() {
    let (upstream, host) = listing().await;
    for (given, field, said) in [
        (json!({ "status": "paused" }), "status", "active, ended"),
        (json!({ "limit": 101 }), "limit", "between 1 and 100"),
        (json!({ "limit": -1 }), "limit", "between 1 and 100"),
        (json!({ "limit": 2.5 }), "limit", "whole"),
        (json!({ "limit": "all" }), "limit", "whole"),
        (json!({ "cursor": "2" }), "cursor", "nextCursor"),
        (json!({ "cursor": 2 }), "cursor", "string"),
        (json!({ "jobID": "x" }), "jobID", "\"jobId\" was probably meant"),
        (json!({ "page": 2 }), "page", "parameters are"),
    ] {
        let answer = host.failed("list_contracts", given.clone()).await;
        assert_eq!((answer.code(), &answer.error()["field"]), ("INVALID_ARGUMENT", &json!(field)), "{given}");
        assert!(answer.message().contains(said), "{given}: {}", answer.message());
    }
    assert_eq!(upstream.connections(), 0);
}
