//! What servers that share a database know together: each server here has a home of its own.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::asked_for;
use crate::database::{Database, PASSWORD};
use crate::harness::api::is_create;
use crate::harness::{Api, Host, Launch, Ran, Reply, contract, launch};

/// How many pairs of identical creates are sent.
const PAIRS: usize = 200;

/// A server that works as the role of `deploy/roles.sql`.
fn replica(database: &Database, api: &Api) -> Launch {
    launch().at(&api.upstream).env("OPENTRAIN_LEDGER", &database.address("opentrain_mcp")).env("OPENTRAIN_TIMEOUT", "5")
}

/// A database with the tables and the roles.
pub(crate) async fn database() -> Database {
    let database = Database::start();
    database.make_roles();
    // On a busy machine a new database may take its time.
    for attempt in 0.. {
        let audit = launch().env("OPENTRAIN_LEDGER", &database.address("opentrain_mcp_owner"));
        let ran = audit.args(["audit"]).run().await;
        if ran.status == Some(0) {
            break;
        }
        assert!(attempt < 5 && ran.stderr.contains("does not answer"), "{ran:?}");
    }
    database.make_roles();
    database
}

async fn two_contracts() -> Api {
    Api::of([contract("ctr_1", &[]), contract("ctr_2", &[])]).await
}

fn terms(contract: &str, name: &str) -> Value {
    json!({ "contractId": contract, "name": name, "description": format!("Label {name}"), "amountUsd": 40, "dueDate": "2026-07-15" })
}

async fn create(host: &Host, contract: &str, name: &str) -> crate::harness::Answer {
    host.call("create_milestone", terms(contract, name)).await
}

async fn command(database: &Database, words: &[&str]) -> Ran {
    launch().env("OPENTRAIN_LEDGER", &database.address("opentrain_mcp")).args(words.iter().copied()).run().await
}

#[tokio::test]
async fn limits_and_record_hold_for_all_servers() {
    if !asked_for() {
        return;
    }
    let (database, api) = (database().await, two_contracts().await);
    let start = || async { replica(&database, &api).env("OPENTRAIN_MAX_DAY_USD", "100").start().await };
    let (one, other) = (start().await, start().await);
    assert_eq!(create(&one, "ctr_1", "a").await.structured()["outcome"], "created");
    assert_eq!(create(&other, "ctr_1", "b").await.structured()["outcome"], "created");
    let refused = create(&one, "ctr_2", "c").await;
    assert_eq!(refused.error()["reason"], "over_limit", "$120 of $100: {}", refused.0);
    // The same again is no second one, whichever server is asked.
    assert_eq!(create(&other, "ctr_1", "a").await.structured()["outcome"], "existing");
    assert_eq!(api.creates(), 2);
    let audit = command(&database, &["audit"]).await;
    assert_eq!(audit.stdout.matches("create_milestone · created").count(), 2, "{}", audit.stdout);
    assert_eq!(audit.stdout.matches("create_milestone · REFUSED").count(), 1, "{}", audit.stdout);
    assert!(audit.stdout.contains("2 writes with a known outcome"), "{}", audit.stdout);
    let check = replica(&database, &api).args(["check"]).run().await;
    for printed in [&audit.stdout, &audit.stderr, &check.stdout, &check.stderr] {
        assert!(!printed.contains(PASSWORD), "{printed}");
    }
    assert!(check.stdout.contains("postgres://opentrain_mcp@127.0.0.1"), "{}", check.stdout);
}

