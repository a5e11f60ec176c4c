//! The public marketplace: no token, no account.

use serde_json::{Value, json};

use super::{Call, Sandbox, TWEETS, V1, get, names, post, publish, ready, sandbox};

fn public(path: &str) -> Call {
    get(&format!("{V1}/jobs{path}")).without_token()
}

async fn ids(sandbox: &Sandbox, query: &str) -> Vec<String> {
    let found = public(query).send(sandbox).await.json();
    found["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_market_is_searched_without_a_token() {
    let sandbox = sandbox().await;
    let newest_first = ["job_4Ab6", "job_8Lx2", "job_1Pn5", "job_7Sd0", "job_3Ht9", "job_5Wm2", "job_0Kc8"];
    assert_eq!(ids(&sandbox, "").await, newest_first);
    for (query, found) in [
        ("?q=chat", &["job_8Lx2", "job_5Wm2"][..]),
        ("?q=SPANISH%20questions", &["job_7Sd0"]),
        ("?q=nothing%20like%20it", &[]),
        ("?payType=PAY_PER_LABEL", &["job_7Sd0", "job_0Kc8"]),
        ("?language=german", &["job_0Kc8"]),
        ("?country=Mexico&payType=PAY_PER_LABEL", &["job_7Sd0"]),
        ("?country=Peru", &["job_8Lx2", "job_1Pn5", "job_3Ht9"]),
    ] {
        assert_eq!(ids(&sandbox, query).await, found, "{query}");
    }
    let first = public("?limit=4").send(&sandbox).await.json();
    assert_eq!(names(&first), ["jobs", "nextCursor", "generatedAt"]);
    let rest = ids(&sandbox, &format!("?cursor={}", first["nextCursor"].as_str().unwrap())).await;
    assert_eq!(rest, newest_first[4..]);
    for (query, field) in
        [("?limit=0", "limit"), ("?limit=101", "limit"), ("?payType=PER_HOUR", "payType"), ("?cursor=x", "cursor")]
    {
        let refused = public(query).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": field })), "{query}");
    }
}

#[tokio::test]
async fn one_job_is_bare_and_a_closed_one_says_so() {
    let sandbox = sandbox().await;
    let job = public("/job_8Lx2").send(&sandbox).await.json();
    let fields = [
        "id",
        "slug",
        "title",
        "companyName",
        "descriptionText",
        "descriptionHtml",
        "seoTitle",
        "summary",
        "status",
        "datePosted",
        "validThrough",
        "updatedAt",
        "employmentTypes",
        "countries",
        "languages",
        "category",
        "dataType",
        "labelTypes",
        "labelingSoftware",
        "experienceLevel",
        "skills",
        "pay",
        "url",
        "applyUrl",
    ];
    assert_eq!(names(&job), fields);
    let pay = ["paymentType", "currency", "hourlyRate", "hourlyMin", "hourlyMax", "fixedPrice", "perLabelRate"];
    assert_eq!(names(&job["pay"]), pay);
    assert_eq!([&job["pay"]["hourlyRate"], &job["pay"]["fixedPrice"]], [&json!(14), &Value::Null]);
    for id in ["job_6Zr3", "job_9Ep1", "job_3Vn6"] {
        let closed = public(&format!("/{id}")).send(&sandbox).await;
        assert_eq!((closed.status, closed.body()), (404, format!(r#"{{"id":"{id}","status":"closed"}}"#).as_str()));
    }
    for id in ["job_none", "job_2Mq7"] {
        assert_eq!(
            public(&format!("/{id}")).send(&sandbox).await.refusal(),
            (404, "NOT_FOUND".into(), Value::Null),
            "{id}"
        );
    }
    assert_eq!(public(&format!("/{}", "x".repeat(64))).send(&sandbox).await.status, 404);
    assert_eq!(public(&format!("/{}", "x".repeat(65))).send(&sandbox).await.status, 400);
}

#[tokio::test]
async fn facets_count_what_is_open() {
    let sandbox = sandbox().await;
    let facets = public("/facets").send(&sandbox).await.json();
    assert_eq!(names(&facets), ["totalJobs", "categories", "languages", "countries", "payTypes", "generatedAt"]);
    assert_eq!(facets["totalJobs"], 7);
    assert_eq!(facets["languages"][0], json!({ "value": "English", "count": 4 }));
    let pay = json!([
        { "value": "PAY_PER_HOUR", "count": 4 }, { "value": "PAY_PER_LABEL", "count": 2 },
        { "value": "FIXED_PRICE", "count": 1 },
    ]);
    assert_eq!(facets["payTypes"], pay);
}

#[tokio::test]
async fn changes_follow_what_becomes_of_jobs() {
    let sandbox = sandbox().await;
    let since = async |since: &str| public(&format!("/changes?since={since}")).send(&sandbox).await;
    let before = since("2026-06-12T00:00:00Z").await.json();
    assert_eq!(names(&before), ["since", "until", "changes", "generatedAt"]);
    let closed = json!({ "jobId": "job_6Zr3", "eventType": "CLOSED", "occurredAt": "2026-06-12T08:00:00.000Z" });
    assert_eq!(before["changes"], json!([closed]));

    let job = ready(&sandbox, TWEETS).await;
    publish(&job).send(&sandbox).await;
    post(&format!("{V1}/jobs/{job}/close"), "").send(&sandbox).await;
    let after = since(before["until"].as_str().unwrap()).await.json();
    let types: Vec<_> = after["changes"].as_array().unwrap().iter().map(|change| &change["eventType"]).collect();
    assert_eq!(types, ["PUBLISHED", "CLOSED"]);
    for wrong in ["", "?since=yesterday", "?since="] {
        let refused = public(&format!("/changes{wrong}")).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": "since" })), "{wrong}");
    }
}
