//! Sealed states at replicas that share a ledger: a state that was used at one sends no second write at another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::asked_for;
use crate::database::Database;
use crate::harness::launch::write_private;
use crate::harness::{Gate, Reply, Upstream, contract, launch};
use crate::served::{Caller, HttpServer};

/// Two replicas over one account that a person has to claim before a message can be sent.
struct Replicas {
    database: Database,
    upstream: Upstream,
    is_claimed: Arc<AtomicBool>,
    /// Sent messages are answered once this is open.
    gate: Gate,
    one: HttpServer,
    other: HttpServer,
    key: String,
    /// A key whose calls that cannot be taken back need a person's yes.
    careful: String,
}

impl Replicas {
    async fn start() -> Self {
        let database = crate::ledger::database().await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let claim = format!("http://{}/claim", listener.local_addr().unwrap());
        let (is_claimed, gate) = (Arc::new(AtomicBool::new(false)), Gate::closed());
        let (claimed, its_gate) = (Arc::clone(&is_claimed), gate.clone());
        let refused = json!({ "reason": "account_claim_required", "claimUrl": claim });
        let upstream = Upstream::on(listener, move |request, number| {
            if !request.is_write() {
                return Reply::json(200, &json!({ "contract": contract("ctr_8Kq2", &[]) }));
            }
            if !claimed.load(Ordering::Relaxed) {
                return Reply::refusal(403, "FORBIDDEN", &refused);
            }
            let sent = json!({ "message": { "id": format!("msg_{number}"), "content": "Hello" } });
            Reply::json(201, &sent).once_open(&its_gate)
        });
        let start = || {
            let launch = launch().at(&upstream).env("OPENTRAIN_LEDGER", &database.address("opentrain_mcp"));
            launch.env("OPENTRAIN_SEAL_KEYS", &"5a".repeat(32)).env("OPENTRAIN_HUMAN_WAIT", "1").over_http()
        };
        let (one, other) = (start().await, start().await);
        let key = one.agent("ci", &[]).await;
        let careful = one.agent("careful", &["--confirm", "person"]).await;
        let agents = |server: &HttpServer| server.home.path().join(".config/opentrain-mcp/agents.toml");
        write_private(&agents(&other), &std::fs::read_to_string(agents(&one)).unwrap());
        other.admits(&key, true).await;
        Self { database, upstream, is_claimed, gate, one, other, key, careful }
    }

    fn callers(&self) -> (Caller, Caller) {
        let caller = self.one.caller(&self.key).eliciting();
        (caller.clone(), caller.at(&self.other))
    }

    /// Sends a message, which has to wait for a person. Returns the call that goes on with it.
    async fn asked(&self, content: &str) -> Value {
        let arguments = json!({ "conversationId": "cnv_1", "content": content });
        let mut call = json!({ "name": "send_message", "arguments": arguments });
        let asked = self.callers().0.ask("tools/call", call.clone()).await["result"].clone();
        assert_eq!(asked["resultType"], "input_required", "{asked}");
        call["inputResponses"] = json!({ "person": { "action": "accept" } });
        call["requestState"] = asked["requestState"].clone();
        self.is_claimed.store(true, Ordering::Relaxed);
        call
    }

    /// Replicas, a call that may go on now, and the number of writes so far. `None` if these tests are not asked for.
    async fn with_a_call() -> Option<(Self, Value, usize)> {
        if !asked_for() {
            return None;
        }
        let replicas = Self::start().await;
        let call = replicas.asked("Hello").await;
        let writes = replicas.upstream.writes();
        Some((replicas, call, writes))
    }

