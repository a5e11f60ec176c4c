//! The account's own jobs, from a draft to the end.

use serde_json::{Value, json};

use super::{
    Agent, Call, Sandbox, TWEETS, V1, call, claimed_sandbox, draft, get, names, post, publish, ready, sandbox,
};

fn change(path: &str, fields: &Value) -> Call {
    call("PATCH", &format!("{V1}{path}"), &fields.to_string())
}

fn close(job: &str) -> Call {
    post(&format!("{V1}/jobs/{job}/close"), "")
}

async fn mine(sandbox: &Sandbox, query: &str) -> Value {
    get(&format!("{V1}/jobs/mine{query}")).send(sandbox).await.json()
}

#[tokio::test]
async fn a_draft_says_what_it_lacks_and_what_to_ask() {
    let sandbox = sandbox().await;
    let body = json!({ "rawJobDescription": "Bird calls\nTell apart 40 birds in short recordings." }).to_string();
    let reply = post(&format!("{V1}/job-drafts"), &body).send(&sandbox).await;
    let drafted = reply.json();
    assert_eq!(reply.status, 201);
    let fields = [
        "ok",
        "jobId",
        "status",
        "draftUrl",
        "reviewUrl",
        "validation",
        "missingFields",
        "normalizedFields",
        "warnings",
        "unmappedFields",
        "lowConfidenceFields",
    ];
    assert_eq!(names(&drafted), fields);
    assert_eq!([&drafted["jobId"], &drafted["status"]], ["job_7Rtd", "DRAFT"]);
    assert_eq!(drafted["draftUrl"], format!("{}job-post?jobId=job_7Rtd", sandbox.origin()));
    let normalized = &drafted["normalizedFields"];
    assert_eq!(names(normalized), ["jobDescription", "jobTitle"], "nothing but the first line is read");
    assert_eq!(normalized["jobTitle"], "Bird calls");
    let validation = &drafted["validation"];
    assert_eq!(names(validation), ["publishReady", "issueCount", "missingFieldCount", "missingFields", "issues"]);
    assert_eq!([&validation["publishReady"], &validation["missingFieldCount"]], [&json!(false), &json!(5)]);
    let missing = drafted["missingFields"].as_array().unwrap();
    let asked: Vec<_> = missing.iter().map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(asked, ["dataType", "labelTypes", "languages", "experienceLevel", "paymentType"]);
    let payment = json!({
        "field": "paymentType", "label": "Payment type", "message": "Payment type is missing.",
        "code": "missing_required_field", "prompt": "Pay by the label, by the hour, or a fixed price?", "type": "enum",
        "enumValues": ["PAY_PER_LABEL", "PAY_PER_HOUR", "FIXED_PRICE"], "updateKeys": ["paymentType"],
        "example": "FIXED_PRICE", "hint": null,
    });
    assert_eq!(missing[4].to_string(), payment.to_string());
    let page = get("/job-post?jobId=job_7Rtd").send(&sandbox).await;
    assert!(page.body().contains("Missing before it can be published"), "{}", page.body());
}

