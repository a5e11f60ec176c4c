//! The proof: whatever a network and a power switch do, each milestone exists exactly once.
//!
//! An API with a memory loses, delays, resets and breaks its answers at random. Hosts drive the real binary against it,
//! kill it with -9 in the middle, start it again, and repeat the identical calls until each has succeeded, as the answers
//! tell them to. Each host has its own contract, API and seed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::harness::api::{is_create, is_look};
use crate::harness::upstream::Request;
use crate::harness::{Answer, Api, Host, Launch, Reply, World, contract, launch};

const HOSTS: u32 = 6;
/// Creates of each host: so many at a time, one after the other.
const LANES: usize = 6;
const EACH: usize = 9;
/// How long a client waits for an answer.
const TIMEOUT: Duration = Duration::from_millis(500);
/// What a look meets is bounded: a read is tried three times, so that no look fails altogether. That one which does is
/// told and does not stop the create is tested elsewhere.
const BETWEEN_FAULTS_OF_LOOKS: Duration = Duration::from_secs(3);
/// Creates that never arrive cost their caller several seconds of looking for them.
const MOST_THAT_VANISH: usize = 4;
const MOST_KILLS: usize = 4;

/// Numbers that look random, and are the same for the same seed (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// What is done to an API's answers.
struct Fate {
    random: Random,
    last_fault_of_a_look: Option<Instant>,
    vanished: usize,
    kills: usize,
    kill: UnboundedSender<()>,
    /// What happened, for the reader of a failure.
    story: Vec<String>,
}

/// Creates that the API has taken, and that are not in the contract yet.
type Landing = Arc<Mutex<VecDeque<Value>>>;

impl Fate {
    fn of_look(&mut self) -> Option<Reply> {
        let too_soon = self.last_fault_of_a_look.is_some_and(|last| last.elapsed() < BETWEEN_FAULTS_OF_LOOKS);
        if too_soon || self.random.below(4) > 0 {
            return None;
        }
        self.last_fault_of_a_look = Some(Instant::now());
        Some(match self.random.below(5) {
            0 => Reply::reset(),
            1 => Reply::hang(),
            2 => Reply::refusal(503, "UNAVAILABLE", &Value::Null),
            3 => Reply::json(200, &json!({ "contract": {} })).cut_after(5),
            _ => Reply::refusal(429, "RATE_LIMITED", &Value::Null),
        })
    }

    /// The answer to a create, and what becomes of it.
    fn of_create(&mut self, request: &Request, world: &mut World, landing: &Landing) -> Option<Reply> {
        let lost = |random: &mut Random, body: &Value| {
            let whole = Reply::json(201, body);
            let bytes = body.to_string().len() as u64;
            match random.below(8) {
                0 | 1 => Reply::reset(),
                2 => Reply::hang(),
                3 => Reply::raw("HTTP/1.1 201 Created\r\nContent-"),
                4 => Reply::new(502, "<html>bad gateway</html>").header("Content-Type", "text/html"),
                5 => Reply::json(201, &json!({ "ok": true })),
                6 => whole.cut_after(usize::try_from(random.below(bytes)).unwrap()),
                _ => Reply::refusal(500, "INTERNAL_ERROR", &Value::Null),
            }
        };
        let (what, reply) = match self.random.below(20) {
            0..=5 => {
                let body = world.store(request);
                ("stored, answer lost", lost(&mut self.random, &body))
            }
            6 => {
                let body = world.store(request);
                ("stored, answered in drips", Reply::json(201, &body).dripping(Duration::from_millis(10)))
            }
            7 | 8 => {
                let wanted = serde_json::from_str(request.body()).unwrap();
                landing.lock().unwrap().push_back(wanted);
                ("taken, stored later, answer lost", lost(&mut self.random, &json!({ "ok": true })))
            }
            9 => ("refused", Reply::refusal(429, "RATE_LIMITED", &Value::Null)),
            10 if self.vanished < MOST_THAT_VANISH => {
                self.vanished += 1;
                ("never arrived", lost(&mut self.random, &json!({ "ok": true })))
            }
            11 | 12 if self.kills < MOST_KILLS => {
                self.kills += 1;
                let _ = self.kill.send(());
                if self.random.below(3) == 0 {
                    ("killed before it was stored", Reply::hang())
                } else {
                    world.store(request);
                    ("killed after it was stored", Reply::hang())
                }
            }
            _ => return None,
        };
        self.story.push(format!("{}: {what}", name_in(request)));
        Some(reply)
    }
}

