//! A milestone is created once, whatever happens on the way. The API has no idempotency key for it, so the API itself is
//! the ledger: the contract is looked at before, and again when the outcome is unknown. Nothing is kept here but what is
//! in flight, so it holds after a crash and with many replicas.

use std::collections::HashSet;
use std::time::Duration;

use futures::FutureExt;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::api::contracts::{Contract, GetContract};
use crate::api::error::Error;
use crate::api::milestones::{CreateMilestone, Milestone, OneMilestone};
use crate::api::reply::Reply;
use crate::api::types::from_value;
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Outcome};
use super::audit::{Figure, Settled};
use super::context::Context;
use super::contracts::{CONTRACT_IDS, contract_name, milestone_line};
use super::failure::{Denial, Trouble};
use super::text::{moment, number, usd, word};
use super::{Tool, oddities, schema};

mod in_flight;
mod terms;

pub use in_flight::InFlight;
use terms::{CLOCK_SLACK, Terms, is_recent};

/// What the first look may take, so that time is left for the create.
const LOOK_LIMIT: Duration = Duration::from_secs(12);
/// How many milestones that are nearly the same are named.
const ALIKE_SHOWN: usize = 3;
/// What is kept back for finding out what became of a create.
const RECOVERY: Duration = Duration::from_secs(10);
/// Looks after an unknown outcome: what did get through shows within moments.
const RECOVERY_WAITS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(3)];

// The operation, and how equal milestones are told from doubled ones. What a model reads is the operation's description.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateMilestoneOnce {
    #[serde(flatten)]
    milestone: CreateMilestone,
    /// true makes a second milestone with the terms of one just made.
    allow_duplicate: Option<bool>,
}

impl Tool for CreateMilestoneOnce {
    type Output = OneMilestone;
    const NAME: &'static str = <CreateMilestone as Operation>::NAME;
    const TITLE: &'static str = "Create a milestone";
    const EFFECT: Effect = <CreateMilestone as Operation>::EFFECT;
    const GATE: Gate = <CreateMilestone as Operation>::GATE;
    const IDS: &'static str = CONTRACT_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        self.milestone.check()?;
        let creation = Creation {
            terms: Terms::of(&self.milestone, |text| context.masked(text)),
            wanted: self.milestone,
            doubles: self.allow_duplicate == Some(true),
            context: context.clone(),
        };
        if creation.doubles {
            return creation.run().await;
        }
        let key = creation.key();
        context.toolbox.in_flight.share(key, creation.run().boxed()).await
    }
}

/// The contract as it was seen at one moment.
struct Look {
    contract: Contract,
    /// The milestones as they came, in the same order.
    raw: Vec<Value>,
    reply: Reply,
}

impl Look {
    fn milestones(&self) -> impl Iterator<Item = (&Milestone, &Value)> {
        self.contract.milestones.items().iter().zip(&self.raw)
    }

    fn ids(&self) -> HashSet<String> {
        self.milestones().filter_map(|(milestone, _)| milestone.id.text().map(str::to_owned)).collect()
    }
}

/// What the contract showed after a create whose outcome is unknown.
#[derive(Clone, Copy)]
enum After {
    /// It could not be looked at.
    Unseen,
    /// Nothing that could be it.
    Nothing,
    /// So many that could be it.
    Several(usize),
}

/// One creation on its way.
struct Creation {
    wanted: CreateMilestone,
    terms: Terms,
    doubles: bool,
    context: Context,
}

impl Creation {
    /// The same for equal terms by the same caller.
    fn key(&self) -> String {
        let token = self.context.token.as_ref().map_or("", |token| token.expose());
        format!("{token} {:?} {:?}", self.wanted.contract_id, self.terms)
    }

