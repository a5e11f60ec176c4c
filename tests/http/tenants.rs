//! Many requests of several principals at once: nothing of one is ever in the answer to another.

use std::time::Duration;

use futures::StreamExt;
use serde_json::json;

use crate::harness::{Gate, Reply, Upstream, contract, launch, milestone, record};
use crate::terms;

const REQUESTS: usize = 1_000;

/// Each token sees an account of its own, whose contract has the token's public id in its name. Every answer also repeats
/// the token that it was asked with.
async fn accounts() -> Upstream {
    Upstream::answering(|request, _| {
        let token = request.header("authorization")[0].trim_start_matches("Bearer ").to_owned();
        let id = token.split('_').nth(2).unwrap().to_owned();
        let mut own = contract(&format!("ctr_{id}"), &[]);
        own["title"] = json!(format!("Contract of {id}, {token}"));
        if request.is_write() {
            let mut made = crate::harness::milestone(&format!("ms_{id}"));
            made["description"] = json!(token);
            return Reply::json(201, &json!({ "milestone": made }));
        }
        if request.path().ends_with("/contracts") {
            Reply::json(200, &json!({ "contracts": [own] }))
        } else {
            Reply::json(200, &json!({ "contract": own }))
        }
    })
    .await
}

#[tokio::test]
async fn nothing_of_one_principal_reaches_another() {
    let upstream = accounts().await;
    let server = launch().at(&upstream).without_guard().args(["--accept-opentrain-tokens"]).over_http().await;
    let agents = [server.agent("agent-one", &[]).await, server.agent("agent-two", &["--read-only"]).await];
    // Who calls, and whose account the answer is about.
    let callers: Vec<(String, &str, bool)> = vec![
        (agents[0].clone(), "c3f9aa01", true),
        (agents[1].clone(), "c3f9aa01", false),
        ("ot_pat_aaaa1111_f1rsts3cr3tpart".into(), "aaaa1111", true),
        ("ot_pat_bbbb2222_s3c0nds3cr3tpart".into(), "bbbb2222", true),
        // The public id of another caller, with a secret of its own.
        ("ot_pat_aaaa1111_f0rg3ds3cr3tpart".into(), "aaaa1111", true),
    ];
    let ids = ["c3f9aa01", "aaaa1111", "bbbb2222"];
    let secrets: Vec<&str> =
        callers.iter().map(|(key, ..)| key.rsplit('_').next().unwrap()).chain(["s3cr3tpart99zz"]).collect();
    let secrets = &secrets;
    let calls = (0..REQUESTS).map(|number| {
        // A fixed order without a pattern, so that every pair of callers meets in both orders.
        let (key, id, writes) = &callers[(number * 7919 + number / 5) % callers.len()];
        let revision = if number % 3 == 0 { "2025-11-25" } else { "2026-07-28" };
        let caller = server.caller(key).speaking(revision);
        async move {
            let answer = match number % 4 {
                0 => caller.call("list_contracts", json!({})).await,
                1 => caller.call("get_contract", json!({ "contractId": format!("ctr_{id}") })).await,
                2 if *writes => {
                    // Creates in one contract would take turns.
                    let contract = format!("ctr_{id}_{number}");
                    let terms = json!({ "contractId": contract, "description": "d", "amountUsd": 1 + number });
                    caller.call("create_milestone", terms).await
                }
                _ => {
                    let tools = caller.tools().await;
                    assert_eq!(tools.iter().any(|tool| tool == "create_milestone"), *writes, "{id}");
                    return;
                }
            };
            let text = answer.0.to_string();
            assert!(!answer.is_error(), "{text}");
            for other in ids.iter().filter(|other| *other != id) {
                assert!(!text.contains(other), "{id} got something of {other}: {text}");
            }
            let shown = secrets.iter().find(|secret| text.contains(**secret));
            assert!(shown.is_none(), "{id} got the secret {shown:?}: {text}");
        }
    });
    futures::stream::iter(calls).buffer_unordered(12).collect::<Vec<_>>().await;
    let lines = record(&server.home.path().join(".local/state/opentrain-mcp/record.jsonl"));
    for line in &lines {
        let (principal, contract) =
            (line["principal"].as_str().unwrap(), line["arguments"]["contractId"].as_str().unwrap());
        // The owner of a caller's own token is the caller itself.
        let own = principal.split_once('~').map(|(id, _)| id);
        let account = line["account"].as_str().or(own).unwrap();
        assert_eq!(line["account"].is_null(), own.is_some(), "{line}");
        assert!(contract.starts_with(&format!("ctr_{account}_")), "{line}");
        assert!(principal == "agent-one" || principal.starts_with(&format!("{account}~")), "{line}");
    }
    let principals: std::collections::BTreeSet<&str> =
        lines.iter().map(|line| line["principal"].as_str().unwrap()).collect();
    assert_eq!(principals.len(), 4, "a forged public id does not name another caller: {principals:?}");
    let log = server.log();
    assert!(secrets.iter().all(|secret| !log.contains(secret)), "{log}");
}

/// The owner of a contract, and somebody who knows its id only. What OpenTrain answers to the stranger waits for the gate.
async fn owner_and_stranger(gate: &Gate, blocks: &'static str) -> Upstream {
    let gate = gate.clone();
    Upstream::answering(move |request, _| {
        let is_owner = request.header("authorization") == [format!("Bearer {OWNER}")];
        let reply = match (is_owner, request.is_write()) {
            (true, true) => Reply::json(201, &json!({ "milestone": milestone("ms_1") })),
            (true, false) => Reply::json(200, &json!({ "contract": contract("ctr_8Kq2", &[]) })),
            (false, _) => Reply::refusal(404, "NOT_FOUND", &json!(null)),
        };
        if !is_owner && request.method == blocks { reply.once_open(&gate) } else { reply }
    })
    .await
}

const OWNER: &str = "ot_pat_aaaa1111_0wn3rs3cr3tpart";
const STRANGER: &str = "ot_pat_bbbb2222_str4ng3rs3cr3t1";

#[tokio::test]
async fn a_stranger_holds_up_no_create_of_the_owner() {
    // Its look at the contract takes long; or it creates unseen, and that takes long.
    for (blocks, unseen) in [("GET", false), ("POST", true)] {
        let gate = Gate::closed();
        let upstream = owner_and_stranger(&gate, blocks).await;
        let server = launch().at(&upstream).args(["--accept-opentrain-tokens"]).over_http().await;
        let (owner, stranger) = (server.caller(OWNER), server.caller(STRANGER));
        let strange = json!({ "contractId": "ctr_8Kq2", "description": "x", "amountUsd": 5, "allowDuplicate": unseen });
        let refused = tokio::spawn(async move { stranger.call("create_milestone", strange).await });
        let is_held = || upstream.requests().iter().any(|request| request.method == blocks);
        while !is_held() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let created = owner.call("create_milestone", terms("a", 5)).await;
        assert!(!refused.is_finished(), "it was under way all the while");
        assert_eq!(created.structured()["outcome"], "created", "{}", created.0);
        gate.open();
        let refused = refused.await.unwrap();
        assert!(refused.is_error() && refused.error()["status"] == 404, "{}", refused.0);
    }
}
