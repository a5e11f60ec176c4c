//! What the API does to the creates that reach it: it stores, loses, delays and breaks, at random, the same for the same
//! seed and order.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::upstream::Request;
use crate::harness::{Reply, World};

/// What the API has taken is stored within this time: the guard looks for longer.
const LANDING_MS: u64 = 800;

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

pub(crate) struct Fate {
    random: Random,
    /// How many creates may still never arrive: each costs its caller twelve seconds.
    vanish: usize,
    landing: Vec<Landing>,
    /// The name that each milestone was asked for with.
    pub(crate) names: BTreeMap<String, String>,
    /// How many creates met which fate.
    pub(crate) met: BTreeMap<&'static str, usize>,
}

impl Fate {
    pub(crate) fn new(seed: u64, vanish: usize) -> Self {
        let (random, landing) = (Random::seeded(seed), Vec::new());
        Self { random, vanish, landing, names: BTreeMap::new(), met: BTreeMap::new() }
    }

    fn store(&mut self, world: &mut World, contract: &str, wanted: &Value) -> Value {
        let milestone = world.put(contract, wanted);
        let (id, name) = (milestone["id"].as_str().unwrap(), wanted["name"].as_str().unwrap());
        self.names.insert(id.to_owned(), name.to_owned());
        json!({ "milestone": milestone })
    }

    /// Stores what is due; all of it, without a moment.
    pub(crate) fn land(&mut self, world: &mut World, now: Option<Instant>) {
        for landing in std::mem::take(&mut self.landing) {
            if now.is_none_or(|now| landing.due <= now) {
                self.store(world, &landing.contract, &landing.wanted);
            } else {
                self.landing.push(landing);
            }
        }
    }

    /// The answer to a look at a contract.
    pub(crate) fn of_look(&mut self, world: &mut World) -> Option<Reply> {
        self.land(world, Some(Instant::now()));
        match self.random.below(60) {
            0 => Some(Reply::reset()),
            1 => Some(Reply::refusal(503, "UNAVAILABLE", &Value::Null)),
            2 => Some(Reply::new(200, "<html>maintenance</html>")),
            _ => None,
        }
    }

    /// The answer to a create, and what becomes of it.
    pub(crate) fn of_create(&mut self, request: &Request, world: &mut World) -> Reply {
        let wanted: Value = serde_json::from_str(request.body()).unwrap();
        let contract = request.path().split('/').nth(5).unwrap().to_owned();
        let (what, reply) = match self.random.below(50) {
            0..=4 => {
                let body = self.store(world, &contract, &wanted);
                ("stored, answer lost", self.lost(&body))
            }
            5 => {
                let due = Instant::now() + Duration::from_millis(self.random.below(LANDING_MS));
                self.landing.push(Landing { contract, wanted, due });
                ("stored soon, answer lost", self.lost(&json!({ "ok": true })))
            }
            6 | 7 => ("refused", Reply::refusal(429, "RATE_LIMITED", &Value::Null)),
            8 if self.vanish > 0 => {
                self.vanish -= 1;
                ("never arrived", self.lost(&json!({ "ok": true })))
            }
            9..=12 => {
                let body = self.store(world, &contract, &wanted);
                let pause = Duration::from_millis(self.random.below(40));
                ("stored, slow answer", Reply::json(201, &body).dripping(pause))
            }
            _ => ("stored", Reply::json(201, &self.store(world, &contract, &wanted))),
        };
        *self.met.entry(what).or_default() += 1;
        reply
    }

    fn lost(&mut self, body: &Value) -> Reply {
        let bytes = body.to_string().len() as u64;
        match self.random.below(12) {
            0..=4 => Reply::reset(),
            5 => Reply::hang(),
            6 | 7 => Reply::raw("HTTP/1.1 201 Created\r\nContent-"),
            8 => Reply::new(502, "<html>bad gateway</html>").header("Content-Type", "text/html"),
            9 | 10 => Reply::json(201, body).cut_after(usize::try_from(self.random.below(bytes)).unwrap()),
            _ => Reply::refusal(500, "INTERNAL_ERROR", &Value::Null),
        }
    }
}
