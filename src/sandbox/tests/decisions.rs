//! What a person decides on a page, and what comes of it.

use serde_json::{Value, json};

use super::{Sandbox, V1, approval, end, fund, get, paying_sandbox, press, release, sandbox};
use crate::sandbox::tests::{Call, post};

async fn ask(call: Call, sandbox: &Sandbox) -> String {
    let reply = call.send(sandbox).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.json()["approval"]["id"].as_str().unwrap().to_owned()
}

async fn contract(id: &str, sandbox: &Sandbox) -> Value {
    get(&format!("{V1}/contracts/{id}")).send(sandbox).await.json()["contract"].take()
}

#[tokio::test]
async fn confirming_a_funding_puts_money_behind_the_milestone() {
    let sandbox = paying_sandbox().await;
    let id = ask(fund("ms_3Qzv"), &sandbox).await;
    let pressed = press(&id, "confirm").send(&sandbox).await;
    assert_eq!((pressed.status, pressed.header("location")), (303, Some(format!("/approvals/{id}").as_str())));

    let confirmed = approval(&id).send(&sandbox).await.json()["approval"].take();
    assert_eq!(confirmed["status"], "confirmed");
    assert_eq!(confirmed["result"].to_string(), r#"{"invoiceId":"inv_7Rtd","paymentIntentId":"pi_7Rtd"}"#);
    assert_eq!(confirmed["resolvedAt"], "2026-06-12T10:00:01.000Z");
    assert_eq!(confirmed.get("proposalId"), Some(&Value::Null));
    let contract = contract("ctr_5Lm9", &sandbox).await;
    let milestone = &contract["milestones"][1];
    assert_eq!([&milestone["status"], &milestone["invoiceId"]], ["ACTIVE_FUNDED", "inv_7Rtd"]);
    let budget = &contract["budget"];
    assert_eq!([&budget["fundedAmountUsd"], &budget["fundedVolume"]], [&json!(630), &json!(52.5)]);
    let refused = fund("ms_3Qzv").send(&sandbox).await.refusal();
    assert_eq!(refused.2, json!({ "reason": "milestone_not_fundable" }));
}

#[tokio::test]
async fn confirming_a_release_pays_the_milestone() {
    let sandbox = paying_sandbox().await;
    let id = ask(release("ms_6Hc2"), &sandbox).await;
    assert_eq!(contract("ctr_3Hv7", &sandbox).await["hasActiveMilestone"], true);
    press(&id, "confirm").send(&sandbox).await;
    let confirmed = approval(&id).send(&sandbox).await.json()["approval"].take();
    assert_eq!(confirmed["result"].to_string(), r#"{"invoiceId":"inv_5Qn8","payoutTransactionId":"pot_7Rtd"}"#);
    let contract = contract("ctr_3Hv7", &sandbox).await;
    let milestone = &contract["milestones"][0];
    assert_eq!([&milestone["status"], &milestone["pendingApproval"]], [&json!("PAID"), &json!(false)]);
    assert_eq!([&contract["hasActiveMilestone"], &contract["budget"]["fundedAmountUsd"]], [&json!(false), &json!(150)]);
    let refused = release("ms_6Hc2").send(&sandbox).await.refusal();
    assert_eq!(refused.2, json!({ "reason": "milestone_not_funded" }));
}

#[tokio::test]
async fn confirming_an_end_ends_the_contract() {
    let sandbox = paying_sandbox().await;
    let id = ask(end("ctr_8Kq2"), &sandbox).await;
    press(&id, "confirm").send(&sandbox).await;
    let confirmed = approval(&id).send(&sandbox).await.json()["approval"].take();
    assert_eq!(confirmed["result"], json!({ "contractEnded": true }));
    let contract = contract("ctr_8Kq2", &sandbox).await;
    assert_eq!([&contract["status"], &contract["endDate"]], [&json!("ended"), &confirmed["resolvedAt"]]);
    assert_eq!(contract["milestones"][0]["status"], "ACTIVE_FUNDED", "what becomes of its money is not documented");
}

#[tokio::test]
async fn declining_changes_nothing_else() {
    let sandbox = paying_sandbox().await;
    let listing = async || get(&format!("{V1}/contracts")).send(&sandbox).await.body().to_owned();
    let before = listing().await;
    for call in [fund("ms_4Dk7"), release("ms_6Hc2"), end("ctr_8Kq2")] {
        let id = ask(call, &sandbox).await;
        assert_eq!(press(&id, "decline").send(&sandbox).await.status, 303);
        let declined = approval(&id).send(&sandbox).await.json()["approval"].take();
        assert_eq!([&declined["status"], &declined["result"]], [&json!("declined"), &Value::Null]);
        assert!(declined["resolvedAt"].is_string());
    }
    assert_eq!(listing().await, before);
}

#[tokio::test]
async fn what_is_decided_stays_decided() {
    let sandbox = paying_sandbox().await;
    for (first, second) in [("confirm", "decline"), ("decline", "confirm"), ("confirm", "confirm")] {
        let body = r#"{"description":"d","amountUsd":5}"#;
        let made = super::milestone("ctr_8Kq2", body).send(&sandbox).await.json()["milestone"]["id"].take();
        let id = ask(fund(made.as_str().unwrap()), &sandbox).await;
        press(&id, first).send(&sandbox).await;
        let look = async || approval(&id).send(&sandbox).await.body().to_owned();
        let before = look().await;
        let again = press(&id, second).send(&sandbox).await;
        assert_eq!(again.status, 409);
        let title = match (first, second) {
            ("confirm", "decline") => "Too late: you had confirmed this at 10:00.",
            ("decline", _) => "Too late: you had declined this at 10:00.",
            _ => "You had already confirmed this at 10:00.",
        };
        assert!(again.body().contains(&format!("<h1>{title}</h1>")), "{}", again.body());
        let result = if first == "confirm" { "$5 is funded." } else { "Nothing happened." };
        assert!(again.body().contains(result), "{}", again.body());
        assert_eq!(look().await, before);
    }
    assert_eq!(press("apr_none", "confirm").send(&sandbox).await.status, 404);
    assert_eq!(press("%FF", "decline").send(&sandbox).await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_done_any_more_can_only_be_declined() {
    let sandbox = paying_sandbox().await;
    let funding = ask(fund("ms_4Dk7"), &sandbox).await;
    let releasing = ask(release("ms_6Hc2"), &sandbox).await;
    let ending = ask(end("ctr_3Hv7"), &sandbox).await;
    press(&ending, "confirm").send(&sandbox).await;
    let before = contract("ctr_3Hv7", &sandbox).await;
    for id in [&funding, &releasing] {
        let page = get(&format!("/approvals/{id}")).send(&sandbox).await;
        assert!(page.body().contains("The contract has ended meanwhile."), "{}", page.body());
        assert!(!page.body().contains("<button>Confirm"));
        assert_eq!(press(id, "confirm").send(&sandbox).await.status, 409);
        assert_eq!(approval(id).send(&sandbox).await.json()["approval"]["status"], "pending");
        assert_eq!(press(id, "decline").send(&sandbox).await.status, 303);
    }
    assert_eq!(contract("ctr_3Hv7", &sandbox).await, before);
}

#[tokio::test]
async fn the_page_says_what_is_asked_and_has_two_buttons() {
    let sandbox = paying_sandbox().await;
    for (call, class, button, parts) in [
        (
            fund("ms_4Dk7"),
            "",
            "Confirm: fund $300",
            &["<h1>Fund this milestone?</h1>", "$300 for <bdi>Maria G.</bdi>", "Second labeling batch"][..],
        ),
        (
            release("ms_6Hc2"),
            "",
            "Confirm: pay Maria G. $150",
            &["<h1>Release this payment?</h1>", "$150 to <bdi>Maria G.</bdi>", "posts 5,001 to 7,500"],
        ),
        (
            end("ctr_5Lm9"),
            r#" class="danger""#,
            "Confirm: end the contract",
            &["<h1>End this contract?</h1>", "Call-center audio", "Transcribe April calls", "$480"],
        ),
    ] {
        let id = ask(call, &sandbox).await;
        let page = get(&format!("/approvals/{id}")).send(&sandbox).await;
        assert_eq!(page.status, 200);
        let form = |name: &str, class: &str, text: &str| {
            format!(r#"<form{class} method="post" action="/approvals/{id}/{name}"><button>{text}</button></form>"#)
        };
        assert!(page.body().contains(&form("confirm", class, button)), "{}", page.body());
        assert!(page.body().contains(&form("decline", r#" class="other""#, "Decline")), "{}", page.body());
        for part in parts.iter().chain(&[
            "SANDBOX, nothing real",
            "in 72 h",
            "then nothing happens",
            "sandbox owner",
            "<code>ctr_",
        ]) {
            assert!(page.body().contains(part), "{part}: {}", page.body());
        }
        press(&id, "confirm").send(&sandbox).await;
        let page = get(&format!("/approvals/{id}")).send(&sandbox).await;
        assert!(page.body().contains("<h1>You confirmed:") && !page.body().contains("<form"), "{}", page.body());
    }
}

#[tokio::test]
async fn looking_decides_nothing_and_other_sites_neither() {
    let sandbox = paying_sandbox().await;
    let id = ask(fund("ms_4Dk7"), &sandbox).await;
    for button in ["confirm", "decline"] {
        assert_eq!(get(&format!("/approvals/{id}/{button}")).send(&sandbox).await.status, 405);
        for sent in ["Sec-Fetch-Site: cross-site", "Origin: https://evil.example", "Origin: null"] {
            let foreign = post(&format!("/approvals/{id}/{button}"), "").header(sent).send(&sandbox).await;
            assert_eq!(foreign.status, 403, "{sent}");
        }
        let rebound = press(&id, button).host("evil.example").send(&sandbox).await;
        assert_eq!(rebound.status, 421);
    }
    assert_eq!(approval(&id).send(&sandbox).await.json()["approval"]["status"], "pending");
    for page in ["/billing", "/clock"] {
        assert_eq!(post(page, "").header("Sec-Fetch-Site: cross-site").send(&sandbox).await.status, 403);
    }
    assert_eq!(get("/clock").send(&sandbox).await.status, 405);
}

#[tokio::test]
async fn strangers_words_are_shown_and_not_obeyed() {
    let sandbox = paying_sandbox().await;
    let id = ask(release("ms_9Lb3"), &sandbox).await;
    let page = get(&format!("/approvals/{id}")).send(&sandbox).await;
    assert!(page.body().contains("\\u{202e}gpj.tsil\\u{202c}") && page.body().contains("$89.50"), "{}", page.body());
    let hostile = r#"{"name":"</td><script>alert(1)</script>","description":"d","amountUsd":1}"#;
    let made = super::milestone("ctr_8Kq2", hostile).send(&sandbox).await.json()["milestone"]["id"].take();
    let id = ask(fund(made.as_str().unwrap()), &sandbox).await;
    for path in ["/", &format!("/approvals/{id}")] {
        let page = get(path).send(&sandbox).await;
        assert!(!page.body().contains("<script") && page.body().contains("&lt;script&gt;"), "{}", page.body());
    }
}

#[tokio::test]
async fn the_front_page_shows_waiting_requests() {
    let sandbox = sandbox().await;
    let front = async || get("/").send(&sandbox).await.body().to_owned();
    assert!(front().await.contains("No payment method") && front().await.contains(">Nothing is waiting."));
    let page = get("/billing").send(&sandbox).await;
    let form = r#"<form method="post" action="/billing"><button>Add payment method</button></form>"#;
    assert!(page.body().contains(form) && page.body().contains("a pretend card"), "{}", page.body());
    assert!(front().await.contains("No payment method"), "looking adds nothing");
    assert_eq!(post("/billing", "").send(&sandbox).await.header("location"), Some("/billing"));
    assert!(!get("/billing").send(&sandbox).await.body().contains("<form"));
    post("/claim", "").send(&sandbox).await;

    let id = ask(fund("ms_4Dk7"), &sandbox).await;
    let link = format!(r#"<a href="/approvals/{id}">Fund $300 for <bdi>Maria G.</bdi></a>"#);
    assert!(front().await.contains(&link), "{}", front().await);
    assert!(front().await.contains("A payment method is on file"));
    press(&id, "decline").send(&sandbox).await;
    assert!(!front().await.contains(&link));
}

#[tokio::test]
async fn a_person_lets_a_day_pass() {
    let sandbox = sandbox().await;
    let form = r#"<form method="post" action="/clock"><button>Let 24 hours pass</button></form>"#;
    assert!(get("/").send(&sandbox).await.body().contains(form));
    assert_eq!(post("/clock", "").send(&sandbox).await.status, 303);
    let front = get("/").send(&sandbox).await;
    assert!(front.body().contains("2026-06-13 10:00 UTC"));
    assert_eq!(front.header("date"), Some("Sat, 13 Jun 2026 10:00:00 GMT"));
}
