//! An API, and the servers of one user who work with it. They get the same calls, often in the same instant, are killed
//! with -9 in the middle and started again, and repeat calls as the answers tell them to, until each milestone is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use crate::fate::Fate;
use crate::harness::api::{is_create, is_look};
use crate::harness::{Answer, Api, Host, contract, launch};
use crate::manners::{Manner, Promise};
use crate::tally::Tally;

/// Contracts of each API, worked on at the same time.
const LANES: usize = 2;
const SERVERS: usize = 3;
/// How long a client waits for an answer.
const TIMEOUT: &str = "0.5";
/// The wait that the hint of an unknown outcome asks for.
const AS_THE_HINT_SAYS: Duration = Duration::from_secs(61);

pub(crate) struct Player {
    manner: Manner,
    /// Milestones of each contract, one after the other.
    size: usize,
    api: Api,
    fate: Arc<Mutex<Fate>>,
    state: TempDir,
    killed: UnboundedReceiver<()>,
    hosts: Vec<Arc<Host>>,
    calls: usize,
    /// Names of which a similar milestone was shown that belongs to another one: a second one is wanted.
    meant: BTreeSet<String>,
    outcomes: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

/// The lane, the name, and the answers of all servers that were called.
type Ended = (usize, String, Vec<Answer>);

impl Player {
    pub(crate) async fn with(manner: Manner, size: usize, seed: u64) -> Self {
        let (killing, killed) = unbounded_channel();
        let fate = Arc::new(Mutex::new(Fate::new(manner, size, seed, killing)));
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
        let mut player = Self {
            manner,
            size,
            api,
            fate,
            state: tempfile::tempdir().unwrap(),
            killed,
            hosts: Vec::new(),
            calls: 0,
            meant: BTreeSet::new(),
            outcomes: BTreeMap::new(),
            wrong: Vec::new(),
        };
        for _ in 0..SERVERS {
            let server = player.server().await;
            player.hosts.push(server);
        }
        player
    }

    async fn server(&self) -> Arc<Host> {
        let launch = launch().at(&self.api.upstream).env("OPENTRAIN_TIMEOUT", TIMEOUT);
        Arc::new(launch.env("XDG_STATE_HOME", self.state.path().to_str().unwrap()).start().await)
    }

    /// Makes all of them, whatever happens.
    pub(crate) async fn play(mut self) -> Tally {
        let mut next = [0; LANES];
        let mut under_way = JoinSet::new();
        (0..LANES).for_each(|lane| self.begin(&mut under_way, lane, next[lane], Duration::ZERO));
        while next.iter().any(|part| *part < self.size) {
            tokio::select! {
                Some(ended) = under_way.join_next() => {
                    let (lane, name, answers): Ended = ended.unwrap();
                    let is_made = self.is_made(&name, &answers);
                    next[lane] += usize::from(is_made);
                    let is_unknown = answers.iter().any(|answer| answer.error()["outcome"] == "unknown");
                    let is_patient = !is_made && is_unknown && self.manner.is_late();
                    let pause = if is_patient { AS_THE_HINT_SAYS } else { Duration::ZERO };
                    self.begin(&mut under_way, lane, next[lane], pause);
                }
                Some(()) = self.killed.recv() => {
                    under_way.shutdown().await;
                    (0..LANES).for_each(|lane| {
                        self.fate.lock().unwrap().killed.insert(name(lane, next[lane]));
                    });
                    // Which of them has sent what is under way is not known: all end, one after the other.
                    for number in 0..self.hosts.len() {
                        self.hosts[number].kill().await;
                        self.hosts[number] = self.server().await;
                    }
                    (0..LANES).for_each(|lane| self.begin(&mut under_way, lane, next[lane], Duration::ZERO));
                }
            }
        }
        self.fate.lock().unwrap().land(&mut self.api.world(), None);
        self.tally()
    }

