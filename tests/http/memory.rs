//! What the server remembers between calls is each caller's own: a token with another's public id finds nothing of it.

use serde_json::{Value, json};

use crate::harness::{Reply, Upstream, contract, launch, milestone};
use crate::terms;

const REAL: &str = "ot_pat_aaaa1111_r3als3cr3tpart";
/// The public id of the real token. OpenTrain would refuse it; here it is the token of an account of its own, so that
/// nothing but the server itself keeps the two apart.
const FORGED: &str = "ot_pat_aaaa1111_f0rg3ds3cr3tpart";

/// Two accounts whose conversations have the same ids. Only the real one knows who is behind them, and owes a payment
/// method.
async fn accounts() -> Upstream {
    Upstream::answering(|request, _| {
        let is_real = request.header("authorization") == [format!("Bearer {REAL}")];
        let path = request.path().trim_start_matches("/api/public/v1");
        let mut held = contract("ctr_8Kq2", &[milestone("ms_5Tz1")]);
        held["jobDmConversationId"] = json!("cnv_1");
        let said = json!({ "id": "msg_1", "content": "Hello", "senderUserId": "usr_7Pb3", "isFromViewer": false });
        let conversation = json!({ "id": "cnv_1", "type": "DIRECT_MESSAGE", "jobId": "job_3Vn6", "unreadCount": 1,
            "needsReplyCount": 1, "proposalId": null, "lastMessage": said });
        match (request.is_write(), path) {
            (true, "/milestones/ms_5Tz1/fund") => {
                let url = format!("http://{}/settings/billing", request.header("host")[0]);
                let details = json!({ "reason": "payment_method_required", "billingUrl": url });
                Reply::refusal(409, "CONFLICT", &details)
            }
            (true, _) => Reply::json(201, &json!({ "milestone": milestone("ms_new1") })),
            (_, "/auth/me") => {
                let scopes = ["payments:write", "messages:write"];
                Reply::json(200, &json!({ "actor": { "fullName": "Mira" }, "token": { "scopes": scopes } }))
            }
            (_, "/messages") => Reply::json(200, &json!({ "conversations": [conversation], "nextCursor": null })),
            (_, "/contracts") if is_real => Reply::json(200, &json!({ "contracts": [held] })),
            (_, "/contracts") => Reply::json(200, &json!({ "contracts": [] })),
            (_, "/contracts/ctr_8Kq2") if is_real => Reply::json(200, &json!({ "contract": held })),
            _ => Reply::refusal(404, "NOT_FOUND", &Value::Null),
        }
    })
    .await
}

#[tokio::test]
async fn a_forged_public_id_finds_nothing_of_the_real_one() {
    let upstream = accounts().await;
    let server = launch().at(&upstream).args(["--accept-opentrain-tokens"]).over_http().await;
    let real = server.caller(REAL);
    real.call("list_contracts", json!({})).await;
    real.call("request_milestone_funding", json!({ "milestoneId": "ms_5Tz1", "contractId": "ctr_8Kq2" })).await;
    real.call("create_milestone", terms("A", 5)).await;
    let seen = [all_of(&real).await, all_of(&server.caller(FORGED)).await];
    let [real, forged] = &seen;
    for word in ["Maria G.", "payment method", "ctr_8Kq2", "create_milestone"] {
        assert!(real.contains(word), "the real caller sees {word}: {real}");
        assert!(!forged.contains(word), "the forged token found {word}: {forged}");
    }
}

/// Every answer that draws on what the server remembers: of names, of open steps, of lists, and of the record.
async fn all_of(caller: &crate::served::Caller) -> String {
    let mut all = String::new();
    for tool in ["list_conversations", "get_overview"] {
        all += &caller.call(tool, json!({})).await.0.to_string();
    }
    let reference = json!({ "type": "ref/resource", "uri": "opentrain://contracts/{contractId}" });
    let argument = json!({ "name": "contractId", "value": "ctr" });
    all += &caller.ask("completion/complete", json!({ "ref": reference, "argument": argument })).await.to_string();
    all += &caller.ask("resources/read", json!({ "uri": "opentrain://record/today" })).await.to_string();
    all
}
