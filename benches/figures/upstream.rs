//! The API's side: an HTTP server that answers at once, with prepared bodies of the shape and size of the real ones. It
//! shares nothing with the sandbox.

use std::net::TcpListener as Listener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Fault;

/// Names the origin to whoever is measured.
pub(crate) const ORIGIN_VARIABLE: &str = "OPENTRAIN_API_BASE_URL";
/// Carries the token to them.
pub(crate) const TOKEN_VARIABLE: &str = "OT_API_TOKEN";
/// A token of the documented form, good for nothing.
pub(crate) const TOKEN: &str = "ot_pat_c3f9_0123456789abcdef0123456789abcdef";

/// A running server. It ends with the process.
pub(crate) struct Upstream {
    pub(crate) origin: String,
    /// How many requests came so far.
    asked: Arc<AtomicUsize>,
}

/// The answers, head and body in one piece.
struct Answers {
    list: Vec<u8>,
    contract: Vec<u8>,
    created: Vec<u8>,
    /// By path: what else an overview reads.
    others: Vec<(&'static str, Vec<u8>)>,
    missing: Vec<u8>,
    /// How long each answer takes.
    takes: Duration,
    asked: Arc<AtomicUsize>,
}

impl Upstream {
    /// Serves an account with so many contracts, of so many milestones each, and answers at once.
    pub(crate) fn start(contracts: usize, milestones: usize) -> Result<Self, Fault> {
        Self::taking(Duration::ZERO, contracts, milestones)
    }

    /// How many requests came so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Serves such an account, and takes a fixed time for each answer.
    pub(crate) fn taking(takes: Duration, contracts: usize, milestones: usize) -> Result<Self, Fault> {
        let asked = Arc::<AtomicUsize>::default();
        let list: Vec<Value> = (0..contracts).rev().map(|place| contract(place, milestones)).collect();
        let answers = Arc::new(Answers {
            list: answer("200 OK", &json!({ "contracts": list })),
            contract: answer("200 OK", &json!({ "contract": contract(0, milestones) })),
            created: answer("201 Created", &json!({ "milestone": milestone(0, 9, "NOT_FUNDED") })),
            others: others().into_iter().map(|(path, body)| (path, answer("200 OK", &body))).collect(),
            missing: answer("404 Not Found", &json!({ "error": "not found", "code": "NOT_FOUND" })),
            takes,
            asked: Arc::clone(&asked),
        });
        let listener = Listener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let origin = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || runtime.block_on(accept(listener, answers)));
        Ok(Self { origin, asked })
    }
}

async fn accept(listener: Listener, answers: Arc<Answers>) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(converse(stream, Arc::clone(&answers)));
    }
}

/// Answers the requests of one connection, one after the other.
async fn converse(stream: TcpStream, answers: Arc<Answers>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let (mut head, mut line, mut body) = (String::new(), String::new(), Vec::new());
    loop {
        head.clear();
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            line.clear();
            stream.read_line(&mut line).await?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or_default();
                }
                Some(_) => {}
                None => break,
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
        answers.asked.fetch_add(1, Ordering::Relaxed);
        if !answers.takes.is_zero() {
            tokio::time::sleep(answers.takes).await;
        }
        stream.get_mut().write_all(answers.to(&head)).await?;
    }
}

impl Answers {
    fn to(&self, head: &str) -> &[u8] {
        let mut words = head.split_whitespace();
        let method = words.next().unwrap_or_default();
        let path = words.next().and_then(|path| path.strip_prefix("/api/public/v1")).unwrap_or_default();
        let bare = path.split('?').next().unwrap_or_default();
        if let Some((_, other)) = self.others.iter().find(|(known, _)| *known == bare) {
            return other;
        }
        match (method, path.strip_prefix("/contracts")) {
            ("GET", Some("")) => &self.list,
            ("POST", Some(path)) if path.ends_with("/milestones") => &self.created,
            ("GET", Some(_)) => &self.contract,
            _ => &self.missing,
        }
    }
}

