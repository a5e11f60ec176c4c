//! Drafts are read back as far as OpenTrain tells them, and names that it does not know are refused.

use serde_json::{Value, json};

use crate::harness::{Reply, Upstream, free_port, launch};

/// An account with a draft, where the market lists these countries.
async fn drafting(countries: &'static [&'static str]) -> Upstream {
    Upstream::answering(move |request, _| {
        let counts: Vec<Value> = countries.iter().map(|value| json!({ "value": value, "count": 1 })).collect();
        match (request.method.as_str(), request.path()) {
            ("GET", "/api/public/v1/jobs/facets") => {
                Reply::json(200, &json!({ "totalJobs": 3, "countries": counts, "languages": [] }))
            }
            ("GET", _) => Reply::json(
                200,
                &json!({ "capabilities": {}, "draft": { "enums": { "labelTypes": ["SENTIMENT", "BOUNDING_BOX"] } } }),
            ),
            _ => Reply::json(
                200,
                &json!({
                    "ok": true, "jobId": "job_1", "status": "DRAFT",
                    "validation": { "publishReady": false, "missingFields": [{ "field": "languages" }], "issues": [] }
                }),
            ),
        }
    })
    .await
}

fn change(fields: Value) -> Value {
    json!({ "jobId": "job_1", "fields": fields })
}

#[tokio::test]
async fn unknown_names_are_refused_with_the_nearest() {
    for (fields, parts) in [
        (json!({ "countries": ["Spain", "LATAM"] }), ["LATAM is no country", "one by one"]),
        (json!({ "countries": ["Mexcio"] }), ["Mexcio is no country", "Mexico was probably meant"]),
        (json!({ "languages": ["Spansh"] }), ["Spansh is no language", "Spanish was probably meant"]),
        (json!({ "experienceLevel": "EXPRT" }), ["experienceLevel has no value", "EXPERT was probably meant"]),
        (json!({ "labelTypes": ["BOUNDING_BOXES"] }), ["labelTypes has no value", "BOUNDING_BOX was probably meant"]),
    ] {
        for tool in ["update_job_draft", "update_job"] {
            let upstream = drafting(&["Germany"]).await;
            let host = launch().at(&upstream).start().await;
            let refused = host.failed(tool, change(fields.clone())).await;
            refused.says(&parts).says(&["Nothing was sent"]);
            assert_eq!(upstream.writes(), 0, "{fields}");
        }
    }
}

#[tokio::test]
async fn documented_and_listed_names_are_sent() {
    let upstream = drafting(&["Latin America"]).await;
    let host = launch().at(&upstream).start().await;
    let fields =
        json!({ "countries": ["MX", "Spain"], "experienceLevel": "EXPERT", "languages": ["Spanish (Mexico)"] });
    host.done("update_job_draft", change(fields)).await;
    assert_eq!(upstream.requests().len(), 1, "documented names need no look");
    host.done("update_job_draft", change(json!({ "countries": ["Latin America"] }))).await;
    assert_eq!(upstream.writes(), 2);
}

#[tokio::test]
async fn the_answer_says_what_it_does_not_know() {
    let upstream = drafting(&[]).await;
    let host = launch().at(&upstream).start().await;
    let answer = host.done("update_job_draft", change(json!({ "languages": ["Spanish"], "headcount": 2 }))).await;
    answer.says(&["Sent: languages [Spanish], headcount 2.", "does not repeat", "Sent, and still missing: languages."]);
}

#[tokio::test]
async fn a_new_draft_is_read_back() {
    let host = launch().sandbox(free_port()).start().await;
    let draft = json!({ "jobDescription": "Chat intents\nLabel 2,000 chats." });
    host.done("create_job_draft", draft).await.says(&["Stored: ", "jobTitle «Chat intents»"]);
}
