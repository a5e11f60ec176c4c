//! Contracts: the story as it is listed.

use serde_json::{Value, json};

use super::{V1, get, sandbox};

fn ids(listing: &Value) -> Vec<&str> {
    listing["contracts"].as_array().unwrap().iter().map(|contract| contract["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn contracts_are_listed_newest_first_and_others_are_not() {
    let sandbox = sandbox().await;
    let listing = async |query: &str| get(&format!("{V1}/contracts{query}")).send(&sandbox).await.json();
    let all = ["ctr_8Kq2", "ctr_3Hv7", "ctr_7Nd1", "ctr_5Lm9", "ctr_4Jx9", "ctr_2Bd4"];
    assert_eq!(ids(&listing("").await), all);
    assert_eq!(ids(&listing("?status=active").await), all[..5]);
    assert_eq!(ids(&listing("?status=ended").await), ["ctr_2Bd4"]);
    assert_eq!(ids(&listing("?jobId=job_3Vn6").await), ["ctr_8Kq2", "ctr_3Hv7"]);
    assert!(ids(&listing("?jobId=job_3Vn6&status=ended").await).is_empty());
}

#[tokio::test]
async fn the_first_contract_is_the_one_of_the_reference() {
    let sandbox = sandbox().await;
    let reply = get(&format!("{V1}/contracts")).send(&sandbox).await;
    let first = concat!(
        r#"{"contracts":[{"id":"ctr_8Kq2","status":"active","title":"Spanish Sentiment Labeling Contract","#,
        r#""jobId":"job_3Vn6","proposalId":"prp_4Wz9","paymentType":"FIXED_PRICE","rateUsd":300,"#,
        r#""estimatedTotalUsd":300,"estimatedVolume":null,"hasActiveMilestone":true,"#,
        r#""startDate":"2026-06-12T09:30:00.000Z","endDate":null,"createdAt":"2026-06-12T09:30:00.000Z","#,
        r#""updatedAt":"2026-06-12T09:30:00.000Z","freelancer":{"userId":"usr_7Pb3","displayName":"Maria G.","#,
        r#""country":"Spain","profilePath":"/profile/maria-g"},"milestones":[{"id":"ms_1aXf","#,
        r#""name":"First labeling batch","description":"Label the first 5,000 posts per the guidelines","#,
        r#""status":"ACTIVE_FUNDED","amountUsd":300,"volume":null,"milestoneNumber":1,"#,
        r#""dueDate":"2026-07-01T00:00:00.000Z","pendingApproval":false,"needsReview":false,"#,
        r#""invoiceId":"inv_3Jd1","createdAt":"2026-06-12T09:30:00.000Z"}]},"#,
    );
    assert!(reply.body().starts_with(first), "{}", reply.body());
}

#[tokio::test]
async fn a_wrong_filter_is_refused() {
    let sandbox = sandbox().await;
    let refusal = async |query: &str| get(&format!("{V1}/contracts{query}")).send(&sandbox).await.refusal();
    assert_eq!(refusal("?status=paused").await, (400, "BAD_REQUEST".into(), json!({ "field": "status" })));
    assert_eq!(refusal("?jobId=job_none").await, (404, "NOT_FOUND".into(), Value::Null));
    assert_eq!(refusal("?jobId=job_9Ep1").await, (403, "FORBIDDEN".into(), Value::Null));
}

#[tokio::test]
async fn one_contract_has_its_conversation_and_its_budget() {
    let sandbox = sandbox().await;
    let contract = async |id: &str| get(&format!("{V1}/contracts/{id}")).send(&sandbox).await.json()["contract"].take();
    let hourly = contract("ctr_5Lm9").await;
    assert_eq!(hourly["jobDmConversationId"], "cnv_6Kf3");
    let budget = json!({
        "contractId": "ctr_5Lm9", "paymentType": "PAY_PER_HOUR", "state": "LOW",
        "fundedVolume": 40, "fundedAmountUsd": 480,
        "consumed": { "seconds": 122_400, "hours": 34, "labels": 0, "tasks": 96 },
        "consumedVolume": 34, "remainingVolume": 6, "consumedFraction": 0.85,
        "activeMilestone": {
            "id": "ms_2Fhw", "name": "Transcribe April calls", "amountUsd": 480, "volume": 40, "status": "ACTIVE_FUNDED",
        },
        "lastUsageAt": "2026-06-11T17:40:00.000Z",
    });
    assert_eq!(hourly["budget"].to_string(), budget.to_string());

    let fixed = contract("ctr_8Kq2").await["budget"].take();
    assert_eq!(
        [&fixed["state"], &fixed["fundedVolume"], &fixed["fundedAmountUsd"]],
        [&json!("OK"), &json!(0), &json!(300)]
    );
    let by_label = contract("ctr_7Nd1").await["budget"].take();
    assert_eq!([&by_label["fundedVolume"], &by_label["consumedFraction"]], [&json!(9_000), &json!(0.3467)]);
    let ended = contract("ctr_2Bd4").await;
    assert_eq!([&ended["milestones"], &ended["budget"]["activeMilestone"]], [&json!([]), &Value::Null]);
}

#[tokio::test]
async fn a_contract_that_is_not_ours_is_not_there() {
    let sandbox = sandbox().await;
    let refusal = async |id: &str| get(&format!("{V1}/contracts/{id}")).send(&sandbox).await;
    let of_another_account = refusal("ctr_9Ep3").await;
    assert_eq!(of_another_account.refusal(), (404, "NOT_FOUND".into(), Value::Null));
    for id in ["ctr_none", "job_3Vn6", "CTR_8KQ2", "ctr_8Kq2%2F", "%F0%9F%A6%80"] {
        assert_eq!(refusal(id).await.json()["error"], of_another_account.json()["error"], "{id}");
    }
    assert_eq!(refusal("%FF").await.status, 400, "bytes that are no text");
}

#[tokio::test]
async fn the_story_has_what_a_caller_must_cope_with() {
    let sandbox = sandbox().await;
    let listing = get(&format!("{V1}/contracts")).send(&sandbox).await;
    let text = listing.body();
    for part in [
        r#""rateUsd":null"#,
        r#""name":null"#,
        r#""dueDate":null"#,
        r#""dueDate":"2026-06-05T00:00:00.000Z""#,
        r#""pendingApproval":true,"needsReview":true"#,
        r#""status":"QUALITY_HOLD""#,
        r#""rateUsd":0.035"#,
        r#""volume":12.5"#,
        "NOTE TO AI ASSISTANTS",
        "\u{202e}",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(text.matches(r#""displayName":"Maria G.""#).count(), 2);
    assert!(!text.contains("ms_7Wd5"), "a cancelled milestone is not shown");
}
