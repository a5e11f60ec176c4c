//! `--confirm person`: what takes effect at once and cannot be taken back is sent only after a person said yes in a form.

use serde_json::{Value, json};

use crate::harness::launch::Launch;
use crate::harness::{Answer, Api, Host, Reply, STATELESS, Upstream, contract, launch, record};

const END: &str = "POST /contracts/ctr_8Kq2/end";
const PATH: &str = "/contracts/ctr_8Kq2/end";

/// An API whose contract holds no money, so that it ends at once.
async fn api() -> Api {
    Api::of([contract("ctr_8Kq2", &[])]).await
}

fn server(api: &Api) -> Launch {
    launch().at(&api.upstream).args(["--confirm", "person"])
}

fn forms() -> Value {
    json!({ "form": {} })
}

fn end() -> Value {
    json!({ "contractId": "ctr_8Kq2" })
}

fn yes() -> Value {
    json!({ "action": "accept", "content": { "confirm": true } })
}

/// Everything that is no yes, with a word of the refusal.
fn no() -> [(Value, &'static str); 9] {
    [
        (json!({ "action": "decline" }), "did not give it"),
        (json!({ "action": "cancel" }), "closed the form"),
        (json!({ "action": "accept" }), "did not give it"),
        (json!({ "action": "accept", "content": {} }), "did not give it"),
        (json!({ "action": "accept", "content": { "confirm": false } }), "did not give it"),
        (json!({ "action": "accept", "content": { "confirm": "true" } }), "did not give it"),
        (json!({ "action": "accept", "content": { "yes": true } }), "did not give it"),
        (json!({ "action": "decline", "content": { "confirm": true } }), "did not give it"),
        (json!({ "action": "cancel", "content": { "confirm": true } }), "closed the form"),
    ]
}

/// Says that the call was refused for want of a yes, in each channel, and what to do.
fn is_unconfirmed(answer: &Answer, why: &str) {
    assert!(answer.is_error(), "{}", answer.0);
    let error = answer.error();
    assert_eq!((answer.code(), &error["reason"]), ("NOT_ALLOWED", &json!("not_confirmed")), "{error}");
    assert_eq!((&error["outcome"], &error["retryable"]), (&json!("not_done"), &json!(false)), "{error}");
    answer.says(&["The operator wants a person's yes", "--confirm person", why, "Nothing was sent."]);
    assert!(error["hint"].as_str().unwrap().len() > "Nothing was sent. ".len(), "{error}");
}

/// The lines of the record.
fn lines(host: &Host) -> Vec<Value> {
    record(&host.home.path().join(".local/state/opentrain-mcp/record.jsonl"))
}

/// Says that this is a form with a question and one box.
fn is_a_form(asked: &Value, words: &[&str]) {
    assert_eq!((&asked["method"], &asked["params"]["mode"]), (&json!("elicitation/create"), &json!("form")), "{asked}");
    let message = asked["params"]["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{word:?} is missing: {message}");
    }
    let schema = &asked["params"]["requestedSchema"];
    assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &json!(["confirm"])), "{schema}");
    let field = &schema["properties"]["confirm"];
    assert_eq!(
        (&field["type"], &field["default"]),
        (&json!("boolean"), &json!(false)),
        "the box is not ticked: {schema}"
    );
}

/// The first round in revision 2026-07-28: the form, and the state.
async fn first_round(host: &Host, tool: &str, arguments: Value) -> (Value, String) {
    let id = host.begin(tool, arguments).await;
    let result = host.reply_to(id).await["result"].clone();
    assert_eq!(result["resultType"], "input_required", "{result}");
    assert_eq!(result["inputRequests"].as_object().unwrap().len(), 1, "{result}");
    (result["inputRequests"]["person"].clone(), result["requestState"].as_str().unwrap().to_owned())
}

