//! The human loop in a real browser: the agent asks, a person opens the link and presses the button, the agent goes on.
//! `cargo test --test browser -- --ignored`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests say what is wrong by failing"
)]

mod driver;
#[allow(dead_code, unused_imports, reason = "it serves other tests too")]
#[path = "../suite/harness/mod.rs"]
mod harness;

use driver::Browser;
use harness::{Host, free_port, launch};
use serde_json::{Value, json};

/// The real server over a sandbox of its own.
async fn agent() -> Host {
    launch().sandbox(free_port()).start().await
}

/// One whose account a person has claimed in the browser.
async fn claimed_agent(browser: &Browser) -> Host {
    let host = agent().await;
    let refused = host.failed("request_milestone_funding", json!({ "milestoneId": "ms_4Dk7" })).await;
    browser.open(refused.error()["claimUrl"].as_str().unwrap()).await;
    browser.press("Claim account").await;
    browser.sees("This account is yours").await;
    host
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

/// A milestone as the API has it now.
async fn milestone(host: &Host, contract: &str, id: &str) -> Value {
    let read = host.done("get_contract", json!({ "contractId": contract })).await;
    let milestones = read.structured()["contract"]["milestones"].as_array().unwrap();
    milestones.iter().find(|milestone| milestone["id"] == id).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: cargo test --test browser -- --ignored"]
async fn a_person_claims_the_account_and_the_agent_goes_on() {
    let (browser, host) = (Browser::start().await, agent().await);
    let wanted = json!({ "contractId": "ctr_8Kq2", "description": "Label the next 5,000 posts", "amountUsd": 300 });
    let refused = host.failed("create_milestone", wanted.clone()).await;
    assert_eq!(refused.error()["reason"], "account_claim_required");

    browser.open(text(refused.error(), "/claimUrl")).await;
    browser.sees("Claim this account?").await;
    assert!(browser.text().await.starts_with("SANDBOX, nothing real"), "{}", browser.text().await);
    assert!(host.call("create_milestone", wanted.clone()).await.is_error(), "a look at the page claims nothing");
    browser.press("Claim account").await;
    browser.sees("This account is yours").await;
    assert!(browser.buttons().await.is_empty());

    let created = host.done("create_milestone", wanted).await;
    assert_eq!(created.structured()["outcome"], "created");
    assert_eq!(created.structured()["milestone"]["status"], "NOT_FUNDED");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: cargo test --test browser -- --ignored"]
async fn a_person_adds_a_payment_method_and_confirms() {
    let browser = Browser::start().await;
    let host = claimed_agent(&browser).await;
    let wanted = json!({ "milestoneId": "ms_4Dk7" });
    let refused = host.failed("request_milestone_funding", wanted.clone()).await;
    assert_eq!(refused.error()["reason"], "payment_method_required");
    browser.open(text(refused.error(), "/billingUrl")).await;
    browser.sees("Add a payment method?").await;
    browser.press("Add payment method").await;
    browser.sees("A payment method is on file").await;

    let asked = host.done("request_milestone_funding", wanted.clone()).await;
    let approval = &asked.structured()["approval"];
    assert_eq!([&asked.structured()["outcome"], &approval["status"]], ["pending_approval", "pending"]);
    let again = host.done("request_milestone_funding", wanted).await;
    assert_eq!(again.structured()["approval"]["id"], approval["id"], "asking again opens no second page");
    browser.open(text(approval, "/approvalUrl")).await;
    browser.sees("Fund this milestone?").await;
    for part in ["$300 for Maria G.", "Second labeling batch", "Label posts 7,501 to 12,500", "ctr_3Hv7", "in 72 h"] {
        assert!(browser.text().await.contains(part), "{part}: {}", browser.text().await);
    }
    assert_eq!(browser.buttons().await, ["Confirm: fund $300", "Decline"]);
    assert_eq!(milestone(&host, "ctr_3Hv7", "ms_4Dk7").await["status"], "NOT_FUNDED");

    let waiting = json!({ "approvalId": approval["id"], "timeoutSeconds": 25 });
    let waiting = host.begin("wait_for_approval", waiting).await;
    browser.press("Confirm: fund $300").await;
    browser.sees("You confirmed: it is funded").await;
    assert!(browser.buttons().await.is_empty());
    let decided = host.end(waiting).await;
    assert_eq!(decided.structured()["approval"]["status"], "confirmed", "{}", decided.0);
    assert_eq!(milestone(&host, "ctr_3Hv7", "ms_4Dk7").await["status"], "ACTIVE_FUNDED");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: cargo test --test browser -- --ignored"]
async fn a_person_declines_and_nothing_changes() {
    let browser = Browser::start().await;
    let host = claimed_agent(&browser).await;
    let before = milestone(&host, "ctr_3Hv7", "ms_6Hc2").await;
    let asked = host.done("request_milestone_approval", json!({ "milestoneId": "ms_6Hc2" })).await;
    let approval = &asked.structured()["approval"];
    browser.open(text(approval, "/approvalUrl")).await;
    browser.sees("Release this payment?").await;
    assert!(browser.text().await.contains("$150 to Maria G."), "{}", browser.text().await);
    browser.press("Decline").await;
    browser.sees("You declined: nothing has changed").await;

    let decided = host.done("get_approval", json!({ "approvalId": approval["id"] })).await;
    assert_eq!(decided.structured()["approval"]["status"], "declined");
    assert_eq!(milestone(&host, "ctr_3Hv7", "ms_6Hc2").await, before);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: cargo test --test browser -- --ignored"]
async fn a_host_that_opens_the_page_gets_the_decision() {
    let browser = Browser::start().await;
    let host = launch().sandbox(free_port()).eliciting(json!({ "url": {} })).start().await;
    for (tool, arguments, button, afterwards) in [
        (
            "create_milestone",
            json!({ "contractId": "ctr_8Kq2", "description": "Label the next 5,000 posts", "amountUsd": 300 }),
            "Claim account",
            "This account is yours",
        ),
        (
            "end_contract",
            json!({ "contractId": "ctr_3Hv7" }),
            "Confirm: end the contract",
            "You confirmed: the contract has ended",
        ),
    ] {
        let call = host.begin(tool, arguments).await;
        let question = host.asked().await;
        assert_eq!([&question["method"], &question["params"]["mode"]], ["elicitation/create", "url"]);
        browser.open(text(&question, "/params/url")).await;
        browser.press(button).await;
        browser.sees(afterwards).await;
        host.answer(&question, json!({ "action": "accept" })).await;
        let answer = host.end(call).await;
        assert!(!answer.is_error(), "{}", answer.0);
    }
    let ended = host.done("get_contract", json!({ "contractId": "ctr_3Hv7" })).await;
    assert_eq!(ended.structured()["contract"]["status"], "ended");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: cargo test --test browser -- --ignored"]
async fn another_site_in_the_same_browser_cannot_confirm() {
    let browser = Browser::start().await;
    let host = claimed_agent(&browser).await;
    let asked = host.done("request_milestone_approval", json!({ "milestoneId": "ms_6Hc2" })).await;
    let approval = &asked.structured()["approval"];
    let url = text(approval, "/approvalUrl");
    browser
        .open(&format!(
            "data:text/html,<h1>You have won</h1><form method=post action={url}/confirm><button>Collect</button></form>"
        ))
        .await;
    browser.press("Collect").await;
    browser.sees("Forbidden").await;
    let looked = host.done("get_approval", json!({ "approvalId": approval["id"] })).await;
    assert_eq!(looked.structured()["approval"]["status"], "pending");
}
