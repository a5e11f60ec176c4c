//! The proof: whatever a network, a power switch and an API do, each milestone exists exactly once, and no answer names
//! another one.
//!
//! An API with a memory loses, delays, resets and breaks its answers at random, and each has its own manner of writing what
//! it was sent. Two servers of one user drive each of them, get the same calls in the same instant, are killed with -9 in the
//! middle and started again, and repeat calls until each has succeeded, as the answers tell them to.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::harness::api::{is_create, is_look};
use crate::harness::upstream::Request;
use crate::harness::{Answer, Api, Host, Reply, World, contract, launch};

/// Contracts of each API, worked on at the same time.
const LANES: usize = 2;
/// Milestones of each contract, one after the other.
const EACH: usize = 3;
/// How long a client waits for an answer.
const TIMEOUT: &str = "0.5";
/// What the API has taken shows within this time: the guard looks for longer.
const LANDING_MS: u64 = 1_000;
/// Looks at a contract that do not show yet what has just been stored, where the list lags.
const LAG: usize = 2;
/// Creates that never arrive cost their caller several seconds of looking for them.
const MOST_THAT_VANISH: usize = 1;
const MOST_KILLS: usize = 2;

/// What an API makes of a milestone that it stores.
type Manner = (&'static str, fn(&mut Value));

const LAGS: &str = "a list that lags";
const MANNERS: [Manner; 12] = [
    ("as documented", |_| {}),
    ("midnight west of UTC", |m| m["dueDate"] = json!("2026-07-15T07:00:00.000Z")),
    ("midnight east of UTC", |m| m["dueDate"] = json!("2026-07-14T22:00:00.000Z")),
    ("a bare date", |m| m["dueDate"] = json!("2026-07-15")),
    ("the end of the day", |m| m["dueDate"] = json!("2026-07-15T23:59:59.999Z")),
    ("amounts as text", |m| m["amountUsd"] = json!("12.50")),
    ("amounts with noise", |m| m["amountUsd"] = json!(12.500_000_000_000_002)),
    ("entities and folded blanks", |m| {
        let text = m["description"].as_str().unwrap().replace('&', "&amp;");
        m["description"] = json!(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }),
    ("cut texts", |m| {
        m["description"] = json!(m["description"].as_str().unwrap().chars().take(255).collect::<String>());
    }),
    ("no time of creation", |m| m["createdAt"] = Value::Null),
    ("a time of creation without a zone", |m| {
        m["createdAt"] = json!(m["createdAt"].as_str().unwrap().trim_end_matches('Z'));
    }),
    (LAGS, |_| {}),
];

/// Numbers that look random, and are the same for the same seed (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % limit
    }
}

/// What one API does to what it is sent.
struct Fate {
    random: Random,
    manner: Manner,
    vanished: usize,
    kills: usize,
    kill: UnboundedSender<()>,
    /// Creates that the API has taken and not stored yet: the contract, the terms, and when they are stored.
    landing: Vec<(String, Value, Instant)>,
    /// Looks that are still to miss a milestone.
    hidden: HashMap<String, usize>,
    /// The name that each milestone was asked for with.
    names: HashMap<String, String>,
    /// What happened, for the reader of a failure.
    story: Vec<String>,
}

impl Fate {
    /// Stores a milestone in the manner of the API.
    fn store(&mut self, world: &mut World, contract: &str, wanted: &Value) -> Value {
        let id = world.put(contract, wanted)["id"].as_str().unwrap().to_owned();
        let milestone = world.milestone(&id);
        (self.manner.1)(milestone);
        self.names.insert(id.clone(), wanted["name"].as_str().unwrap().to_owned());
        if self.manner.0 == LAGS {
            self.hidden.insert(id, LAG);
        }
        json!({ "milestone": milestone })
    }

    /// Stores what is due.
    fn land(&mut self, world: &mut World, now: Option<Instant>) {
        let is_due = |due: &Instant| now.is_none_or(|now| *due <= now);
        let (due, later) = std::mem::take(&mut self.landing).into_iter().partition(|(_, _, due)| is_due(due));
        self.landing = later;
        for (contract, wanted, _) in due {
            self.store(world, &contract, &wanted);
        }
    }

    fn of_look(&mut self, request: &Request, world: &mut World) -> Reply {
        self.land(world, Some(Instant::now()));
        match self.random.below(25) {
            0 => return Reply::reset(),
            1 => return Reply::hang(),
            2 => return Reply::refusal(503, "UNAVAILABLE", &Value::Null),
            3 => return Reply::new(200, "<html>maintenance</html>"),
            4 => return Reply::refusal(429, "RATE_LIMITED", &Value::Null).header("Retry-After", "60"),
            _ => {}
        }
        let id = request.path().split('/').nth(5).unwrap().to_owned();
        let mut contract = world.contract(&id).unwrap().clone();
        contract["milestones"].as_array_mut().unwrap().retain(|milestone| {
            let left = self.hidden.entry(milestone["id"].as_str().unwrap().to_owned()).or_default();
            let is_shown = *left == 0;
            *left = left.saturating_sub(1);
            is_shown
        });
        Reply::json(200, &json!({ "contract": contract }))
    }

