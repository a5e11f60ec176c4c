//! Earlier creates in the same contract, from this process and from the record. A milestone whose original terms are
//! known can be compared exactly, and a create with an unknown end may still take effect.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::known_milestone::KnownMilestone;
use super::look::Look;
use super::notes::Note;
use super::storage::StorageFormat;
use super::terms::{Stored, Terms};
use crate::engine::Context;
use crate::guard::ledger::{Line, Phase};

/// The most creates of a contract that are kept in memory, the most of all contracts, and the most contracts; those that
/// were not used for the longest time are forgotten first. The record has their creates, too.
const MOST: usize = 200;
const MOST_IN_ALL: usize = 1_000;
const MOST_PLACES: usize = 1_000;
/// The time that a sent create may take to appear in the contract.
const SETTLING: SignedDuration = SignedDuration::from_secs(8);
/// The extra time if the creating process was killed, because the API may still be working on the request.
const AFTER_A_KILL: SignedDuration = SignedDuration::from_secs(4);

/// The creates of this process.
#[derive(Default)]
pub(super) struct Memory(Mutex<Known>);

#[derive(Default)]
struct Known {
    pasts: HashMap<Place, (u64, Past)>,
    /// The number of uses so far, which orders the places.
    uses: u64,
    /// How each API base stores terms.
    storage: HashMap<String, StorageFormat>,
}

impl Known {
    fn past(&mut self, place: &Place) -> &mut Past {
        if self.pasts.len() >= MOST_PLACES && !self.pasts.contains_key(place) {
            let oldest = self.pasts.iter().min_by_key(|(_, (latest, _))| *latest).map(|(place, _)| place.clone());
            oldest.map(|oldest| self.pasts.remove(&oldest));
        }
        self.uses += 1;
        let (latest, past) = self.pasts.entry(place.clone()).or_default();
        *latest = self.uses;
        past
    }

    /// Forgets the milestones of contracts that were not used for the longest time, but for those of the last one.
    fn forget_milestones(&mut self) {
        let mut all: usize = self.pasts.values().map(|(_, past)| past.created.len()).sum();
        while all > MOST_IN_ALL {
            let known =
                self.pasts.values_mut().filter(|(latest, past)| *latest < self.uses && !past.created.is_empty());
            let Some((_, past)) = known.min_by_key(|(latest, _)| *latest) else { return };
            all -= past.created.len();
            past.created = Vec::new();
        }
    }
}

/// An account and one of its contracts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) base: String,
    pub(super) principal: Option<String>,
    pub(super) contract: String,
}

impl Place {
    /// The name of the contract's lock. Two tokens of one account share the lock.
    pub(super) fn lock_key(&self) -> String {
        format!("{} {}", self.base, self.contract)
    }

    /// The name of a lock that only this owner asks for.
    pub(super) fn private_key(&self) -> String {
        format!("{} {}", self.lock_key(), self.principal.as_deref().unwrap_or_default())
    }
}

/// The known creates in a contract.
#[derive(Clone, Default)]
pub(super) struct Past {
    /// Milestones whose original terms are known, oldest first.
    pub(super) created: Vec<Arc<KnownMilestone>>,
    /// Creates with an unknown end.
    pub(super) open: Vec<Open>,
    /// Creates in the record whose reply named the milestone. They are parsed when a read shows it.
    pub(super) recorded: Vec<Arc<Line>>,
    /// The first lines of creates whose end is not on record: they run now, or their server was killed.
    pub(super) unended: Vec<Arc<Line>>,
    /// The ids of all milestones that reads have shown.
    pub(super) seen: HashSet<String>,
    pub(super) storage: StorageFormat,
}

/// A create that was sent and has an unknown end.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) asked: Terms,
    pub(super) began: Timestamp,
    /// True if another process sent it, or this one before a restart: that process may have been killed.
    pub(super) elsewhere: bool,
    /// True if its server has ended it, so that its caller could be told that the outcome is unknown.
    pub(super) is_told: bool,
    /// The ids of the milestones before the create, if this process has read them.
    pub(super) before: Option<HashSet<String>>,
}

impl Open {
    pub(super) fn of(line: &Line) -> Option<Self> {
        let asked = Terms::read(&line.arguments)?;
        // An unreadable time counts as recent.
        let began = line.at.parse().unwrap_or_else(|_| Timestamp::now());
        Some(Self { asked, began, elsewhere: true, is_told: line.phase != Phase::Before, before: None })
    }

