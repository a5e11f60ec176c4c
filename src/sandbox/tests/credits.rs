//! Credits: bought on a page, held by a hire or a funding, captured by a release.

use serde_json::{Value, json};

use super::{Sandbox, V1, claimed_sandbox, fund, get, names, paying_sandbox, post, release, sandbox};

async fn credits(sandbox: &Sandbox) -> Value {
    get(&format!("{V1}/credits")).send(sandbox).await.json()["credits"].take()
}

/// What is available, and what is held.
async fn cents(sandbox: &Sandbox) -> [i64; 2] {
    let credits = credits(sandbox).await;
    ["availableCents", "reservedCents"].map(|name| credits[name].as_i64().unwrap())
}

async fn top_up(sandbox: &Sandbox, amount: &str) -> String {
    let reply = post(&format!("{V1}/credits/top-ups"), &format!(r#"{{"amountUsd":{amount}}}"#)).send(sandbox).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()["topUpId"].as_str().unwrap().to_owned()
}

async fn status(sandbox: &Sandbox, id: &str) -> Value {
    get(&format!("{V1}/credits/top-ups/{id}")).send(sandbox).await.json()["topUp"]["status"].take()
}

/// Confirms an approval from credits.
async fn confirm(sandbox: &Sandbox, id: &Value) -> u16 {
    let path = format!("/approvals/{}/confirm", id.as_str().unwrap());
    post(&path, "pay=credits").header("Sec-Fetch-Site: same-origin").send(sandbox).await.status
}

#[tokio::test]
async fn the_balance_is_what_was_bought_and_not_held() {
    let sandbox = sandbox().await;
    let held = json!({
        "id": "cre_8Nd5", "type": "HOLD", "amountCents": -8950, "createdAt": "2026-04-22T10:00:00.000Z",
        "holdEntryId": null, "jobofferId": "prp_9Vd1", "contractId": "ctr_4Jx9", "milestoneId": "ms_9Lb3",
        "topUpId": null, "note": null,
    });
    let credits = credits(&sandbox).await;
    assert_eq!(names(&credits), ["availableCents", "reservedCents", "currency", "recentEntries"]);
    assert_eq!([&credits["availableCents"], &credits["reservedCents"]], [&json!(11_050), &json!(8_950)]);
    assert_eq!(credits["recentEntries"][0].to_string(), held.to_string());
    assert_eq!(credits["recentEntries"].as_array().map(Vec::len), Some(2));
    let agent = super::Agent::register(&sandbox).await;
    let none =
        json!({ "credits": { "availableCents": 0, "reservedCents": 0, "currency": "usd", "recentEntries": [] } });
    assert_eq!(agent.get("/credits").send(&sandbox).await.json(), none);
}

#[tokio::test]
async fn a_top_up_is_paid_on_its_page() {
    let sandbox = claimed_sandbox().await;
    let reply = post(&format!("{V1}/credits/top-ups"), r#"{"amountUsd":100}"#).send(&sandbox).await;
    let expected = json!({
        "topUpId": "top_7Rtd", "checkoutUrl": format!("{}checkout/top_7Rtd", sandbox.origin()),
        "expiresAt": "2026-06-13T10:00:00.000Z",
        "topUp": {
            "id": "top_7Rtd", "status": "PENDING", "amountCents": 10_000, "createdAt": "2026-06-12T10:00:00.000Z",
            "completedAt": null, "expiresAt": "2026-06-13T10:00:00.000Z",
        },
        "message": "Top-up created. Show checkoutUrl to your human so they can complete the payment; then poll the top-up \
                    until it is COMPLETED.",
    });
    assert_eq!((reply.status, reply.json().to_string()), (201, expected.to_string()));
    let page = get("/checkout/top_7Rtd").send(&sandbox).await;
    let form = r#"<form method="post" action="/checkout/top_7Rtd"><button>Pay $100</button></form>"#;
    assert!(page.body().contains(form) && page.body().contains("$100"), "{}", page.body());
    assert_eq!(cents(&sandbox).await[0], 11_050, "nothing by itself");
    let pressed = post("/checkout/top_7Rtd", "").send(&sandbox).await;
    assert_eq!((pressed.status, pressed.header("location")), (303, Some("/checkout/top_7Rtd")));
    assert_eq!(status(&sandbox, "top_7Rtd").await, "COMPLETED");
    assert_eq!(cents(&sandbox).await[0], 21_050);
    assert_eq!(post("/checkout/top_7Rtd", "").send(&sandbox).await.status, 409);
    assert_eq!(cents(&sandbox).await[0], 21_050, "paid once");

    let late = top_up(&sandbox, "12.50").await;
    post("/clock", "").send(&sandbox).await;
    assert_eq!(status(&sandbox, &late).await, "EXPIRED");
    assert_eq!(post(&format!("/checkout/{late}"), "").send(&sandbox).await.status, 409);
    assert_eq!(get("/checkout/top_none").send(&sandbox).await.status, 404);
}

#[tokio::test]
async fn a_top_up_is_refused_as_documented() {
    let sandbox = claimed_sandbox().await;
    for amount in ["9.99", "10000.01", "0", "-5", "10.005", "\"100\"", "1e3000"] {
        let body = format!(r#"{{"amountUsd":{amount}}}"#);
        let refused = post(&format!("{V1}/credits/top-ups"), &body).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": "amountUsd" })), "{amount}");
    }
    for amount in ["10", "10000", "10.50", "1e2"] {
        top_up(&sandbox, amount).await;
    }
    let missing = get(&format!("{V1}/credits/top-ups/top_none")).send(&sandbox).await.refusal();
    assert_eq!(missing, (404, "NOT_FOUND".into(), json!({ "resource": "credit-top-ups", "topUpId": "top_none" })));
    let agent = super::Agent::register(&sandbox).await;
    assert_eq!(agent.get("/credits/top-ups/top_7Rtd").send(&sandbox).await.status, 404, "another account's");
}

#[tokio::test]
async fn the_ledger_is_paged() {
    let sandbox = claimed_sandbox().await;
    for _ in 0..12 {
        let id = top_up(&sandbox, "10").await;
        post(&format!("/checkout/{id}"), "").send(&sandbox).await;
    }
    assert_eq!(credits(&sandbox).await["recentEntries"].as_array().map(Vec::len), Some(10));
    let page = async |query: &str| get(&format!("{V1}/credits/ledger{query}")).send(&sandbox).await.json();
    let first = page("?limit=9").await;
    let rest = page(&format!("?cursor={}", first["nextCursor"].as_str().unwrap())).await;
    assert_eq!([&first, &rest].map(|page| page["entries"].as_array().unwrap().len()), [9, 5]);
    assert_eq!([&rest["entries"][4]["type"], &rest["nextCursor"]], [&json!("TOP_UP"), &Value::Null]);
    for query in ["?limit=0", "?limit=101"] {
        let refused = get(&format!("{V1}/credits/ledger{query}")).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": "limit" })));
    }
}

#[tokio::test]
async fn a_person_pays_from_credits_and_the_ledger_shows_it() {
    let sandbox = paying_sandbox().await;
    let id = top_up(&sandbox, "400").await;
    post(&format!("/checkout/{id}"), "").send(&sandbox).await;
    let body = r#"{"milestone":{"name":"First","amount":300}}"#;
    let hire =
        post(&format!("{V1}/proposals/prp_5Aj3/hire"), body).send(&sandbox).await.json()["approval"]["id"].take();
    let page = get(&format!("/approvals/{}", hire.as_str().unwrap())).send(&sandbox).await;
    assert!(page.body().contains(" from credits ($510.50 available)"), "{}", page.body());
    assert_eq!(confirm(&sandbox, &hire).await, 303);
    assert_eq!(cents(&sandbox).await, [51_050 - 33_995, 8_950 + 33_995]);
    let entry = credits(&sandbox).await["recentEntries"][0].take();
    let ids = json!(["prp_5Aj3", "ctr_7Rtd", "ms_7Rtd"]);
    assert_eq!(json!([entry["jobofferId"], entry["contractId"], entry["milestoneId"]]), ids);

    let fund = fund("ms_3Qzv").send(&sandbox).await.json()["approval"]["id"].take();
    assert_eq!(confirm(&sandbox, &fund).await, 303);
    assert_eq!(cents(&sandbox).await, [17_055 - 15_000, 42_945 + 15_000]);

    let release = release("ms_7Rtd").send(&sandbox).await.json()["approval"]["id"].take();
    assert_eq!(confirm(&sandbox, &release).await, 409, "a release costs nothing");
    assert_eq!(super::press(release.as_str().unwrap(), "confirm").send(&sandbox).await.status, 303);
    assert_eq!(cents(&sandbox).await, [2_055, 57_945 - 33_995]);
    let captured = credits(&sandbox).await["recentEntries"][0].take();
    assert_eq!(
        [&captured["type"], &captured["amountCents"], &captured["holdEntryId"]],
        [&json!("CAPTURE"), &json!(-33_995), &entry["id"]]
    );
}

#[tokio::test]
async fn credits_that_do_not_cover_it_pay_nothing() {
    let sandbox = paying_sandbox().await;
    let fund = fund("ms_4Dk7").send(&sandbox).await.json()["approval"]["id"].take();
    assert_eq!(confirm(&sandbox, &fund).await, 409, "$300 of $110.50");
    assert_eq!(cents(&sandbox).await, [11_050, 8_950]);
    assert_eq!(super::press(fund.as_str().unwrap(), "confirm").send(&sandbox).await.status, 303);
    assert_eq!(cents(&sandbox).await, [11_050, 8_950], "the card paid");
}
