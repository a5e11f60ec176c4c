//! Decisions and refusals on record, the record compared with OpenTrain, and what is brought before a person.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::approvals::maria;
use crate::harness::launch::Launch;
use crate::harness::{Api, Host, PATIENCE, Ran, Reply, Upstream, launch, record, recorded};

/// An account whose clock is the machine's, and a folder with a record.
struct Desk {
    api: Api,
    _folder: TempDir,
    log: PathBuf,
}

impl Desk {
    async fn new() -> Self {
        let api = Api::of([maria()]).await;
        api.world().clock = None;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit.jsonl");
        Self { api, _folder: folder, log }
    }

    fn server(&self) -> Launch {
        launch().at(&self.api.upstream).args(["--audit-log", self.log.to_str().unwrap()])
    }

    async fn runs(&self, args: &[&str]) -> Ran {
        self.server().args(args.iter().copied()).run().await
    }

    fn lines(&self, phase: &str) -> Vec<Value> {
        record(&self.log).into_iter().filter(|line| line["phase"] == phase).collect()
    }
}

fn terms(description: &str, amount: u32) -> Value {
    json!({ "contractId": "ctr_8Kq2", "description": description, "amountUsd": amount })
}

async fn asks(host: &Host, milestone: &str) -> String {
    let answer = host.done("request_milestone_funding", json!({ "milestoneId": milestone })).await;
    answer.structured()["approval"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_decision_is_recorded_once_when_it_becomes_known() {
    for decision in ["confirmed", "declined", "expired"] {
        let desk = Desk::new().await;
        let host = desk.server().start().await;
        let approval = asks(&host, "ms_7Rtd").await;
        host.done("get_approval", json!({ "approvalId": approval })).await;
        assert!(desk.lines("decided").is_empty(), "nobody has decided");
        desk.api.world().decide(&approval, decision);
        for tool in ["get_approval", "wait_for_approval", "get_approval"] {
            host.done(tool, json!({ "approvalId": approval })).await;
        }
        let decided = desk.lines("decided");
        assert_eq!(decided.len(), 1, "{decided:#?}");
        let known = if decision == "expired" { "replaced" } else { decision };
        for (key, value) in [("decision", known), ("approvalId", &approval), ("milestoneId", "ms_7Rtd")] {
            assert_eq!(decided[0][key], value, "{}", decided[0]);
        }
        assert!(decided[0]["amountUsd"].is_null() && decided[0]["outcome"].is_null(), "{}", decided[0]);
        let ids: Vec<Value> = record(&desk.log).iter().map(|line| line["id"].clone()).collect();
        assert_eq!(ids.iter().filter(|id| **id == decided[0]["id"]).count(), 1, "its id is its own");
    }
}

#[tokio::test]
async fn an_overview_and_the_events_record_decisions_too() {
    for (tool, decision) in [("get_overview", "declined"), ("get_overview", "expired"), ("poll_updates", "confirmed")] {
        let desk = Desk::new().await;
        let host = desk.server().start().await;
        let approval = asks(&host, "ms_7Rtd").await;
        host.done(tool, json!({})).await;
        assert!(desk.lines("decided").is_empty(), "{tool}: nobody has decided");
        desk.api.world().decide(&approval, decision);
        for _ in 0..2 {
            host.done(tool, json!({})).await;
        }
        let known = if decision == "expired" { "replaced" } else { decision };
        let decided: Vec<Value> = desk.lines("decided").iter().map(|line| line["decision"].clone()).collect();
        assert_eq!(decided, [known], "{tool}");
    }
}

#[tokio::test]
async fn without_a_record_nobody_claims_to_know_what_is_open() {
    let desk = Desk::new().await;
    let host = launch().at(&desk.api.upstream).args(["--no-record"]).start().await;
    asks(&host, "ms_7Rtd").await;
    let overview = host.done("get_overview", json!({})).await;
    overview.says(&["Waiting for the user: 0 known", "Which approvals are open is not known", "--no-record"]);
    let ran = launch().at(&desk.api.upstream).args(["--no-record", "approvals"]).run().await;
    assert!(ran.status == Some(2) && ran.stderr.contains("not known which approvals are open"), "{ran:?}");
}

#[tokio::test]
async fn a_decision_on_a_foreign_approval_is_not_recorded() {
    let desk = Desk::new().await;
    let other = desk.api.upstream.origin.clone();
    let stranger = launch().at(&desk.api.upstream).args(["--no-record"]).start().await;
    let approval = asks(&stranger, "ms_7Rtd").await;
    desk.api.world().decide(&approval, "confirmed");
    let host = desk.server().start().await;
    host.done("get_approval", json!({ "approvalId": approval })).await;
    assert!(record(&desk.log).is_empty(), "{other}: this server asked for nothing");
}

#[tokio::test]
async fn a_refusal_by_the_rules_is_recorded_and_commits_nothing() {
    let desk = Desk::new().await;
    let host = desk.server().args(["--max-day-usd", "500", "--max-milestone-usd", "450"]).start().await;
    host.failed("create_milestone", terms("Too much", 460)).await;
    host.done("create_milestone", terms("Fits", 440)).await;
    host.failed("create_milestone", terms("Over the day", 100)).await;
    let refused = desk.lines("refused");
    let reasons: Vec<&str> = refused.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["over_limit", "over_limit"], "{refused:#?}");
    assert_eq!(refused[0]["arguments"]["description"], "Too much");
    assert_eq!((desk.lines("before").len(), desk.lines("after").len()), (1, 1));
    let frozen = desk.server().args(["--read-only"]).start().await;
    frozen.failed("create_milestone", terms("Not at all", 10)).await;
    assert_eq!(desk.lines("refused")[2]["reason"], "read_only");
}

#[tokio::test]
async fn audit_prints_days_decisions_and_refusals() {
    let desk = Desk::new().await;
    let host = desk.server().args(["--max-milestone-usd", "450"]).start().await;
    host.done("create_milestone", terms("Fits", 100)).await;
    let approval = asks(&host, "ms_7Rtd").await;
    desk.api.world().decide(&approval, "declined");
    host.done("get_approval", json!({ "approvalId": approval })).await;
    host.failed("create_milestone", terms("Too much", 460)).await;
    let ran = desk.runs(&["audit"]).await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for part in [
        "Real: http://127.0.0.1",
        "2 writes, $400 committed before fees",
        "a person's decision became known: declined",
        "REFUSED by the operator's rule over_limit",
        "for «Maria G.»",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let second = ran.stdout.lines().find(|line| line.contains("create_milestone · created")).unwrap();
    let time: jiff::civil::DateTime = second.get(..19).unwrap().parse().unwrap();
    assert!(second.get(19..23) == Some(" UTC") && time.year() >= 2026, "to the second: {second}");
}

#[tokio::test]
async fn a_real_write_comes_before_a_rehearsed_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("mixed.jsonl");
    let line = |id: &str, sandbox: bool| {
        json!({
            "v": 1, "at": "2026-06-12T10:00:01Z", "id": id, "phase": "after", "tool": format!("tool_{id}"),
            "arguments": {}, "base": "https://app.opentrain.ai", "principal": "c3f9", "sandbox": sandbox, "outcome": "done"
        })
    };
    std::fs::write(&log, format!("{}\n{}\n", line("rehearsed", true), line("meant", false))).unwrap();
    let ran = launch().args(["audit", log.to_str().unwrap()]).run().await;
    let place = |what: &str| ran.stdout.find(what).unwrap_or_else(|| panic!("{what}: {ran:?}"));
    assert!(place("Real: ") < place("tool_meant") && place("tool_meant") < place("Sandbox, nothing real: "), "{ran:?}");
}

#[tokio::test]
async fn two_agents_at_once_leave_nothing_over() {
    let desk = Desk::new().await;
    let (one, other) = tokio::join!(desk.server().named("one").start(), desk.server().named("other").start());
    let work = async |host: &Host, name: &str| {
        for place in 0..3 {
            let made = host.done("create_milestone", terms(&format!("{name} {place}"), 50 + place)).await;
            let milestone = made.structured()["milestone"]["id"].as_str().unwrap().to_owned();
            let approval = asks(host, &milestone).await;
            let decision = if place == 1 { "declined" } else { "confirmed" };
            desk.api.world().decide(&approval, decision);
        }
    };
    tokio::join!(work(&one, "One"), work(&other, "Other"));
    let ran = desk.runs(&["reconcile", "--json"]).await;
    let report = ran.json();
    assert_eq!((ran.status, &report["fits"]), (Some(0), &json!(true)), "{}", report["differences"]);
    let mut clients: Vec<&str> =
        report["trails"].as_array().unwrap().iter().filter_map(|trail| trail["askedBy"].as_str()).collect();
    clients.sort_unstable();
    assert_eq!(clients, ["one 1", "one 1", "one 1", "other 1", "other 1", "other 1"]);
    let decisions: usize =
        report["trails"].as_array().unwrap().iter().filter(|trail| trail["funding"]["decision"] == "confirmed").count();
    assert_eq!(decisions, 4, "each decision was found: {report:#}");
    assert_eq!(desk.lines("decided").len(), 6, "and is on record now");
}

#[tokio::test]
async fn a_decision_is_found_later_by_another_program() {
    let desk = Desk::new().await;
    let host = desk.server().start().await;
    let approval = asks(&host, "ms_7Rtd").await;
    host.kill().await;
    let ran = desk.runs(&["approvals"]).await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let url = format!("{}/approvals/{approval}", desk.api.upstream.origin);
    for part in ["1 request waits for a person", &url, "$300", "«Maria G.»"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let listed = desk.runs(&["approvals", "--json"]).await.json();
    assert_eq!(listed["open"][0]["approvalUrl"], url.as_str(), "{listed}");
    desk.api.world().decide(&approval, "confirmed");
    let ran = desk.runs(&["approvals"]).await;
    assert!(ran.status == Some(0) && ran.stdout.contains("Nothing on record waits"), "{ran:?}");
    assert_eq!(desk.lines("decided")[0]["decision"], "confirmed");
}

#[tokio::test]
async fn reconcile_names_what_does_not_fit_in_each_form() {
    let desk = Desk::new().await;
    let host = desk.server().start().await;
    host.done("create_milestone", terms("Batch", 100)).await;
    let clean = desk.runs(&["reconcile"]).await;
    assert!(clean.status == Some(0) && clean.stdout.starts_with("Everything fits. 3 milestones: "), "{clean:?}");
    let made = desk.api.milestones()[2]["id"].as_str().unwrap().to_owned();
    {
        let mut world = desk.api.world();
        let listed = world.contracts[0]["milestones"].as_array_mut().unwrap();
        listed[2]["amountUsd"] = json!(1_000);
        let mut foreign = listed[2].clone();
        foreign["id"] = json!("ms_foreign");
        listed.push(foreign);
    }
    let ran = desk.runs(&["reconcile"]).await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    for part in
        ["2 THINGS DO NOT FIT", "Amounts differ", "$100, and OpenTrain has $1,000", &made, "ms_foreign", "To do: "]
    {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let csv = desk.runs(&["reconcile", "--csv"]).await;
    assert!(csv.status == Some(1) && csv.stdout.lines().count() == 5, "{csv:?}");
    let page = desk.log.with_extension("html");
    let ran = desk.runs(&["reconcile", "--html", page.to_str().unwrap()]).await;
    assert!(ran.status == Some(1) && ran.stdout.starts_with("2 THINGS DO NOT FIT"), "{ran:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("ms_foreign") && page.contains("class=\"bar\"") && page.contains("@media print"), "{page}");
    let later = desk.runs(&["reconcile", "--since", "2100-01-01"]).await;
    assert_eq!(later.status, Some(0), "nothing happened since: {later:?}");
    let wrong = desk.runs(&["reconcile", "--since", "yesterday"]).await;
    assert!(wrong.status == Some(2) && wrong.stderr.contains("2026-06-01"), "{wrong:?}");
}

#[tokio::test]
async fn reconcile_that_cannot_read_says_so() {
    let desk = Desk::new().await;
    let upstream = Upstream::scripted([Reply::refusal(401, "UNAUTHORIZED", &Value::Null)]).await;
    let server = launch().at(&upstream).args(["--audit-log", desk.log.to_str().unwrap(), "reconcile"]);
    let ran = server.run().await;
    assert!(ran.status == Some(2) && ran.stderr.contains("the contracts could not be read"), "{ran:?}");
    let ran = launch().at(&upstream).args(["--no-record", "reconcile"]).run().await;
    assert!(ran.status == Some(2) && ran.stderr.contains("no writes are recorded"), "{ran:?}");
}

fn notices(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_step_is_told_once_to_the_operators_command() {
    let desk = Desk::new().await;
    let told = desk.log.with_extension("told");
    let command = format!("cat >> {0}; echo >> {0}", told.display());
    let home = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let server = desk.server().args(["--notify", &command]).env("HOME", home.path().to_str().unwrap());
        let host = server.start().await;
        asks(&host, "ms_7Rtd").await;
        asks(&host, "ms_7Rtd").await;
        host.close_input().await;
        assert_eq!(host.exit_within(PATIENCE).await, Some(0));
    }
    let told = notices(&told);
    assert_eq!(told.len(), 1, "{told:#?}");
    let approval = desk.api.world().approvals[0].clone();
    for (key, value) in [
        ("event", &json!("step")),
        ("kind", &json!("approval")),
        ("url", &approval["approvalUrl"]),
        ("approvalId", &approval["id"]),
        ("amountUsd", &json!("300")),
        ("trainer", &json!("Maria G.")),
        ("expiresAt", &approval["expiresAt"]),
    ] {
        assert_eq!(&told[0][key], value, "{key}: {}", told[0]);
    }
}

#[tokio::test]
async fn a_step_is_posted_to_the_operators_address() {
    let desk = Desk::new().await;
    let receiver = Upstream::giving(&json!({})).await;
    let host = desk.server().env("OPENTRAIN_NOTIFY", &format!("{}/hook/s3cr3t", receiver.origin)).start().await;
    asks(&host, "ms_7Rtd").await;
    receiver.has_seen(1).await;
    let sent = receiver.only_request();
    assert_eq!((sent.method.as_str(), sent.path()), ("POST", "/hook/s3cr3t"));
    assert!(sent.header("authorization").is_empty(), "no token goes there");
    let notice: Value = serde_json::from_str(sent.body()).unwrap();
    assert!(notice["message"].as_str().unwrap().contains("$300"), "{notice}");
    let checked = desk.server().env("OPENTRAIN_NOTIFY", &format!("{}/hook/s3cr3t", receiver.origin)).args(["check"]);
    assert!(!checked.run().await.stdout.contains("hook/s3cr3t"), "the path may be a secret");
}

#[tokio::test]
async fn a_notice_that_fails_is_logged_and_holds_nothing_up() {
    let desk = Desk::new().await;
    let host = desk.server().args(["--notify", "exit 7"]).start().await;
    asks(&host, "ms_7Rtd").await;
    host.stderr_says("could not be delivered, and is tried again in 2 s: the command ended with").await;
    let ran = launch().args(["--notify", "http://example.com/x", "check"]).run().await;
    assert!(ran.status == Some(2) && ran.stderr.contains("--notify"), "{ran:?}");
}

#[tokio::test]
async fn a_step_that_expires_soon_is_brought_up_again() {
    let desk = Desk::new().await;
    let host = desk.server().start().await;
    let approval = asks(&host, "ms_7Rtd").await;
    recorded(&desk.log, 2).await;
    {
        let mut world = desk.api.world();
        let soon = world.ago(-3_600);
        world.approvals[0]["expiresAt"] = json!(soon);
    }
    let receiver = Upstream::giving(&json!({})).await;
    let _host = desk.server().args(["--notify", &receiver.origin]).start().await;
    receiver.has_seen(1).await;
    let notice: Value = serde_json::from_str(receiver.only_request().body()).unwrap();
    assert_eq!((&notice["event"], &notice["approvalId"]), (&json!("expires"), &json!(approval)), "{notice}");
    assert_eq!((&notice["amountUsd"], &notice["trainer"]), (&json!("300"), &json!("Maria G.")), "{notice}");
    let message = notice["message"].as_str().unwrap();
    assert!(message.contains("Nobody has decided yet: fund") && message.contains("Expires "), "{message}");
}
