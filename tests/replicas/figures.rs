//! Figures of many users: a create with each ledger, three replicas behind nginx, and a thousand principals. They are
//! printed; only what must hold on any machine is asserted. `REPLICAS_FIGURES` says how much is done, and `TESTED_BINARY`
//! may name a release build.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::database::Database;
use crate::harness::launch::write_private;
use crate::harness::{Launch, Reply, Upstream, contract, launch, milestone};
use crate::proxy::Proxy;
use crate::served::{Caller, HttpServer};
use crate::{asked_for, setting};

const CONTRACTS: usize = 100;
const IN_FLIGHT: usize = 64;
const PRINCIPALS: usize = 1_000;

/// How much is done: 1 for a glance, 20 for figures.
fn effort() -> usize {
    usize::try_from(setting("REPLICAS_FIGURES", 1)).unwrap()
}

fn terms(number: usize) -> Value {
    json!({
        "contractId": format!("ctr_{}", number % CONTRACTS), "name": format!("part {number}"),
        "description": format!("Label part {number}"), "amountUsd": 5, "dueDate": "2026-07-15"
    })
}

/// OpenTrain, which answers at once and always the same.
async fn upstream() -> Upstream {
    let made = AtomicUsize::new(0);
    Upstream::answering(move |request, _| {
        let path = request.path();
        if request.is_write() {
            let id = format!("ms_{}", made.fetch_add(1, Ordering::Relaxed));
            Reply::json(201, &json!({ "milestone": milestone(&id) }))
        } else if path.ends_with("/contracts") {
            Reply::json(200, &json!({ "contracts": [contract("ctr_1", &[]), contract("ctr_2", &[])] }))
        } else {
            Reply::json(200, &json!({ "contract": contract(path.rsplit('/').next().unwrap(), &[]) }))
        }
    })
    .await
}

fn with_ledger(launch: Launch, database: &Database) -> Launch {
    launch.env("OPENTRAIN_LEDGER", &database.address("opentrain_mcp"))
}

fn millis(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}

