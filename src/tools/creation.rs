//! Creates a milestone exactly once, whatever happens on the way. The API has no idempotency key for it, so the API itself
//! is the ledger: under the contract's lock the contract is read before, and again when the outcome is unknown.
//! Start reading at `Creation::run`.

use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::api::error::Error;
use crate::api::milestones::{CreateMilestone, Milestone};
use crate::api::reply::Reply;
use crate::api::{Effect, Gate, Operation};

use super::Tool;
use super::answer::{Answer, Outcome};
use super::audit::{Figure, Settled};
use super::context::Context;
use super::contracts::CONTRACT_IDS;
use super::failure::{Denial, Trouble};

mod age;
mod days;
mod earlier;
mod in_flight;
mod judge;
mod lock;
mod look;
mod manners;
mod notes;
mod numbers;
mod recover;
mod terms;
mod texts;
mod words;

use earlier::{Memory, Open, Past, Place};
use in_flight::{InFlight, Key};
use lock::Held;
pub use lock::Locks;
use look::{Look, Seen};
use notes::Note;
use recover::{After, Before, RECOVERY};
use terms::{Stored, Terms};

/// What the first look may take, so that time is left for the create.
const LOOK_LIMIT: Duration = Duration::from_secs(12);
/// How long another create in the same contract is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(16);
/// Between two looks for a create that has no known end.
const SETTLING_PAUSE: Duration = Duration::from_millis(500);

/// What this process knows of its creates.
#[derive(Default)]
pub struct Creations {
    in_flight: InFlight,
    memory: Memory,
}

/// What a create answers.
#[derive(JsonSchema)]
pub(super) struct CreatedOnce {
    /// The new milestone, or the one that exists already.
    #[expect(dead_code, reason = "it is read for its schema only")]
    milestone: Milestone,
    /// With existing_alike: the terms that were asked for.
    #[expect(dead_code, reason = "it is read for its schema only")]
    asked: Option<Map<String, Value>>,
    /// With existing_alike: the fields of milestone that differ from them.
    #[expect(dead_code, reason = "it is read for its schema only")]
    differences: Option<Vec<String>>,
}

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
    type Output = CreatedOnce;
    const NAME: &'static str = <CreateMilestone as Operation>::NAME;
    const TITLE: &'static str = "Create a milestone";
    const EFFECT: Effect = <CreateMilestone as Operation>::EFFECT;
    const GATE: Gate = <CreateMilestone as Operation>::GATE;
    const IDS: &'static str = CONTRACT_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        self.milestone.check()?;
        let creation = Creation {
            terms: Terms::of(&self.milestone),
            place: Place {
                base: context.base().await.unwrap_or_default(),
                principal: context.principal(),
                contract: self.milestone.contract_id.0.trim().to_owned(),
            },
            wanted: self.milestone,
            doubles: self.allow_duplicate == Some(true),
            context: context.clone(),
        };
        if creation.doubles {
            return creation.run().await;
        }
        let key = Key { place: creation.place.clone(), terms: creation.terms.clone() };
        context.toolbox.creations.in_flight.share(key, creation.run().boxed()).await
    }
}

/// One creation on its way.
struct Creation {
    wanted: CreateMilestone,
    terms: Terms,
    place: Place,
    doubles: bool,
    context: Context,
}

/// How a create ended: what is told, and what is recorded.
type Ended = (Result<Answer, Trouble>, Settled);

impl Creation {
    async fn run(self) -> Result<Answer, Trouble> {
        if self.is_guarded()
            && let Some(existing) = self.settle().await?
        {
            return Ok(existing);
        }
        let held = self.lock().await?;
        let unshared = held.unshared.as_ref().map(|why| {
            format!(
                "WARNING: other servers on this machine do not see this create, and could make the same one now: {why}."
            )
        });
        let mut answer = self.run_alone(&held).await?;
        answer.warnings.extend(unshared);
        Ok(answer)
    }