    /// Makes the next call of a lane; now and then with all servers in the same instant.
    fn begin(&mut self, under_way: &mut JoinSet<Ended>, lane: usize, part: usize, pause: Duration) {
        if part >= self.size {
            return;
        }
        self.calls += 1;
        let hosts: Vec<Arc<Host>> = match self.calls % (SERVERS + 1) {
            0 => self.hosts.clone(),
            number => vec![Arc::clone(&self.hosts[number - 1])],
        };
        let name = name(lane, part);
        let mut terms = json!({
            "contractId": format!("ctr_{lane}"), "name": name, "amountUsd": 12.5, "dueDate": "2026-07-15",
            "description": format!("Label the next  posts & check them. {}", "Follow the guidelines. ".repeat(12))
        });
        // A second one on purpose is asked for once only: each such call makes one.
        let is_meant = self.meant.contains(&name);
        if is_meant {
            terms["allowDuplicate"] = json!(true);
        }
        let hosts = if is_meant { hosts[..1].to_vec() } else { hosts };
        under_way.spawn(async move {
            tokio::time::sleep(pause).await;
            let calls = hosts.iter().map(|host| host.call("create_milestone", terms.clone()));
            (lane, name, futures::future::join_all(calls).await)
        });
    }

    /// Whether the milestone is there, by the answers.
    fn is_made(&mut self, name: &str, answers: &[Answer]) -> bool {
        let mut is_made = false;
        for answer in answers {
            let structured = answer.structured();
            let told = if answer.is_error() { &structured["error"]["outcome"] } else { &structured["outcome"] };
            *self.outcomes.entry(told.as_str().unwrap_or("nothing").to_owned()).or_default() += 1;
            is_made |= if answer.is_error() { self.is_found(name, answer) } else { self.is_its_own(name, answer) };
        }
        is_made
    }

    /// Whether a caller goes on as if the milestone of a failed call were there. An answer that says that the identical call
    /// may be made again is believed; otherwise the caller reads the contract, as the hint says.
    fn is_found(&mut self, name: &str, answer: &Answer) -> bool {
        if answer.error()["retryable"] == true {
            return false;
        }
        if self.manner.promise == Promise::Once {
            self.wrong.push(format!("{name}, which leads nowhere: {}", answer.0));
        }
        self.fate.lock().unwrap().has(name)
    }

    /// Whether the milestone that an answer names is the one that was asked for.
    fn is_its_own(&mut self, name: &str, answer: &Answer) -> bool {
        let structured = answer.structured();
        let id = structured["milestone"]["id"].as_str().unwrap_or_default();
        if self.fate.lock().unwrap().names.get(id).is_some_and(|asked| asked == name) {
            return true;
        }
        if structured["outcome"] == "existing_alike" && self.manner.promise != Promise::Once {
            // The caller sees both side by side, and knows which it is.
            let is_there = self.fate.lock().unwrap().has(name);
            if !is_there {
                self.meant.insert(name.to_owned());
            }
            return is_there;
        }
        self.wrong.push(format!("{name}: {}", answer.0));
        true
    }

    fn tally(self) -> Tally {
        let fate = self.fate.lock().unwrap();
        let mut tally = Tally {
            manner: self.manner,
            wanted: LANES * self.size,
            sent: self.api.creates(),
            kills: fate.kills,
            wrong: self.wrong,
            outcomes: self.outcomes,
            story: fate.story.clone(),
            ..Tally::default()
        };
        for name in (0..LANES).flat_map(|lane| (0..self.size).map(move |part| name(lane, part))) {
            let many = fate.names.values().filter(|known| **known == name).count();
            match many {
                0 => tally.lost += 1,
                1 => {}
                _ if fate.killed.contains(&name) => tally.doubled_after_kill += 1,
                _ => tally.doubled += 1,
            }
            if many != 1 {
                tally.story.push(format!("{name:?} exists {many} times"));
            }
        }
        tally
    }
}

fn name(lane: usize, part: usize) -> String {
    format!("lane {lane}, part {part}")
}
