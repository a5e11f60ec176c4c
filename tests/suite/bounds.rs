//! The bound of every answer, our keys beside the API's, and lists of which only a part came.

use std::ops::Deref;

use serde_json::{Value, json};

use crate::harness::upstream::Request;
use crate::harness::{Answer, Host, Reply, Upstream, contract, contracts, launch, milestone};

/// The most bytes of one result on the wire.
const WIRE: usize = 100_000;
/// The most bytes of its structured part.
const STRUCTURE: usize = 60_000;

/// A host of a server whose API gives the same to every call.
struct Hosted {
    host: Host,
    _upstream: Upstream,
}

impl Deref for Hosted {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

async fn at(body: &Value) -> Hosted {
    let upstream = Upstream::giving(body).await;
    Hosted { host: launch().args(["--toolsets", "all"]).at(&upstream).in_memory().await, _upstream: upstream }
}

/// The cursor in the query of a request.
fn cursor(request: &Request) -> Option<&str> {
    request.query()?.split('&').find_map(|pair| pair.strip_prefix("cursor="))
}

fn bounded(answer: &Answer, about: &str) {
    let (wire, structure) = (answer.0.to_string().len(), answer.structured().to_string().len());
    assert!(wire <= WIRE && structure <= STRUCTURE, "{about}: {wire} bytes, {structure} of structure");
}

fn left_out(answer: &Answer) -> String {
    answer.structured()["leftOut"].to_string()
}

#[tokio::test(start_paused = true)]
async fn keys_of_the_api_with_our_names_stand_apart() {
    let ours = ["summary", "outcome", "links", "total", "nextCursor", "sandbox", "leftOut", "error", "opentrain"];
    for theirs in [json!(null), json!("theirs"), json!({ "deep": [7] })] {
        let mut body = json!({ "contract": contract("c", &[]), "webhooks": [], "team": {}, "new": 1 });
        for key in ours {
            body[key] = theirs.clone();
        }
        let host = at(&body).await;
        let tools = host.tools().await;
        for (tool, arguments) in
            [("get_contract", json!({ "contractId": "c" })), ("get_team", json!({})), ("list_webhooks", json!({}))]
        {
            let answer = host.done(tool, arguments).await;
            let structured = answer.structured();
            for key in ours {
                assert_eq!(structured["opentrain"][key], theirs, "{tool}: {key}");
            }
            assert!(structured["summary"].as_str().is_some_and(|summary| summary != "theirs"), "{tool}");
            assert_eq!(structured["new"], 1, "{tool}: other keys stay where they are");
            for key in ["outcome", "links", "total", "nextCursor", "sandbox", "leftOut", "error"] {
                assert!(structured.get(key).is_none(), "{tool}: {key}: {structured}");
            }
            let schema = tools.iter().find(|listed| listed["name"] == tool).unwrap()["outputSchema"].clone();
            assert!(jsonschema::is_valid(&schema, structured), "{tool}: {structured}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_paged_by_the_api_keeps_our_cursor() {
    for (tool, arguments, list) in paged() {
        for (theirs, ours) in [(json!("c-1"), json!("c-1")), (json!(null), json!(null)), (json!(17), json!("17"))] {
            let host = at(&json!({ list: [{}], "nextCursor": theirs, "total": 9 })).await;
            let answer = host.done(tool, arguments.clone()).await;
            assert_eq!(answer.structured()["nextCursor"], ours, "{tool}");
            assert_eq!(answer.structured()["opentrain"]["total"], 9, "{tool}");
        }
    }
}

/// The lists that the API pages, how they are called, and the key of their items.
fn paged() -> [(&'static str, Value, &'static str); 6] {
    [
        ("list_jobs", json!({}), "jobs"),
        ("search_jobs", json!({}), "jobs"),
        ("list_proposals", json!({ "jobId": "j" }), "proposals"),
        ("list_conversations", json!({}), "conversations"),
        ("read_messages", json!({ "conversationId": "c" }), "messages"),
        ("list_credit_ledger", json!({}), "entries"),
    ]
}

#[tokio::test]
async fn a_page_never_says_that_it_is_the_whole_list() {
    for (tool, arguments, list) in paged() {
        let part = at(&json!({ list: [{}, {}, {}], "nextCursor": "c-1" })).await;
        let whole = at(&json!({ list: [{}, {}, {}], "nextCursor": null })).await;
        let mut further = arguments.clone();
        further["cursor"] = json!("c-0");
        for (host, arguments, begins, follows) in [
            (&part, &arguments, "The first 3 ", true),
            (&part, &further, "The next 3 ", true),
            (&whole, &further, "The last 3 ", false),
            (&whole, &arguments, "3 ", false),
        ] {
            let answer = host.done(tool, arguments.clone()).await;
            let first = answer.text().lines().next().unwrap();
            let first = first.strip_prefix("Conversation c: ").unwrap_or(first);
            assert!(first.starts_with(begins), "{tool}: {first}");
            assert!(answer.structured()["summary"].as_str().unwrap().contains(first), "{tool}");
            assert_eq!(first.contains("; more follow"), follows, "{tool}: {first}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_without_pages_says_it_is_partial() {
    for sign in [json!({ "nextCursor": "x" }), json!({ "hasMore": true }), json!({ "pagination": { "next": "x" } })] {
        let mut body = json!({ "tokens": [{ "id": "t" }], "payments": [{ "id": "p" }], "webhooks": [] });
        body.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        let host = at(&body).await;
        for tool in ["list_tokens", "list_pending_payments", "list_webhooks"] {
            host.done(tool, json!({})).await.says(&["WARNING: this is only a part"]);
        }
    }
}

/// Contracts in the API's own pages of two; `next` makes the cursor from the place of what follows.
async fn paging(many: usize, next: fn(usize) -> Value) -> Upstream {
    Upstream::answering(move |request, _| {
        let given = cursor(request).unwrap_or_default();
        let first: usize = given.strip_prefix("at-").and_then(|place| place.parse().ok()).unwrap_or_default();
        let all = contracts(many)["contracts"].as_array().unwrap().clone();
        let page: Vec<Value> = all.into_iter().skip(first).take(2).collect();
        let cursor = if first + 2 < many { next(first + 2) } else { Value::Null };
        Reply::json(200, &json!({ "contracts": page, "nextCursor": cursor }))
    })
    .await
}

/// Walks to the end of the contracts; gives the ids and how many pages there were.
async fn walk(host: &Host) -> (Vec<String>, usize) {
    let (mut ids, mut arguments) = (Vec::new(), json!({ "limit": 7 }));
    for page in 1..50 {
        let answer = host.done("list_contracts", arguments.clone()).await;
        let items = answer.structured()["contracts"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match answer.structured()["nextCursor"].as_str() {
            Some(cursor) => arguments["cursor"] = json!(cursor),
            None => return (ids, page),
        }
    }
    panic!("the walk does not end: {ids:?}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_begins_to_page_is_followed() {
    let upstream = paging(9, |place| json!(format!("at-{place}"))).await;
    let host = launch().at(&upstream).in_memory().await;
    let answer = host.done("list_contracts", json!({ "limit": 100 })).await;
    assert_eq!((&answer.structured()["total"], upstream.requests().len()), (&json!(9), 5));
    answer.says(&["9 active contracts"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_many_pages_is_walked_to_its_end() {
    // More pages than one call follows.
    let upstream = paging(45, |place| json!(format!("at-{place}"))).await;
    let host = launch().at(&upstream).in_memory().await;
    let first = host.done("list_contracts", json!({})).await;
    assert!(first.text().starts_with("The first 20 active contracts; more follow"), "{}", first.text());
    assert!(first.structured().get("total").is_none(), "how many there are is not known");
    let (ids, _) = walk(&host).await;
    assert_eq!(ids, (0..45).map(|place| format!("ctr_{place:04}")).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_does_not_lead_on_ends_the_list() {
    for next in [|_| json!("at-0"), |_| json!("stuck"), |place| json!(format!("fresh-{place}"))] {
        let upstream = paging(9, next).await;
        let host = launch().at(&upstream).in_memory().await;
        let answer = host.done("list_contracts", json!({})).await;
        assert_eq!(answer.structured()["contracts"].as_array().unwrap().len(), 2, "none is given twice");
        answer.says(&["WARNING", "The first 2 active contracts; more follow"]);
        assert!(walk(&host).await.1 == 1 && upstream.requests().len() < 9);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_leaves_a_part() {
    let upstream = Upstream::answering(|request, _| match cursor(request) {
        None => Reply::json(200, &json!({ "contracts": contracts(2)["contracts"], "nextCursor": "x" })),
        Some(_) => Reply::refusal(404, "NOT_FOUND", &Value::Null),
    })
    .await;
    let host = launch().at(&upstream).in_memory().await;
    let answer = host.done("list_contracts", json!({})).await;
    answer.says(&["The first 2 active contracts; more follow", "WARNING", "could not be read", "only a part"]);
}

#[tokio::test(start_paused = true)]
async fn every_walk_ends_whatever_the_ids() {
    let odd = |id: fn(usize) -> Value, created: fn(usize) -> Value| {
        let mut list = contracts(9);
        for (place, item) in list["contracts"].as_array_mut().unwrap().iter_mut().enumerate() {
            (item["title"], item["id"], item["createdAt"]) = (json!(format!("n{place}")), id(place), created(place));
        }
        list
    };
    for list in [
        odd(|_| Value::Null, |_| Value::Null),
        odd(|_| json!("same"), |_| json!("2026-06-01T00:00:00Z")),
        odd(|place| json!(place), |_| json!(5)),
        odd(|place| json!(format!("c{}", place % 2)), |place| json!(format!("2026-06-0{}T00:00:00Z", place + 1))),
    ] {
        let host = at(&list).await;
        let (mut titles, mut arguments) = (Vec::new(), json!({ "limit": 2 }));
        for _ in 0..5 {
            let answer = host.done("list_contracts", arguments.clone()).await;
            let items = answer.structured()["contracts"].as_array().unwrap().clone();
            titles.extend(items.iter().map(|item| item["title"].as_str().unwrap().to_owned()));
            arguments["cursor"] = answer.structured()["nextCursor"].clone();
        }
        assert_eq!(arguments["cursor"], Value::Null);
        assert_eq!(titles, (0..9).map(|place| format!("n{place}")).collect::<Vec<_>>(), "{list}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_milestones_of_a_large_contract_are_paged() {
    let parts: Vec<Value> = (0..500).map(|place| milestone(&format!("ms_{place:03}"))).collect();
    let host = at(&json!({ "contract": contract("c", &parts) })).await;
    let (mut seen, mut arguments) = (0, json!({ "contractId": "c" }));
    loop {
        let answer = host.done("get_contract", arguments.clone()).await;
        bounded(&answer, "a page of milestones");
        assert_eq!(answer.structured()["total"], 500);
        for part in answer.structured()["contract"]["milestones"].as_array().unwrap() {
            assert_eq!(part["id"], format!("ms_{seen:03}"));
            answer.says(&[part["id"].as_str().unwrap()]);
            seen += 1;
        }
        match answer.structured()["nextCursor"].as_str() {
            Some(cursor) => arguments["cursor"] = json!(cursor),
            None => break,
        }
    }
    assert_eq!(seen, 500);
}

#[tokio::test(start_paused = true)]
async fn a_contract_cut_in_a_list_names_the_rest() {
    let parts: Vec<Value> = (0..2_000).map(|place| milestone(&format!("ms_{place}"))).collect();
    let host = at(&json!({ "contracts": [contract("c", &parts)] })).await;
    let answer = host.done("list_contracts", json!({})).await;
    bounded(&answer, "a contract with 2,000 milestones");
    assert!(left_out(&answer).contains("contracts[].milestones (the first"), "{}", left_out(&answer));
    answer.says(&["Not funded: 2000 milestones", "get_contract(contractId)"]);
}

#[tokio::test(start_paused = true)]
async fn long_texts_are_cut_and_named() {
    let part = json!({ "id": "m", "description": "x".repeat(200_000) });
    let body = json!({
        "messages": vec![json!({ "id": "m", "content": "a\n\"é".repeat(3_000) }); 100],
        "contract": contract("c", &[part.clone(), part]),
        "freelancer": { "id": "f", "bio": "y".repeat(300_000) },
    });
    for (tool, arguments, part, how) in [
        ("read_messages", json!({ "conversationId": "c" }), "messages[].content", "smaller limit"),
        ("get_contract", json!({ "contractId": "c" }), "contract.milestones[].description", "opentrain-mcp call"),
        ("get_freelancer_profile", json!({ "freelancerId": "f" }), "freelancer.bio", "opentrain-mcp call"),
    ] {
        let mut only = body.clone();
        let key = part.split(['.', '[']).next().unwrap();
        only.as_object_mut().unwrap().retain(|name, _| name == key);
        let answer = at(&only).await.done(tool, arguments).await;
        bounded(&answer, tool);
        assert!(left_out(&answer).contains(part), "{tool}: {}", left_out(&answer));
        answer.says(&[part, how]);
        assert!(answer.structured()["summary"].as_str().unwrap().contains(how), "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_error_is_bounded_too() {
    let trace = vec!["frame ".repeat(50); 4_000];
    for body in [
        json!({ "error": "no", "code": "CONFLICT", "details": { "reason": "x", "trace": trace } }),
        json!({ "error": "e".repeat(1_000_000), "code": "CONFLICT" }),
        json!({ "error": "no", "code": "C".repeat(500_000), "requestId": "r".repeat(500_000) }),
    ] {
        let upstream = Upstream::scripted([Reply::json(409, &body)]).await;
        let host = launch().at(&upstream).in_memory().await;
        let answer = host.failed("get_contract", json!({ "contractId": "c" })).await;
        bounded(&answer, "an error");
        assert!(answer.hint().contains("not whole: "), "{}", answer.hint());
        assert_ne!(left_out(&answer), "null");
    }
}

#[tokio::test]
async fn the_command_line_prints_all_of_it() {
    let parts = [json!({ "id": "m", "description": "x".repeat(200_000) })];
    let upstream = Upstream::giving(&json!({ "contract": contract("c", &parts) })).await;
    let ran = launch().at(&upstream).args(["call", "--json", "get_contract", r#"{"contractId":"c"}"#]).run().await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let described = ran.json()["structuredContent"]["contract"]["milestones"][0]["description"].clone();
    assert_eq!(described.as_str().map(str::len), Some(200_000));
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_lists_too_much_is_cut() {
    let capabilities: serde_json::Map<String, Value> =
        (0..20_000).map(|place| (format!("capability_{place}"), json!(true))).collect();
    let host = at(&json!({ "scopes": [], "capabilities": capabilities })).await;
    let answer = host.done("get_capabilities", json!({})).await;
    bounded(&answer, "capabilities");
    assert!(left_out(&answer).contains("capabilities"), "{}", left_out(&answer));
}
