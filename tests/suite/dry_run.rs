//! Dry runs: everything that can be read is checked, and nothing is sent.

use serde_json::{Value, json};

use crate::harness::{Api, Reply, contract, launch, milestone};

fn status(id: &str, status: &str) -> Value {
    let mut milestone = milestone(id);
    milestone["status"] = json!(status);
    milestone
}

/// An API with a milestone in each state, and what the account may do.
pub(crate) async fn api() -> Api {
    let of_ctr_1 = [status("ms_open", "NOT_FUNDED"), status("ms_held", "ACTIVE_FUNDED"), status("ms_paid", "PAID")];
    let mut hourly = contract("ctr_2", &[]);
    (hourly["paymentType"], hourly["rateUsd"]) = (json!("PAY_PER_HOUR"), json!(12));
    let mut ended = contract("ctr_3", &[]);
    ended["status"] = json!("ended");
    Api::meddled([contract("ctr_1", &of_ctr_1), hourly, ended], |request, _| {
        let scopes = ["payments:write", "proposals:write", "messages:write", "jobs:write"];
        match request.path() {
            "/api/public/v1/auth/me" => Some(Reply::json(200, &json!({ "actor": {}, "token": { "scopes": scopes } }))),
            "/api/public/v1/job-drafts/capabilities" => Some(Reply::json(200, &json!({ "capabilities": {} }))),
            "/api/public/v1/proposals/prp_1" => Some(Reply::json(
                200,
                &json!({ "proposal": { "id": "prp_1", "jobTitle": "Label images", "status": { "raw": "UNREVIEWED" },
                    "bid": { "amountUsd": 14, "unit": "per_hour" },
                    "candidate": { "displayName": "Anna S.", "country": "Poland" } } }),
            )),
            _ => None,
        }
    })
    .await
}

#[tokio::test]
async fn a_dry_run_tells_what_was_asked_already() {
    let api = api().await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let host = launch().at(&api.upstream).args(["--audit-log", record.to_str().unwrap()]).start().await;
    let funding = json!({ "milestoneId": "ms_open" });
    host.done("request_milestone_funding", funding.clone()).await;
    let mut rehearsed = funding;
    rehearsed["dryRun"] = json!(true);
    host.done("request_milestone_funding", rehearsed).await.says(&["Asked for already", "approval apr_1"]);
    let other = host.done("request_milestone_approval", json!({ "milestoneId": "ms_held", "dryRun": true })).await;
    assert!(!other.text().contains("Asked for already"), "{}", other.text());
}

#[tokio::test]
async fn the_five_tools_check_and_send_nothing() {
    let api = api().await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let host = launch().at(&api.upstream).args(["--audit-log", record.to_str().unwrap()]).start().await;
    let create = json!({ "contractId": "ctr_1", "description": "Label", "amountUsd": 250, "dueDate": "2026-07-15" });
    let hire = json!({ "proposalId": "prp_1", "milestone": { "name": "First", "amount": 100 } });
    for (tool, arguments, parts) in [
        (
            "create_milestone",
            create,
            ["POST /api/public/v1/contracts/ctr_1/milestones", "$250 for «Maria G.» («Spain»)"],
        ),
        ("hire_proposal", hire, ["hire «Anna S.» («Poland») for «Label images»", "= $119.95"]),
        ("request_milestone_funding", json!({ "milestoneId": "ms_open" }), ["$300 to $330", "payment method"]),
        (
            "request_milestone_approval",
            json!({ "milestoneId": "ms_held", "contractId": "ctr_1" }),
            ["OpenTrain does not tell whether work was handed in", "It is due 2026-07-15"],
        ),
        ("end_contract", json!({ "contractId": "ctr_1" }), ["$300 of 1 milestone are funded", "Not documented"]),
    ] {
        let mut arguments = arguments;
        arguments["dryRun"] = json!(true);
        let answer = host.done(tool, arguments).await;
        answer.says(&["DRY RUN, nothing was sent: nothing that could be read speaks against it"]).says(&parts);
        let run = &answer.structured()["dryRun"];
        assert_eq!((&run["method"], &run["refusals"]), (&json!("POST"), &json!([])), "{tool}: {run}");
        assert_eq!(answer.structured()["outcome"], "not_done");
    }
    assert_eq!(api.upstream.writes(), 0);
    assert_eq!(std::fs::read(&record).unwrap(), b"", "no line of the record");
}

