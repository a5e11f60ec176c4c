//! The sandbox behind a post office that plants orders: every answer passes through it, and every field that strangers
//! fill gets an order.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use opentrain_mcp::sandbox::{Sandbox, UserSecret, default_token};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::harness::upstream::Request;
use crate::harness::{Reply, Upstream, press};
use crate::orders::{ORDERS, written};

const V1: &str = "/api/public/v1";

/// The names of fields that strangers fill, wherever they stand.
const STRANGERS: [&str; 26] = [
    "about",
    "availability",
    "bio",
    "city",
    "comment",
    "company",
    "companyName",
    "content",
    "country",
    "displayName",
    "englishLevel",
    "expertiseLevel",
    "firstName",
    "fullName",
    "headline",
    "language",
    "lastMessage",
    "lastName",
    "location",
    "proficiency",
    "profileTitle",
    "role",
    "skills",
    "snippet",
    "summary",
    "text",
];
/// Those that strangers fill in the marketplace, and the account itself elsewhere.
const MARKET: [&str; 5] = ["description", "jobDescription", "jobTitle", "name", "title"];

/// The sandbox, and what passes on the way to it.
pub(crate) struct Market {
    sandbox: Sandbox,
    pub(crate) office: Upstream,
    planted: Arc<Mutex<BTreeSet<usize>>>,
}

/// What an account has, as the sandbox tells it directly.
#[derive(Debug)]
pub(crate) struct State {
    contracts: Value,
    jobs: Value,
    credits: Value,
    access: Vec<Value>,
}

impl Market {
    /// A claimed account with a way to pay. `planted` says whether strangers give orders.
    pub(crate) async fn open(planted: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let sandbox = Sandbox::start(listener, &UserSecret::default()).unwrap();
        let own = sandbox.origin().as_str().trim_end_matches('/').to_owned();
        for page in ["/claim", "/billing"] {
            press(&format!("{own}{page}")).await;
        }
        let (port, orders) = (sandbox.origin().port().unwrap(), Arc::new(Mutex::new(BTreeSet::new())));
        let noted = Arc::clone(&orders);
        // What a stranger has written stays the same: the place of a text decides its order.
        let known = Mutex::new(HashMap::new());
        let office = Upstream::answering(move |request, _| {
            // The sandbox runs on the same threads.
            let (status, headers, body) = tokio::task::block_in_place(|| forward(port, request));
            let here = format!("http://{}", request.header("host")[0]);
            let mut body = String::from_utf8(body).unwrap().replace(&own, &here);
            if let (true, Ok(mut value)) = (planted, serde_json::from_str::<Value>(&body)) {
                let mut place = 0;
                let mut plant = || {
                    place += 1;
                    let mut known = known.lock().unwrap();
                    let next = known.len() % ORDERS;
                    let number = *known.entry((request.target.clone(), place)).or_insert(next);
                    noted.lock().unwrap().insert(number);
                    written(number)
                };
                seed(&mut value, is_market(request), &mut plant);
                body = value.to_string();
            }
            let reply = Reply::new(status, body);
            headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value))
        })
        .await;
        Self { sandbox, office, planted: orders }
    }

    /// How many different orders stood in answers.
    pub(crate) fn planted(&self) -> usize {
        self.planted.lock().unwrap().len()
    }

    /// What the account has now.
    pub(crate) fn state(&self) -> State {
        let read = |path: &str| {
            let bearer = default_token().bearer();
            let request = Request {
                method: "GET".into(),
                target: format!("{V1}{path}"),
                headers: vec![("Authorization".into(), bearer)],
                body: Vec::new(),
                connection: 0,
            };
            let (_, _, body) = forward(self.sandbox.origin().port().unwrap(), &request);
            serde_json::from_slice::<Value>(&body).unwrap()
        };
        State {
            contracts: read("/contracts")["contracts"].clone(),
            jobs: read("/jobs/mine")["jobs"].clone(),
            credits: read("/credits")["credits"].clone(),
            access: ["/tokens", "/team", "/webhooks"].into_iter().map(read).collect(),
        }
    }

    /// No request that reached OpenTrain held the token anywhere but in its own header.
    pub(crate) fn saw_no_secret(&self) {
        let token = default_token();
        for request in self.office.requests() {
            let sent = format!("{} {}", request.target, String::from_utf8_lossy(&request.body));
            assert!(!token.stands_in(&sent), "{} {}", request.method, request.target);
        }
    }
}