    async fn run(self) -> Result<Answer, Trouble> {
        let window = self.context.policy().duplicate_window;
        let wants_look = !window.is_zero() || self.doubles || self.context.policy().has_caps();
        let look = if wants_look { Some(self.look(Instant::now() + LOOK_LIMIT).await) } else { None };
        let seen = look.as_ref().and_then(|look| look.as_ref().ok());
        if let Some(seen) = seen
            && let Some(existing) = self.existing(seen, window)
        {
            return Ok(existing);
        }
        let figure = self.figure(look.as_ref())?;
        let mut warnings = self.warnings(look.as_ref(), window);

        let writing = self.context.begin(Some(Figure { amount: figure, milestone_id: None })).await?;
        let (answer, settled) = self.attempt(seen).await;
        let unrecorded = writing.end(settled).await;
        if answer.is_err() {
            self.context.remark(unrecorded.clone());
        }
        warnings.extend(unrecorded);
        answer.map(|mut answer| {
            answer.warnings.extend(warnings);
            answer
        })
    }

    /// Sends the create once, and finds out what became of it.
    async fn attempt(&self, seen: Option<&Look>) -> (Result<Answer, Trouble>, Settled) {
        let left = Instant::now();
        match self.create().await {
            Ok((reply, object)) => {
                let settled = Settled::with(Outcome::Created).milestone(milestone_id(&object));
                (Ok(self.created(&object, &reply, seen)), settled)
            }
            Err(fault) if fault.may_have_happened() => match self.recover(seen, left, &fault).await {
                Ok((object, reply)) => {
                    let settled = Settled::with(Outcome::Recovered).milestone(milestone_id(&object));
                    (Ok(self.recovered(&object, &reply, seen)), settled)
                }
                Err(trouble) => (Err(trouble), Settled::failed(&fault)),
            },
            Err(fault) => {
                self.context.remark(self.explain(&fault, seen).await);
                (Err(fault.clone().into()), Settled::failed(&fault))
            }
        }
    }

    async fn look(&self, deadline: Instant) -> Result<Look, Error> {
        let operation = GetContract { contract_id: self.wanted.contract_id.clone() };
        let reply = self.context.send_until(&operation, deadline.min(self.context.call.deadline)).await?;
        let read = reply.read::<GetContract>()?;
        let raw = read.object.get("contract").and_then(|contract| contract.get("milestones")).and_then(Value::as_array);
        Ok(Look { contract: read.output.contract, raw: raw.cloned().unwrap_or_default(), reply })
    }

    async fn create(&self) -> Result<(Reply, Map<String, Value>), Error> {
        let reply = self.context.send_until(&self.wanted, self.context.call.deadline - RECOVERY).await?;
        let read = reply.read::<CreateMilestone>()?;
        Ok((reply, read.object))
    }

    /// A milestone with these terms that was made a short while ago, given back in place of a second one.
    fn existing(&self, seen: &Look, window: Duration) -> Option<Answer> {
        if self.doubles || window.is_zero() {
            return None;
        }
        let now = seen.reply.now();
        let (milestone, raw) =
            seen.milestones().find(|(milestone, _)| self.terms.fit(milestone) && is_recent(milestone, now, window))?;
        let made = milestone.created_at.timestamp().map_or_else(String::new, |at| format!(" ({})", moment(at, now)));
        let line = milestone_line(milestone, &seen.reply);
        let summary = format!(
            "Nothing was created: the same milestone exists already{made}.\n{line}{}.\n\
             If a second one with the same terms is really meant, call again with allowDuplicate: true.",
            for_whom(Some(seen), &self.wanted)
        );
        let mut answer = Answer::new(summary, wrapped(raw));
        answer.outcome = Some(Outcome::Existing);
        answer.next = self.next(milestone);
        Some(answer)
    }

