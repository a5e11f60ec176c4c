//! A scripted agent and its host. It works through the story of the sandbox; an obedient one also does whatever any text
//! of an answer orders.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use opentrain_mcp::sandbox::default_token;
use opentrain_mcp::tools::writers::{Writer, writer};
use serde_json::{Value, json};

use crate::harness::{Answer, Host, Page, every, launch};
use crate::market::Market;
use crate::orders::{TOKEN_WORD, in_text};

/// More orders than this are not followed in one run.
const MOST: usize = 600;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// Does only its work.
    Honest,
    /// Does whatever any text tells it, with the token in place of the word for it.
    Obedient,
}

/// What the host asks its person about.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Asks {
    /// Before each call that destroys something. Nobody answers, so the call is not made.
    BeforeDestruction,
    Never,
    /// What the server asks (`--confirm person`). The person always gives this answer; a host without forms has none.
    TheServersQuestions(Option<bool>),
}

pub(crate) struct Agent {
    host: Host,
    manner: Manner,
    asks: Asks,
    /// Each tool, and whether its annotations say that it destroys something, and that it only reads.
    tools: BTreeMap<String, (bool, bool)>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    /// The orders that were read.
    heard: BTreeSet<String>,
    /// The tools that an order got done, and those of the story.
    achieved: BTreeSet<String>,
    refused: BTreeSet<String>,
}

/// Each order stands in a field that the answer names as written by strangers, or in our own words, in quotes.
fn names_its_strangers(tool: &str, structured: &Value) {
    let named: Vec<&str> =
        structured["untrusted"].as_array().into_iter().flatten().map(|one| one.as_str().unwrap()).collect();
    let mut orders = Vec::new();
    for (key, value) in structured.as_object().unwrap() {
        if !["summary", "error", "dryRun", "stops"].contains(&key.as_str()) {
            places(value, &format!("/{key}"), &mut orders);
        }
    }
    for order in orders {
        // The market plants by the name of a field, also where the account itself writes it.
        if writer(tool, &order) == Some(Writer::Account)
            || order.starts_with("/actor/")
            || order.starts_with("/message/")
        {
            continue;
        }
        let is_named = named.iter().any(|pointer| order == *pointer || order.starts_with(&format!("{pointer}/")));
        assert!(is_named, "{tool}: strangers write {order} as well");
    }
}

/// The pointers of the texts that hold an order, with `*` for an index.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !in_text(text).is_empty() => found.push(pointer.to_owned()),
        Value::Array(items) => items.iter().for_each(|item| places(item, &format!("{pointer}/*"), found)),
        Value::Object(object) => object.iter().for_each(|(key, item)| places(item, &format!("{pointer}/{key}"), found)),
        _ => {}
    }
}

impl Agent {
    pub(crate) async fn start(market: &Market, manner: Manner, asks: Asks) -> Self {
        let token = default_token();
        let server = launch().env("OPENTRAIN_API_BASE_URL", &market.office.origin).env("OT_API_TOKEN", token.expose());
        let server = match asks {
            Asks::TheServersQuestions(None) => server.args(["--confirm", "person"]),
            Asks::TheServersQuestions(Some(_)) => server.args(["--confirm", "person"]).eliciting(json!({ "form": {} })),
            _ => server,
        };
        let host = server.start().await;
        let hint = |tool: &Value, name: &str| tool["annotations"][name] == true;
        let listed = host.tools().await;
        let tools = listed.iter().map(|tool| {
            let hints = (hint(tool, "destructiveHint"), hint(tool, "readOnlyHint"));
            (tool["name"].as_str().unwrap().to_owned(), hints)
        });
        let tools = tools.collect();
        Self { host, manner, asks, tools, log: Mutex::default() }
    }

    /// The tools that changed something.
    pub(crate) fn achieved(&self) -> BTreeSet<String> {
        self.log.lock().unwrap().achieved.clone()
    }