fn per_second(many: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(many).unwrap()) / took.as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_with_each_ledger() {
    if !asked_for() {
        return;
    }
    let (database, upstream) = (crate::ledger::database().await, upstream().await);
    let file = launch().at(&upstream).over_http().await;
    let postgres = with_ledger(launch().at(&upstream), &database).over_http().await;
    let servers = [&file, &postgres];
    let keys = [file.agent("a", &[]).await, postgres.agent("a", &[]).await];
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..effort() * 25 + 5 {
        for place in 0..2 {
            let caller = servers[place].caller(&keys[place]);
            let began = Instant::now();
            let created = caller.call("create_milestone", terms(number)).await;
            assert_eq!(created.structured()["outcome"], "created", "{}", created.0);
            if number >= 5 {
                times[place].push(began.elapsed());
            }
        }
    }
    let [file, postgres] = times.map(millis);
    println!(
        "a create over HTTP, {} times: {file:.2} ms with the ledger in a file, {postgres:.2} ms in PostgreSQL: {:.2} ×",
        effort() * 25,
        postgres / file
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_behind_nginx() {
    if !asked_for() {
        return;
    }
    let (database, upstream) = (crate::ledger::database().await, upstream().await);
    let start = || with_ledger(launch().at(&upstream), &database).over_http();
    let servers = [start().await, start().await, start().await];
    let keys = keys(IN_FLIGHT / 8);
    for server in &servers {
        write_private(&server.home.path().join(".config/opentrain-mcp/agents.toml"), &file_of(&keys));
        server.admits(&keys[0], true).await;
    }
    let port = |server: &HttpServer| server.origin.rsplit(':').next().unwrap().parse().unwrap();
    let ports: Vec<u16> = servers.iter().map(port).collect();
    for many in [1, 3] {
        let proxy = Proxy::before(&ports[..many]).await;
        let callers: Vec<Caller> = keys.iter().map(|key| servers[0].caller(key).at_port(proxy.port)).collect();
        let lists = in_flight(&callers, effort() * 200, |caller, _| async move {
            caller.call("list_contracts", json!({})).await.is_error()
        })
        .await;
        let creates = in_flight(&callers, effort() * 50, |caller, number| async move {
            caller.call("create_milestone", terms(number)).await.is_error()
        })
        .await;
        println!(
            "{many} behind nginx, {IN_FLIGHT} in flight, the ledger in PostgreSQL: {lists:.0} list_contracts a second, \
             {creates:.0} create_milestone a second"
        );
    }
}

/// How many calls a second succeed.
async fn in_flight<F: Future<Output = bool>>(
    callers: &[Caller],
    many: usize,
    call: impl Fn(Caller, usize) -> F,
) -> f64 {
    let began = Instant::now();
    let calls = (0..many).map(|number| call(callers[number % callers.len()].clone(), number));
    let failed: Vec<bool> = futures::stream::iter(calls).buffer_unordered(IN_FLIGHT).collect().await;
    assert!(!failed.contains(&true));
    per_second(many, began.elapsed())
}

/// An hour in which each of a thousand principals calls three times a minute, as fast as it goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_principals_take_no_more_memory() {
    if !asked_for() {
        return;
    }
    let (database, upstream) = (crate::ledger::database().await, upstream().await);
    let server = with_ledger(launch().at(&upstream), &database).over_http().await;
    let keys = keys(PRINCIPALS);
    write_private(&server.home.path().join(".config/opentrain-mcp/agents.toml"), &file_of(&keys));
    server.admits(&keys[0], true).await;
    let callers: Vec<Caller> = keys.iter().map(|key| server.caller(key)).collect();
    let memory = |field: &str| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
    };
    let many = effort() * 9_000;
    let (mut seen, began) = (Vec::new(), Instant::now());
    for part in 0..10 {
        let calls = (0..many / 10).map(|number| {
            let number = part * (many / 10) + number;
            let caller = callers[number * 7 % PRINCIPALS].clone();
            async move {
                match number % 100 {
                    0 => caller.call("create_milestone", terms(number / 100)).await,
                    1..=20 => caller.call("get_contract", json!({ "contractId": "ctr_1" })).await,
                    _ => caller.call("list_contracts", json!({})).await,
                }
                .is_error()
            }
        });
        let failed: Vec<bool> = futures::stream::iter(calls).buffer_unordered(8).collect().await;
        assert!(!failed.contains(&true));
        seen.push(memory("VmRSS:"));
    }
    let mib = |kib: usize| f64::from(u32::try_from(kib).unwrap()) / 1_024.0;
    let (half, last) = (seen[4], *seen.last().unwrap());
    println!(
        "{PRINCIPALS} principals, {many} calls in {:.0} s: resident {:.1} MiB after half of them, {:.1} MiB at the end, {:.1} MiB \
         at most",
        began.elapsed().as_secs_f64(),
        mib(half),
        mib(last),
        mib(*seen.iter().max().unwrap())
    );
    // The rest is the program itself, which is larger in a build for debugging.
    println!("  of it {:.1} MiB of data; all the while, in KiB: {seen:?}", mib(memory("RssAnon:")));
    assert!(last < half + 2 * 1_024, "it grows: {seen:?} KiB");
}

/// Keys of agents, which are named by their places.
fn keys(many: usize) -> Vec<String> {
    (0..many).map(|number| format!("otm_{number:012}_{number:043}")).collect()
}

/// The file that admits them.
fn file_of(keys: &[String]) -> String {
    let entry = |(number, key): (usize, &String)| {
        let hash = digest(&SHA256, key.as_bytes())
            .as_ref()
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        format!("[agent-{number}]\nid = \"{number:012}\"\nkey_sha256 = \"{hash}\"\n\n")
    };
    keys.iter().enumerate().map(entry).collect()
}
