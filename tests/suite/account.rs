//! An agent's own account, from registration to the claim, against an OpenTrain that is not our sandbox: what is sent,
//! what is kept, and that a token which is delivered once is never lost.

mod claiming;
mod kept;
mod leaving;
mod registering;
mod renewing;
mod status;

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::launch::Launch;
use crate::harness::upstream::Request;
use crate::harness::{Host, PATIENCE, Reply, Upstream, claim_required, launch, milestone};

/// The token of the time before the claim.
pub(crate) const OLD: &str = "ot_pat_before01_theclaim0000";
/// What turns a claim into a token.
pub(crate) const CLAIM: &str = "ot_clm_c3f9aa02_claimsecret22";
/// The token that a claim gives.
pub(crate) const NEW: &str = "ot_pat_after001_theclaim1111";
/// What of them is secret.
pub(crate) const SECRETS: [&str; 3] = ["theclaim0000", "claimsecret22", "theclaim1111"];
/// The code on the page.
pub(crate) const CODE: &str = "439218";
/// What the grant is called (reference: api-reference/agent-auth/token).
pub(crate) const GRANT: &str = "urn:opentrain:agent-auth:grant-type:claim";

pub(crate) const REGISTER: &str = "POST /api/agent/identity";
pub(crate) const START: &str = "POST /api/agent/identity/claim";
pub(crate) const EXCHANGE: &str = "POST /api/agent/oauth/token";
pub(crate) const REVOKE: &str = "POST /api/agent/oauth/revoke";

/// An OpenTrain with one account, which an agent registers and a person may claim.
pub(crate) struct OpenTrain {
    pub(crate) upstream: Upstream,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Answers to the next questions for the token, before the usual one.
    next: Vec<Reply>,
    /// The page for the claim; OpenTrain's own when there is none.
    page: Option<String>,
    /// Seconds between two questions.
    interval: u64,
    claimed: bool,
    delivered: bool,
}

impl OpenTrain {
    pub(crate) async fn new() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let serving = Arc::clone(&state);
        let upstream = Upstream::answering(move |request, _| serving.lock().unwrap().answer(request)).await;
        Self { upstream, state }
    }

    /// The next questions for the token get these answers.
    pub(crate) fn answers_next(self, replies: impl Into<Vec<Reply>>) -> Self {
        self.state.lock().unwrap().next = replies.into();
        self
    }

    /// Between two questions there have to be so many seconds.
    pub(crate) fn asked_every(self, seconds: u64) -> Self {
        self.state.lock().unwrap().interval = seconds;
        self
    }

    /// The person is sent to another page.
    pub(crate) fn with_page(self, page: &str) -> Self {
        self.state.lock().unwrap().page = Some(page.into());
        self
    }

    /// A person claims the account.
    pub(crate) fn claim(&self) {
        self.state.lock().unwrap().claimed = true;
    }

    pub(crate) async fn claimed() -> Self {
        let opentrain = Self::new().await;
        opentrain.claim();
        opentrain
    }

    /// A server of ours without a token in its environment.
    pub(crate) fn server(&self) -> Launch {
        launch().env("OPENTRAIN_API_BASE_URL", &self.upstream.origin).without_guard()
    }

    /// The same, where an agent has registered already.
    pub(crate) fn registered(&self) -> Launch {
        self.server().credentials(&self.file(OLD, Some(CLAIM)))
    }

    /// The credential file as OpenTrain's own tools write it.
    pub(crate) fn file(&self, token: &str, claim: Option<&str>) -> String {
        let mut file = json!({ "apiToken": token, "baseUrl": self.upstream.origin });
        if let Some(claim) = claim {
            file["claimToken"] = json!(claim);
        }
        file.to_string()
    }

    /// What came, in order: `"POST /api/agent/identity"`.
    pub(crate) fn came(&self) -> Vec<String> {
        self.upstream.requests().iter().map(line).collect()
    }

    /// How many requests of this kind came.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.came().iter().filter(|came| *came == what).count()
    }

    /// The one request of this kind.
    pub(crate) fn only(&self, what: &str) -> Request {
        let requests = self.upstream.requests();
        let mut found = requests.into_iter().filter(|request| line(request) == what);
        let one = found.next().unwrap_or_else(|| panic!("{what} did not come: {:?}", self.came()));
        assert!(found.next().is_none(), "{what} came more than once: {:?}", self.came());
        one
    }

    /// The last request's token.
    pub(crate) fn last_bearer(&self) -> String {
        let requests = self.upstream.requests();
        bearer(requests.last().expect("no request came"))
    }
}

pub(crate) fn line(request: &Request) -> String {
    format!("{} {}", request.method, request.path())
}

/// The token with which a request came; empty when there was none.
pub(crate) fn bearer(request: &Request) -> String {
    request.header("authorization").first().map_or_else(String::new, |value| value.trim_start_matches("Bearer ").into())
}

