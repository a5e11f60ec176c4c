//! What a person sees and presses.

use super::{V1, call, get, milestone, post, sandbox};

#[tokio::test]
async fn a_person_claims_the_account_with_one_button() {
    let sandbox = sandbox().await;
    let asked = get("/claim").send(&sandbox).await;
    assert_eq!(asked.status, 200);
    assert!(asked.body().contains("SANDBOX, nothing real"));
    assert!(asked.body().contains(r#"<form method="post" action="/claim"><button>Claim account</button></form>"#));

    let body = r#"{"description":"d","amountUsd":300}"#;
    assert_eq!(milestone("ctr_8Kq2", body).send(&sandbox).await.status, 403, "looking claims nothing");
    let pressed = post("/claim", "").header("Sec-Fetch-Site: same-origin").send(&sandbox).await;
    assert_eq!((pressed.status, pressed.header("location")), (303, Some("/claim")));
    assert_eq!(milestone("ctr_8Kq2", body).send(&sandbox).await.status, 201);

    let after = get("/claim").send(&sandbox).await;
    assert!(after.body().contains("This account is yours") && !after.body().contains("<form"));
    assert_eq!(post("/claim", "").send(&sandbox).await.status, 303, "pressing twice is no fault");
}

#[tokio::test]
async fn another_site_cannot_press_the_button() {
    let sandbox = sandbox().await;
    for sent in ["Sec-Fetch-Site: cross-site", "Origin: https://evil.example", "Origin: null"] {
        let reply = post("/claim", "").header(sent).send(&sandbox).await;
        assert_eq!(reply.status, 403, "{sent}");
        assert!(reply.body().starts_with("<!DOCTYPE html>"));
    }
    assert!(get("/claim").send(&sandbox).await.body().contains("<form"));
}

#[tokio::test]
async fn the_front_page_shows_the_sandbox_and_strangers_words() {
    let sandbox = sandbox().await;
    let reply = get("/").send(&sandbox).await;
    for part in ["SANDBOX, nothing real", "Unclaimed", "ctr_3Hv7", "ms_9Lb3", "\\u{202e}", "ot_pat_sandboxowner"] {
        assert!(reply.body().contains(part), "{part}");
    }
    assert!(!reply.body().contains('\u{202e}'));
    post("/claim", "").send(&sandbox).await;
    let hostile = r#"{"name":"<script>alert(1)</script>","description":"d","amountUsd":1}"#;
    assert_eq!(milestone("ctr_8Kq2", hostile).send(&sandbox).await.status, 201);
    let reply = get("/").send(&sandbox).await;
    assert!(!reply.body().contains("<script") && reply.body().contains("&lt;script&gt;"));
    assert!(reply.body().contains("Claimed"));
}

#[tokio::test]
async fn every_answer_carries_the_same_protection_and_the_sandboxs_date() {
    let sandbox = sandbox().await;
    for request in [get("/"), get("/claim"), get("/none"), get("/sandbox"), get("/").host("evil.example")] {
        let reply = request.send(&sandbox).await;
        assert_eq!(reply.header("date"), Some("Fri, 12 Jun 2026 10:00:00 GMT"), "pages take no time");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"));
    }
    let reply = get(&format!("{V1}/contracts")).send(&sandbox).await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn what_is_no_page_is_a_page_that_says_so() {
    let sandbox = sandbox().await;
    let missing = get("/approvals/apr_none").send(&sandbox).await;
    assert_eq!(missing.status, 404);
    assert!(missing.body().contains("Not Found"));
    let wrong = call("DELETE", "/claim", "").send(&sandbox).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET,HEAD,POST")));
    let misdirected = get("/claim").host("evil.example").send(&sandbox).await;
    assert_eq!(misdirected.status, 421);
    assert!(!misdirected.body().contains("<form"));
}

#[tokio::test]
async fn open_checkouts_and_claims_wait_on_the_front_page() {
    let sandbox = sandbox().await;
    let agent = super::Agent::register(&sandbox).await;
    post("/claim", "").send(&sandbox).await;
    post(&format!("{V1}/credits/top-ups"), r#"{"amountUsd":1000}"#).send(&sandbox).await;
    let body = format!(r#"{{"claim_token":"{}","email":"person@example.org"}}"#, agent.claim_token);
    post("/api/agent/identity/claim", &body).without_token().send(&sandbox).await;
    let front = get("/").send(&sandbox).await.body().to_owned();
    for link in [
        r#"<a href="/checkout/top_7Rtd">Buy $1,000 of credits</a>"#,
        r#"<a href="/claim?token=ot_cat_sandboxclaim13_notarealsecret0013">Claim the account of <bdi>Agent</bdi></a>"#,
    ] {
        assert!(front.contains(link), "{link}: {front}");
    }
    post("/checkout/top_7Rtd", "").send(&sandbox).await;
    assert!(!get("/").send(&sandbox).await.body().contains("/checkout/"), "a paid checkout waits no more");
}

#[tokio::test]
async fn line_breaks_of_a_description_stay_on_its_page() {
    let sandbox = super::paying_sandbox().await;
    let body = r#"{"description":"Label posts.\r\nUse guideline v2.","amountUsd":1000000.5}"#;
    let made = milestone("ctr_8Kq2", body).send(&sandbox).await.json()["milestone"]["id"].take();
    let asked = super::fund(made.as_str().unwrap()).send(&sandbox).await.json()["approval"]["id"].take();
    let page = get(&format!("/approvals/{}", asked.as_str().unwrap())).send(&sandbox).await;
    assert!(page.body().contains("Label posts.\nUse guideline v2."), "{}", page.body());
    assert!(page.body().contains("$1,000,000.50 for <bdi>Maria G.</bdi>"), "{}", page.body());
}

#[tokio::test]
async fn only_a_draft_says_that_it_can_be_edited() {
    let sandbox = sandbox().await;
    let edits = async |path: &str| get(path).send(&sandbox).await.body().contains("edits the draft here");
    assert!(edits("/job-post?jobId=job_8Lx2").await && !edits("/jobs/job_8Lx2").await);
}
