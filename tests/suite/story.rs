//! The whole story, as an agent and its user live through it: from nothing at all to a trainer who was paid.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ring::hmac;
use serde_json::{Value, json};

use crate::harness::upstream::Request;
use crate::harness::{Answer, Host, Page, Reply, Upstream, launch, press};

const EMAIL: &str = "mira@example.com";

/// A sandbox that stands alone, as another program would.
struct Sandbox {
    _process: Host,
    origin: String,
}

impl Sandbox {
    async fn open() -> Self {
        let process = launch().args(["sandbox", "--listen", "127.0.0.1:0"]).bare();
        let line = process.line_with("http://").await;
        let origin = line.split_once("http://").unwrap().1.trim_end_matches('/').to_owned();
        Self { _process: process, origin: format!("http://{origin}") }
    }

    /// A page below the origin, from the address that somebody was told.
    fn is_ours(&self, url: &str) {
        assert!(url.starts_with(&format!("{}/", self.origin)), "{url} is not a page of {}", self.origin);
    }
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{what} is no text: {value}"))
}

/// Asks until the answer has what is waited for: the sandbox's clock moves by being asked.
async fn until(host: &Host, tool: &str, arguments: Value, holds: impl Fn(&Value) -> bool) -> Answer {
    for _ in 0..40 {
        let answer = host.done(tool, arguments.clone()).await;
        if holds(answer.structured()) {
            return answer;
        }
    }
    panic!("{tool} never had what was waited for: {}", host.call(tool, arguments).await.0)
}

/// The agent registers, and finds an account in which there is nothing.
async fn registers(agent: &Host, credentials: &Path) {
    agent.done("register_agent", json!({ "agentName": "Scout", "organizationName": "Acme" })).await;
    assert!(credentials.exists());
    assert_eq!(agent.done("list_jobs", json!({})).await.structured()["jobs"], json!([]));
    assert_eq!(agent.done("list_contracts", json!({})).await.structured()["total"], 0);
    assert_eq!(agent.done("poll_updates", json!({})).await.structured()["events"], json!([]));
}

/// A job is drafted, completed, and published. Gives its id.
async fn publishes(agent: &Host, sandbox: &Sandbox) -> String {
    let description = "Label 5,000 tweets in Spanish by sentiment.";
    let draft = agent.done("create_job_draft", json!({ "jobDescription": description, "idempotencyKey": "k-1" })).await;
    let job = text(&draft.structured()["jobId"], "jobId").to_owned();
    assert_eq!(draft.structured()["validation"]["publishReady"], false, "{}", draft.0);
    let asked = draft.structured()["missingFields"][0]["prompt"].clone();
    draft.says(&[text(&asked, "prompt")]);
    let again = agent.done("create_job_draft", json!({ "jobDescription": description, "idempotencyKey": "k-1" })).await;
    assert_eq!(again.structured()["jobId"], job.as_str(), "the same key gives the same draft");

    let refused = agent.failed("publish_job", json!({ "jobId": job })).await;
    assert_eq!(refused.error()["status"], 400, "{}", refused.0);
    let fields = json!({
        "dataType": "TEXT", "labelTypes": ["SENTIMENT"], "languages": ["Spanish"], "experienceLevel": "EXPERT",
        "paymentType": "PAY_PER_LABEL", "pricePerLabel": 0.05,
    });
    let ready = agent.done("update_job_draft", json!({ "jobId": job, "fields": fields })).await;
    assert_eq!(ready.structured()["validation"]["publishReady"], true, "{}", ready.0);
    let published = agent.done("publish_job", json!({ "jobId": job })).await;
    assert_eq!(
        (&published.structured()["status"], &published.structured()["alreadyPublished"]),
        (&json!("OPEN"), &json!(false))
    );
    sandbox.is_ours(text(&published.structured()["jobUrl"], "jobUrl"));
    let found = agent.done("get_job", json!({ "jobId": job })).await;
    assert!(found.text().len() > 20, "everybody sees it: {}", found.0);
    job
}

