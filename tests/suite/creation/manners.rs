//! An API that writes the terms of a milestone in its own way: it is still the same milestone.

use serde_json::{Value, json};

use super::{id, outcome, server, terms, with};
use crate::harness::api::{World, is_create};
use crate::harness::upstream::Request;
use crate::harness::{Api, Reply, contract, launch};

/// What an API makes of a milestone that it stores.
type Manner = fn(&mut Value);

/// Ways in which an API may write the terms of `long_terms`.
const MANNERS: [(&str, Manner); 14] = [
    ("midnight west of UTC", |m| m["dueDate"] = json!("2026-07-15T07:00:00.000Z")),
    ("midnight east of UTC", |m| m["dueDate"] = json!("2026-07-14T22:00:00.000Z")),
    ("the end of the day", |m| m["dueDate"] = json!("2026-07-15T23:59:59.999Z")),
    ("a bare date", |m| m["dueDate"] = json!("2026-07-15")),
    ("noon", |m| m["dueDate"] = json!("2026-07-15T12:00:00+00:00")),
    ("a number", |m| m["dueDate"] = json!(1_784_073_600_000_i64)),
    ("an amount as text", |m| m["amountUsd"] = json!("300.00")),
    ("an amount with noise", |m| m["amountUsd"] = json!(300.000_000_000_000_06)),
    ("other line ends", |m| m["description"] = json!(text(m, "description").replace("\r\n", "\n"))),
    ("folded blanks", |m| {
        m["description"] = json!(text(m, "description").split_whitespace().collect::<Vec<_>>().join(" "));
    }),
    ("entities", |m| m["name"] = json!(text(m, "name").replace('&', "&amp;").replace('\'', "&#39;"))),
    ("another normal form", |m| m["name"] = json!(text(m, "name").replace("e\u{301}", "é"))),
    ("a cut text", |m| m["description"] = json!(text(m, "description").chars().take(255).collect::<String>())),
    ("a creation without a time", |m| m["createdAt"] = Value::Null),
];

fn text(milestone: &Value, field: &str) -> String {
    milestone[field].as_str().unwrap().to_owned()
}

/// Terms with everything in them that an API might write in another way.
fn long_terms() -> Value {
    let description = format!("First line\r\nsecond  line \u{a0}. {}", "Label the next posts. ".repeat(20));
    with(json!({ "name": "Caf\u{65}\u{301} & John's", "description": description }))
}

/// Stores what a create asks for, in the API's own way.
fn store(request: &Request, world: &mut World, manner: Manner) -> Value {
    let stored = world.store(request)["milestone"].clone();
    let milestone = world.milestone(stored["id"].as_str().unwrap());
    manner(milestone);
    json!({ "milestone": milestone })
}

async fn writing(manner: Manner) -> Api {
    Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
        is_create(request).then(|| Reply::json(201, &store(request, world, manner)))
    })
    .await
}