    /// Waits until so many writes have reached OpenTrain.
    async fn until_writes(&self, writes: usize) {
        while self.upstream.writes() < writes {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_state_that_was_used_elsewhere_sends_nothing_again() {
    let Some((replicas, call, writes)) = Replicas::with_a_call().await else { return };
    replicas.gate.open();
    let (one, other) = replicas.callers();
    let first = one.ask("tools/call", call.clone()).await;
    assert_eq!(first["result"]["isError"], false, "{first}");
    assert_eq!(replicas.upstream.writes(), writes + 1);
    let mut declined = call.clone();
    declined["inputResponses"]["person"]["action"] = json!("decline");
    // The arguments in another order are the same arguments.
    let mut turned = call.clone();
    turned["arguments"] = json!({ "content": "Hello", "conversationId": "cnv_1" });
    for again in [&call, &declined, &turned] {
        for caller in [&other, &one] {
            let again = caller.ask("tools/call", again.clone()).await;
            assert_eq!(again["result"]["structuredContent"], first["result"]["structuredContent"], "{again}");
            assert_eq!(again["result"]["content"], first["result"]["content"], "{again}");
        }
    }
    assert_eq!(replicas.upstream.writes(), writes + 1);
    let answers = replicas.database.sql("SELECT notes FROM opentrain_mcp.state_lock").unwrap();
    assert!(answers.contains("msg_") && !answers.contains(crate::harness::SECRET), "{answers}");
}

#[tokio::test]
async fn two_replicas_with_one_state_send_one_write() {
    let Some((replicas, call, writes)) = Replicas::with_a_call().await else { return };
    let (one, other) = replicas.callers();
    let both = async { futures::join!(one.ask("tools/call", call.clone()), other.ask("tools/call", call.clone())) };
    let opening = async {
        replicas.until_writes(writes + 1).await;
        // Time for the other one to send a write, if it did.
        tokio::time::sleep(Duration::from_millis(300)).await;
        replicas.gate.open();
    };
    let ((first, second), ()) = futures::join!(both, opening);
    assert_eq!(first["result"]["structuredContent"], second["result"]["structuredContent"]);
    assert_eq!((replicas.upstream.writes(), &first["result"]["isError"]), (writes + 1, &json!(false)), "{first}");
}

#[tokio::test]
async fn a_first_use_whose_replica_died_is_unknown() {
    let Some((mut replicas, call, writes)) = Replicas::with_a_call().await else { return };
    let (one, other) = replicas.callers();
    let its = call.clone();
    let lost = tokio::spawn(async move { one.asking("tools/call", its).send().await.is_err() });
    replicas.until_writes(writes + 1).await;
    replicas.one.child.kill().await.unwrap();
    lost.abort();
    let told = other.ask("tools/call", call).await;
    let error = &told["result"]["structuredContent"]["error"];
    assert_eq!((&error["outcome"], &error["retryable"]), (&json!("unknown"), &json!(false)), "{told}");
    assert_eq!(replicas.upstream.writes(), writes + 1);
}

#[tokio::test]
async fn without_the_ledger_a_state_sends_nothing() {
    let Some((replicas, call, writes)) = Replicas::with_a_call().await else { return };
    replicas.gate.open();
    replicas.database.down();
    let refused = replicas.callers().1.ask("tools/call", call.clone()).await;
    let error = &refused["result"]["structuredContent"]["error"];
    assert_eq!((&error["reason"], &error["outcome"]), (&json!("audit_unavailable"), &json!("not_done")), "{refused}");
    assert_eq!(replicas.upstream.writes(), writes);
    replicas.database.up();
    let sent = replicas.callers().0.ask("tools/call", call).await;
    assert_eq!((replicas.upstream.writes(), &sent["result"]["isError"]), (writes + 1, &json!(false)), "{sent}");
}

#[tokio::test]
async fn a_yes_to_a_form_counts_once_at_any_replica() {
    if !asked_for() {
        return;
    }
    let replicas = Replicas::start().await;
    replicas.is_claimed.store(true, Ordering::Relaxed);
    replicas.gate.open();
    let caller = replicas.one.caller(&replicas.careful).eliciting();
    let other = caller.clone().at(&replicas.other);
    let mut call = json!({ "name": "end_contract", "arguments": { "contractId": "ctr_8Kq2" } });
    let asked = caller.ask("tools/call", call.clone()).await["result"].clone();
    assert_eq!(asked["inputRequests"]["person"]["params"]["mode"], "form", "{asked}");
    let yes = json!({ "action": "accept", "content": { "confirm": true } });
    call["inputResponses"] = json!({ "person": yes });
    call["requestState"] = asked["requestState"].clone();
    let ended = other.ask("tools/call", call.clone()).await["result"].clone();
    assert_eq!(ended["isError"], false, "{ended}");
    for caller in [&caller, &other] {
        let again = caller.ask("tools/call", call.clone()).await["result"].clone();
        assert_eq!(again["structuredContent"], ended["structuredContent"]);
    }
    assert_eq!(replicas.upstream.writes(), 1);
    // A no at one replica stays a no at the other.
    let mut call = json!({ "name": "end_contract", "arguments": { "contractId": "ctr_8Kq2" } });
    call["requestState"] = caller.ask("tools/call", call.clone()).await["result"]["requestState"].clone();
    let answers = [(&caller, json!({ "action": "decline" })), (&other, yes.clone())];
    for (caller, answer) in answers {
        call["inputResponses"] = json!({ "person": answer });
        let told = caller.ask("tools/call", call.clone()).await["result"].clone();
        assert_eq!(told["structuredContent"]["error"]["reason"], "not_confirmed", "{told}");
    }
    assert_eq!(replicas.upstream.writes(), 1);
}

#[tokio::test]
async fn what_a_state_left_is_forgotten_after_a_day() {
    if !asked_for() {
        return;
    }
    let replicas = Replicas::start().await;
    replicas.gate.open();
    let sql = |sql: &str| replicas.database.sql(sql).unwrap();
    let (one, _) = replicas.callers();
    one.ask("tools/call", replicas.asked("first").await).await;
    sql("UPDATE opentrain_mcp.state_lock SET held_until = held_until - interval '25 hours'");
    replicas.is_claimed.store(false, Ordering::Relaxed);
    one.ask("tools/call", replicas.asked("second").await).await;
    assert_eq!(sql("SELECT count(*) FROM opentrain_mcp.state_lock"), "1");
    // A state that was never sealed leaves nothing, however often it is sent.
    let junk = json!({ "name": "get_auth_status", "arguments": {}, "requestState": "junk" });
    one.ask("tools/call", junk).await;
    assert_eq!(sql("SELECT count(*) FROM opentrain_mcp.state_lock"), "1");
}