fn name_in(request: &Request) -> String {
    let body: Value = serde_json::from_str(request.body()).unwrap();
    body["name"].as_str().unwrap().to_owned()
}

/// A host with its API.
struct Player {
    api: Api,
    fate: Arc<Mutex<Fate>>,
    landing: Landing,
    killed: UnboundedReceiver<()>,
    outcomes: BTreeMap<String, usize>,
    calls: usize,
}

impl Player {
    async fn with(seed: u64) -> Self {
        let (kill, killed) = unbounded_channel();
        let fate = Fate {
            random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            last_fault_of_a_look: None,
            vanished: 0,
            kills: 0,
            kill,
            story: Vec::new(),
        };
        let (fate, landing) = (Arc::new(Mutex::new(fate)), Landing::default());
        let (its, lands) = (Arc::clone(&fate), Arc::clone(&landing));
        let api = Api::meddled([contract("ctr_8Kq2", &[])], move |request, world| {
            let mut fate = its.lock().unwrap();
            if is_look(request) {
                // What is on its way lands with one of the next looks, before or after what that look shows.
                let lands_first = fate.random.below(2) == 0;
                let arrived = if fate.random.below(2) == 0 { lands.lock().unwrap().pop_front() } else { None };
                let (before, after) = if lands_first { (arrived, None) } else { (None, arrived) };
                if let Some(wanted) = before {
                    world.put("ctr_8Kq2", &wanted);
                }
                let reply = fate.of_look().unwrap_or_else(|| world.answer(request));
                if let Some(wanted) = after {
                    world.put("ctr_8Kq2", &wanted);
                }
                Some(reply)
            } else if is_create(request) {
                fate.of_create(request, world, &lands)
            } else {
                None
            }
        })
        .await;
        api.world().clock = None;
        Self { api, fate, landing, killed, outcomes: BTreeMap::new(), calls: 0 }
    }

    fn server(&self) -> Launch {
        launch().at(&self.api.upstream).env("OPENTRAIN_TIMEOUT", &TIMEOUT.as_secs_f64().to_string())
    }

    /// Makes all of them, whatever happens.
    async fn play(mut self) -> Self {
        let mut host = Arc::new(self.server().start().await);
        let mut lanes: Vec<VecDeque<String>> =
            (0..LANES).map(|lane| (0..EACH).map(|place| format!("lane {lane}, part {place}")).collect()).collect();
        let mut under_way: JoinSet<(usize, Option<Answer>)> = JoinSet::new();
        let idle = |lanes: &[VecDeque<String>]| lanes.iter().all(VecDeque::is_empty);
        for (lane, names) in lanes.iter().enumerate() {
            self.begin(&mut under_way, &host, lane, names);
        }
        while !idle(&lanes) {
            tokio::select! {
                Some(ended) = under_way.join_next() => {
                    let (lane, answer) = ended.unwrap();
                    if self.is_made(&answer.expect("the host is alive")) {
                        lanes[lane].pop_front();
                    }
                    self.begin(&mut under_way, &host, lane, &lanes[lane]);
                }
                Some(()) = self.killed.recv() => {
                    under_way.shutdown().await;
                    host.signal("KILL");
                    host.exit_within(crate::harness::PATIENCE).await;
                    // "Wait a minute": until what had left the dead process is worked off.
                    self.api.upstream.is_left_alone().await;
                    self.land();
                    host = Arc::new(self.server().start().await);
                    for (lane, names) in lanes.iter().enumerate() {
                        self.begin(&mut under_way, &host, lane, names);
                    }
                }
            }
        }
        self.land();
        self
    }