/// The same, which loses every answer to a create.
async fn losing(manner: Manner) -> Api {
    Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
        is_create(request).then(|| {
            store(request, world, manner);
            Reply::reset()
        })
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn however_the_api_writes_it_the_identical_call_finds_it() {
    for (about, manner) in MANNERS {
        let api = writing(manner).await;
        let host = server(&api).in_memory().await;
        let first = host.done("create_milestone", long_terms()).await;
        let again = host.done("create_milestone", long_terms()).await;
        assert_eq!((outcome(&again), id(&again)), ("existing", id(&first)), "{about}");
        assert_eq!(api.creates(), 1, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_milestone_is_found_in_any_manner() {
    for (about, manner) in MANNERS {
        let api = losing(manner).await;
        let answer = server(&api).in_memory().await.done("create_milestone", long_terms()).await;
        assert_eq!((outcome(&answer), api.creates()), ("recovered", 1), "{about}: {}", answer.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_seen_nothing_makes_no_second_one() {
    for (about, manner) in MANNERS {
        let api = writing(manner).await;
        let first = server(&api).in_memory().await.done("create_milestone", long_terms()).await;
        let host = launch().at(&api.upstream).in_memory().await;
        let again = host.done("create_milestone", long_terms()).await;
        assert!(["existing", "existing_alike"].contains(&outcome(&again)), "{about}: {}", again.text());
        assert_eq!((id(&again), api.creates()), (id(&first), 1), "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_similar_milestone_is_shown_beside_the_terms() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let stored = api.world().put("ctr_8Kq2", &with(json!({ "dueDate": "2026-07-16" })));
    let host = server(&api).in_memory().await;
    let answer = host.done("create_milestone", terms()).await;
    assert_eq!((outcome(&answer), api.creates()), ("existing_alike", 0));
    let structured = answer.structured();
    assert_eq!(structured["milestone"], api.milestones()[0]);
    assert_eq!(structured["differences"], json!(["dueDate"]));
    let mut asked = terms();
    asked.as_object_mut().unwrap().remove("contractId");
    assert_eq!(structured["asked"], asked);
    assert!(answer.text().starts_with("Nothing was created"), "{}", answer.text());
    answer.says(&[
        "dueDate: asked for «2026-07-15», stored «2026-07-16",
        "allowDuplicate: true",
        stored["id"].as_str().unwrap(),
    ]);
    let meant = host.done("create_milestone", with(json!({ "allowDuplicate": true }))).await;
    assert_eq!((outcome(&meant), api.creates()), ("created", 1));
}

#[tokio::test(start_paused = true)]
async fn known_days_make_another_day_another_milestone() {
    let api = writing(|milestone| {
        let day = text(milestone, "dueDate")[..10].parse::<jiff::civil::Date>().unwrap().yesterday().unwrap();
        milestone["dueDate"] = json!(format!("{day}T22:00:00.000Z"));
    })
    .await;
    // Of this one nothing is known: it could be the 15th of an API that keeps days as they are in UTC.
    let other = api.world().put("ctr_8Kq2", &with(json!({ "name": "Other" })));
    api.world().milestone(other["id"].as_str().unwrap())["dueDate"] = json!("2026-07-15T22:00:00.000Z");
    let host = server(&api).in_memory().await;
    let unsure = host.done("create_milestone", with(json!({ "name": "Other" }))).await;
    assert_eq!(outcome(&unsure), "existing_alike");
    assert_eq!(outcome(&host.done("create_milestone", terms()).await), "created");
    let sure = host.done("create_milestone", with(json!({ "name": "Other" }))).await;
    assert_eq!(outcome(&sure), "created", "{}", sure.text());
    let same = host.done("create_milestone", with(json!({ "name": "Other", "dueDate": "2026-07-16" }))).await;
    assert_eq!((outcome(&same), id(&same)), ("existing", other["id"].as_str().unwrap()));
}

#[tokio::test]
async fn the_record_shows_how_days_are_kept() {
    let api = writing(|milestone| {
        let day = text(milestone, "dueDate")[..10].parse::<jiff::civil::Date>().unwrap().yesterday().unwrap();
        milestone["dueDate"] = json!(format!("{day}T22:00:00.000Z"));
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let recording = || server(&api).args(["--audit-log", record.to_str().unwrap()]);
    assert_eq!(outcome(&recording().start().await.done("create_milestone", terms()).await), "created");
    let the_day_before = with(json!({ "dueDate": "2026-07-14" }));
    // Another server with the same record, and no other way to know.
    let sure = recording().start().await.done("create_milestone", the_day_before.clone()).await;
    assert_eq!(outcome(&sure), "created", "{}", sure.text());
    let unsure = server(&api).start().await.done("create_milestone", with(json!({ "dueDate": "2026-07-13" }))).await;
    assert_eq!(outcome(&unsure), "existing_alike", "{}", unsure.text());
}

#[tokio::test(start_paused = true)]
async fn one_that_is_new_and_close_is_never_ignored() {
    let api = losing(|milestone| {
        milestone["description"] = json!("Label the next");
        milestone["dueDate"] = Value::Null;
    })
    .await;
    let host = server(&api).in_memory().await;
    let answer = host.failed("create_milestone", terms()).await;
    assert_eq!((&answer.error()["outcome"], &answer.error()["retryable"]), (&json!("unknown"), &json!(false)));
    answer.says(&["close to these terms", api.milestones()[0]["id"].as_str().unwrap(), "get_contract"]);
    // A model that repeats the call all the same makes no second one.
    let again = host.done("create_milestone", terms()).await;
    assert_eq!((outcome(&again), api.creates()), ("existing_alike", 1));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_lags_makes_no_second_one() {
    // The API answers, and its list never shows the milestone.
    let api = Api::meddled([contract("ctr_8Kq2", &[])], |request, world| {
        is_create(request).then(|| {
            let stored = world.store(request);
            world.contracts[0]["milestones"] = json!([]);
            Reply::json(201, &stored)
        })
    })
    .await;
    let host = server(&api).in_memory().await;
    let first = host.done("create_milestone", terms()).await;
    let again = host.done("create_milestone", terms()).await;
    assert_eq!((outcome(&again), id(&again)), ("existing", id(&first)));
    again.says(&["does not show it yet"]);
    assert_eq!(api.creates(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_keeps_the_guard_on() {
    for (about, made) in [
        ("missing", Value::Null),
        ("not readable", json!("just now")),
        ("in the future", json!("2031-01-01T00:00:00Z")),
        ("without a zone", json!("2026-06-12T01:00:00")),
        ("a number", json!(1_781_258_400)),
    ] {
        let api = Api::of([contract("ctr_8Kq2", &[])]).await;
        let stored = api.world().put("ctr_8Kq2", &terms());
        api.world().milestone(stored["id"].as_str().unwrap())["createdAt"] = made;
        let answer = server(&api).in_memory().await.done("create_milestone", terms()).await;
        assert_eq!((outcome(&answer), api.creates()), ("existing", 0), "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateways_date_does_not_switch_the_guard_off() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    api.world().put("ctr_8Kq2", &terms());
    let made = jiff::Timestamp::now().to_string();
    api.world().contracts[0]["milestones"][0]["createdAt"] = json!(made);
    for clock in ["2001-01-01T00:00:00Z", "2051-01-01T00:00:00Z"] {
        api.world().clock = Some(clock.parse().unwrap());
        let answer = server(&api).in_memory().await.done("create_milestone", terms()).await;
        assert_eq!((outcome(&answer), api.creates()), ("existing", 0), "{clock}");
    }
}