#[tokio::test]
async fn a_draft_becomes_ready_and_is_published_once() {
    let sandbox = sandbox().await;
    let job = draft(&sandbox, "Bird calls\nTell apart 40 birds in short recordings.").await;
    let (status, code, details) = publish(&job).send(&sandbox).await.refusal();
    assert_eq!((status, code.as_str()), (400, "BAD_REQUEST"));
    assert_eq!(
        [&details["validation"]["publishReady"], &details["validation"]["missingFieldCount"]],
        [&json!(false), &json!(5)]
    );

    let path = format!("/job-drafts/{job}");
    let fields = json!({
        "dataType": "AUDIO", "labelTypes": ["CLASSIFICATION"], "languages": ["English"], "experienceLevel": "EXPERT",
    });
    let changed = change(&path, &fields).send(&sandbox).await;
    assert_eq!(names(&changed.json()), ["ok", "jobId", "status", "draftUrl", "validation"]);
    assert_eq!(changed.json()["validation"]["missingFieldCount"], 1);
    let changed = change(&path, &json!({ "paymentType": "PAY_PER_HOUR" })).send(&sandbox).await.json();
    assert_eq!(changed["validation"]["missingFields"][0]["field"], "pricePerHour");
    let changed = change(&path, &json!({ "pricePerHour": 15 })).send(&sandbox).await.json();
    assert_eq!(changed["validation"]["publishReady"], true);

    let published = publish(&job).send(&sandbox).await;
    let expected = json!({
        "ok": true, "jobId": job, "status": "OPEN", "alreadyPublished": false,
        "jobUrl": format!("{}jobs/{job}", sandbox.origin()), "publishAttemptId": "pub_7Rtd", "warnings": [],
        "sideEffects": { "dispatched": true, "status": "dispatched" },
    });
    assert_eq!((published.status, published.json().to_string()), (200, expected.to_string()));
    let again = publish(&job).send(&sandbox).await.json();
    assert_eq!([&again["alreadyPublished"], &again["publishAttemptId"]], [&json!(true), &Value::Null]);
    assert_eq!(get(&format!("{V1}/jobs/{job}")).without_token().send(&sandbox).await.json()["id"], job);
}