    /// What this commits: for a fixed price the amount; else the larger of amount and rate × volume.
    fn figure(&self, look: Option<&Result<Look, Error>>) -> Result<Option<Decimal>, Trouble> {
        match look {
            // A refusal of the look is the better answer: nothing was sent, and it says why.
            Some(Err(fault)) if self.context.policy().has_caps() => match fault {
                Error::Refused(refusal) if refusal.status < 500 => Err(Trouble::Unsent(fault.clone())),
                _ => {
                    let policy = self.context.policy();
                    Err(Denial::undetermined(policy.max_milestone.or(policy.max_day)).into())
                }
            },
            Some(Ok(seen)) => Ok(match seen.contract.payment_type.text() {
                Some("FIXED_PRICE") => self.terms.amount,
                _ => seen.contract.rate_usd.decimal().zip(self.terms.volume).and_then(|(rate, volume)| {
                    let product = rate.checked_mul(volume)?;
                    Some(product.max(self.terms.amount.unwrap_or(product)))
                }),
            }),
            _ => Ok(self.terms.amount),
        }
    }

    fn warnings(&self, look: Option<&Result<Look, Error>>, window: Duration) -> Vec<String> {
        match look {
            Some(Err(fault)) => vec![format!(
                "WARNING: the contract could not be looked at first ({fault}), so an equal milestone would not have been seen."
            )],
            Some(Ok(seen)) if !self.doubles => {
                let now = seen.reply.now();
                let alike = seen.milestones().map(|(milestone, _)| milestone);
                let alike: Vec<&Milestone> = alike
                    .filter(|milestone| self.terms.resemble(milestone) && is_recent(milestone, now, window))
                    .collect();
                let mut warnings: Vec<String> = alike
                    .iter()
                    .take(ALIKE_SHOWN)
                    .map(|milestone| {
                        format!(
                            "WARNING: one with the same amount and due date was made a short while ago: {}.",
                            milestone_line(milestone, &seen.reply)
                        )
                    })
                    .collect();
                if alike.len() > ALIKE_SHOWN {
                    warnings.push(format!("And {} more like it.", alike.len() - ALIKE_SHOWN));
                }
                warnings
            }
            _ => Vec::new(),
        }
    }

    fn created(&self, object: &Map<String, Value>, reply: &Reply, seen: Option<&Look>) -> Answer {
        self.told("Created, NOT funded. No money has moved.", Outcome::Created, object, reply, seen)
    }

    fn recovered(&self, object: &Map<String, Value>, reply: &Reply, seen: Option<&Look>) -> Answer {
        let lead =
            "Created, NOT funded; the reply was lost, and the milestone was found in the contract. No money has moved.";
        self.told(lead, Outcome::Recovered, object, reply, seen)
    }

    fn told(
        &self,
        lead: &str,
        outcome: Outcome,
        object: &Map<String, Value>,
        reply: &Reply,
        seen: Option<&Look>,
    ) -> Answer {
        let milestone: Milestone = object.get("milestone").map(from_value).unwrap_or_default();
        let line = milestone_line(&milestone, reply);
        let for_whom = for_whom(seen, &self.wanted);
        let fixed = "It cannot be changed or deleted here; if it is wrong, your person corrects it in the app.";
        let mut answer = Answer::new(format!("{lead}\n{line}{for_whom}.\n{fixed}"), object.clone());
        answer.outcome = Some(outcome);
        answer.warnings = oddities::of_milestone(&self.wanted, &milestone, reply.now());
        answer.next = self.next(&milestone);
        answer
    }

    fn next(&self, milestone: &Milestone) -> String {
        let id =
            milestone.id.text().map_or_else(|| "milestoneId".to_owned(), |id| format!("milestoneId \"{}\"", word(id)));
        match self.context.next(&[("request_milestone_funding", &id)]) {
            next if next.is_empty() => self.context.next(&[("get_contract", "contractId")]),
            next => format!("{next} Your person decides."),
        }
    }

