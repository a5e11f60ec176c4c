//! A history that both sides agree on: each step writes the record and changes OpenTrain.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::answer::Outcome;
use crate::api::approvals::Looked;
use crate::api::types::from_value;
use crate::guard::ledger::{Line, Phase, Recorded};
use crate::reconcile::{Ours, Report, Scope, Theirs, reconcile};

pub(super) const BASE: &str = "https://app.opentrain.ai";
pub(super) const OWNER: &str = "c3f9aa01";

/// Both sides, while they are made.
#[derive(Clone)]
pub(super) struct Story {
    pub(super) now: Timestamp,
    pub(super) ours: Ours,
    /// As JSON, so that a test can change any field.
    pub(super) contracts: Vec<Value>,
    pub(super) approvals: BTreeMap<String, Value>,
    pub(super) missing: Vec<String>,
    pub(super) since: Option<Timestamp>,
    next: usize,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            now: "2026-06-01T08:00:00Z".parse().unwrap(),
            ours: Ours::default(),
            contracts: Vec::new(),
            approvals: BTreeMap::new(),
            missing: Vec::new(),
            since: None,
            next: 0,
        }
    }

    pub(super) fn id(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}_{}", self.next)
    }

    pub(super) fn pass(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    pub(super) fn line(&mut self, tool: &str, arguments: &Value) -> Line {
        self.next += 1;
        Line {
            v: 1,
            at: self.now.to_string(),
            id: format!("{:016x}", self.next),
            phase: Phase::Before,
            tool: tool.into(),
            arguments: arguments.as_object().cloned().unwrap_or_else(Map::new),
            base: Some(BASE.into()),
            principal: Some(OWNER.into()),
            client: Some("suite 1".into()),
            ..Line::default()
        }
    }

    /// A write and its end; `None`: the server was killed.
    pub(super) fn write(&mut self, before: Line, outcome: Option<Outcome>, fill: impl FnOnce(&mut Line)) {
        let after = outcome.map(|outcome| {
            let mut after = Line { phase: Phase::After, outcome: Some(outcome), ..before.clone() };
            fill(&mut after);
            after
        });
        self.ours.writes.push(Recorded { before, after });
        self.pass(1);
    }

    pub(super) fn contract(&mut self, proposal: &str) -> String {
        let id = self.id("ctr");
        self.contracts.push(json!({
            "id": id, "status": "active", "title": "Sentiment", "proposalId": proposal, "jobId": "job_1",
            "paymentType": "FIXED_PRICE", "createdAt": self.now.to_string(), "endDate": null,
            "freelancer": { "displayName": "Maria G.", "country": "Spain" }, "milestones": []
        }));
        id
    }

    pub(super) fn contract_mut(&mut self, id: &str) -> &mut Value {
        self.contracts.iter_mut().find(|contract| contract["id"] == id).unwrap()
    }

    /// A milestone at OpenTrain.
    pub(super) fn milestone(&mut self, contract: &str, name: &str, amount: u32, status: &str) -> String {
        let (id, now) = (self.id("ms"), self.now.to_string());
        let listed = self.contract_mut(contract)["milestones"].as_array_mut().unwrap();
        listed.push(json!({
            "id": id, "name": name, "description": format!("About {name}"), "status": status, "amountUsd": amount,
            "volume": null, "milestoneNumber": listed.len() + 1, "invoiceId": null, "createdAt": now
        }));
        id
    }

    pub(super) fn milestone_mut(&mut self, id: &str) -> &mut Value {
        let all = self.contracts.iter_mut().flat_map(|contract| contract["milestones"].as_array_mut().unwrap());
        let mut all = all;
        all.find(|milestone| milestone["id"] == id).unwrap()
    }

    pub(super) fn terms(contract: &str, name: &str, amount: u32) -> Value {
        json!({ "contractId": contract, "name": name, "description": format!("About {name}"), "amountUsd": amount })
    }

    pub(super) fn create_line(&mut self, terms: &Value) -> Line {
        let amount = terms["amountUsd"].as_u64().map(Decimal::from);
        Line { amount_usd: amount, ..self.line("create_milestone", terms) }
    }

    /// A milestone that we make.
    pub(super) fn creates(&mut self, contract: &str, name: &str, amount: u32, outcome: Outcome) -> String {
        let before = self.create_line(&Self::terms(contract, name, amount));
        let id = self.milestone(contract, name, amount, "NOT_FUNDED");
        let made = id.clone();
        self.write(before, Some(outcome), |after| after.milestone_id = Some(made));
        id
    }

    /// A request for a decision.
    pub(super) fn asks(&mut self, tool: &str, arguments: &Value, amount: Option<u32>, approval: &str) {
        let milestone = arguments["milestoneId"].as_str().map(str::to_owned);
        let before =
            Line { amount_usd: amount.map(Decimal::from), milestone_id: milestone, ..self.line(tool, arguments) };
        self.approvals.entry(approval.to_owned()).or_insert_with(|| json!({ "id": approval, "status": "pending" }));
        let approval = approval.to_owned();
        self.write(before, Some(Outcome::PendingApproval), |after| after.approval_id = Some(approval));
    }

    /// A person decides; `known`: the decision is on record, too.
    pub(super) fn decides(&mut self, approval: &str, status: &str, known: bool) {
        self.pass(60);
        let now = self.now.to_string();
        let decided = self.approvals.get_mut(approval).unwrap();
        decided["status"] = json!(status);
        decided["resolvedAt"] = json!(now);
        if known {
            self.records_decision(approval, status);
        }
    }

    pub(super) fn records_decision(&mut self, approval: &str, decision: &str) {
        let line = self.line("get_approval", &json!({}));
        self.ours.decisions.push(Line {
            phase: Phase::Decided,
            approval_id: Some(approval.to_owned()),
            decision: Some(decision.to_owned()),
            ..line
        });
    }

    pub(super) fn scope(&self) -> Scope {
        Scope { base: BASE.into(), principal: Some(OWNER.into()), since: self.since }
    }

    pub(super) fn theirs(&self) -> Theirs {
        let approvals = self.approvals.iter().map(|(id, approval)| {
            let looked =
                if self.missing.contains(id) { Looked::Missing } else { Looked::Found(Box::new(from_value(approval))) };
            (id.clone(), looked)
        });
        Theirs { contracts: self.contracts.iter().map(from_value).collect(), approvals: approvals.collect() }
    }

    pub(super) fn report(&self) -> Report {
        reconcile(&self.ours, &self.theirs(), &self.scope())
    }
}