    /// Sends the next call of a lane; now and then twice at the same time.
    fn begin(
        &mut self,
        under_way: &mut JoinSet<(usize, Option<Answer>)>,
        host: &Arc<Host>,
        lane: usize,
        names: &VecDeque<String>,
    ) {
        let Some(name) = names.front() else { return };
        self.calls += 1;
        let twice = self.calls.is_multiple_of(5);
        let terms = json!({
            "contractId": "ctr_8Kq2", "name": name, "description": "Label the next posts", "amountUsd": 12.5,
            "dueDate": "2026-07-15"
        });
        let host = Arc::clone(host);
        under_way.spawn(async move {
            let first = host.begin("create_milestone", terms.clone()).await;
            if twice {
                let second = host.begin("create_milestone", terms).await;
                host.end(second).await;
            }
            (lane, Some(host.end(first).await))
        });
    }

    /// Whether the milestone is there, by the answer; a failure must say that the identical call may be repeated.
    fn is_made(&mut self, answer: &Answer) -> bool {
        let error = answer.error();
        if answer.is_error() {
            assert_eq!(error["retryable"], true, "such a failure has to be repeatable: {error}");
        }
        let told = if answer.is_error() { &error["outcome"] } else { &answer.structured()["outcome"] };
        let outcome = told.as_str().unwrap().to_owned();
        if outcome == "unknown" {
            // "Wait a minute": what is on its way arrives.
            self.land();
        }
        *self.outcomes.entry(outcome).or_default() += 1;
        assert!(!answer.text().contains("could not be looked at first"), "the test itself is too hard: {}", answer.0);
        !answer.is_error()
    }

    /// All that is on its way arrives.
    fn land(&self) {
        let all: Vec<Value> = self.landing.lock().unwrap().drain(..).collect();
        for wanted in &all {
            self.api.world().put("ctr_8Kq2", wanted);
        }
    }

    /// What is there more than once, or not at all.
    fn wrong(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for lane in 0..LANES {
            counts.extend((0..EACH).map(|place| (format!("lane {lane}, part {place}"), 0)));
        }
        for milestone in self.api.milestones() {
            *counts.entry(milestone["name"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        counts.into_iter().filter(|(_, count)| *count != 1).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_hundreds_of_milestones_exists_exactly_once_whatever_happens() {
    let seed = std::env::var("ONCE_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("to play it again: ONCE_SEED={seed}");
    let mut players = JoinSet::new();
    for number in 0..HOSTS {
        players.spawn(async move { Player::with(seed + u64::from(number) * 1_000_003).await.play().await });
    }
    let (mut outcomes, mut kills, mut sent) = (BTreeMap::<String, usize>::new(), 0, 0);
    while let Some(player) = players.join_next().await {
        let player = player.unwrap();
        let fate = player.fate.lock().unwrap();
        assert_eq!(player.wrong(), [], "not exactly once (ONCE_SEED={seed}); {:#?}", fate.story);
        player.outcomes.iter().for_each(|(name, many)| *outcomes.entry(name.clone()).or_default() += many);
        kills += fate.kills;
        sent += player.api.creates();
    }
    let wanted = usize::try_from(HOSTS).unwrap() * LANES * EACH;
    println!("{kills} kills, {sent} requests for {wanted} milestones: {outcomes:?}");
    // Otherwise nothing was proven.
    assert!(kills > 0 && sent > wanted, "{kills} kills, {sent} requests");
    for outcome in ["created", "existing", "recovered", "unknown"] {
        assert!(outcomes.contains_key(outcome), "no call ended as {outcome}: {outcomes:?} (ONCE_SEED={seed})");
    }
}