    /// Reads the contract, and creates what is not there, while nobody else does.
    async fn run_alone(&self, held: &Held) -> Result<Answer, Trouble> {
        let mut past = self.past().await?;
        past.learn(&held.notes().await, self.place.principal.as_deref());
        let look = self.first_look().await?;
        let seen = look.as_ref().and_then(|look| look.as_ref().ok());
        if self.is_guarded()
            && let Some(seen) = seen
            && let Some(found) = judge::found(&self.terms, seen, &past, self.window())
        {
            return Ok(self.existing(found, seen));
        }
        let figure = self.figure(look.as_ref())?;
        let warnings = self.first_warnings(look.as_ref(), &past);

        let writing = self.context.begin(Some(Figure { amount: figure, milestone_id: None })).await?;
        let (answer, settled) = self.attempt(seen, &past, held).await;
        let unrecorded = writing.end(settled).await;
        if answer.is_err() {
            self.context.remark(unrecorded.clone());
        }
        let mut answer = answer?;
        answer.warnings.splice(0..0, warnings);
        answer.warnings.extend(unrecorded);
        Ok(answer)
    }

    /// Looks for a create with the same terms that has left and whose end is not known: of this process, or of one that
    /// shares the record and was killed. It may show within seconds.
    async fn settle(&self) -> Result<Option<Answer>, Trouble> {
        let mut settles = None;
        loop {
            let (past, now) = (self.past().await?, Timestamp::now());
            let Some(open) = past.open_with(&self.terms) else { return Ok(None) };
            if *settles.get_or_insert_with(|| open.settles(now)) <= now {
                return Ok(None);
            }
            let look = self.look(Instant::now() + LOOK_LIMIT).await.map_err(|fault| self.unsent(fault))?;
            if let Some(found) = judge::found(&self.terms, &look, &past, self.window()) {
                return Ok(Some(self.existing(found, &look)));
            }
            tokio::time::sleep(SETTLING_PAUSE).await;
        }
    }

    async fn past(&self) -> Result<Past, Trouble> {
        let memory = &self.context.toolbox.creations.memory;
        Ok(memory.of(&self.place, self.window(), &self.context).await.map_err(Denial::unrecorded)?)
    }

    /// One create at a time in a contract, in all processes of this user.
    async fn lock(&self) -> Result<Held, Trouble> {
        let until = (Instant::now() + LOCK_PATIENCE).min(self.context.call.deadline);
        let held = self.context.toolbox.operator.locks.take(&self.place.lock_key(), until).await;
        held.ok_or_else(|| Trouble::NotYet {
            reason: "contract_busy",
            message: "Another create in this contract is still under way, in this server or in another one".into(),
            hint: "Nothing was sent. Make the identical call again in half a minute.".into(),
        })
    }

    /// The look before the create, where one is wanted. If it fails nothing is sent, unless a second milestone was asked
    /// for anyway or nobody wants the look but a limit, which says for itself what is missing.
    async fn first_look(&self) -> Result<Option<Result<Look, Error>>, Trouble> {
        if !self.is_guarded() && !self.doubles && !self.context.policy().has_caps() {
            return Ok(None);
        }
        match self.look(Instant::now() + LOOK_LIMIT).await {
            Err(fault) if self.is_guarded() => Err(self.unsent(fault)),
            look => Ok(Some(look)),
        }
    }

    /// The contract could not be read, so the create was not sent.
    fn unsent(&self, fault: Error) -> Trouble {
        let mut remark =
            "Nothing was sent: the contract is read before a milestone is created in it, so that none is created \
            twice, and it could not be read."
                .to_owned();
        if fault.status() == Some(403) {
            remark
                .push_str(" Where the token cannot get that right, allowDuplicate: true creates the milestone unseen.");
        }
        self.context.remark(Some(remark));
        Trouble::Unsent(fault)
    }

    async fn look(&self, deadline: Instant) -> Result<Look, Error> {
        Look::at(&self.context, &self.wanted.contract_id, deadline).await
    }