    /// The answer to a create, and what becomes of it.
    fn of_create(&mut self, request: &Request, world: &mut World) -> Reply {
        let wanted: Value = serde_json::from_str(request.body()).unwrap();
        let contract = request.path().split('/').nth(5).unwrap().to_owned();
        let (what, reply) = match self.random.below(20) {
            0..=4 => {
                let body = self.store(world, &contract, &wanted);
                ("stored, answer lost", self.lost(&body))
            }
            5 | 6 => {
                self.take(&contract, &wanted);
                ("stored later, answer lost", self.lost(&json!({ "ok": true })))
            }
            7 => ("refused", Reply::refusal(429, "RATE_LIMITED", &Value::Null)),
            8 if self.vanished < MOST_THAT_VANISH => {
                self.vanished += 1;
                ("never arrived", self.lost(&json!({ "ok": true })))
            }
            9..=11 if self.kills < MOST_KILLS => {
                self.kills += 1;
                let _ = self.kill.send(());
                if self.random.below(2) == 0 {
                    self.take(&contract, &wanted);
                    ("killed, stored later", Reply::hang())
                } else {
                    self.store(world, &contract, &wanted);
                    ("killed after it was stored", Reply::hang())
                }
            }
            _ => ("stored", Reply::json(201, &self.store(world, &contract, &wanted))),
        };
        self.story.push(format!("{}: {what}", wanted["name"]));
        reply
    }

    fn take(&mut self, contract: &str, wanted: &Value) {
        let due = Instant::now() + Duration::from_millis(self.random.below(LANDING_MS));
        self.landing.push((contract.to_owned(), wanted.clone(), due));
    }

    fn lost(&mut self, body: &Value) -> Reply {
        let bytes = body.to_string().len() as u64;
        match self.random.below(7) {
            0 | 1 => Reply::reset(),
            2 => Reply::hang(),
            3 => Reply::raw("HTTP/1.1 201 Created\r\nContent-"),
            4 => Reply::new(502, "<html>bad gateway</html>").header("Content-Type", "text/html"),
            5 => Reply::json(201, body).cut_after(usize::try_from(self.random.below(bytes)).unwrap()),
            _ => Reply::refusal(500, "INTERNAL_ERROR", &Value::Null),
        }
    }
}

/// An API, and the two servers of one user who work with it.
struct Player {
    api: Api,
    fate: Arc<Mutex<Fate>>,
    state: TempDir,
    killed: UnboundedReceiver<()>,
    hosts: Vec<Arc<Host>>,
    calls: usize,
    outcomes: BTreeMap<String, usize>,
    /// Answers that name a milestone which was not asked for.
    wrong: Vec<String>,
}

type UnderWay = JoinSet<(usize, String, Vec<Answer>)>;

impl Player {
    async fn with(manner: Manner, seed: u64) -> Self {
        let (kill, killed) = unbounded_channel();
        let fate = Arc::new(Mutex::new(Fate {
            random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            manner,
            vanished: 0,
            kills: 0,
            kill,
            landing: Vec::new(),
            hidden: HashMap::new(),
            names: HashMap::new(),
            story: Vec::new(),
        }));
        let its = Arc::clone(&fate);
        let contracts: Vec<Value> = (0..LANES).map(|lane| contract(&format!("ctr_{lane}"), &[])).collect();
        let api = Api::meddled(contracts, move |request, world| {
            let mut fate = its.lock().unwrap();
            if is_look(request) {
                return Some(fate.of_look(request, world));
            }
            is_create(request).then(|| fate.of_create(request, world))
        })
        .await;
        api.world().clock = None;
        let state = tempfile::tempdir().unwrap();
        let hosts = Vec::new();
        let (outcomes, wrong) = (BTreeMap::new(), Vec::new());
        let mut player = Self { api, fate, state, killed, hosts, calls: 0, outcomes, wrong };
        player.hosts = vec![player.server().await, player.server().await];
        player
    }

    async fn server(&self) -> Arc<Host> {
        let record = self.state.path().join("record.jsonl");
        let launch = launch().at(&self.api.upstream).env("OPENTRAIN_TIMEOUT", TIMEOUT);
        let launch = launch.env("XDG_STATE_HOME", self.state.path().to_str().unwrap());
        Arc::new(launch.args(["--audit-log", record.to_str().unwrap()]).start().await)
    }