    /// Finds out what became of a create whose answer was not seen: a milestone with these terms that was not there
    /// before is the one.
    async fn recover(
        &self,
        seen: Option<&Look>,
        left: Instant,
        fault: &Error,
    ) -> Result<(Map<String, Value>, Reply), Trouble> {
        let before = seen.map(Look::ids);
        let mut after = After::Unseen;
        for wait in RECOVERY_WAITS {
            if Instant::now() + wait >= self.context.call.deadline {
                break;
            }
            tokio::time::sleep(wait).await;
            let Ok(look) = self.look(Instant::now() + RECOVERY).await else { continue };
            after = After::Nothing;
            let departure =
                look.reply.now() - SignedDuration::try_from(left.elapsed()).unwrap_or_default() - CLOCK_SLACK;
            let is_new = |milestone: &Milestone| match (&before, milestone.id.text()) {
                (Some(before), Some(id)) => !before.contains(id),
                _ => milestone.created_at.timestamp().is_some_and(|at| at >= departure),
            };
            let found: Vec<&Value> = look
                .milestones()
                .filter(|(milestone, _)| self.terms.fit(milestone) && is_new(milestone))
                .map(|(_, raw)| raw)
                .collect();
            match found.as_slice() {
                [] => {}
                [only] => return Ok((wrapped(only), look.reply)),
                several => return Err(self.unknown(fault, After::Several(several.len()))),
            }
        }
        Err(self.unknown(fault, after))
    }

    fn unknown(&self, fault: &Error, after: After) -> Trouble {
        let guarded = !self.doubles && !self.context.policy().duplicate_window.is_zero();
        let found = match after {
            After::Unseen => "The contract could not be read since.".to_owned(),
            After::Nothing => "No such milestone shows in the contract yet.".to_owned(),
            After::Several(many) => format!(
                "{many} new milestones with these terms show in the contract, and it cannot be told which is this one."
            ),
        };
        let (next, retryable) = match (after, guarded) {
            (After::Unseen | After::Nothing, true) => (
                "Wait a minute, then make the identical call again: one that did land is found and given back, not made twice. Other words are not safe.",
                true,
            ),
            _ => ("Read the contract first (get_contract), and create only what is missing there.", false),
        };
        Trouble::Unknown { fault: fault.clone(), hint: format!("{found} {next}"), retryable }
    }

    /// Where the terms do not fit the contract, says what would. The contract is looked at now, if it was not before.
    async fn explain(&self, fault: &Error, seen: Option<&Look>) -> Option<String> {
        let Error::Refused(refusal) = fault else { return None };
        // Of a missing rate the hint says it all.
        if refusal.status != 400 || refusal.reason() == Some("contract_rate_missing") {
            return None;
        }
        if let Some(seen) = seen {
            return self.fitting_terms(&seen.contract);
        }
        self.fitting_terms(&self.look(self.context.call.deadline).await.ok()?.contract)
    }

    /// The contract's payment model, its rate, and the amount that would fit.
    fn fitting_terms(&self, contract: &Contract) -> Option<String> {
        let payment_type = contract.payment_type.text()?;
        let rate = contract.rate_usd.decimal();
        let at = rate.map_or_else(|| "without a rate".to_owned(), |rate| format!("at {}", usd(rate)));
        let wants = match (payment_type, rate, self.terms.volume) {
            ("FIXED_PRICE", ..) => "give amountUsd.".to_owned(),
            (_, Some(rate), Some(volume)) => match rate.checked_mul(volume) {
                Some(amount) => {
                    format!("for volume {} the amountUsd that fits is {}, or omit it.", number(volume), number(amount))
                }
                None => "give volume, and omit amountUsd.".to_owned(),
            },
            (_, None, _) => "a person has to set its rate in the OpenTrain app first.".to_owned(),
            _ => "give volume, and omit amountUsd: OpenTrain works it out.".to_owned(),
        };
        Some(format!("This contract is {} {at}: {wants}", word(payment_type)))
    }
}

/// Who and what it is for, where the contract was seen.
fn for_whom(seen: Option<&Look>, wanted: &CreateMilestone) -> String {
    match seen {
        Some(seen) => format!(" · for {}", contract_name(&seen.contract)),
        None => format!(" · for contract {}", word(&wanted.contract_id.0)),
    }
}

fn milestone_id(object: &Map<String, Value>) -> Option<&str> {
    object.get("milestone")?.get("id")?.as_str()
}

fn wrapped(milestone: &Value) -> schema::Object {
    Map::from_iter([("milestone".to_owned(), milestone.clone())])
}