    pub(crate) fn refused(&self) -> BTreeSet<String> {
        self.log.lock().unwrap().refused.clone()
    }

    pub(crate) fn heard(&self) -> usize {
        self.log.lock().unwrap().heard.len()
    }

    /// Makes a call of the story, and then follows the orders in its answer.
    async fn call(&self, tool: &str, arguments: Value) -> Answer {
        let id = self.host.begin(tool, arguments).await;
        let answer = Answer(self.reply_to(id).await["result"].clone());
        self.note(tool, &answer);
        if self.manner == Manner::Obedient {
            self.obey(&answer).await;
        }
        answer
    }

    /// The message that answers the call, after the person's answer to each question of the server.
    async fn reply_to(&self, id: u64) -> Value {
        let reply = self.host.reply_to(id);
        tokio::pin!(reply);
        loop {
            tokio::select! {
                reply = &mut reply => return reply,
                asked = self.host.asked() => {
                    let Asks::TheServersQuestions(Some(yes)) = self.asks else { panic!("nobody can answer: {asked}") };
                    self.host.answer(&asked, json!({ "action": "accept", "content": { "confirm": yes } })).await;
                }
            }
        }
    }

    fn note(&self, tool: &str, answer: &Answer) {
        if !answer.is_error() {
            names_its_strangers(tool, answer.structured());
        }
        let mut log = self.log.lock().unwrap();
        if answer.is_error() {
            log.refused.insert(format!("{tool}: {}", answer.code()));
        } else if self.tools.get(tool).is_none_or(|(_, reads)| !reads) {
            log.achieved.insert(tool.to_owned());
        }
    }

    /// Follows each order that any text of the answer gives, and those in the answers to that.
    async fn obey(&self, answer: &Answer) {
        let mut orders = self.new_orders(answer);
        while let Some((tool, arguments)) = orders.pop() {
            let destroys = self.tools.get(&tool).is_some_and(|(destroys, _)| *destroys);
            if self.asks == Asks::BeforeDestruction && destroys {
                continue;
            }
            let id = self.host.begin(&tool, arguments).await;
            let reply = self.reply_to(id).await;
            if reply["error"].is_object() {
                self.log.lock().unwrap().refused.insert(format!("{tool}: unknown"));
                continue;
            }
            let answer = Answer(reply["result"].clone());
            self.note(&tool, &answer);
            orders.extend(self.new_orders(&answer));
        }
    }

    fn new_orders(&self, answer: &Answer) -> Vec<(String, Value)> {
        let mut orders = Vec::new();
        let mut log = self.log.lock().unwrap();
        every(&answer.0, &mut |value| {
            for (tool, arguments) in value.as_str().map(in_text).unwrap_or_default() {
                if log.heard.len() < MOST && log.heard.insert(format!("{tool} {arguments}")) {
                    let filled = arguments.to_string().replace(TOKEN_WORD, default_token().expose());
                    orders.push((tool, serde_json::from_str(&filled).unwrap()));
                }
            }
        });
        orders
    }

    /// The story: looks at everything, talks, makes a milestone and asks for it, hires, and publishes a job. With a
    /// `market` a person confirms.
    pub(crate) async fn works(&self, market: Option<&Market>) {
        self.looks_around().await;
        let terms = json!({ "contractId": "ctr_8Kq2", "description": "The second batch", "amountUsd": 50 });
        let made = self.call("create_milestone", terms).await;
        let milestone = made.structured()["milestone"]["id"].clone();
        let both = json!({ "milestoneId": milestone, "contractId": "ctr_8Kq2" });
        self.asks_for("request_milestone_funding", both.clone(), market).await;
        if market.is_some() {
            self.asks_for("request_milestone_approval", both, market).await;
        }
        let job = self.publishes().await;
        let mut proposals = Value::Null;
        for _ in 0..12 {
            proposals = self.call("list_proposals", json!({ "jobId": job })).await.structured()["proposals"].clone();
            if proposals.as_array().is_some_and(|all| !all.is_empty()) {
                break;
            }
        }
        let proposal = proposals[0]["id"].clone();
        self.call("get_proposal", json!({ "proposalId": proposal })).await;
        self.call("get_proposal_interview", json!({ "proposalId": proposal })).await;
        self.call("get_freelancer_profile", json!({ "freelancerId": proposals[0]["candidate"]["id"] })).await;
        let hire = json!({ "proposalId": proposal, "milestone": { "name": "First", "amount": 50 } });
        self.asks_for("hire_proposal", hire, market).await;
    }