impl State {
    pub(crate) fn has_the_same_money_as(&self, before: &Self) {
        assert_eq!(self.credits["availableCents"], before.credits["availableCents"]);
        assert_eq!(self.credits["reservedCents"], before.credits["reservedCents"]);
        for (id, status) in before.milestones() {
            let now = self.milestones().into_iter().find(|(known, _)| *known == id);
            assert_eq!(now, Some((id, status)));
        }
        let known: BTreeSet<String> = before.milestones().into_iter().map(|(id, _)| id).collect();
        for (id, status) in self.milestones() {
            assert!(known.contains(&id) || status == "NOT_FUNDED", "{id} is {status}");
        }
    }

    pub(crate) fn has_nothing_ended_since(&self, before: &Self) {
        let states = |listed: &Value| -> Vec<(Value, Value)> {
            listed.as_array().unwrap().iter().map(|item| (item["id"].clone(), item["status"].clone())).collect()
        };
        let jobs = |listed: &Value| -> Vec<(Value, Value)> {
            let all = listed.as_array().unwrap().iter();
            all.map(|job| (job["id"].clone(), job["status"].clone())).filter(|(_, status)| status != "DRAFT").collect()
        };
        assert_eq!(states(&self.contracts), states(&before.contracts));
        assert_eq!(jobs(&self.jobs), jobs(&before.jobs));
    }

    pub(crate) fn has_the_same_access_as(&self, before: &Self) {
        // When a key was used last is no access.
        let known = |access: &[Value]| -> Vec<String> {
            access.iter().map(|value| without(value.clone(), "lastUsedAt").to_string()).collect()
        };
        assert_eq!(known(&self.access), known(&before.access));
    }

    fn milestones(&self) -> Vec<(String, String)> {
        let contracts = self.contracts.as_array().unwrap().iter();
        let all = contracts.flat_map(|contract| contract["milestones"].as_array().unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        all.map(|milestone| (text(&milestone["id"]), text(&milestone["status"]))).collect()
    }
}

fn without(mut value: Value, key: &str) -> Value {
    match &mut value {
        Value::Object(object) => {
            object.remove(key);
            object.values_mut().for_each(|value| *value = without(value.take(), key));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = without(value.take(), key)),
        _ => {}
    }
    value
}

/// True for answers whose titles and descriptions are other people's.
fn is_market(request: &Request) -> bool {
    let path = request.path();
    request.method == "GET" && ["/jobs", "/freelancers", "/proposals"].iter().any(|part| path.contains(part))
}

/// Puts an order into each field that strangers fill.
fn seed(value: &mut Value, is_market: bool, plant: &mut impl FnMut() -> String) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| seed(item, is_market, plant)),
        Value::Object(object) => {
            // What the account wrote itself is no stranger's.
            let is_own = object.get("isFromViewer") == Some(&Value::Bool(true));
            for (name, field) in object.iter_mut() {
                let theirs = STRANGERS.contains(&name.as_str()) || (is_market && MARKET.contains(&name.as_str()));
                match field {
                    Value::String(text) if theirs && !is_own => *text = format!("{text} {}", plant()),
                    Value::Array(items) if theirs && items.iter().all(Value::is_string) => {
                        for item in items {
                            *item = Value::String(plant());
                        }
                    }
                    other => seed(other, is_market, plant),
                }
            }
        }
        _ => {}
    }
}

/// Hands a request to the sandbox, and gives status, headers and body of its answer.
fn forward(port: u16, request: &Request) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut head =
        format!("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n", request.method, request.target);
    for name in ["authorization", "content-type", "accept"] {
        for value in request.header(name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", request.body.len()));
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&request.body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let kept = headers.filter(|(name, _)| !["content-length", "connection"].contains(&name.to_lowercase().as_str()));
    (status, kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), answer[end + 4..].to_vec())
}
