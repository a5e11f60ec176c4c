//! What one API does to what it is sent: it stores, loses, delays, resets and breaks at random, and kills servers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::harness::upstream::Request;
use crate::harness::{Reply, World};
use crate::manners::{Manner, Shows};

/// What the API has taken is stored within this time: the guard looks for longer.
const LANDING_MS: u64 = 1_000;
/// No look for a create lasts so long. The hints tell the caller to wait for longer.
const LATE: Duration = Duration::from_secs(25);

/// Numbers that look random, and are the same for the same seed (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % limit
    }
}

/// A create that the API has taken and not stored yet.
struct Landing {
    contract: String,
    wanted: Value,
    due: Instant,
}

/// How long a milestone does not show.
enum Hidden {
    Looks(usize),
    Until(Instant),
}

pub(crate) struct Fate {
    random: Random,
    manner: Manner,
    /// How many creates may still never arrive, be late or kill their server: they cost their callers seconds each.
    vanish: usize,
    late: usize,
    kill: usize,
    killing: UnboundedSender<()>,
    landing: Vec<Landing>,
    hidden: BTreeMap<String, Hidden>,
    /// The name that each milestone was asked for with.
    pub(crate) names: BTreeMap<String, String>,
    /// Names whose call was broken off by a kill.
    pub(crate) killed: BTreeSet<String>,
    pub(crate) kills: usize,
    pub(crate) story: Vec<String>,
}

impl Fate {
    pub(crate) fn new(manner: Manner, size: usize, seed: u64, killing: UnboundedSender<()>) -> Self {
        let is_late = manner.is_late();
        Self {
            random: Random::seeded(seed),
            manner,
            vanish: size / 3,
            late: usize::from(is_late),
            kill: if is_late { 0 } else { size.div_ceil(2) },
            killing,
            landing: Vec::new(),
            hidden: BTreeMap::new(),
            names: BTreeMap::new(),
            killed: BTreeSet::new(),
            kills: 0,
            story: Vec::new(),
        }
    }

    /// Stores a milestone in the manner of the API.
    fn store(&mut self, world: &mut World, contract: &str, wanted: &Value) -> Value {
        let id = world.put(contract, wanted)["id"].as_str().unwrap().to_owned();
        let milestone = world.milestone(&id);
        (self.manner.store)(milestone);
        self.names.insert(id.clone(), wanted["name"].as_str().unwrap().to_owned());
        let hidden = match self.manner.shows {
            Shows::AfterLooks(many) => Some(Hidden::Looks(many)),
            Shows::After(time) => Some(Hidden::Until(Instant::now() + time)),
            Shows::AtOnce | Shows::Late => None,
        };
        self.hidden.extend(hidden.map(|hidden| (id, hidden)));
        json!({ "milestone": milestone })
    }

    /// Whether a create is stored, or will be, that was asked for with this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.values().any(|known| known == name)
            || self.landing.iter().any(|landing| landing.wanted["name"] == name)
    }

    /// Stores what is due; all of it, without a moment.
    pub(crate) fn land(&mut self, world: &mut World, now: Option<Instant>) {
        let is_due = |landing: &Landing| now.is_none_or(|now| landing.due <= now);
        for landing in std::mem::take(&mut self.landing) {
            if is_due(&landing) {
                self.store(world, &landing.contract, &landing.wanted);
            } else {
                self.landing.push(landing);
            }
        }
    }

    /// The answer to a look at a contract.
    pub(crate) fn of_look(&mut self, request: &Request, world: &mut World) -> Reply {
        let now = Instant::now();
        self.land(world, Some(now));
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
            match self.hidden.get_mut(milestone["id"].as_str().unwrap()) {
                None | Some(Hidden::Looks(0)) => true,
                Some(Hidden::Looks(left)) => {
                    *left -= 1;
                    false
                }
                Some(Hidden::Until(moment)) => *moment <= now,
            }
        });
        Reply::json(200, &json!({ "contract": contract }))
    }

    /// The answer to a create, and what becomes of it.
    pub(crate) fn of_create(&mut self, request: &Request, world: &mut World) -> Reply {
        let wanted: Value = serde_json::from_str(request.body()).unwrap();
        let contract = request.path().split('/').nth(5).unwrap().to_owned();
        let (what, reply) = match self.random.below(20) {
            0..=4 => {
                let body = self.store(world, &contract, &wanted);
                ("stored, answer lost", self.lost(&body))
            }
            5 | 6 => {
                let wait = Duration::from_millis(self.random.below(LANDING_MS));
                self.take(&contract, &wanted, wait);
                ("stored soon, answer lost", self.lost(&json!({ "ok": true })))
            }
            7 => ("refused", Reply::refusal(429, "RATE_LIMITED", &Value::Null)),
            8 if self.vanish > 0 => {
                self.vanish -= 1;
                ("never arrived", self.lost(&json!({ "ok": true })))
            }
            9..=12 if self.kill > 0 => {
                self.kill -= 1;
                (self.kills_and(world, &contract, &wanted), Reply::hang())
            }
            9..=19 if self.late > 0 => {
                self.late -= 1;
                self.take(&contract, &wanted, LATE);
                ("stored late, answer lost", self.lost(&json!({ "ok": true })))
            }
            _ => ("stored", Reply::json(201, &self.store(world, &contract, &wanted))),
        };
        self.story.push(format!("{}: {what}", wanted["name"]));
        reply
    }

    fn kills_and(&mut self, world: &mut World, contract: &str, wanted: &Value) -> &'static str {
        self.kills += 1;
        let _ = self.killing.send(());
        if self.random.below(2) == 0 {
            let wait = Duration::from_millis(self.random.below(LANDING_MS));
            self.take(contract, wanted, wait);
            "killed, stored soon"
        } else {
            self.store(world, contract, wanted);
            "killed after it was stored"
        }
    }

    fn take(&mut self, contract: &str, wanted: &Value, wait: Duration) {
        let due = Instant::now() + wait;
        self.landing.push(Landing { contract: contract.to_owned(), wanted: wanted.clone(), due });
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
