//! A create whose answer was not seen: what became of it is found out, and never guessed.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{id, outcome, server, terms, with};
use crate::errors::tells_the_whole_story;
use crate::harness::api::{World, is_create, is_look};
use crate::harness::upstream::Request;
use crate::harness::{Answer, Api, Reply, contract, launch};

/// The ways in which the answer to a create is not seen; what the API does besides is the test's.
fn losses() -> Vec<(&'static str, Reply)> {
    let whole = json!({ "milestone": { "id": "ms_x", "status": "NOT_FUNDED" } }).to_string();
    vec![
        ("a timeout", Reply::hang()),
        ("a reset", Reply::reset()),
        ("a closed connection", Reply::raw("")),
        ("a 500", Reply::refusal(500, "INTERNAL_ERROR", &Value::Null)),
        ("a proxy's 502", Reply::new(502, "<html>bad gateway</html>").header("Content-Type", "text/html")),
        ("a 504", Reply::refusal(504, "TIMEOUT", &Value::Null)),
        ("a 201 without a milestone", Reply::json(201, &json!({}))),
        ("a 201 that is a page", Reply::new(201, "<html></html>")),
        ("an empty 201", Reply::new(201, "")),
        ("a truncated 201", Reply::new(201, whole.clone()).cut_after(whole.len() / 2)),
        ("a 201 that stops", Reply::new(201, whole).stalled_after(10)),
    ]
}

/// An API that does `first` with the first create, and sends what that gives; all else goes its own way.
async fn losing(first: impl Fn(&Request, &mut World) -> Reply + Send + Sync + 'static) -> Api {
    let lost = AtomicBool::new(false);
    Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
        (is_create(request) && !lost.swap(true, Ordering::SeqCst)).then(|| first(request, world))
    })
    .await
}