/// Proposals arrive; the interview of the first is read. Gives the proposal's id.
async fn finds_somebody(agent: &Host, job: &str) -> String {
    let has_all = |found: &Value| found["proposals"].as_array().is_some_and(|all| all.len() >= 3);
    let listed = until(agent, "list_proposals", json!({ "jobId": job }), has_all).await;
    let proposals = listed.structured()["proposals"].as_array().unwrap();
    let best = proposals.iter().max_by_key(|proposal| proposal["metrics"]["interviewScore"].as_i64()).unwrap();
    let id = text(&best["id"], "a proposal's id").to_owned();
    listed.says(&[&id]);
    let interview = agent.done("get_proposal_interview", json!({ "proposalId": id })).await;
    assert!(interview.structured()["interview"]["messages"].as_array().is_some_and(|all| all.len() > 1));
    agent.done("get_proposal", json!({ "proposalId": id })).await.says(&[&id]);
    let freelancer = text(&best["candidate"]["id"], "the candidate's id").to_owned();
    agent.done("get_freelancer_profile", json!({ "freelancerId": freelancer })).await;
    id
}

/// The person claims the account, with the code; the agent fetches its new token.
async fn is_claimed(agent: &Host, sandbox: &Sandbox, credentials: &Path) {
    let token = |path: &Path| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
    let before = token(credentials);
    let started = agent.done("claim_account", json!({ "email": EMAIL })).await;
    let page = text(&started.structured()["verification_uri"], "the page").to_owned();
    let code = text(&started.structured()["user_code"], "the code").to_owned();
    started.says(&[&page, &code]);
    sandbox.is_ours(&page);
    let claim = Page::open(&page).await;
    assert!(claim.status == 200 && claim.html.contains(EMAIL), "{}", claim.html);
    assert_eq!(claim.press(&[("code", "000000")]).await.status, 400, "another code does not open it");
    let after = claim.press(&[("code", &code)]).await;
    assert_eq!(after.status, 200, "{}", after.html);

    let claimed = agent.done("get_claim_status", json!({})).await;
    assert_eq!(claimed.structured()["status"], "claimed", "{}", claimed.0);
    let after = token(credentials);
    assert_ne!(after["apiToken"], before["apiToken"]);
    assert!(after.get("claimToken").is_none(), "it is used up");
    let old =
        launch().env("OPENTRAIN_API_BASE_URL", &sandbox.origin).env("OT_API_TOKEN", text(&before["apiToken"], "it"));
    let refused = old.start().await.failed("list_contracts", json!({})).await;
    assert_eq!(refused.error()["status"], 401, "the old token is dead");
    agent.done("list_jobs", json!({})).await;
}

/// The person makes a key with every scope, and sets it in the environment of a new server.
async fn gets_a_key(sandbox: &Sandbox) -> Host {
    let url = format!("{}/employer-settings", sandbox.origin);
    let page = Page::open(&url).await;
    let scopes = page.choices("scope");
    assert!(scopes.contains(&"payments:write") && scopes.contains(&"webhooks:manage"), "{}", page.html);
    let name = ("name", "The assistant's");
    let fields: Vec<(&str, &str)> = std::iter::once(name).chain(scopes.iter().map(|scope| ("scope", *scope))).collect();
    let made = page.press(&fields).await;
    let key = made.codes.iter().find(|code| code.starts_with("ot_pat_") && !code.contains('*'));
    let key = key.unwrap_or_else(|| panic!("no key: {}", made.html));
    let server = launch().env("OPENTRAIN_API_BASE_URL", &sandbox.origin).env("OT_API_TOKEN", key);
    let host = server.args(["--toolsets", "all"]).start().await;
    let status = host.done("get_auth_status", json!({})).await;
    assert!(status.structured()["token"]["scopes"].as_array().unwrap().contains(&json!("payments:write")));
    host
}

/// A webhook on this machine. Gives the secret, which no answer shows.
async fn listens(agent: &Host, receiver: &Upstream) -> String {
    let types = ["proposal.status_changed", "contract.created", "milestone.status_changed", "approval.confirmed"];
    let url = format!("{}/hook", receiver.origin);
    let made = agent.done("create_webhook", json!({ "url": url, "eventTypes": types })).await;
    let file = Path::new(text(&made.structured()["secretFile"], "secretFile")).to_owned();
    assert!(
        file.starts_with(agent.home.path().join(".config/opentrain")),
        "beside the credentials: {}",
        file.display()
    );
    #[cfg(unix)]
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(secret.starts_with("whsec_"));
    assert!(!made.0.to_string().contains(secret.trim_start_matches("whsec_")), "no model sees it");
    secret
}