pub(crate) fn oauth(error: &str) -> Reply {
    Reply::json(400, &json!({ "error": error, "error_description": "It was refused." }))
}

pub(crate) fn pending() -> Reply {
    oauth("authorization_pending")
}

/// The answer that holds the new token.
pub(crate) fn granted() -> Reply {
    Reply::json(
        200,
        &json!({
            "access_token": NEW, "token_type": "bearer",
            "scopes": ["jobs:read", "jobs:write", "proposals:write", "messages:write", "payments:read", "team:write"]
        }),
    )
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        let origin = format!("http://{}", request.header("host")[0]);
        match line(request).as_str() {
            REGISTER => Reply::json(
                200,
                &json!({
                    "identity_type": "anonymous", "registration_id": "reg_5Tq1", "access_token": OLD,
                    "token_type": "bearer", "scopes": ["jobs:read", "jobs:write", "payments:read"],
                    "claim_token": CLAIM, "claim_token_expires_at": "2026-06-13T10:00:00.000Z",
                    "claim_endpoint": format!("{origin}/api/agent/identity/claim"),
                    "token_endpoint": format!("{origin}/api/agent/oauth/token"), "grant_type": GRANT
                }),
            ),
            START => {
                let page = self.page.clone().unwrap_or_else(|| format!("{origin}/claim?token=ot_cat_7f3a"));
                Reply::json(
                    200,
                    &json!({
                        "user_code": CODE, "verification_uri": page, "expires_in": 1800, "interval": self.interval,
                        "email_sent": true
                    }),
                )
            }
            EXCHANGE if !self.next.is_empty() => self.next.remove(0),
            EXCHANGE if self.claimed && !self.delivered => {
                self.delivered = true;
                granted()
            }
            EXCHANGE if self.delivered => oauth("invalid_grant"),
            EXCHANGE => pending(),
            REVOKE => Reply::json(200, &json!({})),
            _ => self.api(&origin, request),
        }
    }

    /// The API: the old token is dead as soon as the account is claimed.
    fn api(&self, origin: &str, request: &Request) -> Reply {
        match (bearer(request).as_str(), request.method.as_str()) {
            (OLD, _) if self.claimed => Reply::refusal(401, "UNAUTHORIZED", &Value::Null),
            (OLD, "POST") => claim_required(origin),
            (OLD | NEW, "GET") => Reply::json(200, &json!({ "contracts": [] })),
            (NEW, _) => Reply::json(201, &json!({ "milestone": milestone("ms_7Rtd") })),
            _ => Reply::refusal(401, "UNAUTHORIZED", &Value::Null),
        }
    }
}

/// What stands in a credential file; it must be whole.
pub(crate) fn kept(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("the file is not whole ({fault})"))
}

/// Waits until the file holds this token. A file cannot be awaited: it is read again and again.
pub(crate) async fn is_kept(path: &Path, token: &str) {
    let waiting = async {
        while kept(path)["apiToken"] != token {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "the token was never kept");
}

/// Says that the file holds the token of the claim and nothing of the time before.
pub(crate) fn holds_the_new_token(path: &Path) {
    let file = kept(path);
    assert_eq!((&file["apiToken"], file.get("claimToken")), (&json!(NEW), None), "the new token alone is kept");
}

/// The path of a running server's credential file.
pub(crate) fn credential_path(host: &Host) -> std::path::PathBuf {
    host.home.path().join(".config/opentrain/cli.json")
}

/// Says that none of the secrets stands in what was seen.
pub(crate) fn shows_no_secret(what: &str, seen: &str) {
    for secret in SECRETS {
        assert!(!seen.contains(secret), "{what} shows {secret}: {seen}");
    }
}

#[tokio::test]
async fn the_whole_ceremony_shows_no_token_anywhere() {
    let opentrain = OpenTrain::new().await;
    let audit = tempfile::tempdir().unwrap();
    let record = audit.path().join("audit.jsonl");
    let server = opentrain.server().env("RUST_LOG", "trace").args(["--audit-log", record.to_str().unwrap()]);
    let host = server.start().await;
    host.done("register_agent", json!({ "agentName": "Scout" })).await;
    host.done("list_contracts", json!({})).await;
    host.done("claim_account", json!({ "email": "mira@example.com" })).await;
    host.done("get_claim_status", json!({})).await;
    opentrain.claim();
    host.done("get_claim_status", json!({})).await;
    host.done("list_contracts", json!({})).await;
    host.close_input().await;
    host.exit_within(PATIENCE).await;
    shows_no_secret("a result", &host.lines().join("\n"));
    shows_no_secret("stderr", &host.stderr());
    let recorded = std::fs::read_to_string(&record).unwrap();
    assert!(recorded.contains("register_agent") && recorded.contains("get_claim_status"), "{recorded}");
    shows_no_secret("the record", &recorded);
}