#[tokio::test]
async fn a_dry_run_names_odd_terms_and_refusals() {
    let api = api().await;
    let host = launch().at(&api.upstream).args(["--max-day-usd", "1000"]).start().await;
    for (tool, arguments, part) in [
        (
            "create_milestone",
            json!({ "contractId": "ctr_1", "amountUsd": 250, "dueDate": "2026-01-15" }),
            "is in the past (today is 2026-06-12)",
        ),
        ("create_milestone", json!({ "contractId": "ctr_1", "amountUsd": 3000 }), "at least ten times the largest"),
        (
            "create_milestone",
            json!({ "contractId": "ctr_1", "amountUsd": 3000 }),
            "The operator's limit is $1,000 a day",
        ),
        ("create_milestone", json!({ "contractId": "ctr_1", "amountUsd": 12.345 }), "fractions of a cent"),
        ("create_milestone", json!({ "contractId": "ctr_1" }), "amountUsd is missing"),
        ("create_milestone", json!({ "contractId": "ctr_2" }), "volume is missing"),
        ("create_milestone", json!({ "contractId": "ctr_2", "volume": 10, "amountUsd": 121 }), "for 10 it is $120"),
        ("create_milestone", json!({ "contractId": "ctr_3", "amountUsd": 5 }), "The contract has ended"),
        (
            "request_milestone_approval",
            json!({ "milestoneId": "ms_paid" }),
            "is PAID already: there is nothing to release",
        ),
        ("request_milestone_funding", json!({ "milestoneId": "ms_paid" }), "must not be funded again"),
        ("request_milestone_funding", json!({ "milestoneId": "ms_held" }), "nothing left to fund"),
        ("end_contract", json!({ "contractId": "ctr_3" }), "has ended already"),
    ] {
        let mut arguments = arguments;
        arguments["dryRun"] = json!(true);
        if tool == "create_milestone" {
            arguments["description"] = json!("Label");
        }
        let answer = host.done(tool, arguments).await;
        answer.says(&["DRY RUN", part]);
    }
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test]
async fn the_real_call_carries_the_same_notes() {
    let api = api().await;
    let host = launch().at(&api.upstream).start().await;
    let create = json!({ "contractId": "ctr_1", "description": "Label", "amountUsd": 3000, "dueDate": "2026-01-15" });
    let created = host.done("create_milestone", create).await;
    created.says(&["at least ten times the largest", "is in the past"]);
    let id = created.structured()["milestone"]["id"].clone();
    let asked = host.done("request_milestone_funding", json!({ "milestoneId": id })).await;
    asked.says(&["at least ten times the largest", "is in the past"]);
    let release = host.done("request_milestone_approval", json!({ "milestoneId": "ms_held" })).await;
    release.says(&["OpenTrain does not tell whether work was handed in", "The contract names no conversation"]);
    let ending = host.done("end_contract", json!({ "contractId": "ctr_1" })).await;
    ending.says(&["$300 of 1 milestone are funded and not released", "Not documented"]);
}

#[tokio::test]
async fn a_dry_run_says_what_the_token_lacks() {
    let api = Api::meddled([contract("ctr_1", &[])], |request, _| match request.path() {
        "/api/public/v1/auth/me" => {
            Some(Reply::json(200, &json!({ "actor": {}, "token": { "scopes": ["payments:read", "team:write"] } })))
        }
        "/api/public/v1/job-drafts/capabilities" => {
            Some(Reply::json(200, &json!({ "capabilities": { "paymentsWrite": false } })))
        }
        _ => None,
    })
    .await;
    let host = launch().at(&api.upstream).start().await;
    let answer = host.done("end_contract", json!({ "contractId": "ctr_1", "dryRun": true })).await;
    answer.says(&["it WOULD BE REFUSED", "lacks payments:write", "public_api_payments_write is switched off"]);
}