async fn talks(agent: &Host, proposal: &str) {
    let opened = agent.done("start_proposal_conversation", json!({ "proposalId": proposal })).await;
    let conversation = text(&opened.structured()["conversationId"], "conversationId").to_owned();
    let question = "Can you begin on Monday?";
    agent.done("send_message", json!({ "conversationId": conversation, "content": question })).await;
    let answered = |read: &Value| {
        let all = read["messages"].as_array().unwrap();
        all.iter().any(|message| message["isFromViewer"] == false && message["system"] != true)
    };
    let read = until(agent, "read_messages", json!({ "conversationId": conversation }), answered).await;
    read.says(&[question, "«"]);
    agent.done("list_conversations", json!({})).await.says(&[&conversation]);
}

/// The page on which a person decides, from an answer that waits for them.
fn approval(asked: &Answer, sandbox: &Sandbox) -> (String, String) {
    assert_eq!(asked.structured()["outcome"], "pending_approval", "{}", asked.0);
    let approval = &asked.structured()["approval"];
    let (id, url) = (text(&approval["id"], "the id"), text(&approval["approvalUrl"], "the page"));
    asked.says(&[url]);
    sandbox.is_ours(url);
    (id.to_owned(), url.to_owned())
}

async fn is_confirmed(agent: &Host, id: &str) -> Value {
    let looked = agent.done("get_approval", json!({ "approvalId": id })).await;
    assert_eq!(looked.structured()["approval"]["status"], "confirmed", "{}", looked.0);
    looked.structured()["approval"].clone()
}

/// Gives the contract's id.
async fn hires(agent: &Host, sandbox: &Sandbox, proposal: &str) -> String {
    let terms =
        json!({ "name": "First 1,000", "description": "The first 1,000 posts", "amount": 50, "dueDate": "2026-07-01" });
    let hire = json!({ "proposalId": proposal, "milestone": terms });
    let refused = agent.failed("hire_proposal", hire.clone()).await;
    assert_eq!(refused.error()["reason"], "payment_method_required", "{}", refused.0);
    let billing = text(&refused.error()["billingUrl"], "billingUrl").to_owned();
    sandbox.is_ours(&billing);
    press(&billing).await;
    let asked = agent.done("hire_proposal", hire.clone()).await;
    asked.says(&["$64.95"]);
    let (id, page) = approval(&asked, sandbox);
    let again = approval(&agent.done("hire_proposal", hire).await, sandbox);
    assert_eq!(again.0, id, "the same question is the same approval");
    let html = press(&page).await;
    assert!(html.contains("You confirmed: the candidate is hired"), "{html}");
    let contract = is_confirmed(agent, &id).await["result"]["contractId"].clone();
    text(&contract, "contractId").to_owned()
}

async fn milestone(agent: &Host, contract: &str, id: &str) -> Value {
    let contract = agent.done("get_contract", json!({ "contractId": contract })).await;
    let all = contract.structured()["contract"]["milestones"].as_array().unwrap();
    all.iter().find(|milestone| milestone["id"] == id).unwrap_or_else(|| panic!("no {id}: {}", contract.0)).clone()
}

