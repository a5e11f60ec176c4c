//! Runs a creation: takes the lock, reads the contract, sends the create and finds out its outcome.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::{Access, Answer, Cause, Denial, Object, Shown, ToolError, quoted, quoted_to, shown};
use crate::api::error::Error;
use crate::api::wording::wording;
use crate::guard::ledger::{Commitment, Held};

use super::creation::Creation;
use super::earlier::{Open, Past};
use super::look::{Look, Seen};
use super::notes::{self, Note};
use super::recover::{After, Before, RECOVERY};
use super::terms::{Stored, Terms};
use super::{judge, words};

/// The most ids of milestones that are noted before a create.
const MOST_IDS: usize = 1_000;
/// The time limit of the first read, so that time remains for the create.
pub(super) const LOOK_LIMIT: Duration = Duration::from_secs(12);
/// The longest wait for another create in the same contract.
const LOCK_PATIENCE: Duration = Duration::from_secs(16);
/// The pause between two reads that look for a create with an unknown end.
const SETTLING_PAUSE: Duration = Duration::from_millis(500);

/// The notes in the lock file. Only the holder of the lock changes them, so they are read once.
struct SharedNotes<'a> {
    held: &'a Held,
    notes: Vec<Note>,
    /// The terms of this create.
    arguments: Object,
}

impl SharedNotes<'_> {
    /// Writes the notes to the lock file. It fails if the lock is lost.
    async fn leave(&self) -> Result<(), ToolError> {
        self.held.leave(notes::written(&self.notes)).await.map_err(|_| busy())
    }
}

/// What a call knows of earlier creates with its terms that have an unknown end.
#[derive(Default)]
struct Awaited {
    /// Those that began up to this moment have been waited for.
    settled: Option<Timestamp>,
    /// Those that there were when the call began. Its caller could know of them, and has waited. `None` if the call looks for
    /// no equal milestone.
    at_first: Option<HashSet<(Timestamp, bool)>>,
}

impl Awaited {
    /// True if a create with these terms got an unknown end while this call ran. This call is no second try, and its
    /// caller has not waited, so it must not send what may still land.
    fn was_overtaken(&self, past: &Past, terms: &Terms) -> bool {
        self.at_first.as_ref().is_some_and(|at_first| !past.all_open_with(terms).is_subset(at_first))
    }
}

fn sent_meanwhile() -> Error {
    let what =
        wording!("an identical create, sent by another call meanwhile, came to no known end, so this call sent none");
    Error::Unreachable { what, sent: true }
}

fn busy() -> ToolError {
    let hint = vec!["Nothing was sent. Make the identical call again in half a minute.".into()];
    let message = "Another create in this contract is still under way, in this server or in another one".into();
    Cause::NotYet { reason: "contract_busy", message, hint }.into()
}

/// Creates the milestone. If an identical create is in progress, both calls share its answer.
pub(super) async fn run(creation: Creation) -> Result<Answer, ToolError> {
    if creation.doubles {
        return creation.run().await;
    }
    let key = (creation.context.caller(), creation.place.clone(), creation.terms.clone());
    let creations = Arc::clone(&creation.creations);
    creations.in_flight.share(key, creation.run().boxed()).await
}

impl Creation {
    async fn run(self) -> Result<Answer, ToolError> {
        let (sees_contract, mut awaited) = (self.sees_contract().await?, Awaited::default());
        let (held, past) = loop {
            if self.is_guarded()
                && let Some(existing) = self.settle(&mut awaited).await?
            {
                return Ok(existing);
            }
            let held = Arc::new(self.lock(sees_contract).await?);
            let past = self.past().await?;
            // While this call waited for the lock, another server may have sent the same create and died.
            if !self.is_guarded() || past.open_with(&self.terms).map(|open| open.began) <= awaited.settled {
                break (held, past);
            }
        };
        let is_overtaken = awaited.was_overtaken(&past, &self.terms);
        // The lock is held until the end of the write is on record, before another server takes it.
        self.context.hold(Arc::clone(&held));
        let unshared = held.unshared().map(|why| {
            shown!(
                "WARNING: other servers on this machine do not see this create, and could make the same one now: {}.",
                quoted_to(&why, 400)
            )
        });
        let mut answer = self.run_alone(&held, past, is_overtaken).await?;
        answer.warnings.extend(unshared);
        Ok(answer)
    }