#[tokio::test]
async fn a_freeze_stops_every_server_of_a_ledger() {
    if !asked_for() {
        return;
    }
    let (database, api) = (database().await, two_contracts().await);
    let host = replica(&database, &api).start().await;
    let frozen = command(&database, &["freeze", "--reason", "drill"]).await;
    assert!(frozen.stdout.contains("Frozen: "), "{frozen:?}");
    let refused = create(&host, "ctr_1", "a").await;
    assert_eq!(refused.error()["reason"], "frozen", "{}", refused.0);
    assert!(refused.error()["message"].as_str().unwrap().contains("drill"), "{}", refused.0);
    assert!(command(&database, &["freeze"]).await.stdout.contains("frozen already"));
    assert!(command(&database, &["thaw"]).await.stdout.contains("Thawed"));
    assert!(command(&database, &["thaw"]).await.stdout.contains("not frozen"));
    assert_eq!(create(&host, "ctr_1", "a").await.structured()["outcome"], "created");
    let history = database.sql("SELECT string_agg(is_on::text, ' ' ORDER BY seq) FROM opentrain_mcp.stop_switch");
    assert_eq!(history.unwrap(), "true true false", "each change stays on record");
}

#[tokio::test]
async fn without_the_database_reads_go_on_and_writes_are_refused() {
    if !asked_for() {
        return;
    }
    let (database, api) = (database().await, two_contracts().await);
    let host = replica(&database, &api).start().await;
    database.down();
    assert!(!host.call("list_contracts", json!({})).await.is_error());
    let began = Instant::now();
    let refused = create(&host, "ctr_1", "a").await;
    assert_eq!(refused.error()["reason"], "audit_unavailable", "{}", refused.0);
    let message = refused.error()["message"].as_str().unwrap();
    assert!(message.contains("cannot be reached") && !message.contains(PASSWORD), "{message}");
    assert!(began.elapsed() < Duration::from_secs(20), "a caller waits for an answer");
    assert_eq!(api.creates(), 0);
    // A server that starts now serves reads, too.
    let late = replica(&database, &api).start().await;
    assert!(!late.call("get_contract", json!({ "contractId": "ctr_1" })).await.is_error());
    database.up();
    for host in [host, late] {
        assert!(!create(&host, "ctr_1", "a").await.is_error(), "it comes back by itself");
    }
    assert_eq!(api.creates(), 1);
}

#[tokio::test]
async fn an_end_that_could_not_be_recorded_is_recorded_later() {
    if !asked_for() {
        return;
    }
    let database = std::sync::Arc::new(database().await);
    let its = std::sync::Arc::clone(&database);
    // The database goes away while OpenTrain works on the create.
    let api = Api::meddled([contract("ctr_1", &[])], move |request, _| {
        if is_create(request) {
            assert_eq!(its.sql(IN_TRANSACTION).unwrap(), "0", "no transaction is open while OpenTrain is called");
            its.down();
        }
        None
    })
    .await;
    let host = replica(&database, &api).start().await;
    let created = create(&host, "ctr_1", "a").await;
    assert_eq!(created.structured()["outcome"], "created");
    assert!(created.text().contains("could not be written yet"), "{}", created.text());
    database.up();
    until_one(&database, "SELECT count(*) FROM opentrain_mcp.record WHERE phase = 'after'").await;
}