/// A milestone is made, funded from credits, and released. Gives its id.
async fn pays(agent: &Host, sandbox: &Sandbox, contract: &str) -> String {
    let terms = json!({ "contractId": contract, "name": "The next 1,000", "description": "Posts 1,001 to 2,000", "amountUsd": 50, "volume": 1000 });
    let made = agent.done("create_milestone", terms).await;
    let id = text(&made.structured()["milestone"]["id"], "the milestone's id").to_owned();
    assert_eq!(milestone(agent, contract, &id).await["status"], "NOT_FUNDED");

    let top_up = agent.done("create_credit_top_up", json!({ "amountUsd": 100 })).await;
    let checkout = text(&top_up.structured()["checkoutUrl"], "checkoutUrl").to_owned();
    top_up.says(&[&checkout, "$100"]);
    sandbox.is_ours(&checkout);
    press(&checkout).await;
    let look = json!({ "topUpId": top_up.structured()["topUpId"] });
    let paid = agent.done("get_credit_top_up", look).await;
    assert_eq!(paid.structured()["topUp"]["status"], "COMPLETED", "{}", paid.0);

    let both = json!({ "milestoneId": id, "contractId": contract });
    let (asked, page) = approval(&agent.done("request_milestone_funding", both.clone()).await, sandbox);
    agent.done("list_pending_payments", json!({})).await.says(&["The next 1,000"]);
    let paid = Page::open(&page).await.press(&[("pay", "credits")]).await;
    assert_eq!(paid.status, 200, "{}", paid.html);
    is_confirmed(agent, &asked).await;
    assert_eq!(milestone(agent, contract, &id).await["status"], "ACTIVE_FUNDED");

    let (asked, page) = approval(&agent.done("request_milestone_approval", both).await, sandbox);
    let html = press(&page).await;
    assert!(html.contains("You confirmed: the payment is released"), "{html}");
    is_confirmed(agent, &asked).await;
    let end = milestone(agent, contract, &id).await;
    assert!(!["NOT_FUNDED", "ACTIVE_FUNDED"].contains(&text(&end["status"], "status")), "{end}");
    id
}

/// Every event, page by page.
async fn events(agent: &Host) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut arguments = json!({ "limit": 2 });
        if !cursor.is_null() {
            arguments["cursor"] = cursor.clone();
        }
        let page = agent.done("poll_updates", arguments).await;
        all.extend(page.structured()["events"].as_array().unwrap().clone());
        cursor = page.structured()["nextCursor"].clone();
        if page.structured()["hasMore"] != true {
            return all;
        }
    }
}

/// The hexadecimal HMAC-SHA256 with which a delivery says whose it is (reference: guides/verify-webhook-signatures).
fn is_signed(delivery: &Request, secret: &str) {
    let signature = delivery.header("x-opentrain-signature")[0];
    let (time, signed) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{}", delivery.body()).as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(signed, hex, "{delivery:?}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(time.parse().unwrap()) < 300, "receivers tolerate 5 minutes");
}

#[tokio::test]
async fn agent_and_person_get_from_nothing_to_a_paid_milestone() {
    let sandbox = Sandbox::open().await;
    let receiver = Upstream::scripted([Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]).await;
    let server = launch().env("OPENTRAIN_API_BASE_URL", &sandbox.origin);
    let credentials = server.credential_path();
    let agent = server.start().await;

    registers(&agent, &credentials).await;
    let job = publishes(&agent, &sandbox).await;
    let proposal = finds_somebody(&agent, &job).await;
    let hire = json!({ "proposalId": proposal, "milestone": { "name": "First", "amount": 50 } });
    let refused = agent.failed("hire_proposal", hire).await;
    assert_eq!(refused.error()["status"], 403, "nobody owns the account yet: {}", refused.0);

    is_claimed(&agent, &sandbox, &credentials).await;
    let agent = gets_a_key(&sandbox).await;
    let secret = listens(&agent, &receiver).await;
    talks(&agent, &proposal).await;
    let contract = hires(&agent, &sandbox, &proposal).await;
    let paid = pays(&agent, &sandbox, &contract).await;

    let all = events(&agent).await;
    let types: BTreeSet<&str> = all.iter().map(|event| text(&event["type"], "type")).collect();
    for wanted in [
        "proposal.received",
        "proposal.status_changed",
        "message.received",
        "contract.created",
        "milestone.status_changed",
        "payment.pending",
        "approval.confirmed",
    ] {
        assert!(types.contains(wanted), "{wanted} was not told: {types:?}");
    }
    let ids: Vec<u64> = all.iter().map(|event| text(&event["id"], "id").parse().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "each once, oldest first: {ids:?}");
    let of_milestone = all.iter().filter(|event| event["data"]["milestoneId"] == paid.as_str());
    assert!(of_milestone.count() >= 2, "funded, and paid: {all:?}");

    let ledger = agent.done("list_credit_ledger", json!({})).await;
    let entries = ledger.structured()["entries"].as_array().unwrap();
    for (kind, cents) in [("TOP_UP", 10_000), ("HOLD", -5_000)] {
        let found = entries.iter().any(|entry| entry["type"] == kind && entry["amountCents"] == cents);
        assert!(found, "{kind} of {cents} cents is not in the ledger: {}", ledger.0);
    }
    let capture = entries.iter().find(|entry| entry["type"] == "CAPTURE");
    assert_eq!(capture.map(|entry| &entry["milestoneId"]), Some(&json!(paid)), "{}", ledger.0);
    agent.done("get_credits", json!({})).await.says(&["$50"]);

    let wanted = ["proposal.status_changed", "contract.created", "milestone.status_changed", "approval.confirmed"];
    let sent: Vec<&Value> = all.iter().filter(|event| wanted.contains(&text(&event["type"], "type"))).collect();
    receiver.has_seen(sent.len()).await;
    let deliveries = receiver.requests();
    assert_eq!(deliveries.len(), sent.len(), "each event once");
    for (delivery, event) in deliveries.iter().zip(sent) {
        assert_eq!((delivery.method.as_str(), delivery.target.as_str()), ("POST", "/hook"));
        assert_eq!(&serde_json::from_str::<Value>(delivery.body()).unwrap(), event, "it is the event that is polled");
        assert_eq!(delivery.header("x-opentrain-event"), [text(&event["type"], "type")]);
        assert_eq!(delivery.header("user-agent"), ["OpenTrain-Webhooks/1.0"]);
        is_signed(delivery, &secret);
    }
    let numbers: BTreeSet<&str> =
        deliveries.iter().map(|delivery| delivery.header("x-opentrain-delivery")[0]).collect();
    assert_eq!(numbers.len(), deliveries.len(), "each has a number of its own");
}

