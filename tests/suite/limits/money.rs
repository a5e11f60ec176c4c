//! `--max-milestone-usd`: exact decimals, before fees; what cannot be determined is refused.

use serde_json::{Value, json};

use super::{is_refused, server};
use crate::approvals::maria;
use crate::harness::{Answer, Api, Host, Reply, contract, milestone};

async fn limited(api: &Api, limit: &str) -> Host {
    server(api).args(["--max-milestone-usd", limit]).in_memory().await
}

/// Says that it is over the limit, by how much, and that splitting is no way round.
fn is_over(answer: &Answer, limit: &str, amount: &str, about: &str) {
    is_refused(answer, "over_limit", about);
    let details = &answer.error()["details"];
    assert_eq!(
        (details["limitUsd"].to_string().as_str(), details["amountUsd"].to_string().as_str()),
        (limit, amount),
        "{about}"
    );
    answer.says(&["limit is $", "Do not split"]);
    assert!(answer.hint().contains("no way round"), "{about}: {}", answer.hint());
}

fn create(amount: &Value) -> Value {
    json!({ "contractId": "ctr_8Kq2", "description": "Third batch", "amountUsd": amount })
}

#[tokio::test(start_paused = true)]
async fn the_limit_counts_a_fixed_price_to_the_cent() {
    for (limit, amount, over) in [
        ("500", json!(500), None),
        ("500", json!(500.00), None),
        ("500", json!(5e2), None),
        ("500", json!(500.01), Some("500.01")),
        ("500", json!(900), Some("900")),
        ("0.3", json!(0.3), None),
        ("0.3", json!(0.31), Some("0.31")),
        ("500.10", json!(500.1), None),
        ("500.10", json!(500.101), Some("500.101")),
        ("0", json!(0.01), Some("0.01")),
    ] {
        let api = Api::of([contract("ctr_8Kq2", &[])]).await;
        let host = limited(&api, limit).await;
        let answer = host.call("create_milestone", create(&amount)).await;
        let about = format!("{amount} under a limit of {limit}");
        match over {
            None => assert!(!answer.is_error(), "{about}: {}", answer.0),
            Some(amount) => is_over(&answer, &serde_json::from_str::<f64>(limit).unwrap().to_string(), amount, &about),
        }
        assert_eq!(api.upstream.writes(), usize::from(over.is_none()), "{about}");
    }
}

/// A contract that is paid by volume.
fn by_volume(kind: &str, rate: Value) -> Value {
    let mut contract = contract("ctr_8Kq2", &[]);
    contract["paymentType"] = json!(kind);
    contract["rateUsd"] = rate;
    contract
}

