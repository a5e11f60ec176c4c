//! `wait_for_approval`: it looks at once, says how it goes, and ends at the decision, at its time, or when nobody waits.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{maria, server};
use crate::errors::tells_the_whole_story;
use crate::harness::{Answer, Api, Host, Reply, STATELESS};

const LOOK: &str = "GET /approvals/apr_1";

/// What an API does at a look.
#[derive(Clone)]
enum Look {
    Status(&'static str),
    Fault(Reply),
}

/// An API with the approval `apr_1`, where each look goes as the next of these; the last one from then on.
async fn looking(looks: Vec<Look>) -> Api {
    let left = Mutex::new(looks);
    let api = Api::meddled([maria()], move |request, world| {
        if !request.path().contains("/approvals/") {
            return None;
        }
        let mut left = left.lock().unwrap();
        let look = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
        match look {
            Look::Status(status) => {
                if world.approvals[0]["status"] != status {
                    world.decide("apr_1", status);
                }
                None
            }
            Look::Fault(reply) => Some(reply),
        }
    })
    .await;
    let ask = server(&api).in_memory().await;
    ask.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    api
}

fn wait(seconds: u64) -> Value {
    json!({ "approvalId": "apr_1", "timeoutSeconds": seconds })
}

async fn begin_with_progress(host: &Host, seconds: u64) -> u64 {
    let call = json!({ "name": "wait_for_approval", "arguments": wait(seconds), "_meta": { "progressToken": "p-7" } });
    host.ask("tools/call", call).await
}

/// Says that an answer is an honest "still pending", with the link.
fn is_still_pending(answer: &Answer, api: &Api) {
    assert!(!answer.is_error(), "pending is no error: {}", answer.0);
    let url = api.world().approvals[0]["approvalUrl"].as_str().unwrap().to_owned();
    answer.says(&["pending", "nothing has happened", &url, "in 72 h"]);
    assert!(answer.text().starts_with("pending"), "{}", answer.text());
    assert_eq!(answer.structured()["approval"]["status"], "pending");
    assert_eq!(answer.structured()["links"][0]["url"], url.as_str());
}

#[tokio::test(start_paused = true)]
async fn zero_seconds_is_one_look() {
    for revision in ["2025-11-25", STATELESS] {
        let api = looking(vec![Look::Status("pending")]).await;
        let host = server(&api).speaking(revision).in_memory().await;
        is_still_pending(&host.call("wait_for_approval", wait(0)).await, &api);
        assert_eq!(api.came(LOOK), 1, "{revision}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_looks_at_once_and_ends_when_decided() {
    for (status, said) in [
        ("confirmed", "ACTIVE_FUNDED (read back)"),
        ("declined", "Nothing was funded"),
        ("expired", "Nothing was funded"),
    ] {
        let api = looking(vec![Look::Status(status)]).await;
        let host = server(&api).in_memory().await;
        let answer = host.done("wait_for_approval", wait(300)).await;
        answer.says(&[said]);
        assert!(answer.text().starts_with(status), "{}", answer.text());
        assert_eq!(api.came(LOOK), 1, "{status}");
        assert_eq!(api.upstream.writes(), 1, "a wait is a read; the one write was the request itself");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_reports_progress_until_the_decision() {
    for revision in ["2025-06-18", "2025-11-25", STATELESS] {
        let looks = ["pending", "pending", "pending", "confirmed"].map(Look::Status).to_vec();
        let api = looking(looks).await;
        let host = server(&api).speaking(revision).in_memory().await;
        let id = begin_with_progress(&host, 60).await;
        let first = host.notified("notifications/progress", 1).await;
        assert_eq!(api.came(LOOK), 1, "{revision}: the first word comes after the first look");
        assert_eq!(first[0]["params"]["progressToken"], "p-7");
        let answer = host.end(id).await;
        answer.says(&["confirmed", "ACTIVE_FUNDED (read back)"]);
        assert_eq!(api.came(LOOK), 4, "{revision}");
        let notes = host.notified("notifications/progress", 3).await;
        assert_eq!(notes.len(), 3, "{revision}: one after each look that decided nothing");
        let values: Vec<f64> = notes.iter().map(|note| note["params"]["progress"].as_f64().unwrap()).collect();
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{revision}: values rise: {values:?}");
        for note in &notes {
            assert!(note["params"]["message"].as_str().is_some_and(|text| text.contains("pending")), "{note}");
            assert_eq!(note["params"]["total"].as_f64(), Some(60.0), "{note}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_intervals_grow_up_to_a_few_seconds() {
    let moments = std::sync::Arc::new(Mutex::new(Vec::new()));
    let noted = std::sync::Arc::clone(&moments);
    let api = Api::meddled([maria()], move |request, _| {
        if request.path().contains("/approvals/") {
            noted.lock().unwrap().push(Instant::now());
        }
        None
    })
    .await;
    let host = server(&api).in_memory().await;
    host.done("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    is_still_pending(&host.call("wait_for_approval", wait(12)).await, &api);
    let moments = moments.lock().unwrap().clone();
    let gaps: Vec<f64> = moments.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    assert!((4..=10).contains(&moments.len()), "politely, and not rarely: {gaps:?}");
    // The last one may be cut short by the end of the time.
    let whole = &gaps[..gaps.len() - 1];
    assert!(whole[0] < 2.5, "the first comes soon: {gaps:?}");
    assert!(whole.last().unwrap() > &whole[0], "they grow: {gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn at_its_time_it_says_that_it_is_still_open() {
    for revision in ["2025-11-25", STATELESS] {
        let api = looking(vec![Look::Status("pending")]).await;
        let host = server(&api).speaking(revision).in_memory().await;
        let answer = host.call("wait_for_approval", wait(2)).await;
        is_still_pending(&answer, &api);
        answer.says(&["after 2 s"]);
        assert!(api.came(LOOK) >= 2, "it looked more than once");
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_ridden_out() {
    let faults = vec![
        Look::Fault(Reply::refusal(500, "INTERNAL_ERROR", &Value::Null)),
        Look::Fault(Reply::refusal(503, "UNAVAILABLE", &Value::Null)),
        Look::Fault(Reply::refusal(429, "RATE_LIMITED", &Value::Null)),
        Look::Fault(Reply::reset()),
        Look::Fault(Reply::new(502, "<html>bad gateway</html>").header("Content-Type", "text/html")),
        Look::Fault(Reply::new(500, "<html>oops</html>").header("Content-Type", "text/html")),
        Look::Status("pending"),
        Look::Fault(Reply::reset()),
        Look::Status("confirmed"),
    ];
    let api = looking(faults).await;
    let host = server(&api).in_memory().await;
    let answer = host.done("wait_for_approval", wait(60)).await;
    answer.says(&["confirmed", "ACTIVE_FUNDED (read back)"]);
    assert_eq!(api.came(LOOK), 9);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_in_faults_gives_the_last_answer() {
    let api =
        looking(vec![Look::Status("pending"), Look::Fault(Reply::refusal(500, "INTERNAL_ERROR", &Value::Null))]).await;
    let host = server(&api).in_memory().await;
    is_still_pending(&host.call("wait_for_approval", wait(2)).await, &api);

    let api = looking(vec![Look::Fault(Reply::refusal(500, "INTERNAL_ERROR", &Value::Null))]).await;
    let host = server(&api).in_memory().await;
    let answer = host.failed("wait_for_approval", wait(1)).await;
    tells_the_whole_story(&answer, "nothing was ever seen");
    assert_eq!((&answer.error()["status"], &answer.error()["outcome"]), (&json!(500), &json!("not_done")));
}

#[tokio::test(start_paused = true)]
async fn any_other_refusal_ends_it_at_once() {
    for (status, code) in [(400, "BAD_REQUEST"), (401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (404, "NOT_FOUND")] {
        let api = looking(vec![Look::Fault(Reply::refusal(status, code, &Value::Null))]).await;
        let host = server(&api).in_memory().await;
        let answer = host.failed("wait_for_approval", wait(300)).await;
        tells_the_whole_story(&answer, code);
        assert_eq!((answer.code(), api.came(LOOK)), (code, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn times_out_of_range_are_refused_before_anything_is_sent() {
    let api = looking(vec![Look::Status("pending")]).await;
    let host = server(&api).in_memory().await;
    for seconds in [json!(301), json!(-1), json!(1.5), json!("soon")] {
        let arguments = json!({ "approvalId": "apr_1", "timeoutSeconds": seconds });
        let answer = host.failed("wait_for_approval", arguments).await;
        assert_eq!(
            (answer.code(), &answer.error()["field"]),
            ("INVALID_ARGUMENT", &json!("timeoutSeconds")),
            "{seconds}"
        );
    }
    assert_eq!(api.came(LOOK), 0);
}

#[tokio::test]
async fn a_wait_that_is_cancelled_ends_at_once_upstream_too() {
    let api = looking(vec![Look::Status("pending"), Look::Fault(Reply::hang())]).await;
    let host = server(&api).start().await;
    let before = api.upstream.requests().len();
    let id = begin_with_progress(&host, 300).await;
    // The first look was answered, and a second is under way.
    api.upstream.has_seen(before + 2).await;
    host.notify("notifications/cancelled", json!({ "requestId": id, "reason": "enough" })).await;
    api.upstream.was_given_up_on(1).await;
    let looks = api.came(LOOK);
    host.tools().await;
    assert_eq!(api.came(LOOK), looks, "nothing is looked at any more");
    assert!(!host.lines().iter().any(|line| line.contains(&format!("\"id\":{id},"))), "no answer is due");
}

#[tokio::test]
async fn input_end_and_signals_end_a_wait_at_once() {
    for stop in ["input", "TERM", "HUP"] {
        let api = looking(vec![Look::Status("pending")]).await;
        let host = server(&api).start().await;
        let before = api.upstream.requests().len();
        host.begin("wait_for_approval", wait(300)).await;
        api.upstream.has_seen(before + 1).await;
        end(&host, stop).await;
        assert_eq!(host.exit_within(Duration::from_secs(4)).await, Some(0), "{stop}");
    }
}

async fn end(host: &Host, how: &str) {
    match how {
        "input" => host.close_input().await,
        signal => host.signal(signal),
    }
}

#[tokio::test]
async fn a_leaving_host_ends_a_wait_during_progress() {
    // Which of the two is first is a matter of chance: some tries are needed to see it.
    for round in 0..12 {
        let stop = ["input", "TERM"][round % 2];
        let api = looking(vec![Look::Status("pending")]).await;
        let host = server(&api).start().await;
        begin_with_progress(&host, 300).await;
        host.notified("notifications/progress", 1).await;
        end(&host, stop).await;
        assert_eq!(host.exit_within(Duration::from_secs(4)).await, Some(0), "round {round}: {stop}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_in_time_while_the_api_hangs() {
    let api = looking(vec![Look::Status("pending"), Look::Fault(Reply::hang())]).await;
    let host = server(&api).in_memory().await;
    let began = Instant::now();
    is_still_pending(&host.call("wait_for_approval", wait(2)).await, &api);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "2 s were given, it took {took:?}");
}