/// A page of 100 of 200 conversations, 50 jobs, and the small rest of what an overview reads.
fn others() -> [(&'static str, Value); 7] {
    let conversations: Vec<Value> = (0..100)
        .map(|place| {
            json!({ "id": format!("cnv_{place:05}"), "type": "DIRECT_MESSAGE", "bucket": "job", "jobId": "job_3Vn6",
                "proposalId": null, "unreadCount": place % 3, "needsReplyCount": place % 2,
                "lastMessage": { "id": "msg_1", "content": "Can you look at the doubtful cases?", "isFromViewer": false,
                    "senderUserId": format!("usr_{place:05}"), "createdAt": "2026-06-12T09:00:00.000Z" } })
        })
        .collect();
    let jobs: Vec<Value> = (0..50)
        .map(|place| {
            json!({ "id": format!("job_{place:05}"), "title": "Label posts by sentiment", "status": "OPEN",
                "published": true, "proposalCounts": { "total": 9, "unreviewed": place % 4 } })
        })
        .collect();
    [
        ("/messages", json!({ "conversations": conversations, "nextCursor": "100" })),
        ("/jobs/mine", json!({ "jobs": jobs, "nextCursor": null })),
        ("/auth/me", json!({ "actor": { "fullName": "Mira Chen" }, "token": { "scopes": ["payments:write"] } })),
        ("/job-drafts/capabilities", json!({ "capabilities": { "paymentsWrite": true } })),
        ("/payments/pending", json!({ "payments": [] })),
        ("/credits", json!({ "credits": { "availableCents": 0, "reservedCents": 0, "currency": "usd" } })),
        ("/updates", json!({ "events": [], "nextCursor": "1", "hasMore": false })),
    ]
}

fn answer(status: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ndate: Fri, 12 Jun 2026 10:00:00 GMT\r\ncontent-type: application/json; charset=utf-8\r\n\
         content-length: {length}\r\nx-request-id: req_7Kd2Wm4Qx1\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A contract with every documented field (reference: api-reference/contracts/list).
fn contract(place: usize, milestones: usize) -> Value {
    let statuses = ["NOT_FUNDED", "ACTIVE_FUNDED"];
    let milestones: Vec<Value> = statuses
        .iter()
        .cycle()
        .take(milestones)
        .zip(1..)
        .map(|(status, number)| milestone(place, number, status))
        .collect();
    json!({
        "id": format!("ctr_{place:05}"),
        "status": "active",
        "title": "Spanish Sentiment Labeling Contract",
        "jobId": "job_3Vn6",
        "proposalId": format!("prp_{place:05}"),
        "paymentType": "FIXED_PRICE",
        "rateUsd": 300,
        "estimatedTotalUsd": 300,
        "estimatedVolume": null,
        "hasActiveMilestone": true,
        "startDate": "2026-06-12T09:30:00.000Z",
        "endDate": null,
        "createdAt": created_at(place),
        "updatedAt": created_at(place),
        "freelancer": {
            "userId": format!("usr_{place:05}"),
            "displayName": "Maria G.",
            "country": "Spain",
            "profilePath": "/profile/maria-g"
        },
        "milestones": milestones
    })
}

/// A milestone with every documented field (reference: api-reference/contracts/create-milestone).
fn milestone(place: usize, number: usize, status: &str) -> Value {
    json!({
        "id": format!("ms_{place:05}_{number}"),
        "name": "First labeling batch",
        "description": "Label the first 5,000 posts per the guidelines",
        "status": status,
        "amountUsd": 300,
        "volume": null,
        "milestoneNumber": number,
        "dueDate": "2026-07-01T00:00:00.000Z",
        "pendingApproval": false,
        "needsReview": false,
        "invoiceId": if status == "NOT_FUNDED" { Value::Null } else { "inv_3Jd1".into() },
        "createdAt": created_at(place)
    })
}

/// Later for a higher place: the list comes newest first.
fn created_at(place: usize) -> String {
    let (hours, minutes) = (place / 60, place % 60);
    format!("2026-{:02}-{:02}T{:02}:{minutes:02}:00.000Z", 1 + hours / 24 / 28, 1 + hours / 24 % 28, hours % 24)
}
