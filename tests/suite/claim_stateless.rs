//! `account_claim_required` in revision 2026-07-28: the result asks for the person, and the call is made again.

use serde_json::{Value, json};

use crate::claim::{Account, is_the_plain_answer, terms, url_mode};
use crate::harness::{Answer, Host, Reply, SECRET, STATELESS, Upstream, claim_required, launch};

/// The call in revision 2026-07-28, first round: what it asks for, and its state.
async fn first_round(host: &Host) -> (String, Value, String) {
    let id = host.begin("create_milestone", terms()).await;
    let result = host.reply_to(id).await["result"].clone();
    assert_eq!(result["resultType"], "input_required", "{result}");
    let (key, request) = result["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(result["inputRequests"].as_object().unwrap().len(), 1);
    (key.clone(), request.clone(), result["requestState"].as_str().unwrap().to_owned())
}

async fn second_round(host: &Host, tool: &str, arguments: Value, responses: Value, state: &str) -> Value {
    let call = json!({ "name": tool, "arguments": arguments, "inputResponses": responses, "requestState": state });
    let id = host.ask("tools/call", call).await;
    host.reply_to(id).await
}

async fn modern(account: &Account) -> Host {
    account.server().speaking(STATELESS).eliciting(url_mode()).in_memory().await
}

#[tokio::test(start_paused = true)]
async fn the_newest_revision_continues_after_an_accept() {
    let account = Account::unclaimed().await;
    let host = modern(&account).await;
    let (key, request, state) = first_round(&host).await;
    assert_eq!((&request["method"], &request["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
    assert_eq!(request["params"]["url"], account.url().as_str());
    assert!(host.open_requests().is_empty(), "this revision has no requests of the server");
    account.claim();
    let message =
        second_round(&host, "create_milestone", terms(), json!({ key: { "action": "accept" } }), &state).await;
    assert_eq!(
        (&message["result"]["resultType"], &message["result"]["isError"]),
        (&json!("complete"), &json!(false)),
        "{message}"
    );
    assert_eq!(message["result"]["structuredContent"]["outcome"], "created");
    assert_eq!(account.upstream.writes(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_newest_revision_asks_once_and_waits() {
    let account = Account::unclaimed().await;
    let host =
        account.server().speaking(STATELESS).eliciting(url_mode()).env("OPENTRAIN_HUMAN_WAIT", "3").in_memory().await;
    let (key, _, state) = first_round(&host).await;
    let message =
        second_round(&host, "create_milestone", terms(), json!({ key: { "action": "accept" } }), &state).await;
    is_the_plain_answer(&Answer(message["result"].clone()), &account.url());
}

#[tokio::test(start_paused = true)]
async fn without_an_accept_the_newest_revision_answers_plainly() {
    let account = Account::unclaimed().await;
    let host = modern(&account).await;
    for responses in [
        json!({ "person": { "action": "decline" } }),
        json!({ "person": { "action": "cancel" } }),
        json!({ "person": { "action": 7 } }),
        json!({ "person": null }),
        json!({ "somebody": { "action": "accept" } }),
        json!({}),
    ] {
        let (_, _, state) = first_round(&host).await;
        let message = second_round(&host, "create_milestone", terms(), responses.clone(), &state).await;
        assert!(message["error"].is_null(), "{responses}: {message}");
        is_the_plain_answer(&Answer(message["result"].clone()), &account.url());
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_was_changed_or_moved_opens_nothing() {
    let account = Account::unclaimed().await;
    let host = modern(&account).await;
    let (key, _, state) = first_round(&host).await;
    let accept = json!({ key: { "action": "accept" } });
    let mut other = terms();
    other["amountUsd"] = json!(301);
    let mut flipped = state.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let elsewhere = modern(&account).await;
    let (_, _, foreign) = first_round(&elsewhere).await;
    for (about, arguments, state) in [
        ("changed", terms(), flipped.as_str()),
        ("cut", terms(), &state[..state.len() - 4]),
        ("empty", terms(), ""),
        ("another process's", terms(), foreign.as_str()),
        ("other arguments", other, state.as_str()),
    ] {
        let message = second_round(&host, "create_milestone", arguments, accept.clone(), state).await;
        // It counts as a call of the first round: the person is asked, and nothing was taken for consent.
        assert_eq!(message["result"]["resultType"], "input_required", "{about}: {message}");
    }
    let message = second_round(&host, "get_contract", json!({ "contractId": "c" }), accept, &state).await;
    assert_eq!(
        message["result"]["structuredContent"]["error"]["status"], 404,
        "another tool runs as if there were none"
    );
}

#[tokio::test(start_paused = true)]
async fn a_state_shows_no_secret() {
    let account = Account::unclaimed().await;
    let host = modern(&account).await;
    let (_, _, state) = first_round(&host).await;
    let parts = state.split('.').map(|part| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap_or_default()
    });
    let opened: String = parts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    assert!(!opened.contains(SECRET) && !state.contains(SECRET), "{opened}");
}

/// A message that waited for the claim, which a person has done: the account, the host, the terms and the state.
async fn claimed_meanwhile() -> (Account, Host, Value, String) {
    let account = Account::unclaimed().await;
    let host = modern(&account).await;
    let terms = json!({ "conversationId": "c", "content": "Hello" });
    let id = host.begin("send_message", terms.clone()).await;
    let state = host.reply_to(id).await["result"]["requestState"].as_str().unwrap().to_owned();
    account.claim();
    (account, host, terms, state)
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_used_again_sends_nothing_again() {
    let (account, host, terms, state) = claimed_meanwhile().await;
    let accept = json!({ "person": { "action": "accept" } });
    let writes = account.upstream.writes();
    let first = second_round(&host, "send_message", terms.clone(), accept.clone(), &state).await;
    assert_eq!(account.upstream.writes(), writes + 1, "{first}");
    for responses in [accept.clone(), json!({ "person": { "action": "decline" } })] {
        let again = second_round(&host, "send_message", terms.clone(), responses, &state).await;
        assert_eq!(again["result"], first["result"]);
    }
    assert_eq!(account.upstream.writes(), writes + 1);
}

#[tokio::test(start_paused = true)]
async fn two_uses_at_once_share_one_write() {
    let (account, host, terms, state) = claimed_meanwhile().await;
    let writes = account.upstream.writes();
    let call = json!({
        "name": "send_message", "arguments": terms, "inputResponses": { "person": { "action": "accept" } },
        "requestState": state
    });
    let ids = [host.ask("tools/call", call.clone()).await, host.ask("tools/call", call).await];
    let [one, other] = [host.reply_to(ids[0]).await, host.reply_to(ids[1]).await];
    assert_eq!(one["result"], other["result"]);
    assert_eq!(account.upstream.writes(), writes + 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_stays_small_whatever_was_refused() {
    for details in [json!({ "x": "a".repeat(30_000) }), json!({ "x": vec!["b"; 3_000], "y": "c".repeat(1_000) })] {
        let upstream = Upstream::answering(move |request, _| {
            let origin = format!("http://{}", request.header("host")[0]);
            let mut body = claim_required(&origin).body();
            body["error"] = json!("No. ".repeat(5_000));
            body["details"].as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
            Reply::json(403, &body)
        })
        .await;
        let server = launch().at(&upstream).without_guard();
        let host = server.speaking(STATELESS).eliciting(url_mode()).in_memory().await;
        let (_, request, state) = first_round(&host).await;
        assert!(state.len() <= 8_192, "{} bytes", state.len());
        assert!(request["params"]["url"].as_str().unwrap().starts_with(&upstream.origin));
    }
}