    /// Sends the create once, and finds out what became of it.
    async fn attempt(&self, look: Option<&Look>, past: &Past, held: &Held) -> Ended {
        let ids = look.map(|look| look.ids().union(&past.seen).cloned().collect());
        let memory = &self.context.toolbox.creations.memory;
        if let Some(ids) = &ids {
            memory.saw(&self.place, ids);
        }
        let (began, left) = (Timestamp::now(), Instant::now());
        let fault = match self.create().await {
            Ok((reply, object)) => {
                let milestone = object.get("milestone").unwrap_or(&Value::Null);
                self.remember(milestone, true, held).await;
                let settled = Settled::with(Outcome::Created).milestone(id_of(milestone));
                return (Ok(self.created(&object, &reply, look)), settled);
            }
            Err(fault) if fault.may_have_happened() => fault,
            Err(fault) => {
                self.context.remark(self.explain(&fault, look).await);
                return (Err(fault.clone().into()), Settled::failed(&fault));
            }
        };
        match self.recover(&Before { ids: ids.as_ref(), left, past }).await {
            After::Found { raw, reply, differences } => {
                self.remember(&raw, false, held).await;
                let settled = Settled::with(Outcome::Recovered).milestone(id_of(&raw));
                let earlier = past.open_with(&self.terms).filter(|open| open.elsewhere);
                (Ok(self.recovered(&raw, &reply, &differences, look, earlier)), settled)
            }
            after => {
                let open = Open { asked: self.terms.clone(), began, elsewhere: false, before: ids };
                memory.unknown(&self.place, open);
                (Err(self.unknown(&fault, &after)), Settled::failed(&fault))
            }
        }
    }

    /// Remembers how a milestone was asked for, here and for other servers.
    async fn remember(&self, milestone: &Value, is_certain: bool, held: &Held) {
        self.context.toolbox.creations.memory.created(&self.place, &self.terms, milestone, is_certain);
        let mut arguments = self.context.masked_arguments();
        arguments.retain(|_, value| !value.is_null());
        let principal = self.place.principal.clone();
        held.note(Note {
            at: Timestamp::now().to_string(),
            principal,
            arguments,
            milestone: milestone.clone(),
            is_certain,
        })
        .await;
    }

    async fn create(&self) -> Result<(Reply, Map<String, Value>), Error> {
        let reply = self.context.send_until(&self.wanted, self.context.call.deadline - RECOVERY).await?;
        let read = self.context.read_reply::<CreateMilestone>(&reply)?;
        Ok((reply, read.object))
    }

    /// Whether one that exists is given back in place of a second one.
    fn is_guarded(&self) -> bool {
        !self.doubles && !self.window().is_zero()
    }

    /// How long an equal milestone counts as the same one.
    fn window(&self) -> Duration {
        self.context.policy().duplicate_window
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
            Some(Ok(seen)) if seen.is_fixed_price() => Ok(self.terms.amount),
            Some(Ok(seen)) => Ok(seen.contract.rate_usd.decimal().zip(self.terms.volume).and_then(|(rate, volume)| {
                let product = rate.checked_mul(volume)?;
                Some(product.max(self.terms.amount.unwrap_or(product)))
            })),
            _ => Ok(self.terms.amount),
        }
    }

    /// What the caller must know of the look before the create.
    fn first_warnings(&self, look: Option<&Result<Look, Error>>, past: &Past) -> Vec<String> {
        match look {
            Some(Err(fault)) => vec![format!(
                "WARNING: the contract could not be looked at first ({fault}), so an equal milestone would not have been seen."
            )],
            Some(Ok(seen)) if !self.doubles => {
                let resembles = |milestone: &Seen<'_>| {
                    self.terms.resemble(&Stored::of(milestone.raw), &past.manners)
                        && milestone.is_recent(seen, self.window())
                };
                let resembling: Vec<Seen<'_>> = seen.recent().filter(resembles).collect();
                words::resembling_warnings(seen, &resembling)
            }
            _ => Vec::new(),
        }
    }

    /// Where the terms do not fit the contract, says what would. The contract is looked at now, if it was not before.
    async fn explain(&self, fault: &Error, look: Option<&Look>) -> Option<String> {
        let Error::Refused(refusal) = fault else { return None };
        // Of a missing rate the hint says it all.
        if refusal.status != 400 || refusal.reason() == Some("contract_rate_missing") {
            return None;
        }
        if let Some(look) = look {
            return self.fitting_terms(&look.contract);
        }
        self.fitting_terms(&self.look(self.context.call.deadline).await.ok()?.contract)
    }
}

fn id_of(milestone: &Value) -> Option<&str> {
    milestone.get("id")?.as_str()
}