#[tokio::test]
async fn the_same_key_gives_the_same_draft() {
    let sandbox = sandbox().await;
    let create = async |body: Value| post(&format!("{V1}/job-drafts"), &body.to_string()).send(&sandbox).await;
    let body = json!({ "rawJobDescription": TWEETS, "idempotencyKey": "one" });
    let first = create(body.clone()).await;
    let again = create(body.clone()).await;
    assert_eq!([first.status, again.status], [201, 200]);
    assert_eq!(first.json(), again.json());
    assert_ne!(create(json!({ "rawJobDescription": TWEETS })).await.json()["jobId"], first.json()["jobId"]);
    let agent = Agent::register(&sandbox).await;
    assert_eq!(
        agent.post("/job-drafts", &body.to_string()).send(&sandbox).await.status,
        201,
        "keys are an account's own"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_listed_as_issues() {
    let sandbox = sandbox().await;
    let issues = async |call: Call| {
        let (status, code, details) = call.send(&sandbox).await.refusal();
        assert_eq!((status, code.as_str()), (400, "BAD_REQUEST"));
        details["issues"].as_array().unwrap().clone()
    };
    let drafts = format!("{V1}/job-drafts");
    assert_eq!(issues(post(&drafts, "{}")).await[0]["path"], json!(["rawJobDescription"]));
    let long = json!({ "rawJobDescription": "x".repeat(60_001) }).to_string();
    assert_eq!(issues(post(&drafts, &long)).await[0]["path"], json!(["rawJobDescription"]));
    let job = ready(&sandbox, TWEETS).await;
    let wrong = change(&format!("/job-drafts/{job}"), &json!({ "headcount": "two", "salary": 3 }));
    let found = issues(wrong).await;
    assert_eq!(
        [&found[0]["path"], &found[1]["code"], &found[1]["keys"]],
        [&json!(["headcount"]), &json!("unrecognized_keys"), &json!(["salary"])]
    );
    publish(&job).send(&sandbox).await;
    assert_eq!(issues(change(&format!("/jobs/{job}"), &json!({ "fixedPrice": -1 }))).await.len(), 1);
}

#[tokio::test]
async fn a_foreign_job_is_forbidden_a_missing_one_unknown() {
    let sandbox = claimed_sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let job = ready(&sandbox, TWEETS).await;
    for call in [
        agent.call("PATCH", &format!("/job-drafts/{job}"), r#"{"jobTitle":"x"}"#),
        agent.call("PATCH", &format!("/jobs/{job}"), r#"{"jobTitle":"x"}"#),
        agent.post(&format!("/jobs/{job}/publish"), ""),
        agent.post(&format!("/jobs/{job}/close"), ""),
        agent.get(&format!("/jobs/{job}/proposals")),
    ] {
        assert_eq!(call.send(&sandbox).await.status, 403);
    }
    for call in [
        publish("job_none"),
        close("job_none"),
        change("/jobs/job_none", &json!({ "jobTitle": "x" })),
        get(&format!("{V1}/jobs/job_none/proposals")),
    ] {
        assert_eq!(call.send(&sandbox).await.status, 404);
    }
    assert_eq!(agent.get("/jobs/mine").send(&sandbox).await.json(), json!({ "jobs": [], "nextCursor": null }));
}

#[tokio::test]
async fn a_day_has_so_many_publications() {
    let sandbox = sandbox().await;
    for _ in 0..3 {
        let job = ready(&sandbox, TWEETS).await;
        assert_eq!(publish(&job).send(&sandbox).await.status, 200);
    }
    let job = ready(&sandbox, TWEETS).await;
    assert_eq!(publish(&job).send(&sandbox).await.refusal(), (429, "RATE_LIMITED".into(), Value::Null));
    post("/claim", "").send(&sandbox).await;
    assert_eq!(publish(&job).send(&sandbox).await.status, 200, "a claimed account has 20");
    for _ in 0..16 {
        let job = ready(&sandbox, TWEETS).await;
        assert_eq!(publish(&job).send(&sandbox).await.status, 200);
    }
    let job = ready(&sandbox, TWEETS).await;
    assert_eq!(publish(&job).send(&sandbox).await.status, 429);
    post("/clock", "").send(&sandbox).await;
    assert_eq!(publish(&job).send(&sandbox).await.status, 200, "the next day");
}

#[tokio::test]
async fn moderation_blocks_a_publication_and_takes_down_a_changed_job() {
    let sandbox = sandbox().await;
    let bad = ready(&sandbox, &format!("{TWEETS} moderation-test")).await;
    let (status, code, details) = publish(&bad).send(&sandbox).await.refusal();
    let reasons = json!([r#"jobDescription contains "moderation-test""#]);
    assert_eq!((status, code.as_str()), (403, "FORBIDDEN"));
    assert_eq!(details, json!({ "reason": "moderation_blocked", "reasons": reasons }));

    let job = ready(&sandbox, TWEETS).await;
    publish(&job).send(&sandbox).await;
    let path = format!("/jobs/{job}");
    let allowed = change(&path, &json!({ "headcount": 2 })).send(&sandbox).await;
    let expected =
        json!({ "ok": true, "jobId": job, "status": "OPEN", "moderation": { "decision": "ALLOW", "reasons": [] } });
    assert_eq!(allowed.json().to_string(), expected.to_string());
    let (status, _, details) =
        change(&path, &json!({ "jobDescription": "a moderation-test" })).send(&sandbox).await.refusal();
    let expected = json!({ "jobId": job, "reason": "moderation_blocked", "reasons": reasons, "status": "DRAFT" });
    assert_eq!((status, details), (409, expected));
    let listed = mine(&sandbox, "?status=DRAFT").await;
    assert!(listed["jobs"].as_array().unwrap().iter().any(|listed| listed["id"] == json!(job)));
    let page = get(&format!("/jobs/{job}")).send(&sandbox).await;
    assert!(page.body().contains("a moderation-test"), "the change stays");
    assert_eq!(get(&format!("{V1}/jobs/{job}")).send(&sandbox).await.json(), json!({ "id": job, "status": "closed" }));
}

#[tokio::test]
async fn only_open_jobs_and_drafts_can_be_changed() {
    let sandbox = sandbox().await;
    let job = ready(&sandbox, TWEETS).await;
    let refused = change(&format!("/jobs/{job}"), &json!({ "headcount": 2 })).send(&sandbox).await.refusal();
    let details = json!({ "jobId": job, "status": "DRAFT", "requiredStatus": "OPEN" });
    assert_eq!(refused, (409, "CONFLICT".into(), details));
    publish(&job).send(&sandbox).await;
    let refused = change(&format!("/job-drafts/{job}"), &json!({ "headcount": 2 })).send(&sandbox).await.refusal();
    assert_eq!(refused.2, json!({ "jobId": job, "status": "OPEN", "requiredStatus": "DRAFT" }));
    let lacking = change(&format!("/jobs/{job}"), &json!({ "languages": null })).send(&sandbox).await.refusal();
    assert_eq!((lacking.0, &lacking.2["validation"]["missingFieldCount"]), (400, &json!(1)));
    close(&job).send(&sandbox).await;
    assert_eq!(publish(&job).send(&sandbox).await.status, 409, "it cannot be opened again");
}

#[tokio::test]
async fn closing_ends_applications_and_not_contracts() {
    let sandbox = sandbox().await;
    let closed = close("job_3Vn6").send(&sandbox).await;
    let expected = json!({ "ok": true, "jobId": "job_3Vn6", "status": "ARCHIVED", "alreadyClosed": false });
    assert_eq!((closed.status, closed.json().to_string()), (200, expected.to_string()));
    assert_eq!(close("job_3Vn6").send(&sandbox).await.json()["alreadyClosed"], true);
    let contract = get(&format!("{V1}/contracts/ctr_8Kq2")).send(&sandbox).await.json();
    assert_eq!(contract["contract"]["status"], "active");
}

#[tokio::test]
async fn own_jobs_are_listed_by_status_and_by_pages() {
    let sandbox = sandbox().await;
    let all = mine(&sandbox, "").await;
    let ids = |listing: &Value| -> Vec<String> {
        listing["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    let newest_first = ["job_2Mq7", "job_8Lx2", "job_3Vn6", "job_7Yb4", "job_6Tc1", "job_1Gw8", "job_5Rk0"];
    assert_eq!((ids(&all), &all["nextCursor"]), (newest_first.map(str::to_owned).into(), &Value::Null));
    let open = json!({
        "id": "job_8Lx2", "title": "Support chats: intent labels", "status": "OPEN", "published": true,
        "acceptingApplicants": true, "createdAt": "2026-06-11T08:00:00.000Z", "updatedAt": "2026-06-11T08:00:00.000Z",
        "jobUrl": format!("{}jobs/job_8Lx2", sandbox.origin()), "proposalCounts": { "total": 4, "unreviewed": 2 },
    });
    assert_eq!(all["jobs"][1].to_string(), open.to_string());
    for (status, count) in
        [("DRAFT", 1), ("OPEN", 1), ("ONGOING", 4), ("COMPLETED", 1), ("ARCHIVED", 0), ("PENDING_APPROVAL", 0)]
    {
        assert_eq!(ids(&mine(&sandbox, &format!("?status={status}")).await).len(), count, "{status}");
    }
    let first = mine(&sandbox, "?limit=3").await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = mine(&sandbox, &format!("?limit=100&cursor={cursor}")).await;
    assert_eq!([ids(&first), ids(&rest)].concat(), newest_first);

    let refusal = async |query: &str| get(&format!("{V1}/jobs/mine{query}")).send(&sandbox).await.refusal();
    let statuses = json!(["DRAFT", "OPEN", "ONGOING", "COMPLETED", "ARCHIVED", "PENDING_APPROVAL"]);
    assert_eq!(refusal("?status=LIVE").await, (400, "BAD_REQUEST".into(), json!({ "supportedStatuses": statuses })));
    for query in ["?limit=0", "?limit=101", "?limit=-1"] {
        assert_eq!(refusal(query).await.2, json!({ "field": "limit" }), "{query}");
    }
    assert_eq!(refusal("?cursor=x").await.2, json!({ "field": "cursor" }));
}