async fn second_round(host: &Host, tool: &str, arguments: Value, answer: &Value, state: &str) -> Value {
    let responses = json!({ "person": answer });
    let call = json!({ "name": tool, "arguments": arguments, "inputResponses": responses, "requestState": state });
    let id = host.ask("tools/call", call).await;
    host.reply_to(id).await["result"].clone()
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_nobody_is_asked() {
    let api = api().await;
    for revision in ["2025-06-18", "2025-11-25", STATELESS] {
        api.world().contract("ctr_8Kq2").unwrap()["status"] = json!("active");
        let host = launch().at(&api.upstream).speaking(revision).eliciting(forms()).in_memory().await;
        assert_eq!(host.done("end_contract", end()).await.structured()["outcome"], "done", "{revision}");
        assert!(host.open_requests().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_yes_the_call_is_sent_once() {
    for (revision, modes) in [
        ("2025-06-18", json!({})),
        ("2025-11-25", json!({})),
        ("2025-11-25", forms()),
        ("2025-11-25", json!({ "form": {}, "url": {} })),
    ] {
        let api = api().await;
        let host = server(&api).speaking(revision).eliciting(modes).in_memory().await;
        let id = host.begin("end_contract", end()).await;
        let asked = host.asked().await;
        is_a_form(&asked, &["End the contract of", "«", "ctr_8Kq2", "cannot be opened again"]);
        assert_eq!(api.upstream.writes(), 0, "nothing is sent before the yes");
        host.answer(&asked, yes()).await;
        let answer = host.end(id).await;
        assert_eq!(answer.structured()["outcome"], "done", "{}", answer.0);
        assert_eq!(api.came(END), 1, "{revision}");
        assert!(lines(&host).iter().all(|line| line["confirmed"] == true), "the record says who said yes");
        assert!(host.open_requests().is_empty(), "it is asked once");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_yes_nothing_is_sent_and_that_is_recorded() {
    let api = api().await;
    for revision in ["2025-06-18", "2025-11-25"] {
        for (answer, why) in no() {
            let host = server(&api).speaking(revision).eliciting(forms()).in_memory().await;
            let id = host.begin("end_contract", end()).await;
            host.answer(&host.asked().await, answer).await;
            is_unconfirmed(&host.end(id).await, why);
            let recorded = lines(&host);
            assert_eq!(recorded.len(), 1, "{recorded:?}");
            assert_eq!((&recorded[0]["phase"], &recorded[0]["reason"]), (&json!("refused"), &json!("not_confirmed")));
        }
    }
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_host_and_silence_are_no_yes() {
    let api = api().await;
    let host = server(&api).eliciting(forms()).in_memory().await;
    let id = host.begin("end_contract", end()).await;
    let asked = host.asked().await;
    let fault = json!({ "jsonrpc": "2.0", "id": asked["id"], "error": { "code": -32602, "message": "no forms" } });
    host.send_line(&fault.to_string()).await;
    is_unconfirmed(&host.end(id).await, "cannot ask for it");
    let host = server(&api).eliciting(forms()).args(["--human-wait", "3"]).in_memory().await;
    let id = host.begin("end_contract", end()).await;
    let asked = host.asked().await;
    is_unconfirmed(&host.end(id).await, "no answer came within 3 s");
    // Too late.
    host.answer(&asked, yes()).await;
    host.done("get_contract", end()).await;
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_not_sent_after_a_late_yes() {
    let api = api().await;
    let host = server(&api).eliciting(forms()).in_memory().await;
    let id = host.begin("end_contract", end()).await;
    let asked = host.asked().await;
    host.notify("notifications/cancelled", json!({ "requestId": id })).await;
    host.answer(&asked, yes()).await;
    host.done("get_contract", end()).await;
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_cannot_ask_is_refused() {
    let api = api().await;
    for (revision, modes) in [
        ("2024-11-05", Some(forms())),
        ("2025-03-26", Some(forms())),
        ("2025-06-18", None),
        ("2025-11-25", None),
        ("2025-11-25", Some(json!({ "url": {} }))),
        (STATELESS, None),
        (STATELESS, Some(json!({ "url": {} }))),
    ] {
        let server = server(&api).speaking(revision);
        let server = match modes {
            Some(modes) => server.eliciting(modes),
            None => server,
        };
        let host = server.in_memory().await;
        is_unconfirmed(&host.call("end_contract", end()).await, "this host cannot ask for it");
        assert!(host.open_requests().is_empty(), "{revision}");
        assert_eq!(lines(&host).len(), 1, "{revision}");
    }
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_newest_revision_asks_and_continues_after_a_yes() {
    let api = api().await;
    let host = server(&api).speaking(STATELESS).eliciting(forms()).in_memory().await;
    let (form, state) = first_round(&host, "end_contract", end()).await;
    is_a_form(&form, &["End the contract of", "ctr_8Kq2"]);
    assert!(host.open_requests().is_empty(), "this revision has no requests of the server");
    assert_eq!(api.upstream.writes(), 0);
    let result = second_round(&host, "end_contract", end(), &yes(), &state).await;
    assert_eq!(result["structuredContent"]["outcome"], "done", "{result}");
    // A state that is used again sends nothing and gives the same answer, whatever it comes with.
    for answer in [yes(), json!({ "action": "decline" })] {
        assert_eq!(second_round(&host, "end_contract", end(), &answer, &state).await, result);
    }
    assert_eq!(api.came(END), 1);
}

#[tokio::test(start_paused = true)]
async fn two_uses_of_a_yes_at_once_share_one_write() {
    let api = api().await;
    let host = server(&api).speaking(STATELESS).eliciting(forms()).in_memory().await;
    let (_, state) = first_round(&host, "end_contract", end()).await;
    let call = json!({
        "name": "end_contract", "arguments": end(), "inputResponses": { "person": yes() }, "requestState": state
    });
    let ids = [host.ask("tools/call", call.clone()).await, host.ask("tools/call", call).await];
    let [one, other] = [host.reply_to(ids[0]).await, host.reply_to(ids[1]).await];
    assert_eq!(one["result"], other["result"]);
    assert_eq!(api.came(END), 1);
}

#[tokio::test(start_paused = true)]
async fn a_no_stays_a_no_for_its_state() {
    let api = api().await;
    let host = server(&api).speaking(STATELESS).eliciting(forms()).in_memory().await;
    for (answer, why) in no().into_iter().chain([(Value::Null, "closed the form"), (json!(7), "closed the form")]) {
        let (_, state) = first_round(&host, "end_contract", end()).await;
        let result = second_round(&host, "end_contract", end(), &answer, &state).await;
        is_unconfirmed(&Answer(result.clone()), why);
        assert_eq!(second_round(&host, "end_contract", end(), &yes(), &state).await, result, "{answer}");
    }
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_yes_counts_for_its_call_only() {
    let api = Api::of([contract("ctr_8Kq2", &[]), contract("ctr_2Bd4", &[])]).await;
    let host = server(&api).speaking(STATELESS).eliciting(forms()).in_memory().await;
    let elsewhere = server(&api).speaking(STATELESS).eliciting(forms()).in_memory().await;
    let (_, state) = first_round(&host, "end_contract", end()).await;
    let (_, foreign) = first_round(&elsewhere, "end_contract", end()).await;
    let mut flipped = state.clone().into_bytes();
    let middle = flipped.len() / 2;
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    for (tool, arguments, state) in [
        ("end_contract", json!({ "contractId": "ctr_2Bd4" }), state.clone()),
        ("end_contract", end(), foreign),
        ("end_contract", end(), String::from_utf8(flipped).unwrap()),
        ("end_contract", end(), String::new()),
        ("opentrain_end_contract", end(), state),
    ] {
        let result = second_round(&host, tool, arguments, &yes(), &state).await;
        assert_eq!(result["resultType"], "input_required", "{result}");
    }
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_the_yes_is_not_sent() {
    let api = api().await;
    let host = server(&api).eliciting(forms()).in_memory().await;
    let id = host.begin("end_contract", end()).await;
    let asked = host.asked().await;
    api.world().contract("ctr_8Kq2").unwrap()["title"] = json!("Another contract altogether");
    host.answer(&asked, yes()).await;
    is_unconfirmed(&host.end(id).await, "has changed since");
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_would_be_refused_or_only_checked_asks_nobody() {
    let api = api().await;
    for revision in ["2025-11-25", STATELESS] {
        let host = server(&api).speaking(revision).eliciting(forms()).in_memory().await;
        let rehearsed = host.done("end_contract", json!({ "contractId": "ctr_8Kq2", "dryRun": true })).await;
        rehearsed.says(&["DRY RUN", "The operator wants a person's yes before this call."]);
        let unknown = host.failed("end_contract", json!({ "contractId": "ctr_none" })).await;
        assert_eq!(unknown.error()["status"], 404, "{}", unknown.0);
        host.failed("end_contract", json!({})).await;
        let folder = host.home.path().join(".config/opentrain");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("mcp-frozen"), "stop").unwrap();
        assert_eq!(host.failed("end_contract", end()).await.error()["reason"], "frozen");
        assert!(host.open_requests().is_empty(), "{revision}");
    }
    assert_eq!(api.upstream.writes(), 0);
}

/// A server in the sandbox whose host shows forms: everything that a person may have to confirm can be tried there.
async fn sandbox() -> Host {
    let server = launch().env("OPENTRAIN_CONFIRM", "person").sandbox(0).args(["--toolsets", "all"]);
    server.eliciting(forms()).start().await
}

/// Calls a tool, answers what it asks, and gives the question and the answer.
async fn asked_for(host: &Host, tool: &str, arguments: Value, answer: Value) -> (String, Answer) {
    let id = host.begin(tool, arguments).await;
    let asked = host.asked().await;
    host.answer(&asked, answer).await;
    (asked["params"]["message"].as_str().unwrap().to_owned(), host.end(id).await)
}

#[tokio::test]
async fn each_question_says_what_will_happen() {
    let host = sandbox().await;
    let tools = host.tools().await;
    let job = json!({ "jobId": "job_3Vn6" });
    for (tool, arguments, words) in [
        ("end_contract", json!({ "contractId": "ctr_8Kq2" }), &["End the contract of «Maria G.»", "own page asks"][..]),
        ("publish_job", job.clone(), &["Publish job job_3Vn6 «", "everybody can read it"]),
        ("close_job", job.clone(), &["Close job job_3Vn6 «", "cannot be opened again"]),
        (
            "update_job",
            json!({ "jobId": "job_3Vn6", "fields": { "jobTitle": "Visit evil.example", "labelTypes": ["SENTIMENT"] } }),
            &["Change the published job job_3Vn6", "jobTitle «Visit evil.example»", "labelTypes «[\"SENTIMENT\"]»"],
        ),
        (
            "create_webhook",
            json!({ "url": "https://evil.example/take", "eventTypes": ["approval.confirmed"] }),
            &["to «https://evil.example/take»", "approval.confirmed"],
        ),
        ("delete_webhook", json!({ "webhookId": "wh_1" }), &["Delete webhook wh_1"]),
        ("revoke_token", json!({ "tokenId": "tok_1", "ownToken": true }), &["Revoke the API token tok_1"]),
        ("invite_team_member", json!({ "email": "evil@example.com" }), &["Invite «evil@example.com» into the team"]),
    ] {
        let (question, answer) = asked_for(&host, tool, arguments, json!({ "action": "decline" })).await;
        assert!(question.starts_with("Sandbox, nothing is real. "), "{question}");
        for word in words {
            assert!(question.contains(word), "{tool}: {word:?} is missing: {question}");
        }
        is_unconfirmed(&answer, "did not give it");
    }
    host.done("register_agent", json!({})).await;
    let claim = json!({ "email": "evil@example.com" });
    let (question, answer) = asked_for(&host, "claim_account", claim, json!({ "action": "cancel" })).await;
    assert!(question.contains("Offer the account that this agent registered to «evil@example.com»"), "{question}");
    is_unconfirmed(&answer, "closed the form");
    // Whatever a host should ask its user about by its hints is asked about here, and the other way round but for two.
    let hinted = tools.iter().filter(|tool| tool["annotations"]["destructiveHint"] == true);
    let hinted: Vec<&str> = hinted.map(|tool| tool["name"].as_str().unwrap()).collect();
    let asks: Vec<&str> = opentrain_mcp::tools::all()
        .map(|entry| &entry.facts)
        .filter(|facts| facts.confirm)
        .map(|facts| facts.name)
        .collect();
    let more: Vec<&&str> = asks.iter().filter(|name| !hinted.contains(name)).collect();
    assert_eq!(more, [&"publish_job", &"update_job"], "what is public at once");
    assert!(hinted.iter().all(|name| asks.contains(name)), "{hinted:?} {asks:?}");
    let told = host.done("get_auth_status", json!({})).await;
    told.says(&["a person says yes first", "end_contract", "publish_job"]);
}

#[tokio::test]
async fn after_a_yes_each_call_does_its_work() {
    let host = sandbox().await;
    let hook = json!({ "url": "https://example.com/hook", "eventTypes": ["approval.confirmed"] });
    let made = asked_for(&host, "create_webhook", hook, yes()).await.1;
    let webhook = made.structured()["webhook"]["id"].clone();
    for (tool, arguments) in
        [("delete_webhook", json!({ "webhookId": webhook })), ("close_job", json!({ "jobId": "job_3Vn6" }))]
    {
        let answer = asked_for(&host, tool, arguments, yes()).await.1;
        assert!(!answer.is_error(), "{tool}: {}", answer.0);
    }
    assert!(host.open_requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_page_after_a_yes_is_shown_too() {
    for revision in ["2025-11-25", STATELESS] {
        let claimed = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = std::sync::Arc::clone(&claimed);
        let upstream = Upstream::answering(move |request, _| match (request.is_write(), request.path()) {
            (true, _) if seen.load(std::sync::atomic::Ordering::SeqCst) => {
                Reply::json(200, &json!({ "ok": true, "contractId": "ctr_8Kq2", "status": "ended" }))
            }
            (true, _) => crate::harness::claim_required(&format!("http://{}", request.header("host")[0])),
            (false, path) if path.ends_with("/contracts/ctr_8Kq2") => {
                Reply::json(200, &json!({ "contract": contract("ctr_8Kq2", &[]) }))
            }
            _ => Reply::refusal(404, "NOT_FOUND", &Value::Null),
        })
        .await;
        let server = launch().at(&upstream).args(["--confirm", "person"]).speaking(revision);
        let host = server.eliciting(json!({ "form": {}, "url": {} })).in_memory().await;
        if revision == STATELESS {
            let (_, state) = first_round(&host, "end_contract", end()).await;
            let page = second_round(&host, "end_contract", end(), &yes(), &state).await;
            assert_eq!(page["inputRequests"]["person"]["params"]["mode"], "url", "{page}");
            claimed.store(true, std::sync::atomic::Ordering::SeqCst);
            let state = page["requestState"].as_str().unwrap();
            let done = second_round(&host, "end_contract", end(), &json!({ "action": "accept" }), state).await;
            assert_eq!(done["structuredContent"]["outcome"], "done", "{done}");
        } else {
            let id = host.begin("end_contract", end()).await;
            host.answer(&host.asked().await, yes()).await;
            let page = host.asked().await;
            assert_eq!(page["params"]["mode"], "url", "{page}");
            claimed.store(true, std::sync::atomic::Ordering::SeqCst);
            host.answer(&page, json!({ "action": "accept" })).await;
            assert_eq!(host.end(id).await.structured()["outcome"], "done");
        }
        assert!(host.open_requests().is_empty());
        assert_eq!(upstream.requests().iter().filter(|request| request.path().ends_with(PATH)).count(), 2);
    }
}

#[tokio::test]
async fn a_wrong_value_and_a_placeholder_refuse_the_start() {
    for (name, value) in [("OPENTRAIN_CONFIRM", "nobody"), ("OPENTRAIN_CONFIRM", "${user_config.confirm}")] {
        let ran = launch().env(name, value).run().await;
        assert!(ran.status != Some(0) && ran.stderr.contains("OPENTRAIN_CONFIRM"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_command_without_a_terminal_is_refused() {
    let api = api().await;
    let ran = server(&api).args(["call", "end_contract", r#"{"contractId":"ctr_8Kq2"}"#]).run().await;
    assert!(ran.status == Some(1) && ran.stdout.contains("not_confirmed"), "{ran:?}");
    assert_eq!(api.upstream.writes(), 0);
}

#[tokio::test]
async fn a_question_and_its_state_stay_small_whatever_is_asked() {
    let host =
        launch().env("OPENTRAIN_CONFIRM", "person").sandbox(0).speaking(STATELESS).eliciting(forms()).start().await;
    let fields =
        json!({ "jobTitle": "\u{1f600}\u{202e}\n".repeat(50_000), "jobDescription": "\u{1f4a5}".repeat(300_000) });
    let arguments = json!({ "jobId": "job_3Vn6", "fields": fields });
    let (form, state) = first_round(&host, "update_job", arguments.clone()).await;
    let message = form["params"]["message"].as_str().unwrap();
    assert!(message.chars().count() < 2_200 && !message.contains(['\u{202e}', '\n']), "{message}");
    assert!(state.len() <= 8_192, "{} bytes", state.len());
    let refused = second_round(&host, "update_job", arguments, &json!({ "action": "decline" }), &state).await;
    is_unconfirmed(&Answer(refused), "did not give it");
}