    /// Reads the contract and creates the milestone if it does not exist. The caller holds the lock. One that was
    /// overtaken by an identical create only looks for it.
    async fn run_alone(&self, held: &Held, mut past: Past, is_overtaken: bool) -> Result<Answer, ToolError> {
        let notes = notes::read(&held.text().await);
        past.learn(&notes, self.place.principal.as_deref());
        let look = self.first_look().await?;
        let seen = look.as_ref().and_then(|look| look.as_ref().ok());
        if let Some(look) = seen {
            past.see(look);
            self.end_abandoned(held, look, &past).await;
        }
        if self.is_guarded()
            && let Some(seen) = seen
            && let Some(found) = judge::found(&self.terms, seen, &past, self.window())
        {
            return Ok(self.existing(found, seen));
        }
        if is_overtaken {
            return Err(self.unknown(&sent_meanwhile(), &After::Nothing));
        }
        let commitment = Commitment { amount: self.amount(look.as_ref())?, milestone_id: None };
        let warnings = self.first_warnings(look.as_ref(), &past);
        let mut shared = SharedNotes { held, notes, arguments: self.noted_arguments() };
        let mut answer = self.attempt(commitment, seen, &past, &mut shared).await?;
        answer.warnings.splice(0..0, warnings);
        Ok(answer)
    }

    /// Waits for a create with the same terms whose end is unknown, sent by this process or by a killed one that shares
    /// the record. Such a milestone may appear within seconds. Creates that began before `awaited.settled` were already
    /// checked.
    async fn settle(&self, awaited: &mut Awaited) -> Result<Option<Answer>, ToolError> {
        let mut settles = None;
        loop {
            let (mut past, now) = (self.past().await?, Timestamp::now());
            awaited.at_first.get_or_insert_with(|| past.all_open_with(&self.terms));
            let Some(open) = past.open_with(&self.terms).filter(|open| Some(open.began) > awaited.settled) else {
                return Ok(None);
            };
            let (began, until) = *settles.get_or_insert_with(|| (open.began, open.settles(now)));
            if until <= now {
                awaited.settled = Some(began);
                return Ok(None);
            }
            let look = self.look(Instant::now() + LOOK_LIMIT).await.map_err(Self::unsent)?;
            past.see(&look);
            if let Some(found) = judge::found(&self.terms, &look, &past, self.window()) {
                self.end_abandoned_later(&past, found.id());
                return Ok(Some(self.existing(found, &look)));
            }
            tokio::time::sleep(SETTLING_PAUSE).await;
        }
    }

    /// Asks whether a caller with a token of its own can see the contract, before it may hold up those who can. Callers
    /// with the operator's token share its account, so they are not asked.
    async fn sees_contract(&self) -> Result<bool, ToolError> {
        if self.context.names().access() != Access::OwnToken {
            return Ok(true);
        }
        match self.look(Instant::now() + LOOK_LIMIT).await {
            Err(fault) if self.is_guarded() => Err(Self::unsent(fault)),
            Err(Error::Refused(refusal)) => Ok(refusal.status >= 500),
            _ => Ok(true),
        }
    }

    /// Takes the lock that allows one create at a time per contract, in all processes that share the ledger. A caller who
    /// cannot see the contract gets a lock of its own.
    async fn lock(&self, sees_contract: bool) -> Result<Held, ToolError> {
        let until = (Instant::now() + LOCK_PATIENCE).min(self.context.call.deadline);
        let ledger = &self.context.services.operator.ledger;
        let held = if sees_contract {
            ledger.lock(&self.place.lock_key(), until).await.map_err(Denial::unrecorded)?
        } else {
            ledger.lock_here(&self.place.private_key(), until).await
        };
        held.ok_or_else(busy)
    }

    /// Reads the contract before the create, if a check needs it. If the read fails nothing is sent, with two
    /// exceptions: the caller wants a second milestone anyway, or only a limit needs the read and reports the missing
    /// amount itself.
    async fn first_look(&self) -> Result<Option<Result<Look, Error>>, ToolError> {
        if !self.is_guarded() && !self.doubles && !self.context.policy().has_caps() {
            return Ok(None);
        }
        match self.look(Instant::now() + LOOK_LIMIT).await {
            Err(fault) if self.is_guarded() => Err(Self::unsent(fault)),
            look => Ok(Some(look)),
        }
    }