    /// The moment until which reads look for the milestone.
    pub(super) fn settles(&self, now: Timestamp) -> Timestamp {
        let began = self.began.min(now);
        let settled = later(began, SETTLING);
        let is_fresh = now.duration_since(began) < SignedDuration::from_mins(1);
        if self.elsewhere && is_fresh { settled.max(later(now, AFTER_A_KILL)) } else { settled }
    }

    fn is_the_same_as(&self, other: &Self) -> bool {
        self.asked == other.asked && self.began.duration_since(other.began).abs() < SignedDuration::from_secs(3)
    }
}

fn later(moment: Timestamp, time: SignedDuration) -> Timestamp {
    moment.checked_add(time).unwrap_or(Timestamp::MAX)
}

impl Past {
    /// The original terms of a milestone, if known.
    pub(super) fn made(&self, id: Option<&str>) -> Option<&KnownMilestone> {
        self.created.iter().find(|made| Some(made.id.as_str()) == id).map(Arc::as_ref)
    }

    /// Adds the notes of other servers.
    pub(super) fn learn(&mut self, notes: &[Note], principal: Option<&str>) {
        for note in notes.iter().filter(|note| note.principal.as_deref() == principal) {
            if let Some((asked, began, before)) = note.open() {
                self.learn_before(asked, began, before);
            }
            if self.made(note.milestone_id()).is_some() {
                continue;
            }
            let Some(made) = note.made() else { continue };
            if note.is_certain {
                made.asked.teach(&Stored::of(&made.raw), &mut self.storage);
            }
            self.open.retain(|open| open.asked != made.asked || open.began > made.at);
            self.created.push(Arc::new(made));
        }
    }

    /// Learns which milestones were there before a create whose end is unknown.
    fn learn_before(&mut self, asked: Terms, began: Timestamp, before: &HashSet<String>) {
        let same: Vec<&mut Open> = self.open.iter_mut().filter(|open| open.asked == asked).collect();
        if same.is_empty() {
            self.open.push(Open { asked, began, elsewhere: true, is_told: false, before: Some(before.clone()) });
            return;
        }
        for open in same {
            open.before.get_or_insert_with(|| before.clone());
        }
    }

    /// Learns how the recorded milestones are stored, since their original terms are known.
    pub(super) fn see(&mut self, look: &Look) {
        for seen in look.recent() {
            let Some(id) = seen.id().filter(|id| self.made(Some(id)).is_none()) else { continue };
            let line = self.recorded.iter().find(|line| line.milestone_id.as_deref() == Some(id));
            let Some((line, at)) = line.and_then(|line| Some((line, line.at.parse().ok()?))) else { continue };
            let Some(asked) = Terms::read(&line.arguments) else { continue };
            asked.teach(&Stored::of(seen.raw), &mut self.storage);
            self.created.push(Arc::new(KnownMilestone { id: id.to_owned(), asked, at, raw: seen.raw.clone() }));
        }
    }

    /// The latest create with these terms that has an unknown end.
    pub(super) fn open_with(&self, terms: &Terms) -> Option<&Open> {
        self.open.iter().filter(|open| open.asked == *terms).max_by_key(|open| open.began)
    }

    /// The creates with these terms that have an unknown end: when they began, and whether their callers could be told.
    pub(super) fn all_open_with(&self, terms: &Terms) -> HashSet<(Timestamp, bool)> {
        self.open.iter().filter(|open| open.asked == *terms).map(|open| (open.began, open.is_told)).collect()
    }
}

