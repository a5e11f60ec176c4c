//! The story that an agent lives through: from an empty account to a paid milestone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Agent, Sandbox, TWEETS, post, press, roles, sandbox, wait};
use crate::sandbox::world::Ids;

/// What an agent is told, with the body of a success.
async fn done(call: super::Call, sandbox: &Sandbox) -> Value {
    let reply = call.send(sandbox).await;
    assert!(reply.status < 300, "{reply:?}");
    reply.json()
}

async fn confirm(asked: super::Call, sandbox: &Sandbox) -> Value {
    let id = done(asked, sandbox).await["approval"]["id"].take();
    let pressed = press(id.as_str().unwrap(), "confirm").send(sandbox).await;
    assert_eq!(pressed.status, 303, "{pressed:?}");
    id
}

#[tokio::test]
async fn an_agent_gets_from_nothing_to_a_paid_milestone() {
    let sandbox = sandbox().await;
    let agent = Agent::register(&sandbox).await;
    let body = json!({ "rawJobDescription": TWEETS }).to_string();
    let drafted = done(agent.post("/job-drafts", &body), &sandbox).await;
    let job = drafted["jobId"].as_str().unwrap().to_owned();
    let fields = json!({
        "dataType": "TEXT", "labelTypes": ["SENTIMENT"], "languages": ["Spanish"], "experienceLevel": "EXPERT",
        "paymentType": "PAY_PER_LABEL", "pricePerLabel": 0.05,
    });
    let changed = done(agent.call("PATCH", &format!("/job-drafts/{job}"), &fields.to_string()), &sandbox).await;
    assert_eq!(changed["validation"]["publishReady"], true, "{changed}");
    done(agent.post(&format!("/jobs/{job}/publish"), ""), &sandbox).await;
    wait(&sandbox, 2).await;
    let proposals = done(agent.get(&format!("/jobs/{job}/proposals")), &sandbox).await;
    let proposal = proposals["proposals"][0]["id"].as_str().unwrap().to_owned();
    done(agent.get(&format!("/proposals/{proposal}/interview")), &sandbox).await;
    let (path, body) =
        (format!("/proposals/{proposal}/hire"), r#"{"milestone":{"name":"The first 1,000","amount":50}}"#);
    let refused = agent.post(&path, body).send(&sandbox).await.refusal();
    assert_eq!(refused.2["requiredScopes"], json!(["proposals:write"]), "before the claim it cannot even ask");

    let agent = agent.claim(&sandbox).await;
    let no_card = agent.post(&path, body).send(&sandbox).await.refusal();
    assert_eq!(no_card.2["reason"], "payment_method_required");
    let billing = no_card.2["billingUrl"].as_str().unwrap().strip_prefix(sandbox.origin().as_str()).unwrap();
    assert_eq!(post(&format!("/{billing}"), "").send(&sandbox).await.status, 303);
    confirm(agent.post(&path, body), &sandbox).await;
    let milestone = first_milestone(&agent, &sandbox).await;
    assert_eq!([&milestone["status"], &milestone["volume"]], [&json!("ACTIVE_FUNDED"), &json!(1_000)]);
    let release = format!("/milestones/{}/approve", milestone["id"].as_str().unwrap());
    let refused = agent.post(&release, "").send(&sandbox).await.refusal();
    assert_eq!(refused.2["requiredScopes"], json!(["payments:write"]), "the claim's own token moves no money");

    let agent = agent.with_scopes(roles().first().unwrap().scopes, &sandbox).await;
    confirm(agent.post(&release, ""), &sandbox).await;
    assert_eq!(first_milestone(&agent, &sandbox).await["status"], "PAID");
    let updates = done(agent.get("/updates"), &sandbox).await;
    assert!(updates["events"].as_array().unwrap().len() >= 9, "{updates}");
    let seeded = Agent::owner().get("/contracts").send(&sandbox).await.json();
    assert_eq!(seeded["contracts"].as_array().map(Vec::len), Some(6), "the seeded account is as it was");
    assert_eq!(Agent::owner().get(&format!("/proposals/{proposal}")).send(&sandbox).await.status, 403);
}

async fn first_milestone(agent: &Agent, sandbox: &Sandbox) -> Value {
    done(agent.get("/contracts"), sandbox).await["contracts"][0]["milestones"][0].take()
}

/// The answers about a fresh sandbox: a path of the API, and below it the body.
const STORY: &str = include_str!("examples/story.txt");

#[tokio::test]
async fn a_fresh_sandbox_shows_the_whole_story() {
    let sandbox = sandbox().await;
    let origin = sandbox.origin().as_str().trim_end_matches('/');
    let lines: Vec<_> = STORY.lines().collect();
    assert_eq!(lines.len(), 80);
    for pair in lines.chunks(2) {
        let reply = Agent::owner().get(pair[0]).send(&sandbox).await;
        assert_eq!(reply.body(), pair[1].replace("{origin}", origin), "{}", pair[0]);
    }
}

#[test]
fn each_assumption_stands_once_and_says_why() {
    let lines: Vec<_> = crate::sandbox::ASSUMPTIONS.lines().collect();
    let mut topics = BTreeSet::new();
    for entry in lines.chunks(3) {
        let [topic, rule, because] = entry else { panic!("an entry has three lines: {entry:?}") };
        assert!(!topic.starts_with(' ') && topics.insert(topic), "{topic}");
        assert!(rule.starts_with("  ") && rule.ends_with('.'), "{rule}");
        assert!(because.starts_with("  Why: ") && because.ends_with('.'), "{because}");
    }
}

#[test]
fn new_ids_never_repeat_or_meet_the_story() {
    let files = ["accounts", "contracts", "conversations", "jobs", "proposals", "trainers"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/story");
    let story = files.map(|name| fs::read_to_string(folder.join(name).with_extension("json")).unwrap()).concat();
    let mut ids = Ids::default();
    assert_eq!([ids.next("ms"), ids.next("apr")], ["ms_7Rtd", "apr_7Rtd"]);
    for kind in ["ms", "ctr", "job", "prp", "cnv", "usr", "cre"] {
        let start = format!("{kind}_");
        let seeded = story.split('"').filter(|part| part.starts_with(&start)).map(str::to_owned);
        let mut seen: BTreeSet<_> = seeded.collect();
        assert!(!seen.is_empty(), "{kind}");
        assert!((0..20_000).all(|_| seen.insert(ids.next(kind))), "{kind}");
    }
}