    /// Makes all of them, whatever happens.
    async fn play(mut self) -> Self {
        let mut next = [0; LANES];
        let mut under_way = UnderWay::new();
        (0..LANES).for_each(|lane| self.begin(&mut under_way, lane, next[lane]));
        while next.iter().any(|part| *part < EACH) {
            tokio::select! {
                Some(ended) = under_way.join_next() => {
                    let (lane, name, answers) = ended.unwrap();
                    if self.is_made(&name, &answers) {
                        next[lane] += 1;
                    }
                    self.begin(&mut under_way, lane, next[lane]);
                }
                Some(()) = self.killed.recv() => {
                    under_way.shutdown().await;
                    // Which of the two has sent what is under way is not known: both end.
                    for number in 0..self.hosts.len() {
                        self.hosts[number].signal("KILL");
                        self.hosts[number].exit_within(crate::harness::PATIENCE).await;
                        self.hosts[number] = self.server().await;
                    }
                    (0..LANES).for_each(|lane| self.begin(&mut under_way, lane, next[lane]));
                }
            }
        }
        self.fate.lock().unwrap().land(&mut self.api.world(), None);
        self
    }

    /// Makes the next call of a lane; now and then with both servers in the same instant.
    fn begin(&mut self, under_way: &mut UnderWay, lane: usize, part: usize) {
        if part >= EACH {
            return;
        }
        self.calls += 1;
        let hosts: Vec<Arc<Host>> = match self.calls % 3 {
            0 => self.hosts.clone(),
            number => vec![Arc::clone(&self.hosts[number - 1])],
        };
        let name = format!("lane {lane}, part {part}");
        let terms = json!({
            "contractId": format!("ctr_{lane}"), "name": name, "amountUsd": 12.5, "dueDate": "2026-07-15",
            "description": format!("Label the next  posts & check them. {}", "Follow the guidelines. ".repeat(12))
        });
        under_way.spawn(async move {
            let calls = hosts.iter().map(|host| host.call("create_milestone", terms.clone()));
            (lane, name, futures::future::join_all(calls).await)
        });
    }

    /// Whether the milestone is there, by the answers. One that failed must say that the identical call may be repeated.
    fn is_made(&mut self, name: &str, answers: &[Answer]) -> bool {
        let mut is_made = false;
        for answer in answers {
            let structured = answer.structured();
            let told = if answer.is_error() { &structured["error"]["outcome"] } else { &structured["outcome"] };
            *self.outcomes.entry(told.as_str().unwrap().to_owned()).or_default() += 1;
            if answer.is_error() {
                assert_eq!(structured["error"]["retryable"], true, "{}", answer.0);
                continue;
            }
            is_made = true;
            let id = structured["milestone"]["id"].as_str().unwrap();
            if self.fate.lock().unwrap().names.get(id).is_none_or(|asked| asked != name) {
                self.wrong.push(format!("{name}: {}", answer.0));
            }
        }
        is_made
    }

    /// The milestones that exist not exactly once.
    fn miscounted(&self) -> Vec<(String, usize)> {
        let fate = self.fate.lock().unwrap();
        let names = (0..LANES).flat_map(|lane| (0..EACH).map(move |part| format!("lane {lane}, part {part}")));
        let counted = names.map(|name| {
            let many = fate.names.values().filter(|known| **known == name).count();
            (name, many)
        });
        counted.filter(|(_, many)| *many != 1).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_milestone_exists_exactly_once_whatever_happens() {
    let seed = std::env::var("ONCE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_260_612_u64);
    let mut players = JoinSet::new();
    for (number, manner) in (0_u64..).zip(MANNERS) {
        players.spawn(async move { Player::with(manner, seed + number * 1_000_003).await.play().await });
    }
    let (mut outcomes, mut kills, mut sent) = (BTreeMap::<String, usize>::new(), 0, 0);
    while let Some(player) = players.join_next().await {
        let player = player.unwrap();
        let about = {
            let fate = player.fate.lock().unwrap();
            kills += fate.kills;
            format!("{} (ONCE_SEED={seed}): {:#?}", fate.manner.0, fate.story)
        };
        assert_eq!(player.miscounted(), [], "lost or doubled: {about}");
        assert_eq!(player.wrong, [""; 0], "false: {about}");
        player.outcomes.iter().for_each(|(name, many)| *outcomes.entry(name.clone()).or_default() += many);
        sent += player.api.creates();
    }
    let wanted = MANNERS.len() * LANES * EACH;
    println!("{kills} kills, {sent} requests for {wanted} milestones: {outcomes:?}; 0 lost, 0 doubled, 0 false");
    // Otherwise nothing was proven.
    assert!(kills > 0 && sent >= wanted, "{kills} kills, {sent} requests");
    for outcome in ["created", "existing", "recovered"] {
        assert!(outcomes.contains_key(outcome), "no call ended as {outcome}: {outcomes:?}");
    }
}
