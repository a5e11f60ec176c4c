//! An API with a memory: contracts, milestones and approvals as the reference describes them. A test may reach into its
//! state, and put its own hand in any answer.

use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Number, Value, json};

use super::upstream::Request;
use super::{Reply, Upstream};

/// The API's clock, unless a test sets another: the moment of the reference's examples.
pub(crate) const CLOCK: &str = "2026-06-12T10:00:00Z";

/// What the API knows.
pub(crate) struct World {
    pub(crate) contracts: Vec<Value>,
    pub(crate) approvals: Vec<Value>,
    /// The API's clock; `None` for the real one.
    pub(crate) clock: Option<Timestamp>,
    made: usize,
}

/// The API.
pub(crate) struct Api {
    pub(crate) upstream: Upstream,
    world: Arc<Mutex<World>>,
}

impl Api {
    /// An API with these contracts.
    pub(crate) async fn of(contracts: impl Into<Vec<Value>>) -> Self {
        Self::meddled(contracts, |_, _| None).await
    }

    /// The same, with a hand in it: what `meddle` gives is sent in place of the API's own answer.
    pub(crate) async fn meddled(
        contracts: impl Into<Vec<Value>>,
        meddle: impl Fn(&Request, &mut World) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let clock = Some(CLOCK.parse().unwrap());
        let world = World { contracts: contracts.into(), approvals: Vec::new(), clock, made: 0 };
        let world = Arc::new(Mutex::new(world));
        let serving = Arc::clone(&world);
        let upstream = Upstream::answering(move |request, _| {
            let mut world = serving.lock().unwrap();
            let reply = meddle(request, &mut world).unwrap_or_else(|| world.answer(request));
            reply.header("Date", &world.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        })
        .await;
        Self { upstream, world }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// How many requests of this kind came: `"POST /milestones/ms_1/fund"`, or a part of it.
    pub(crate) fn came(&self, what: &str) -> usize {
        self.upstream.requests().iter().filter(|request| line(request).contains(what)).count()
    }

    /// How many times a milestone was asked to be made.
    pub(crate) fn creates(&self) -> usize {
        self.upstream.requests().iter().filter(|request| is_create(request)).count()
    }

    /// Every milestone of every contract.
    pub(crate) fn milestones(&self) -> Vec<Value> {
        self.world().contracts.iter().flat_map(|contract| contract["milestones"].as_array().unwrap().clone()).collect()
    }
}

/// `"GET /contracts/ctr_1"`
fn line(request: &Request) -> String {
    let path = request.path();
    format!("{} {}", request.method, path.strip_prefix("/api/public/v1").unwrap_or(path))
}

pub(crate) fn is_create(request: &Request) -> bool {
    request.method == "POST"
        && request.path().starts_with("/api/public/v1/contracts/")
        && request.path().ends_with("/milestones")
}

pub(crate) fn is_look(request: &Request) -> bool {
    request.method == "GET" && request.path().starts_with("/api/public/v1/contracts/")
}

impl World {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.unwrap_or_else(Timestamp::now)
    }

    /// The moment so many seconds ago, as the API writes it.
    pub(crate) fn ago(&self, seconds: i64) -> String {
        (self.now() - SignedDuration::from_secs(seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
    }

    /// The API's own answer.
    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let origin = format!("http://{}", request.header("host")[0]);
        let line = line(request);
        let mut parts = line.split([' ', '/']).filter(|part| !part.is_empty());
        let parts = [(); 4].map(|()| parts.next().unwrap_or_default());
        match parts {
            ["GET", "contracts", "", ""] => Reply::json(200, &json!({ "contracts": self.contracts })),
            ["GET", "contracts", id, ""] => match self.contract(id) {
                Some(contract) => Reply::json(200, &json!({ "contract": contract })),
                None => Reply::refusal(404, "NOT_FOUND", &json!({ "resource": "contracts" })),
            },
            ["POST", "contracts", id, "milestones"] if self.contract(id).is_some() => {
                Reply::json(201, &self.store(request))
            }
            ["POST", "contracts", id, "end"] => self.end(&origin, id),
            ["POST", "milestones", id, "fund"] => self.ask(&origin, id, "milestone_fund", "NOT_FUNDED"),
            ["POST", "milestones", id, "approve"] => self.ask(&origin, id, "milestone_approve", "ACTIVE_FUNDED"),
            ["POST", "proposals", id, "hire"] => {
                let about = json!({ "contractId": null, "milestoneId": null, "proposalId": id, "jobId": "job_3Vn6" });
                self.pending(&origin, "proposal_hire", about, "Hire request recorded.")
            }
            ["GET", "approvals", id, ""] => match self.approvals.iter().find(|approval| approval["id"] == id) {
                Some(approval) => Reply::json(200, &json!({ "approval": approval })),
                None => Reply::refusal(404, "NOT_FOUND", &json!({ "resource": "approvals", "approvalId": id })),
            },
            ["GET", "updates", "", ""] => Reply::json(200, &self.updates()),
            _ => Reply::refusal(404, "NOT_FOUND", &Value::Null),
        }
    }

    /// The event of each approval that is closed.
    fn updates(&self) -> Value {
        let closed = self.approvals.iter().filter(|approval| approval["status"] != "pending");
        let events = closed.enumerate().map(|(place, approval)| {
            let data = json!({ "approvalId": approval["id"], "status": approval["status"] });
            json!({ "id": place.to_string(), "type": "approval.confirmed", "createdAt": approval["resolvedAt"], "data": data })
        });
        json!({ "events": events.collect::<Vec<_>>(), "nextCursor": "9", "hasMore": false })
    }

    pub(crate) fn contract(&mut self, id: &str) -> Option<&mut Value> {
        self.contracts.iter_mut().find(|contract| contract["id"] == id)
    }

    fn holder(&mut self, milestone: &str) -> Option<&mut Value> {
        let holds = |contract: &Value| {
            contract["milestones"].as_array().unwrap().iter().any(|listed| listed["id"] == milestone)
        };
        self.contracts.iter_mut().find(|contract| holds(contract))
    }

    pub(crate) fn milestone(&mut self, id: &str) -> &mut Value {
        let contract = self.holder(id).unwrap();
        contract["milestones"].as_array_mut().unwrap().iter_mut().find(|listed| listed["id"] == id).unwrap()
    }

    /// Makes the milestone that a request asks for, and gives the body of the answer.
    pub(crate) fn store(&mut self, request: &Request) -> Value {
        let wanted: Value = serde_json::from_str(request.body()).unwrap();
        let contract = request.path().split('/').nth(5).unwrap().to_owned();
        json!({ "milestone": self.put(&contract, &wanted) })
    }

    /// Makes a milestone with these terms, as the API does.
    pub(crate) fn put(&mut self, contract: &str, wanted: &Value) -> Value {
        self.made += 1;
        let (id, created) = (format!("ms_new{}", self.made), self.ago(0));
        let contract = self.contract(contract).unwrap_or_else(|| panic!("there is no contract {contract}"));
        let rate = contract["rateUsd"].clone();
        let milestones = contract["milestones"].as_array_mut().unwrap();
        let amount = match (&wanted["amountUsd"], &wanted["volume"]) {
            (Value::Number(amount), _) => Value::Number(amount.clone()),
            (_, Value::Number(volume)) => product(rate.as_number().unwrap(), volume),
            _ => Value::Null,
        };
        let due = wanted["dueDate"].as_str();
        let due = due.map(|due| if due.len() == 10 { format!("{due}T00:00:00.000Z") } else { due.to_owned() });
        let milestone = json!({
            "id": id, "name": wanted["name"], "description": wanted["description"], "status": "NOT_FUNDED",
            "amountUsd": amount, "volume": wanted["volume"], "milestoneNumber": milestones.len() + 1,
            "dueDate": due, "pendingApproval": false, "needsReview": false, "invoiceId": null, "createdAt": created
        });
        milestones.push(milestone.clone());
        milestone
    }

    fn ask(&mut self, origin: &str, milestone: &str, kind: &str, wanted: &str) -> Reply {
        let Some(contract) = self.holder(milestone) else {
            return Reply::refusal(404, "NOT_FOUND", &json!({ "resource": "milestones" }));
        };
        let (contract, job) = (contract["id"].clone(), contract["jobId"].clone());
        if self.milestone(milestone)["status"] != wanted {
            let reason = if kind == "milestone_fund" { "milestone_not_fundable" } else { "milestone_not_funded" };
            return Reply::refusal(409, "CONFLICT", &json!({ "reason": reason }));
        }
        let what = if kind == "milestone_fund" { "Funding" } else { "Release" };
        let message = format!(
            "{what} request recorded. A signed-in human must confirm this approval in the OpenTrain app before any money moves."
        );
        self.pending(origin, kind, json!({ "contractId": contract, "milestoneId": milestone, "jobId": job }), &message)
    }

    fn end(&mut self, origin: &str, id: &str) -> Reply {
        let Some(contract) = self.contract(id) else {
            return Reply::refusal(404, "NOT_FOUND", &json!({ "resource": "contracts" }));
        };
        if contract["status"] == "ended" {
            return Reply::refusal(409, "CONFLICT", &json!({ "reason": "contract_ended" }));
        }
        let funded =
            contract["milestones"].as_array().unwrap().iter().any(|listed| listed["status"] == "ACTIVE_FUNDED");
        if !funded {
            contract["status"] = json!("ended");
            return Reply::json(200, &json!({ "ok": true, "contractId": id, "status": "ended" }));
        }
        let about = json!({ "contractId": id, "milestoneId": null, "proposalId": null, "jobId": contract["jobId"] });
        self.pending(
            origin,
            "contract_end",
            about,
            "End request recorded. A signed-in human must confirm this approval in the OpenTrain app.",
        )
    }

    /// The pending approval of this, the same one however often it is asked for (sample: fund_202).
    fn pending(&mut self, origin: &str, kind: &str, about: Value, message: &str) -> Reply {
        let same = |approval: &&Value| {
            approval["type"] == kind
                && approval["status"] == "pending"
                && approval["contractId"] == about["contractId"]
                && approval["milestoneId"] == about["milestoneId"]
        };
        let known = self.approvals.iter().find(same).cloned();
        let approval = known.unwrap_or_else(|| {
            let id = format!("apr_{}", self.approvals.len() + 1);
            let mut approval = json!({ "id": id, "type": kind, "status": "pending" });
            approval.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
            approval["approvalUrl"] = json!(format!("{origin}/approvals/{id}"));
            approval["expiresAt"] = json!(self.ago(-72 * 3600));
            approval["resolvedAt"] = Value::Null;
            approval["result"] = Value::Null;
            approval["createdAt"] = json!(self.ago(0));
            self.approvals.push(approval.clone());
            approval
        });
        Reply::json(202, &json!({ "approval": approval, "message": message }))
    }

    /// A person decides, or lets the time pass.
    pub(crate) fn decide(&mut self, approval: &str, status: &str) {
        let now = self.ago(0);
        let approval = self.approvals.iter_mut().find(|known| known["id"] == approval).unwrap();
        approval["status"] = json!(status);
        approval["resolvedAt"] = json!(now);
        if status != "confirmed" {
            return;
        }
        let (kind, milestone) = (approval["type"].clone(), approval["milestoneId"].clone());
        let contract = approval["contractId"].as_str().unwrap().to_owned();
        match (kind.as_str().unwrap(), milestone.as_str()) {
            ("milestone_fund", Some(id)) => {
                approval["result"] = json!({ "invoiceId": "inv_3Jd" });
                let milestone = self.milestone(id);
                milestone["status"] = json!("ACTIVE_FUNDED");
                milestone["invoiceId"] = json!("inv_3Jd");
            }
            ("milestone_approve", Some(id)) => {
                approval["result"] = json!({ "invoiceId": "inv_3Jd", "payoutTransactionId": "pay_8Hq" });
                self.milestone(id)["status"] = json!("RELEASED");
            }
            _ => {
                approval["result"] = json!({ "contractEnded": true });
                self.contract(&contract).unwrap()["status"] = json!("ended");
            }
        }
    }
}

fn product(rate: &Number, volume: &Number) -> Value {
    let decimal = |number: &Number| Decimal::from_str(&number.to_string()).unwrap();
    let product = (decimal(rate) * decimal(volume)).normalize();
    serde_json::from_str(&product.to_string()).unwrap()
}
