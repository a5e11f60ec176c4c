//! The ends of creates whose server was killed before it could record them. A later create in the same contract finds out
//! how they ended, and puts that on record.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::answer::Outcome;
use crate::guard::ledger::{Held, Line, Phase, WriteResult};

use super::creation::Creation;
use super::earlier::{Open, Past};
use super::judge;
use super::look::{Look, Seen};
use super::matching::Match;

/// No create runs for longer.
const ENDS_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// What has not landed after this time never will.
const LANDS_WITHIN: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait until the lock of a killed server expires.
const PATIENCE: Duration = Duration::from_secs(30);

impl Creation {
    /// Records how the abandoned creates in this contract ended. The caller holds the lock. One that may still run or land is
    /// left for a later create.
    pub(super) async fn end_abandoned(&self, held: &Held, look: &Look, past: &Past) {
        if past.unended.is_empty() {
            return;
        }
        let mut taken: HashSet<String> = past.recorded.iter().filter_map(|line| line.milestone_id.clone()).collect();
        for line in &past.unended {
            let Some(open) = Open::of(line) else { continue };
            let age = Timestamp::now().duration_since(open.began);
            if !held.covers_record() && age < ENDS_WITHIN {
                continue;
            }
            let made = made_by(&open, look, past, &taken);
            // Creates with the terms of this call have been waited for.
            let is_waited_for = self.is_guarded() && open.asked == self.terms;
            if made.is_none() && !is_waited_for && age < LANDS_WITHIN {
                continue;
            }
            let outcome = if made.is_some() { Outcome::Recovered } else { Outcome::Unknown };
            self.record_end(line, WriteResult::with(outcome).milestone(made.as_deref())).await;
            taken.extend(made);
        }
    }

    /// Records that an abandoned create with these terms has made `milestone`, once the lock of its server is free. Its
    /// caller need not wait for that.
    pub(super) fn end_abandoned_later(&self, past: &Past, milestone: Option<&str>) {
        let has_terms = |line: &&Arc<Line>| Open::of(line).is_some_and(|open| open.asked == self.terms);
        let Some(line) = past.unended.iter().find(has_terms).cloned() else { return };
        let (creation, milestone) = (self.clone(), milestone.map(str::to_owned));
        tokio::spawn(async move {
            let (place, ledger) = (&creation.place, &creation.context.services.operator.ledger);
            // Without the lock its server may be alive, and record the end by itself.
            let Ok(Some(held)) = ledger.lock(&place.lock_key(), Instant::now() + PATIENCE).await else { return };
            if !held.covers_record() {
                return;
            }
            let lines = creation.context.recent_writes(&place.contract).await.unwrap_or_default();
            if lines.iter().any(|now| now.id == line.id && now.phase == Phase::Before) {
                let result = WriteResult::with(Outcome::Recovered).milestone(milestone.as_deref());
                creation.record_end(&line, result).await;
            }
        });
    }

    async fn record_end(&self, line: &Line, result: WriteResult) {
        self.context.services.operator.ledger.end_abandoned(line.clone(), result).await;
    }
}

/// The milestone that an abandoned create has made, as the contract or the notes of its server show.
fn made_by(open: &Open, look: &Look, past: &Past, taken: &HashSet<String>) -> Option<String> {
    let is_its = |seen: &Seen<'_>| {
        seen.id().is_some_and(|id| !taken.contains(id))
            && judge::may_be_of(open, *seen, look)
            && judge::compare(&open.asked, *seen, look, past).whole() == Match::Equal
    };
    let listed = look.recent().find(is_its).and_then(|seen| seen.id().map(str::to_owned));
    listed.or_else(|| {
        let made = past.created.iter().find(|made| made.asked == open.asked && made.at >= open.began);
        made.map(|made| made.id.clone()).filter(|id| !taken.contains(id))
    })
}
