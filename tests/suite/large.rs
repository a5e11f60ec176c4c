//! An answer of any size up to the limit costs little memory, and holds up no other call.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::api::is_create;
use crate::harness::{Answer, Api, Host, Reply, Upstream, contract, launch, milestone};

/// The size of an answer, just below the limit.
const SIZE: usize = 15 << 20;
/// The most memory of the process, in kB.
const MEMORY: u64 = 100 << 10;
/// How long another request may wait. 200 ms are wanted; these tests share their machine with all the others.
const WAIT: Duration = Duration::from_millis(1_500);

/// So many of `item` that an answer is full of them.
fn full_of(item: &str) -> String {
    filled(item, SIZE)
}

fn filled(item: &str, size: usize) -> String {
    let many = size / (item.len() + 1);
    let mut text = String::with_capacity(size);
    for _ in 1..many {
        text.push_str(item);
        text.push(',');
    }
    text + item
}

/// A contract with these members besides its own.
fn with(members: &str) -> String {
    let own = contract("ctr_8Kq2", &[milestone("ms_1")]).to_string();
    format!(r#"{{"contract":{{{members},{}}}"#, own.trim_start_matches('{'))
}

/// Calls a tool and asks for signs of life until its answer is there.
async fn called(host: &Host, tool: &str, arguments: Value) -> Answer {
    let id = host.begin(tool, arguments).await;
    let pings = async {
        loop {
            let begun = Instant::now();
            host.result_of("ping", json!({})).await;
            assert!(begun.elapsed() < WAIT, "{tool}: a ping waited {:?}", begun.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let answer = tokio::select! {
        answer = host.end(id) => answer,
        () = pings => unreachable!(),
    };
    let (peak, wire) = (host.memory("VmHWM"), answer.0.to_string().len());
    assert!(peak < MEMORY && wire < 100_000, "{tool}: {peak} kB, {wire} bytes to the host");
    answer
}

#[tokio::test]
async fn a_large_answer_of_any_shape_costs_little() {
    let shapes = [
        ("numbers", with(&format!(r#""x":[{}]"#, full_of("1")))),
        ("nested lists", with(&format!(r#""x":{}{}"#, "[".repeat(SIZE / 8), "]".repeat(SIZE / 8)))),
        ("one text", with(&format!(r#""x":"{}""#, "a".repeat(SIZE)))),
        ("one number", with(&format!(r#""x":{}"#, "7".repeat(SIZE / 4)))),
        ("doubled keys", with(&filled(r#""x":[1]"#, SIZE / 8))),
    ];
    let bodies = shapes.clone();
    let upstream = Upstream::answering(move |request, _| {
        let place: usize = request.path().rsplit('/').next().unwrap().parse().unwrap();
        Reply::new(200, bodies[place].1.clone())
    })
    .await;
    let host = launch().at(&upstream).start().await;
    for (place, (about, _)) in shapes.iter().enumerate() {
        let answer = called(&host, "get_contract", json!({ "contractId": place.to_string() })).await;
        let contract = &answer.structured()["contract"];
        // What stands behind the large part is there.
        assert_eq!(
            (&contract["id"], &contract["milestones"][0]["id"]),
            (&json!("ctr_8Kq2"), &json!("ms_1")),
            "{about}"
        );
        answer.says(&["ctr_8Kq2", "ms_1"]);
        let left = answer.structured()["leftOut"].to_string();
        assert_eq!(left.contains("contract.x"), *about != "doubled keys", "{about}: {left}");
    }
}

#[tokio::test]
async fn a_count_of_a_part_is_told_as_one() {
    let body = format!(r#"{{"jobs":[{}]}}"#, full_of(r#"{"id":"job_1","status":"OPEN"}"#));
    let many = body.matches("job_1").count();
    let upstream = Upstream::scripted([Reply::new(200, body)]).await;
    let host = launch().at(&upstream).start().await;
    let answer = called(&host, "list_jobs", json!({})).await;
    answer.says(&["WARNING: OpenTrain's answer is too large to be read whole", &format!("of {many} items")]);
    assert!(answer.structured()["summary"].as_str().unwrap().contains("too large to be read whole"));
}

#[tokio::test]
async fn a_large_error_costs_little() {
    let body = format!(r#"{{"error":"No.","code":"X","details":{{"x":[{}],"reason":"odd"}}}}"#, full_of("1"));
    let upstream = Upstream::scripted([Reply::new(409, body)]).await;
    let host = launch().at(&upstream).start().await;
    let answer = called(&host, "get_contract", json!({ "contractId": "c" })).await;
    assert_eq!((&answer.error()["reason"], answer.code()), (&json!("odd"), "X"), "{}", answer.hint());
    assert!(answer.structured()["leftOut"].to_string().contains("details.x"), "{}", answer.hint());
}

#[tokio::test]
async fn every_contract_of_a_large_list_is_counted_and_reached() {
    let mut body = String::from(r#"{"contracts":["#);
    for place in 0..20_000 {
        let comma = if place == 0 { "" } else { "," };
        let milestones = r#"[{"status":"NOT_FUNDED","amountUsd":1.5}]"#;
        let pad = "x".repeat(100);
        write!(body, r#"{comma}{{"id":"ctr_{place}","status":"active","title":"{pad}","milestones":{milestones}}}"#)
            .unwrap();
    }
    body.push_str("]}");
    let upstream = Upstream::scripted([Reply::new(200, body)]).await;
    let host = launch().at(&upstream).start().await;
    let first = called(&host, "list_contracts", json!({ "limit": 100 })).await;
    first.says(&["20000 active contracts", "20000 milestones, $30,000", "1 to 100 of 20000 shown"]);
    let cursor = &first.structured()["nextCursor"];
    let second = called(&host, "list_contracts", json!({ "limit": 100, "cursor": cursor })).await;
    assert_eq!(second.structured()["contracts"][0]["id"], "ctr_100");
}

#[tokio::test]
async fn the_look_sees_all_of_a_large_contract() {
    let old = |place: usize| {
        let mut old = milestone(&format!("ms_{place}"));
        old["createdAt"] = json!("2020-01-01T00:00:00.000Z");
        old["description"] = json!("d".repeat(200));
        old
    };
    let terms = json!({ "contractId": "ctr_8Kq2", "description": "d", "amountUsd": 300 });
    let milestones: Vec<Value> = (0..20_000).map(old).collect();
    let api = Api::meddled([contract("ctr_8Kq2", &milestones)], |_, _| None).await;
    let made = api.world().put("ctr_8Kq2", &terms);
    let host = launch().at(&api.upstream).start().await;
    let answer = called(&host, "create_milestone", terms).await;
    assert_eq!(
        (&answer.structured()["outcome"], &answer.structured()["milestone"]["id"]),
        (&json!("existing"), &made["id"])
    );
    assert_eq!(api.creates(), 0);
}

#[tokio::test]
async fn a_look_that_cannot_hold_all_sends_nothing() {
    let body = format!(r#"{{"contract":{{"id":"c","milestones":[{}]}}}}"#, full_of("{}"));
    let upstream = Upstream::answering(move |request, _| {
        assert!(!is_create(request), "nothing is sent");
        Reply::new(200, body.clone())
    })
    .await;
    let host = launch().at(&upstream).start().await;
    let terms = json!({ "contractId": "c", "description": "d", "amountUsd": 300 });
    let answer = called(&host, "create_milestone", terms).await;
    assert_eq!(answer.error()["outcome"], "not_done");
    answer.says(&["Not created", "Nothing was sent"]);
    assert_eq!(upstream.writes(), 0);
}

#[tokio::test]
async fn a_large_answer_still_holds_the_evidence() {
    let body = format!(r#"{{"milestone":{{"x":[{}],"id":"ms_9","status":"NOT_FUNDED"}}}}"#, full_of("1"));
    let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, _| {
        is_create(request).then(|| Reply::new(201, body.clone()))
    })
    .await;
    let host = launch().at(&api.upstream).start().await;
    let terms = json!({ "contractId": "ctr_8Kq2", "description": "d", "amountUsd": 300 });
    let answer = called(&host, "create_milestone", terms).await;
    assert_eq!(
        (&answer.structured()["outcome"], &answer.structured()["milestone"]["id"]),
        (&json!("created"), &json!("ms_9"))
    );
    assert!(answer.structured()["leftOut"].to_string().contains("milestone.x"), "{}", answer.text());
}

#[tokio::test]
async fn large_answers_at_once_do_not_add_up() {
    let body = format!(r#"{{"jobs":[{}]}}"#, full_of(r#"{"id":"job_1","status":"OPEN"}"#));
    let upstream = Upstream::answering(move |_, _| Reply::new(200, body.clone())).await;
    let host = launch().at(&upstream).env("OPENTRAIN_TIMEOUT", "45").start().await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(host.begin("list_jobs", json!({})).await);
    }
    for id in ids {
        host.end(id).await.says(&["too large to be read whole"]);
    }
    assert!(host.memory("VmHWM") < MEMORY, "{} kB", host.memory("VmHWM"));
}
