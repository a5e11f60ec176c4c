//! Three replicas, sixteen agents, two thousand creates. Replicas are killed with -9 and started again all the while, and
//! the database is restarted once. Start reading at `each_milestone_exists_once_whoever_dies`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::database::Database;
use crate::fate::{Fate, Random};
use crate::harness::api::{is_create, is_look};
use crate::harness::{Api, contract};
use crate::proxy::Proxy;
use crate::replica::{Replica, Shared, add_agent, call};
use crate::{asked_for, setting};

const AGENTS: usize = 16;
const REPLICAS: usize = 3;
const CONTRACTS: usize = AGENTS * GREED;
/// How many creates over its limit each agent wants in the end. One of them fits.
const GREED: usize = 4;
/// What each milestone costs, in cents; and what an agent wants in the end, at once and in vain.
const CENTS: u64 = 1_250;
const GREED_CENTS: u64 = 5_000;
/// The seed unless another one is named.
const SEED: u64 = 20_260_612;
/// The pause between two kills, in milliseconds.
const BETWEEN_KILLS: (u64, u64) = (2_500, 3_500);

/// What the callers have seen.
#[derive(Default)]
struct Seen {
    outcomes: Mutex<BTreeMap<String, usize>>,
    unanswered: AtomicUsize,
    done: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

/// One agent with its key.
#[derive(Clone)]
struct Agent {
    number: usize,
    key: String,
    proxy: u16,
    seen: Arc<Seen>,
    fate: Arc<Mutex<Fate>>,
}

impl Agent {
    fn terms(contract: usize, name: &str, cents: u64) -> Value {
        json!({
            "contractId": format!("ctr_{contract}"), "name": name,
            "description": format!("Label {name}"), "amountUsd": dollars(cents), "dueDate": "2026-07-15"
        })
    }