    /// Sends the create once and finds out its outcome.
    async fn attempt(
        &self,
        commitment: Commitment,
        look: Option<&Look>,
        past: &Past,
        shared: &mut SharedNotes<'_>,
    ) -> Result<Answer, ToolError> {
        let ids = look.map(|look| look.ids().union(&past.seen).cloned().collect());
        let memory = &self.creations.memory;
        if let Some(ids) = &ids {
            memory.saw(&self.place, ids);
        }
        self.note_open(ids.as_ref(), shared).await?;
        let (began, left) = (Timestamp::now(), Instant::now());
        let deadline = self.context.call.deadline - RECOVERY;
        let error = match self.context.write_until(&self.wanted, Some(commitment), deadline).await {
            Ok((reply, read)) => {
                let milestone = read.object.get("milestone").unwrap_or(&Value::Null);
                self.remember(milestone, true, shared).await;
                return Ok(self.created(&read.object, &reply, look));
            }
            Err(error) => error,
        };
        let Some(fault) = error.fault().filter(|fault| fault.may_have_happened()).cloned() else {
            notes::remove_open(&mut shared.notes, &shared.arguments);
            let _ = shared.leave().await;
            return Err(self.explain(error, look).await);
        };
        match self.recover(&Before { ids: ids.as_ref(), left, past }).await {
            After::Found { raw, reply, differences } => {
                self.remember(&raw, false, shared).await;
                let earlier = past.open_with(&self.terms).filter(|open| open.elsewhere);
                Ok(self.recovered(&raw, &reply, &differences, look, earlier))
            }
            after => {
                let open = Open { asked: self.terms.clone(), began, elsewhere: false, is_told: true, before: ids };
                memory.unknown(&self.place, open);
                Err(self.unknown(&fault, &after))
            }
        }
    }

    /// Stores the original terms of the new milestone, for this server and the others.
    async fn remember(&self, milestone: &Value, is_certain: bool, shared: &mut SharedNotes<'_>) {
        self.creations.memory.created(&self.place, &self.terms, milestone, is_certain);
        let note = Note { milestone: milestone.clone(), is_certain, ..self.blank_note(&shared.arguments) };
        notes::add(&mut shared.notes, note);
        // If the lock is lost, the record says how the create ended.
        let _ = shared.leave().await;
    }

    /// Notes which milestones were there before the create leaves, in case this server is killed or never sees the end.
    /// It is the last look at the lock: a server that was asleep for long may have lost it.
    async fn note_open(&self, before: Option<&HashSet<String>>, shared: &mut SharedNotes<'_>) -> Result<(), ToolError> {
        if let Some(before) = before.filter(|before| before.len() <= MOST_IDS) {
            let note = Note { before: Some(before.clone()), ..self.blank_note(&shared.arguments) };
            notes::add(&mut shared.notes, note);
        }
        shared.leave().await
    }

    fn blank_note(&self, arguments: &Object) -> Note {
        Note {
            at: Timestamp::now().to_string(),
            principal: self.place.principal.clone(),
            arguments: arguments.clone(),
            milestone: Value::Null,
            before: None,
            is_certain: false,
            line: String::new(),
        }
    }

    fn noted_arguments(&self) -> Object {
        let mut arguments = self.context.masked_arguments();
        arguments.retain(|_, value| !value.is_null());
        arguments
    }

    /// The committed amount: for a fixed price the amount, otherwise the larger of the amount and rate × volume.
    fn amount(&self, look: Option<&Result<Look, Error>>) -> Result<Option<Decimal>, ToolError> {
        match look {
            // The refusal of the read explains more: nothing was sent, and why.
            Some(Err(fault)) if self.context.policy().has_caps() => match fault {
                Error::Refused(refusal) if refusal.status < 500 => Err(ToolError::unsent(fault.clone())),
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

    /// Warnings about the read before the create.
    fn first_warnings(&self, look: Option<&Result<Look, Error>>, past: &Past) -> Vec<Shown> {
        match look {
            Some(Err(fault)) => vec![shown!(
                "WARNING: the contract could not be looked at first ({}), so an equal milestone would not have been seen.",
                quoted(&fault.to_string())
            )],
            Some(Ok(seen)) => self.resembling(seen, past),
            None => Vec::new(),
        }
    }

    /// Warnings about milestones with the same money and date but other words.
    pub(super) fn resembling(&self, look: &Look, past: &Past) -> Vec<Shown> {
        if self.doubles {
            return Vec::new();
        }
        let resembles = |milestone: &Seen<'_>| {
            self.terms.resemble(&Stored::of(milestone.raw), &past.storage) && milestone.is_recent(look, self.window())
        };
        let resembling: Vec<Seen<'_>> = look.recent().filter(resembles).collect();
        words::resembling_warnings(look, &resembling)
    }

    /// If the terms do not fit the contract, adds terms that would. Reads the contract if it was not read before.
    async fn explain(&self, error: ToolError, look: Option<&Look>) -> ToolError {
        let Some(Error::Refused(refusal)) = error.fault() else { return error };
        // The hint about a missing rate is complete without terms.
        if refusal.status != 400 || refusal.reason() == Some("contract_rate_missing") {
            return error;
        }
        let fitting = if let Some(look) = look {
            self.fitting_terms(&look.contract)
        } else {
            let look = self.look(self.context.call.deadline).await;
            look.ok().and_then(|look| self.fitting_terms(&look.contract))
        };
        match fitting {
            Some(fitting) => error.note(fitting),
            None => error,
        }
    }
}
