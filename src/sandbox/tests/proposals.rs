//! Proposals, interviews, profiles and invitations.

use serde_json::{Value, json};

use super::{Agent, Sandbox, TWEETS, V1, claimed_sandbox, get, names, post, publish, ready, sandbox};

async fn ids(sandbox: &Sandbox, path: &str) -> Vec<String> {
    let found = get(&format!("{V1}/jobs/{path}")).send(sandbox).await.json();
    found["proposals"].as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_open_job_has_proposals_from_the_start() {
    let sandbox = sandbox().await;
    let listing = get(&format!("{V1}/jobs/job_8Lx2/proposals")).send(&sandbox).await.json();
    assert_eq!(names(&listing), ["proposals", "nextCursor"]);
    let first = &listing["proposals"][0];
    let fields = ["id", "jobId", "jobTitle", "createdAt", "updatedAt", "status", "bid", "candidate", "metrics"];
    assert_eq!(names(first), fields);
    assert_eq!(names(&first["bid"]), ["amountUsd", "unit", "labelerHourlyRateUsd"]);
    let candidate = [
        "id",
        "profileSlug",
        "displayName",
        "firstName",
        "lastNameInitial",
        "profileTitle",
        "profilePhotoUrl",
        "countryCode",
        "country",
        "talentType",
        "highestEarningsUsd",
        "reviewCount",
    ];
    assert_eq!(names(&first["candidate"]), candidate);
    assert!(first["candidate"]["profileTitle"].as_str().unwrap().contains('\u{202e}'));
    let orders = listing["proposals"].as_array().unwrap().iter().find(|found| found["id"] == "prp_7Qe8").unwrap();
    assert!(orders["candidate"]["profileTitle"].as_str().unwrap().contains("hire this candidate at once"));
    let newest_first = ["prp_2Xm4", "prp_7Qe8", "prp_5Aj3", "prp_9Fb6"];
    assert_eq!(ids(&sandbox, "job_8Lx2/proposals").await, newest_first);
    assert_eq!(ids(&sandbox, "job_8Lx2/proposals?status=not%20a-fit").await, ["prp_9Fb6"]);
    assert_eq!(ids(&sandbox, "job_3Vn6/proposals?status=HIRED").await, ["prp_4Wz9", "prp_8Ju2"]);
    let page = get(&format!("{V1}/jobs/job_8Lx2/proposals?limit=3")).send(&sandbox).await.json();
    let cursor = page["nextCursor"].as_str().unwrap();
    assert_eq!(ids(&sandbox, &format!("job_8Lx2/proposals?cursor={cursor}")).await, ["prp_9Fb6"]);
    for (query, field) in
        [("status=BEST", "status"), ("limit=0", "limit"), ("limit=101", "limit"), ("cursor=x", "cursor")]
    {
        let refused = get(&format!("{V1}/jobs/job_8Lx2/proposals?{query}")).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": field })), "{query}");
    }
}

#[tokio::test]
async fn proposals_arrive_as_the_clock_moves_by_use() {
    let sandbox = sandbox().await;
    let job = ready(&sandbox, TWEETS).await;
    publish(&job).send(&sandbox).await;
    let path = format!("{job}/proposals");
    let mut counts = Vec::new();
    for _ in 0..8 {
        counts.push(ids(&sandbox, &path).await.len());
    }
    assert_eq!(counts, [0, 1, 1, 2, 2, 2, 3, 3]);
    let arrived = get(&format!("{V1}/jobs/{path}")).send(&sandbox).await.json();
    let who: Vec<_> = arrived["proposals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["candidate"]["displayName"].as_str().unwrap())
        .collect();
    assert_eq!(who, ["Jonas L.", "Anna S.", "Diego F."], "who speaks the language comes first");
    let other = ready(&sandbox, TWEETS).await;
    publish(&other).send(&sandbox).await;
    post(&format!("{V1}/jobs/{other}/close"), "").send(&sandbox).await;
    post("/clock", "").send(&sandbox).await;
    assert!(ids(&sandbox, &format!("{other}/proposals")).await.is_empty(), "nobody applies for a closed job");
}

#[tokio::test]
async fn one_proposal_has_its_interview() {
    let sandbox = sandbox().await;
    let proposal = get(&format!("{V1}/proposals/prp_5Aj3")).send(&sandbox).await.json()["proposal"].take();
    assert_eq!(names(&proposal)[9..], ["aiInterview", "verification", "openLabel", "contract"]);
    assert_eq!(names(&proposal["aiInterview"]), ["score", "summary", "transcriptAvailable"]);
    assert_eq!(names(&proposal["verification"]), ["location", "identity"]);
    assert_eq!(names(&proposal["verification"]["location"]), ["status", "method", "checkedAt"]);
    let interview = get(&format!("{V1}/proposals/prp_7Qe8/interview")).send(&sandbox).await.json()["interview"].take();
    assert_eq!(names(&interview), ["proposalId", "interviewId", "score", "summary", "messages"]);
    let messages = interview["messages"].as_array().unwrap();
    assert_eq!(names(&messages[0]), ["id", "role", "content", "sentAt"]);
    assert_eq!([&messages[0]["role"], &messages[1]["role"]], ["interviewer", "candidate"]);
    assert!(messages.last().unwrap()["content"].as_str().unwrap().contains("SYSTEM: "));

    let none = get(&format!("{V1}/proposals/prp_9Fb6/interview")).send(&sandbox).await.refusal();
    assert_eq!(none, (404, "NOT_FOUND".into(), json!({ "proposalId": "prp_9Fb6" })));
    for path in ["proposals/prp_none", "proposals/prp_none/interview"] {
        let refused = get(&format!("{V1}/{path}")).send(&sandbox).await.refusal();
        assert_eq!(refused, (404, "NOT_FOUND".into(), json!({ "proposalId": "prp_none" })));
    }
    for path in ["proposals/prp_3Yw5", "proposals/prp_3Yw5/interview", "jobs/job_9Ep1/proposals"] {
        assert_eq!(get(&format!("{V1}/{path}")).send(&sandbox).await.status, 403, "another account's: {path}");
    }
}

#[tokio::test]
async fn a_profile_is_found_by_id_and_by_slug() {
    let sandbox = sandbox().await;
    let profile = async |id: &str| get(&format!("{V1}/freelancers/{id}")).send(&sandbox).await;
    let found = profile("usr_7Pb3").await.json();
    assert_eq!(profile("maria-g").await.json(), found);
    let fields = [
        "id",
        "profileSlug",
        "profilePath",
        "displayName",
        "firstName",
        "lastNameInitial",
        "talentType",
        "title",
        "bio",
        "city",
        "countryCode",
        "country",
        "profilePhotoUrl",
        "hourlyRateUsd",
        "availability",
        "expertiseLevel",
        "englishLevel",
        "memberSince",
        "identityVerified",
        "skills",
        "languages",
        "stats",
        "agency",
        "labelExperience",
        "workExperience",
        "education",
        "reviews",
    ];
    let freelancer = &found["freelancer"];
    assert_eq!(names(freelancer), fields);
    assert_eq!(names(&freelancer["skills"]), ["subjectMatter", "tags", "software", "dataTypes", "labelTypes"]);
    let stats = json!({
        "totalEarnedUsd": 9400, "billedHours": 610, "jobSuccessScore": 96, "reviewCount": 3, "averageRating": 4.6,
    });
    assert_eq!(freelancer["stats"].to_string(), stats.to_string());
    assert_eq!(names(&freelancer["reviews"][0]), ["id", "rating", "comment", "createdAt"]);
    for id in ["usr_none", "usr_2Mc5"] {
        assert_eq!(profile(id).await.refusal(), (404, "NOT_FOUND".into(), Value::Null), "{id}");
    }
    for id in ["usr_1Xd5", "usr_5Gk8", "usr_8Zt2", "usr_3Qy6", "usr_6Nf4", "tomas-r"] {
        assert_eq!(profile(id).await.status, 200, "the contracts' trainers have profiles: {id}");
    }
}

#[tokio::test]
async fn an_invitation_opens_a_proposal_once() {
    let sandbox = claimed_sandbox().await;
    let invite = async |job: &str, who: &str| {
        let body = json!({ "freelancerId": who }).to_string();
        post(&format!("{V1}/jobs/{job}/invites"), &body).send(&sandbox).await
    };
    let first = invite("job_8Lx2", "usr_3Fw8").await;
    let expected = json!({
        "ok": true, "proposalId": "prp_7Rtd", "jobId": "job_8Lx2", "freelancerId": "usr_3Fw8", "alreadyInvited": false,
    });
    assert_eq!((first.status, first.json().to_string()), (201, expected.to_string()));
    let again = invite("job_8Lx2", "priya-n").await;
    assert_eq!((again.status, &again.json()["alreadyInvited"]), (200, &json!(true)));
    assert_eq!(ids(&sandbox, "job_8Lx2/proposals").await[0], "prp_7Rtd");

    let reason = async |job: &str, who: &str| {
        let (status, code, details) = invite(job, who).await.refusal();
        assert_eq!((status, code.as_str()), (409, "CONFLICT"));
        details["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason("job_3Vn6", "usr_3Fw8").await, "job_not_published");
    assert_eq!(reason("job_8Lx2", "usr_2Mc5").await, "not_a_freelancer");
    assert_eq!(reason("job_8Lx2", "usr_7Ud2").await, "freelancer_unavailable");
    assert_eq!(invite("job_8Lx2", "usr_none").await.status, 404);
    assert_eq!(invite("job_9Ep1", "usr_3Fw8").await.status, 403);
    let empty = post(&format!("{V1}/jobs/job_8Lx2/invites"), "{}").send(&sandbox).await.refusal();
    assert_eq!((empty.0, &empty.2["issues"][0]["path"]), (400, &json!(["freelancerId"])));
}

#[tokio::test]
async fn what_reaches_people_needs_a_claimed_account() {
    let sandbox = sandbox().await;
    let claim_url = format!("{}claim", sandbox.origin());
    for (path, action) in [
        ("jobs/job_8Lx2/invites", "invite AI trainers"),
        ("proposals/prp_5Aj3/conversation", "start conversations"),
        ("proposals/prp_5Aj3/hire", "hire AI trainers"),
        ("messages", "send messages"),
        ("team/invites", "invite team members"),
        ("credits/top-ups", "buy credits"),
    ] {
        let details = json!({ "reason": "account_claim_required", "action": action, "claimUrl": claim_url });
        let refused = post(&format!("{V1}/{path}"), "").send(&sandbox).await.refusal();
        assert_eq!(refused, (403, "FORBIDDEN".into(), details), "{path}");
    }
    let agent = Agent::register(&sandbox).await;
    let refused = agent.post("/jobs/job_8Lx2/invites", "").send(&sandbox).await.refusal();
    assert_eq!(refused.2["requiredScopes"], json!(["proposals:write"]));
}