    /// Calls until the milestone is made, as the answers say.
    async fn make(&self, part: usize) {
        let name = format!("agent {}, part {part}", self.number);
        let terms = Self::terms((self.number * 7 + part * 3) % CONTRACTS, &name, CENTS);
        for _ in 0..200 {
            let Some(result) = call(self.proxy, &self.key, "create_milestone", &terms).await else {
                self.seen.unanswered.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let answer = &result["structuredContent"];
            let error = &answer["error"];
            let what = if error.is_null() { &answer["outcome"] } else { &error["reason"] };
            let what = what.as_str().or(error["code"].as_str()).unwrap_or("nothing").to_owned();
            *self.seen.outcomes.lock().unwrap().entry(what).or_default() += 1;
            if error.is_null() {
                let id = answer["milestone"]["id"].as_str().unwrap_or_default();
                if self.fate.lock().unwrap().names.get(id) != Some(&name) {
                    self.seen.wrong.lock().unwrap().push(format!("{name}: {result}"));
                }
                self.seen.done.fetch_add(1, Ordering::Relaxed);
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.seen.wrong.lock().unwrap().push(format!("{name} was never made"));
    }

    /// Wants more than its limit leaves, in several contracts in the same instant. Returns how many were refused for that.
    /// All agents together look at every contract once more, so writes that a killed replica left open get their end.
    async fn want_too_much(&self) -> usize {
        let calls = (0..GREED).map(|number| {
            let name = format!("greed {number} of agent {}", self.number);
            let terms = Self::terms(self.number * GREED + number, &name, GREED_CENTS);
            async move {
                for _ in 0..50 {
                    let result = call(self.proxy, &self.key, "create_milestone", &terms).await;
                    let reason = result.map(|result| result["structuredContent"]["error"].clone()).unwrap_or_default();
                    if reason["reason"] == "over_limit" {
                        return true;
                    }
                    if reason.is_null() {
                        return false;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                false
            }
        });
        futures::future::join_all(calls).await.into_iter().filter(|is_refused| *is_refused).count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_milestone_exists_once_whoever_dies() {
    if !asked_for() {
        return;
    }
    let creates = usize::try_from(setting("REPLICAS_SIZE", 2_000)).unwrap();
    let (seed, parts) = (setting("REPLICAS_SEED", SEED), creates / AGENTS);
    let began = Instant::now();
    let database = Arc::new(crate::ledger::database().await);
    let fate = Arc::new(Mutex::new(Fate::new(seed, 12)));
    let api = api(&fate).await;
    let folder = tempfile::tempdir().unwrap();
    let shared = Shared {
        api: api.upstream.origin.clone(),
        ledger: database.address("opentrain_mcp"),
        agents: folder.path().join("agents.toml").to_str().unwrap().to_owned(),
    };
    // Room for the parts and one thing more.
    let limit_cents = CENTS * parts as u64 + GREED_CENTS + 1_000;
    let limit = dollars(limit_cents).to_string();
    let answers = Arc::new(Seen::default());
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let key = add_agent(&shared.agents, &format!("agent-{number}"), &limit).await;
        agents.push(Agent { number, key, proxy: 0, seen: Arc::clone(&answers), fate: Arc::clone(&fate) });
    }
    let mut replicas = Vec::new();
    for _ in 0..REPLICAS {
        replicas.push(Replica::start(&shared).await);
    }
    let behind: Vec<u16> = replicas.iter().map(|replica| replica.port).collect();
    let proxy = Proxy::before(&behind).await;
    let (start, is_over) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let mut work = JoinSet::new();
    for agent in &mut agents {
        agent.proxy = proxy.port;
        let agent = agent.clone();
        work.spawn(async move {
            for part in 0..parts {
                agent.make(part).await;
            }
        });
    }
    let chaos =
        tokio::spawn(chaos(replicas, Arc::clone(&database), Arc::clone(&answers), seed, creates, Arc::clone(&is_over)));
    while let Some(done) = work.join_next().await {
        done.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    let (kills, _replicas) = chaos.await.unwrap();
    let took = start.elapsed();
    fate.lock().unwrap().land(&mut api.world(), None);
    let refused: usize = futures::future::join_all(agents.iter().map(Agent::want_too_much)).await.into_iter().sum();

    let open = still_open(&database).await;
    let fate = fate.lock().unwrap();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    fate.names.values().for_each(|name| *times.entry(name).or_default() += 1);
    let wanted: Vec<String> =
        (0..AGENTS).flat_map(|agent| (0..parts).map(move |part| format!("agent {agent}, part {part}"))).collect();
    let lost = wanted.iter().filter(|name| !times.contains_key(name.as_str())).count();
    let doubled: Vec<&&str> = times.iter().filter(|(_, many)| **many > 1).map(|(name, _)| name).collect();
    let over: Vec<usize> =
        (0..AGENTS).filter(|agent| spent(&api, *agent) > Decimal::new(limit_cents.try_into().unwrap(), 2)).collect();
    let lines = database.sql("SELECT count(*) FROM opentrain_mcp.record").unwrap();
    println!(
        "{creates} creates by {AGENTS} agents, {REPLICAS} replicas behind nginx, {kills} kills with -9, 1 restart of the database: \
         {lost} lost, {} doubled, {} false, {} over a limit, {open} open in a record of {lines} lines; {:.0} s, {:.1} creates a \
         second (seed {seed}, {:.0} s in all)",
        doubled.len(),
        answers.wrong.lock().unwrap().len(),
        over.len(),
        took.as_secs_f64(),
        f64::from(u32::try_from(creates).unwrap()) / took.as_secs_f64(),
        began.elapsed().as_secs_f64(),
    );
    println!("  the API: {:?}", fate.met);
    println!(
        "  answers: {:?}, and {} calls without one",
        answers.outcomes.lock().unwrap(),
        answers.unanswered.load(Ordering::Relaxed)
    );
    let ends = database.sql(ENDS).unwrap().replace('\n', ", ");
    println!("  {refused} of {} creates over a limit refused; ends on record: {ends}", AGENTS * GREED);
    assert_eq!((lost, doubled.len(), over.len()), (0, 0, 0), "{doubled:?} {over:?}");
    assert_eq!(*answers.wrong.lock().unwrap(), [] as [String; 0]);
    assert!(kills > 0 && refused >= AGENTS * (GREED - 1), "otherwise nothing was proven");
    assert_eq!(open, "0", "every write has its end: {}", database.sql(&format!("SELECT line {OPEN} LIMIT 5")).unwrap());
}

/// An amount as a number of JSON.
fn dollars(cents: u64) -> Value {
    serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).unwrap()
}

/// The ends of all writes.
const ENDS: &str = "SELECT count(*) || ' ' || (line::jsonb ->> 'outcome') FROM opentrain_mcp.record WHERE phase = 'after' \
                    GROUP BY line::jsonb ->> 'outcome' ORDER BY count(*) DESC";

/// How many writes have no end on record. The end of a killed replica's write follows when its lock has expired.
async fn still_open(database: &Database) -> String {
    let open = || database.sql(&format!("SELECT count(*) {OPEN}")).unwrap();
    let until = Instant::now() + Duration::from_secs(40);
    while open() != "0" && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    open()
}

/// Writes whose end is not on record.
const OPEN: &str = "FROM opentrain_mcp.record AS began WHERE phase = 'before' AND NOT EXISTS \
                    (SELECT FROM opentrain_mcp.record WHERE id = began.id AND phase = 'after')";

/// An API that loses, delays and breaks.
async fn api(fate: &Arc<Mutex<Fate>>) -> Api {
    let contracts: Vec<Value> = (0..CONTRACTS).map(|number| contract(&format!("ctr_{number}"), &[])).collect();
    let its = Arc::clone(fate);
    let api = Api::meddled(contracts, move |request, world| {
        let mut fate = its.lock().unwrap();
        if is_look(request) {
            return fate.of_look(world);
        }
        is_create(request).then(|| fate.of_create(request, world))
    })
    .await;
    api.world().clock = None;
    api
}

/// What the milestones of an agent cost, in USD.
fn spent(api: &Api, agent: usize) -> Decimal {
    let is_its = |milestone: &Value| {
        let name = milestone["name"].as_str().unwrap();
        name.starts_with(&format!("agent {agent},")) || name.ends_with(&format!("of agent {agent}"))
    };
    let milestones = api.milestones();
    let amounts = milestones
        .iter()
        .filter(|milestone| is_its(milestone))
        .map(|milestone| milestone["amountUsd"].to_string().trim_matches('"').parse::<Decimal>().unwrap());
    amounts.sum()
}

/// Kills replicas until all work is done, and restarts the database when half of it is. Returns the number of kills, and the replicas.
async fn chaos(
    mut replicas: Vec<Replica>,
    database: Arc<Database>,
    answers: Arc<Seen>,
    seed: u64,
    creates: usize,
    is_over: Arc<AtomicBool>,
) -> (usize, Vec<Replica>) {
    let mut random = Random::seeded(seed ^ 0x5eed);
    let (mut kills, mut was_restarted) = (0, false);
    while !is_over.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(BETWEEN_KILLS.0 + random.below(BETWEEN_KILLS.1))).await;
        if !was_restarted && answers.done.load(Ordering::Relaxed) >= creates / 2 {
            was_restarted = true;
            database.down();
            assert_eq!(replicas[0].readiness().await, 503, "a dead ledger is noticed within a second");
            database.up();
        }
        let victim = usize::try_from(random.below(REPLICAS as u64)).unwrap();
        replicas[victim].kill_and_start().await;
        kills += 1;
    }
    assert!(was_restarted);
    (kills, replicas)
}