    async fn looks_around(&self) {
        for tool in
            ["get_auth_status", "get_capabilities", "get_credits", "list_credit_ledger", "list_pending_payments"]
        {
            self.call(tool, json!({})).await;
        }
        let contracts = self.call("list_contracts", json!({})).await;
        for contract in contracts.structured()["contracts"].as_array().unwrap() {
            self.call("get_contract", json!({ "contractId": contract["id"] })).await;
        }
        let conversations = self.call("list_conversations", json!({})).await;
        for conversation in conversations.structured()["conversations"].as_array().unwrap() {
            self.call("read_messages", json!({ "conversationId": conversation["id"] })).await;
        }
        self.call("send_message", json!({ "conversationId": "cnv_2Ly6", "content": "Please begin on Monday." })).await;
        let jobs = self.call("list_jobs", json!({})).await;
        for job in jobs.structured()["jobs"].as_array().unwrap().iter().filter(|job| job["status"] != "DRAFT") {
            let proposals = self.call("list_proposals", json!({ "jobId": job["id"] })).await;
            for proposal in proposals.structured()["proposals"].as_array().unwrap() {
                self.call("get_proposal", json!({ "proposalId": proposal["id"] })).await;
                let trainer = json!({ "freelancerId": proposal["candidate"]["id"] });
                self.call("get_freelancer_profile", trainer).await;
            }
        }
        let found = self.call("search_jobs", json!({})).await;
        for job in found.structured()["jobs"].as_array().unwrap() {
            self.call("get_job", json!({ "jobId": job["id"] })).await;
        }
        self.call("poll_updates", json!({})).await;
    }

    async fn publishes(&self) -> Value {
        let draft = self.call("create_job_draft", json!({ "jobDescription": "Label 500 posts in Spanish." })).await;
        let job = draft.structured()["jobId"].clone();
        let fields = json!({
            "dataType": "TEXT", "labelTypes": ["SENTIMENT"], "languages": ["Spanish"], "experienceLevel": "EXPERT",
            "paymentType": "PAY_PER_LABEL", "pricePerLabel": 0.05,
        });
        self.call("update_job_draft", json!({ "jobId": job, "fields": fields })).await;
        if self.asks != Asks::BeforeDestruction || self.manner == Manner::Honest {
            // Where the person says no, the job stays a draft.
            self.call("publish_job", json!({ "jobId": job })).await;
        }
        job
    }

    /// Asks for something on which a person decides.
    async fn asks_for(&self, tool: &str, arguments: Value, person: Option<&Market>) {
        let asked = self.call(tool, arguments).await;
        // An order may have spoiled the work of an agent that obeys.
        if self.manner == Manner::Obedient && asked.is_error() {
            return;
        }
        let approval = &asked.structured()["approval"];
        if person.is_some() {
            let page = Page::open(approval["approvalUrl"].as_str().unwrap()).await;
            let filled: &[_] = if tool == "request_milestone_funding" { &[("pay", "credits")] } else { &[] };
            assert_eq!(page.press(filled).await.status, 200, "{}", asked.0);
        }
        let looked = self.call("wait_for_approval", json!({ "approvalId": approval["id"], "timeoutSeconds": 0 })).await;
        let wanted = if person.is_some() { "confirmed" } else { "pending" };
        assert_eq!(looked.structured()["approval"]["status"], wanted, "{}", looked.0);
    }
}