/// Waits until a count is 1.
async fn until_one(database: &Database, sql: &str) {
    let waiting = async {
        while database.sql(sql).unwrap() != "1" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect(sql);
}

const IN_TRANSACTION: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'opentrain-mcp%' \
                              AND state LIKE 'idle in transaction%'";

#[tokio::test]
async fn a_lease_ends_what_a_dead_server_held() {
    if !asked_for() {
        return;
    }
    let database = database().await;
    let api = Api::meddled([contract("ctr_1", &[])], |request, world| {
        let is_first = is_create(request) && request.body().contains("first");
        if is_first {
            world.store(request);
        }
        is_first.then(Reply::hang)
    })
    .await;
    let (dead, other) = (replica(&database, &api).start().await, replica(&database, &api).start().await);
    let left = async { create(&dead, "ctr_1", "first").await };
    let has_left = async {
        while api.creates() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        answer = left => panic!("{}", answer.0),
        () = has_left => {}
    }
    dead.kill().await;
    let second = create(&other, "ctr_1", "second").await;
    assert_eq!(second.structured()["outcome"], "created", "another one in the same contract: {}", second.0);
    let ends =
        database.sql("SELECT count(*) FROM opentrain_mcp.record WHERE phase = 'after' AND line LIKE '%recovered%'");
    assert_eq!(ends.unwrap(), "1", "the end of the dead server's write is on record");
    assert_eq!(create(&other, "ctr_1", "first").await.structured()["outcome"], "existing");
    assert_eq!(api.milestones().len(), 2);
}

#[tokio::test]
async fn a_line_on_record_can_be_neither_changed_nor_removed() {
    if !asked_for() {
        return;
    }
    let (database, api) = (database().await, two_contracts().await);
    let host = replica(&database, &api).start().await;
    create(&host, "ctr_1", "a").await;
    for change in [
        "UPDATE opentrain_mcp.record SET line = ''",
        "DELETE FROM opentrain_mcp.record",
        "TRUNCATE opentrain_mcp.record",
        "DROP TABLE opentrain_mcp.record",
        "DELETE FROM opentrain_mcp.stop_switch",
        "UPDATE opentrain_mcp.migration SET version = 7",
    ] {
        let fault = database.sql_as("opentrain_mcp", change).unwrap_err();
        assert!(fault.contains("permission denied") || fault.contains("must be owner"), "{change}: {fault}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_refused_at_start() {
    if !asked_for() {
        return;
    }
    let (database, api) = (Database::start(), two_contracts().await);
    let wrong = database.address("admin").replace(PASSWORD, "wrong");
    let no_tables = database.address("opentrain_mcp");
    database.make_roles();
    for (address, why) in [(&wrong, "password authentication failed"), (&no_tables, "run `opentrain-mcp audit` once")] {
        let ran = launch().at(&api.upstream).env("OPENTRAIN_LEDGER", address).run().await;
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(why) && !ran.stderr.contains(PASSWORD), "{ran:?}");
    }
}

#[tokio::test]
async fn a_role_without_the_rights_of_this_version_is_refused() {
    if !asked_for() {
        return;
    }
    let (database, api) = (database().await, two_contracts().await);
    database.sql("REVOKE ALL ON opentrain_mcp.state_lock FROM opentrain_mcp").unwrap();
    let ran = replica(&database, &api).run().await;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("the tables state_lock: run deploy/roles.sql"), "{ran:?}");
    database.make_roles();
    let host = replica(&database, &api).start().await;
    assert_eq!(create(&host, "ctr_1", "a").await.structured()["outcome"], "created");
}

#[tokio::test]
async fn servers_that_start_at_once_make_the_tables_once() {
    if !asked_for() {
        return;
    }
    let database = Database::start();
    let start = || launch().env("OPENTRAIN_LEDGER", &database.address("admin")).args(["audit"]).run();
    let all = futures::future::join_all((0..6).map(|_| start())).await;
    assert!(all.iter().all(|ran| ran.status == Some(0)), "{all:?}");
    assert_eq!(database.sql("SELECT count(*) FROM opentrain_mcp.migration").unwrap(), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_creates_in_the_same_instant_make_one() {
    if !asked_for() {
        return;
    }
    let database = database().await;
    let contracts: Vec<Value> = (0..8).map(|number| contract(&format!("ctr_{number}"), &[])).collect();
    let api = Api::of(contracts).await;
    let (one, other) = (replica(&database, &api).start().await, replica(&database, &api).start().await);
    let began = Instant::now();
    for batch in 0..PAIRS / 8 {
        let pairs = (0..8).map(|number| {
            let (contract, name) = (format!("ctr_{number}"), format!("part {batch}"));
            let (one, other) = (&one, &other);
            async move { futures::join!(create(one, &contract, &name), create(other, &contract, &name)) }
        });
        for (first, second) in futures::future::join_all(pairs).await {
            assert!(!first.is_error() && !second.is_error(), "{}\n{}", first.0, second.0);
            assert_eq!(first.structured()["milestone"]["id"], second.structured()["milestone"]["id"]);
        }
    }
    println!(
        "{PAIRS} pairs at the same instant: {} milestones, {:.1} s",
        api.milestones().len(),
        began.elapsed().as_secs_f64()
    );
    assert_eq!((api.milestones().len(), api.creates()), (PAIRS, PAIRS));
}