pub(super) fn is_unknown(answer: &Answer, retryable: bool, about: &str) {
    tells_the_whole_story(answer, about);
    let error = answer.error();
    assert_eq!((&error["reason"], &error["outcome"]), (&json!("outcome_unknown"), &json!("unknown")), "{about}");
    assert_eq!(error["retryable"], retryable, "{about}: {error}");
    assert!(answer.text().starts_with("UNKNOWN whether it was created"), "{about}: {}", answer.text());
    let hint = answer.hint();
    if retryable {
        assert!(hint.contains("Wait a minute") && hint.contains("identical call"), "{about}: {hint}");
    } else {
        assert!(hint.contains("Read the contract first") && !hint.contains("identical call"), "{about}: {hint}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_stored_is_recovered_however_the_answer_was_lost() {
    for (about, reply) in losses() {
        let api = losing(move |request, world| {
            world.store(request);
            reply.clone()
        })
        .await;
        let host = server(&api).env("OPENTRAIN_TIMEOUT", "0.5").in_memory().await;
        let answer = host.done("create_milestone", terms()).await;
        assert_eq!(outcome(&answer), "recovered", "{about}");
        answer.says(&["Created, NOT funded", "the reply was lost", "was found", "Maria G.", id(&answer)]);
        assert_eq!(answer.structured()["milestone"], api.milestones()[0], "{about}: the API's own object");
        assert_eq!((api.creates(), api.milestones().len()), (1, 1), "{about}: it is sent once");
    }
}

#[tokio::test(start_paused = true)]
async fn what_shows_late_is_waited_for() {
    let api = losing(|request, world| {
        let stored = world.store(request);
        // It is there, but the first looks do not show it.
        world.contracts[0]["milestones"] = json!([]);
        world.contracts.push(json!({ "id": "hidden", "milestones": [stored["milestone"]], "looks": 2 }));
        Reply::reset()
    });
    let api = api.await;
    // The second look after the loss shows it.
    let host = server(&api).in_memory().await;
    let call = host.begin("create_milestone", terms()).await;
    // The look before, the create, the first look after.
    api.upstream.has_seen(3).await;
    {
        let mut world = api.world();
        let hidden = world.contracts.pop().unwrap();
        world.contracts[0]["milestones"] = hidden["milestones"].clone();
    }
    assert_eq!(outcome(&host.end(call).await), "recovered");
    assert_eq!(api.creates(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_identical_call_finds_what_landed_late() {
    let api = losing(|_, _| Reply::reset()).await;
    let host = server(&api).in_memory().await;
    let answer = host.failed("create_milestone", terms()).await;
    is_unknown(&answer, true, "a reset");
    assert_eq!(api.creates(), 1);
    // It did get through, and shows now.
    let landed = api.world().put("ctr_8Kq2", &terms());
    let again = host.done("create_milestone", terms()).await;
    assert_eq!((outcome(&again), id(&again)), ("existing", landed["id"].as_str().unwrap()));
    assert_eq!(api.creates(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_claimed_about_an_unreadable_contract() {
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, world| {
        if is_create(request) {
            world.contracts[0]["hidden"] = json!(true);
        }
        (world.contracts[0]["hidden"] == true).then(|| Reply::new(200, "<html></html>"))
    })
    .await;
    let answer = server(&api).in_memory().await.failed("create_milestone", terms()).await;
    is_unknown(&answer, true, "only pages");
    let hint = answer.hint();
    assert!(hint.contains("could not be read since") && !hint.contains("No such milestone"), "{hint}");
}

// The age of the first call is counted by the clock of the machine, which no test can pause.
#[tokio::test]
async fn what_never_landed_is_made_by_the_identical_call() {
    let api = losing(|_, _| Reply::refusal(503, "UNAVAILABLE", &Value::Null)).await;
    let host = server(&api).start().await;
    is_unknown(&host.failed("create_milestone", terms()).await, true, "a 503");
    assert_eq!(outcome(&host.done("create_milestone", terms()).await), "created");
    assert_eq!((api.creates(), api.milestones().len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn without_the_guard_the_contract_has_to_be_read_first() {
    for (about, window, arguments) in
        [("allowDuplicate", "15", with(json!({ "allowDuplicate": true }))), ("a window of zero", "0", terms())]
    {
        let api = losing(|_, _| Reply::reset()).await;
        let host = server(&api).env("OPENTRAIN_DUPLICATE_WINDOW", window).in_memory().await;
        let answer = host.failed("create_milestone", arguments).await;
        is_unknown(&answer, false, about);
        assert!(answer.hint().contains("get_contract"), "{about}: {}", answer.hint());
        assert_eq!(api.creates(), 1, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_guard_new_milestones_are_still_recovered() {
    for (about, window, arguments) in
        [("allowDuplicate", "15", with(json!({ "allowDuplicate": true }))), ("a window of zero", "0", terms())]
    {
        let api = losing(|request, world| {
            world.store(request);
            Reply::reset()
        })
        .await;
        // One with the same terms was made a minute ago: it is not the one.
        let old = api.world().put("ctr_8Kq2", &terms());
        let made = api.world().ago(60);
        api.world().milestone(old["id"].as_str().unwrap())["createdAt"] = json!(made);
        let host = server(&api).env("OPENTRAIN_DUPLICATE_WINDOW", window).in_memory().await;
        let answer = host.done("create_milestone", arguments).await;
        assert_eq!(outcome(&answer), "recovered", "{about}");
        assert_ne!(id(&answer), old["id"].as_str().unwrap(), "{about}");
        assert_eq!(api.creates(), 1, "{about}");
    }
}

/// An API whose first look fails, and which then holds so many milestones with the terms, made so many seconds before
/// the create.
async fn unseen(many: usize, seconds: i64) -> Api {
    let looked = AtomicBool::new(false);
    Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
        if is_look(request) && !looked.swap(true, Ordering::SeqCst) {
            return Some(Reply::refusal(500, "INTERNAL_ERROR", &Value::Null));
        }
        is_create(request).then(|| {
            let made = world.ago(seconds);
            for _ in 0..many {
                let new = world.put("ctr_8Kq2", &terms());
                world.milestone(new["id"].as_str().unwrap())["createdAt"] = json!(made);
            }
            Reply::reset()
        })
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn without_a_first_look_only_newer_milestones_count() {
    let twice = with(json!({ "allowDuplicate": true }));
    let api = unseen(1, 0).await;
    let answer = server(&api).in_memory().await.done("create_milestone", twice.clone()).await;
    assert_eq!(outcome(&answer), "recovered");
    answer.says(&["could not be looked at first"]);

    let api = unseen(1, 60).await;
    let answer = server(&api).in_memory().await.failed("create_milestone", twice).await;
    is_unknown(&answer, false, "it was there a minute before");
    assert_eq!(api.creates(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_several_fit_none_is_claimed() {
    let twice = with(json!({ "allowDuplicate": true }));
    for (about, window, arguments) in [("no first look", "15", twice), ("a window of zero", "0", terms())] {
        let api = unseen(2, 0).await;
        let host = server(&api).env("OPENTRAIN_DUPLICATE_WINDOW", window).in_memory().await;
        // With a window of zero there is no look before: the one that fails is the first after.
        let answer = host.failed("create_milestone", arguments).await;
        is_unknown(&answer, false, about);
        answer.says(&["2 new milestones"]);
        assert!(answer.structured()["milestone"].is_null(), "{about}: none is claimed: {}", answer.0);
        assert_eq!(api.creates(), 1, "{about}");
    }

    let api = losing(|request, world| {
        world.store(request);
        world.store(request);
        Reply::reset()
    })
    .await;
    is_unknown(
        &server(&api).in_memory().await.failed("create_milestone", terms()).await,
        false,
        "two new ones at once",
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_is_never_taken_for_it() {
    let api = losing(|_, _| Reply::reset()).await;
    let mut old = api.world().put("ctr_8Kq2", &terms());
    // Too old to count as the same, and equal in its terms.
    old["createdAt"] = json!(api.world().ago(3_600));
    api.world().contracts[0]["milestones"] = json!([old]);
    is_unknown(
        &server(&api).in_memory().await.failed("create_milestone", terms()).await,
        true,
        "only an old one is there",
    );
    assert_eq!(api.creates(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_milestone_that_is_new_is_not_taken_for_it() {
    let api = losing(|_, world| {
        world.put("ctr_8Kq2", &with(json!({ "amountUsd": 301 })));
        Reply::reset()
    })
    .await;
    is_unknown(&server(&api).in_memory().await.failed("create_milestone", terms()).await, true, "another amount");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_no_unknown_outcome() {
    for status in [400, 402, 403, 404, 409, 429] {
        let api = losing(move |_, _| Reply::refusal(status, "REFUSED", &Value::Null)).await;
        let answer = server(&api).in_memory().await.failed("create_milestone", terms()).await;
        assert_eq!(answer.error()["outcome"], "not_done", "{status}");
        assert_eq!(api.creates(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_no_unknown_outcome() {
    let nobody = crate::harness::Refusing::new();
    let host = launch().base(&nobody.origin()).in_memory().await;
    let answer = host.failed("create_milestone", terms()).await;
    assert_eq!((&answer.error()["outcome"], answer.code()), (&json!("not_done"), "UNREACHABLE"));
}

#[tokio::test(start_paused = true)]
async fn all_of_it_is_answered_before_a_host_gives_up() {
    // Everything hangs after the first look.
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, world| {
        if is_create(request) {
            world.contracts[0]["hangs"] = json!(true);
        }
        (world.contracts[0]["hangs"] == true).then(Reply::hang)
    })
    .await;
    let host = server(&api).env("OPENTRAIN_TIMEOUT", "6").in_memory().await;
    let began = tokio::time::Instant::now();
    is_unknown(&host.failed("create_milestone", terms()).await, true, "nothing answers");
    assert!(began.elapsed().as_secs() < 50, "{:?}", began.elapsed());
}