#[tokio::test(start_paused = true)]
async fn the_larger_of_amount_and_rate_counts() {
    for (kind, rate, volume, amount, over) in [
        ("PAY_PER_HOUR", json!(12), json!(41.66), Value::Null, None),
        ("PAY_PER_HOUR", json!(12), json!(41.67), Value::Null, Some("500.04")),
        ("PAY_PER_HOUR", json!(12.5), json!(40), Value::Null, None),
        ("PAY_PER_HOUR", json!(12), json!(100), json!(1), Some("1200")),
        ("PAY_PER_HOUR", json!(12), json!(1), json!(900), Some("900")),
        ("PAY_PER_LABEL", json!(0.1), json!(5000), Value::Null, None),
        ("PAY_PER_LABEL", json!(0.1), json!(5001), Value::Null, Some("500.1")),
        ("OF_TOMORROW", json!(12), json!(100), Value::Null, Some("1200")),
    ] {
        let api = Api::of([by_volume(kind, rate.clone())]).await;
        let host = limited(&api, "500").await;
        let mut arguments = json!({ "contractId": "ctr_8Kq2", "description": "Hours", "volume": volume });
        if !amount.is_null() {
            arguments["amountUsd"] = amount.clone();
        }
        let answer = host.call("create_milestone", arguments).await;
        let about = format!("{kind} {rate} × {volume}, {amount}");
        match over {
            None => assert!(!answer.is_error(), "{about}: {}", answer.0),
            Some(amount) => is_over(&answer, "500", amount, &about),
        }
        assert_eq!(api.upstream.writes(), usize::from(over.is_none()), "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_determined_is_refused() {
    for (about, contract, arguments) in [
        ("no amount", contract("ctr_8Kq2", &[]), json!({})),
        ("a fixed price by volume", contract("ctr_8Kq2", &[]), json!({ "volume": 3 })),
        ("no rate", by_volume("PAY_PER_HOUR", Value::Null), json!({ "volume": 3 })),
        ("no volume", by_volume("PAY_PER_HOUR", json!(12)), json!({ "amountUsd": 3 })),
        ("an odd rate", by_volume("PAY_PER_HOUR", json!("twelve")), json!({ "volume": 3 })),
    ] {
        let api = Api::of([contract]).await;
        let host = limited(&api, "500").await;
        let mut all = json!({ "contractId": "ctr_8Kq2", "description": "d" });
        all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        let answer = host.failed("create_milestone", all).await;
        is_refused(&answer, "over_limit", about);
        answer.says(&["cannot be determined"]);
        assert_eq!(answer.error()["details"]["limitUsd"], 500, "{about}");
        assert_eq!(api.upstream.writes(), 0, "{about}");
    }
}

/// The ways in which a look fails.
fn unseen() -> Vec<(&'static str, Reply)> {
    vec![
        ("a fault", Reply::refusal(500, "INTERNAL_ERROR", &Value::Null)),
        ("a page", Reply::new(200, "<html></html>")),
        ("silence", Reply::hang()),
        ("a reset", Reply::reset()),
    ]
}

async fn blind(reply: Reply) -> Api {
    Api::meddled([maria()], move |request, _| (!request.is_write()).then(|| reply.clone())).await
}

#[tokio::test(start_paused = true)]
async fn a_limit_refuses_creates_on_unreadable_contracts() {
    for (about, reply) in unseen() {
        let api = blind(reply).await;
        let host = server(&api).env("OPENTRAIN_TIMEOUT", "0.3").env("OPENTRAIN_MAX_MILESTONE_USD", "500");
        let host = host.in_memory().await;
        let answer = host.failed("create_milestone", create(&json!(100))).await;
        assert_eq!(answer.error()["outcome"], "not_done", "{about}");
        let mut twice = create(&json!(100));
        twice["allowDuplicate"] = json!(true);
        is_refused(&host.failed("create_milestone", twice).await, "over_limit", about);
        assert_eq!(api.upstream.writes(), 0, "{about}");
    }
    let api = blind(Reply::refusal(404, "NOT_FOUND", &json!({ "reason": "gone" }))).await;
    let answer = limited(&api, "500").await.failed("create_milestone", create(&json!(100))).await;
    assert_eq!((&answer.error()["reason"], &answer.error()["outcome"]), (&json!("gone"), &json!("not_done")));
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_milestone_is_not_requested() {
    for (about, reply) in unseen() {
        let api = blind(reply).await;
        let host =
            server(&api).env("OPENTRAIN_TIMEOUT", "0.3").env("OPENTRAIN_MAX_MILESTONE_USD", "500").in_memory().await;
        for arguments in
            [json!({ "milestoneId": "ms_7Rtd", "contractId": "ctr_8Kq2" }), json!({ "milestoneId": "ms_7Rtd" })]
        {
            host.failed("request_milestone_funding", arguments).await;
        }
        assert_eq!(api.upstream.writes(), 0, "{about}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_means_not_done() {
    for (about, reply) in unseen() {
        let api = blind(reply).await;
        for limit in [None, Some("500")] {
            let mut host = server(&api).env("OPENTRAIN_TIMEOUT", "0.3");
            if let Some(limit) = limit {
                host = host.env("OPENTRAIN_MAX_MILESTONE_USD", limit);
            }
            let arguments = json!({ "milestoneId": "ms_7Rtd", "contractId": "ctr_8Kq2" });
            let answer = host.in_memory().await.failed("request_milestone_funding", arguments).await;
            assert_eq!(
                (&answer.error()["outcome"], api.upstream.writes()),
                (&json!("not_done"), 0),
                "{about}: {}",
                answer.0
            );
        }
    }
}

/// A contract with milestones of $500 and $500.01 in each state, and one of no amount.
fn mixed() -> Value {
    let one = |id: &str, status: &str, amount: Value| {
        let mut milestone = milestone(id);
        milestone["status"] = json!(status);
        milestone["amountUsd"] = amount;
        milestone
    };
    contract(
        "ctr_8Kq2",
        &[
            one("ms_open", "NOT_FUNDED", json!(500)),
            one("ms_open_over", "NOT_FUNDED", json!(500.01)),
            one("ms_open_odd", "NOT_FUNDED", Value::Null),
            one("ms_paid", "ACTIVE_FUNDED", json!(500.00)),
            one("ms_paid_over", "ACTIVE_FUNDED", json!(500.01)),
        ],
    )
}

#[tokio::test(start_paused = true)]
async fn funding_and_release_count_against_the_limit() {
    for with_contract in [false, true] {
        for (tool, fits, over) in [
            ("request_milestone_funding", "ms_open", "ms_open_over"),
            ("request_milestone_approval", "ms_paid", "ms_paid_over"),
        ] {
            // Without its contract, the milestone is searched for.
            let api = Api::of([maria(), mixed()]).await;
            let host = limited(&api, "500").await;
            let arguments = |milestone: &str| match with_contract {
                true => json!({ "milestoneId": milestone, "contractId": "ctr_8Kq2" }),
                false => json!({ "milestoneId": milestone }),
            };
            api.world().contracts[0]["id"] = json!("ctr_first");
            let answer = host.failed(tool, arguments(over)).await;
            is_over(&answer, "500", "500.01", tool);
            assert_eq!(api.upstream.writes(), 0, "{tool}");
            let answer = host.done(tool, arguments(fits)).await;
            answer.says(&["WAITING FOR A PERSON", "$500"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_or_unpriced_milestone_is_refused() {
    let api = Api::of([mixed(), contract("ctr_other", &[])]).await;
    let host = limited(&api, "500").await;
    let odd = host.failed("request_milestone_funding", json!({ "milestoneId": "ms_open_odd" })).await;
    is_refused(&odd, "over_limit", "no amount");
    for arguments in [
        json!({ "milestoneId": "ms_open", "contractId": "ctr_other" }),
        json!({ "milestoneId": "ms_nowhere" }),
        json!({ "milestoneId": "ms_nowhere", "contractId": "ctr_8Kq2" }),
    ] {
        let answer = host.failed("request_milestone_funding", arguments.clone()).await;
        assert_eq!(answer.error()["reason"], "milestone_not_found", "{arguments}: {}", answer.0);
        answer.says(&["Nothing was changed"]);
    }
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_exists_already_is_given_back_whatever_the_limit_is() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    api.world().put("ctr_8Kq2", &create(&json!(900)));
    let host = limited(&api, "500").await;
    let answer = host.done("create_milestone", create(&json!(900))).await;
    assert_eq!((answer.structured()["outcome"].as_str(), api.upstream.writes()), (Some("existing"), 0));
}

#[tokio::test(start_paused = true)]
async fn a_meant_second_milestone_counts_against_the_limit() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let host = limited(&api, "500").await;
    for window in ["15", "0"] {
        let host = server(&api).env("OPENTRAIN_MAX_MILESTONE_USD", "500").env("OPENTRAIN_DUPLICATE_WINDOW", window);
        let mut arguments = create(&json!(501));
        arguments["allowDuplicate"] = json!(true);
        is_over(&host.in_memory().await.failed("create_milestone", arguments).await, "500", "501", window);
    }
    drop(host);
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_exponent_hides_nothing_from_a_limit() {
    for (amount, over) in [("50049e-2", "500.49"), ("5.0001E2", "500.01"), ("0.6e3", "600")] {
        let api = Api::of([contract("ctr_8Kq2", &[])]).await;
        let host = limited(&api, "500").await;
        let amount: Value = serde_json::from_str(amount).unwrap();
        let answer = host.call("create_milestone", create(&amount)).await;
        is_over(&answer, "500", over, &amount.to_string());
        assert_eq!(api.upstream.writes(), 0, "{amount}");
    }
}

fn worth(id: &str, amount: f64) -> Value {
    let mut milestone = milestone(id);
    milestone["amountUsd"] = json!(amount);
    milestone
}

#[tokio::test(start_paused = true)]
async fn the_larger_of_two_milestones_with_one_id_counts() {
    let twice = contract("ctr_8Kq2", &[worth("ms_7Rtd", 100.0), worth("ms_7Rtd", 900.0)]);
    let api = Api::of([twice]).await;
    let host = limited(&api, "500").await;
    let answer = host.call("request_milestone_funding", json!({ "milestoneId": "ms_7Rtd" })).await;
    is_over(&answer, "500", "900", "an id that stands twice");
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_amount_that_changed_since_the_look_is_said_first() {
    let listed = contract("ctr_8Kq2", &[worth("ms_7Rtd", 100.0)]);
    let api = Api::meddled([listed], |request, world| {
        if request.method == "POST" {
            world.contracts[0]["milestones"][0]["amountUsd"] = json!(90000);
        }
        None
    })
    .await;
    let host = server(&api).in_memory().await;
    let arguments = json!({ "milestoneId": "ms_7Rtd", "contractId": "ctr_8Kq2" });
    let answer = host.done("request_milestone_funding", arguments).await;
    assert!(answer.text().contains("THE AMOUNT CHANGED"), "{}", answer.text());
    answer.says(&["it was $100"]);
    assert!(!answer.text().contains("fund #1 «Milestone», $100,"), "{}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn sums_beyond_any_amount_are_answered() {
    let huge = || contract("ctr_8Kq2", &[worth("ms_1", 7.9e28), worth("ms_2", 7.9e28)]);
    let api = Api::of([huge()]).await;
    let answer = server(&api).in_memory().await.done("list_contracts", json!({})).await;
    answer.says(&["too large to add"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_again_is_said_first() {
    let reads = std::sync::atomic::AtomicUsize::new(0);
    let api = Api::meddled([contract("ctr_8Kq2", &[worth("ms_7Rtd", 100.0)])], move |request, _| {
        let is_second = request.method == "GET" && reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0;
        is_second.then(|| Reply::refusal(404, "NOT_FOUND", &Value::Null))
    })
    .await;
    let host = server(&api).in_memory().await;
    let arguments = json!({ "milestoneId": "ms_7Rtd", "contractId": "ctr_8Kq2" });
    let answer = host.done("request_milestone_funding", arguments).await;
    assert!(answer.text().starts_with("The milestone could not be read again"), "{}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn an_approval_about_something_else_is_said_first() {
    for (field, named, said) in [
        ("milestoneId", "ms_other", "THIS IS ABOUT ANOTHER MILESTONE"),
        ("contractId", "ctr_other", "ANOTHER CONTRACT"),
    ] {
        let api = Api::meddled([contract("ctr_8Kq2", &[worth("ms_7Rtd", 100.0)])], move |request, world| {
            let reply = (request.method == "POST").then(|| world.answer(request))?;
            let mut body = reply.body();
            body["approval"][field] = json!(named);
            Some(Reply::json(202, &body))
        })
        .await;
        let host = server(&api).in_memory().await;
        let arguments = json!({ "milestoneId": "ms_7Rtd", "contractId": "ctr_8Kq2" });
        let answer = host.done("request_milestone_funding", arguments).await;
        assert!(answer.text().lines().next().unwrap().contains(said), "{field}: {}", answer.text());
        answer.says(&[named]);
    }
}

#[tokio::test]
async fn what_the_limits_leave_out_is_named_with_them() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    for (setting, is_named) in
        [("--max-milestone-usd=500", true), ("--max-day-usd=500", true), ("--toolsets=contracts", false)]
    {
        let host = server(&api).args([setting]).bare();
        let instructions = host.shake_hands().await["instructions"].to_string();
        let named = instructions.contains("not counted: end_contract, create_credit_top_up");
        assert_eq!(named, is_named, "{setting}: {instructions}");
    }
}
