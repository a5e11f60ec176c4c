//! Finds out whether a create with a lost reply took effect: looks for a new milestone with the wanted terms.

use std::collections::HashSet;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use tokio::time::Instant;

use super::age::CLOCK_SLACK;
use super::creation::Creation;
use super::earlier::Past;
use super::judge::compare;
use super::look::{Look, Seen};
use super::matching::Match;
use super::terms::Stored;
use crate::answer::{Shown, id};
use crate::api::reply::Reply;

/// The part of a call's time that is reserved for this.
pub(super) const RECOVERY: Duration = Duration::from_secs(10);
/// The pauses before the reads. A successful create is visible within moments.
const WAITS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(3)];

/// The state of the contract after a create with a lost reply.
#[derive(Clone, Debug)]
pub(super) enum After {
    /// The contract could not be read.
    Unseen,
    /// No new milestone matches.
    Nothing,
    /// Several new milestones match.
    Several(usize),
    /// A new milestone is similar but does not match; this is its id.
    Close(Shown),
    /// The new milestone as OpenTrain sent it, and the terms that OpenTrain stored in another form.
    Found { raw: Value, reply: Reply, differences: Vec<&'static str> },
}

/// The state of the contract just before the create.
pub(super) struct Before<'a> {
    /// The ids of the milestones that existed, if known.
    pub(super) ids: Option<&'a HashSet<String>>,
    /// The moment at which the create was sent.
    pub(super) left: Instant,
    pub(super) past: &'a Past,
}

impl Creation {
    /// Looks for the milestone until it appears, for about six seconds.
    pub(super) async fn recover(&self, before: &Before<'_>) -> After {
        let mut after = After::Unseen;
        for wait in WAITS {
            if Instant::now() + wait >= self.context.call.deadline {
                break;
            }
            tokio::time::sleep(wait).await;
            let Ok(look) = self.look(Instant::now() + RECOVERY).await else { continue };
            after = self.compare_with(&look, before);
            if matches!(after, After::Found { .. } | After::Several(_)) {
                break;
            }
        }
        after
    }

    fn compare_with(&self, look: &Look, before: &Before<'_>) -> After {
        let new = look.recent().filter(|seen| before.is_new(*seen, look));
        let compared: Vec<_> = new.map(|seen| (seen, compare(&self.terms, seen, look, before.past))).collect();
        let fitting: Vec<_> = compared.iter().filter(|(_, terms)| terms.whole() != Match::Different).collect();
        match fitting.as_slice() {
            [] => {}
            [(seen, terms)] => {
                let differences = terms.differences();
                return After::Found { raw: seen.raw.clone(), reply: look.reply.clone(), differences };
            }
            several => return After::Several(several.len()),
        }
        let is_close = |seen: &Seen<'_>| {
            before.past.made(seen.id()).is_none() && self.terms.is_close(&Stored::of(seen.raw), before.ids.is_some())
        };
        let close = compared.iter().map(|(seen, _)| *seen).find(is_close);
        close.map_or(After::Nothing, |seen| After::Close(seen.id().map_or_else(|| "without an id".into(), id)))
    }
}

impl Before<'_> {
    /// True if the milestone did not exist before. A lagging list may show late a milestone that is older than the
    /// create.
    fn is_new(&self, seen: Seen<'_>, look: &Look) -> bool {
        let elapsed = SignedDuration::try_from(self.left.elapsed()).unwrap_or_default() + CLOCK_SLACK;
        let is_older = |slack: SignedDuration| {
            look.clocks()
                .iter()
                .all(|now| now.checked_sub(elapsed + slack).is_ok_and(|left| seen.created().is_before(left)))
        };
        match (self.ids, seen.id()) {
            (Some(ids), Some(id)) => !ids.contains(id) && !is_older(CLOCK_SLACK),
            _ => seen.created().moment().is_some() && !is_older(SignedDuration::ZERO),
        }
    }
}