impl Memory {
    /// Collects the known creates in a contract, including those of other processes if there is a record.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub(super) async fn of(&self, place: &Place, window: Duration, context: &Context) -> std::io::Result<Past> {
        let mut past = self.here(place);
        let lines = context.recent_writes(&place.contract).await?;
        let (open, recorded): (Vec<Arc<Line>>, _) = lines.into_iter().partition(|line| line.is_open());
        past.recorded = recorded;
        past.unended = open.iter().filter(|line| line.phase == Phase::Before).cloned().collect();
        for open in open.iter().filter_map(|line| Open::of(line)) {
            if !past.open.iter().any(|known| known.is_the_same_as(&open)) {
                past.open.push(open);
            }
        }
        let since = SignedDuration::try_from(window).ok().and_then(|window| Timestamp::now().checked_sub(window).ok());
        past.open.retain(|open| since.is_none_or(|since| open.began >= since));
        Ok(past)
    }

    /// The creates of this process in a contract.
    fn here(&self, place: &Place) -> Past {
        let Ok(known) = self.0.lock() else { return Past::default() };
        let mut past = known.pasts.get(place).map(|(_, past)| past.clone()).unwrap_or_default();
        past.storage = known.storage.get(&place.base).cloned().unwrap_or_default();
        past
    }

    /// Stores the original terms of a milestone. A 201 also shows how the API stores what it is sent.
    pub(super) fn created(&self, place: &Place, asked: &Terms, raw: &Value, is_certain: bool) {
        let Some(id) = raw.get("id").and_then(Value::as_str) else { return };
        let made = KnownMilestone { id: id.to_owned(), asked: asked.clone(), at: Timestamp::now(), raw: raw.clone() };
        let Ok(mut known) = self.0.lock() else { return };
        if is_certain {
            asked.teach(&Stored::of(raw), known.storage.entry(place.base.clone()).or_default());
        }
        let past = known.past(place);
        past.open.retain(|open| open.asked != *asked);
        past.seen.insert(made.id.clone());
        past.created.push(Arc::new(made));
        shorten(&mut past.created);
        known.forget_milestones();
    }

    /// Stores a create with an unknown end.
    pub(super) fn unknown(&self, place: &Place, open: Open) {
        let Ok(mut known) = self.0.lock() else { return };
        let past = known.past(place);
        past.open.push(open);
        shorten(&mut past.open);
    }

    /// Stores the ids that a read has shown. A later read may come from a replica that lags behind.
    pub(super) fn saw(&self, place: &Place, ids: &HashSet<String>) {
        if let Ok(mut known) = self.0.lock() {
            known.past(place).seen.extend(ids.iter().cloned());
        }
    }
}

fn shorten<T>(list: &mut Vec<T>) {
    list.drain(..list.len().saturating_sub(MOST));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(began: Timestamp, elsewhere: bool) -> Open {
        let asked = serde_json::from_str(r#"{"contractId":"c","description":"d"}"#).unwrap();
        Open { asked: Terms::of(&asked), began, elsewhere, is_told: false, before: None }
    }

    #[test]
    fn a_create_of_a_killed_server_is_looked_for_longer() {
        let now: Timestamp = "2026-06-12T10:00:00Z".parse().unwrap();
        let ago = |seconds| now - SignedDuration::from_secs(seconds);
        let left = |open: Open| open.settles(now).duration_since(now).as_secs();
        assert_eq!(left(open(now, false)), 8);
        assert_eq!(left(open(ago(7), false)), 1);
        assert_eq!(left(open(ago(7), true)), 4);
        assert!(left(open(ago(100), true)) < 0, "long enough ago");
        assert_eq!(left(open(ago(-3600), false)), 8, "a clock that was off");
    }

    #[test]
    fn many_contracts_take_no_more_memory_than_one() {
        let memory = Memory::default();
        let terms = Terms::of(&serde_json::from_str(r#"{"contractId":"c","description":"d"}"#).unwrap());
        let place = |number: usize| Place { contract: format!("ctr_{number}"), ..Place::default() };
        for number in 0..3 * MOST_IN_ALL {
            let raw = serde_json::json!({ "id": format!("ms_{number}") });
            memory.created(&place(number % 900), &terms, &raw, false);
        }
        let known = memory.0.lock().unwrap();
        let all: usize = known.pasts.values().map(|(_, past)| past.created.len()).sum();
        assert!((MOST_IN_ALL / 2..=MOST_IN_ALL).contains(&all), "{all}");
        assert!(!known.pasts[&place((3 * MOST_IN_ALL - 1) % 900)].1.created.is_empty(), "the last one is kept");
    }

    #[test]
    fn what_cannot_be_read_on_the_record_counts_as_recent() {
        let arguments = serde_json::from_str(r#"{"contractId":"c","description":"d","allowDuplicate":false}"#).unwrap();
        let line = Line { at: "some time".into(), arguments, ..Line::default() };
        let began = Open::of(&line).unwrap().began;
        assert!(Timestamp::now().duration_since(began) < SignedDuration::from_mins(1));
        assert!(Open::of(&Line::default()).is_none(), "no terms");
    }
}