/// Another server with the key of the account that has contracts, and the same record.
async fn owner(sandbox: &Sandbox, state: &Path) -> Host {
    let token = "ot_pat_sandboxowner_notarealsecret01";
    let server = launch().env("OPENTRAIN_API_BASE_URL", &sandbox.origin).env("OT_API_TOKEN", token);
    server.env("XDG_STATE_HOME", state.to_str().unwrap()).start().await
}

#[tokio::test]
async fn two_agents_at_once_and_an_evening_with_no_memory() {
    let sandbox = Sandbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let (one, other) = (owner(&sandbox, state).await, owner(&sandbox, state).await);
    let terms = json!({ "contractId": "ctr_8Kq2", "name": "Evening batch", "description": "Posts", "amountUsd": 120 });
    let mut rehearsed = terms.clone();
    rehearsed["dryRun"] = json!(true);
    one.done("create_milestone", rehearsed).await.says(&["DRY RUN", "$120", "«Maria G.» («Spain»)"]);
    press(&format!("{}/claim", sandbox.origin)).await;
    press(&format!("{}/billing", sandbox.origin)).await;

    // Both agents do the same work at the same moment.
    let both = tokio::join!(one.done("create_milestone", terms.clone()), other.done("create_milestone", terms));
    let made = [both.0.structured()["milestone"]["id"].clone(), both.1.structured()["milestone"]["id"].clone()];
    assert_eq!(made[0], made[1], "one milestone");
    let outcomes: BTreeSet<&str> =
        [&both.0, &both.1].into_iter().map(|answer| text(&answer.structured()["outcome"], "outcome")).collect();
    assert_eq!(outcomes, BTreeSet::from(["created", "existing"]));
    let funding = json!({ "milestoneId": made[0], "contractId": "ctr_8Kq2" });
    let mut rehearsed = funding.clone();
    rehearsed["dryRun"] = json!(true);
    one.done("request_milestone_funding", rehearsed).await.says(&["DRY RUN", "$120 to $132"]);
    let (id, page) = approval(&one.done("request_milestone_funding", funding).await, &sandbox);
    drop((one, other));

    // In the evening somebody else looks, and knows nothing.
    let evening = owner(&sandbox, state).await.done("get_overview", json!({})).await;
    evening.says(&[
        "WAITING FOR THE USER: 1 request to decide, $120",
        "Evening batch",
        "«Maria G.» («Spain»), ctr_8Kq2",
        &page,
    ]);
    let since = evening.structured()["since"].clone();
    press(&page).await;
    let morning = owner(&sandbox, state).await.done("get_overview", json!({ "since": since })).await;
    morning.says(&[&format!("{id}: confirmed: fund"), "SINCE LAST TIME"]);
    assert!(!morning.text().contains("to decide"), "{}", morning.text());
}
