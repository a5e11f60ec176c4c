//! Decides whether the wanted milestone already exists, from a read of the contract and the earlier creates.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::age::CLOCK_SLACK;
use super::earlier::{Open, Past};
use super::known_milestone::KnownMilestone;
use super::look::{Look, Seen};
use super::matching::Match;
use super::terms::{Comparison, Stored, Terms};

/// The longest time that a new milestone may be missing from a lagging list. A milestone that is missing longer was
/// cancelled.
const LONGEST_LAG: SignedDuration = SignedDuration::from_mins(1);

/// An existing milestone that matches.
pub(super) enum Found<'a> {
    /// The wanted milestone. Also the earlier create with an unknown end that it belongs to, if any.
    Same(Seen<'a>, Option<&'a Open>),
    /// A milestone that may be the wanted one, and the terms that differ.
    Alike(Seen<'a>, Vec<&'static str>),
    /// The wanted milestone, which this process has just created and the list does not show yet.
    Unlisted(&'a KnownMilestone),
}

impl Found<'_> {
    /// The id of the wanted milestone; `None` if it is not certain that it is the wanted one.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Same(seen, _) => seen.id(),
            Self::Unlisted(made) => Some(&made.id),
            Self::Alike(..) => None,
        }
    }
}

/// Compares a milestone with the wanted terms.
pub(super) fn compare(terms: &Terms, seen: Seen<'_>, look: &Look, past: &Past) -> Comparison {
    let stored = Stored::of(seen.raw);
    match past.made(seen.id()) {
        Some(made) => terms.compare_asked(&made.asked, &stored),
        None => terms.compare(&stored, &past.storage, look.is_fixed_price()),
    }
}

/// Finds an existing milestone with the wanted terms that is not older than `window`.
pub(super) fn found<'a>(terms: &Terms, look: &'a Look, past: &'a Past, window: Duration) -> Option<Found<'a>> {
    let open = past.open_with(terms);
    let mut alike = None;
    for seen in look.recent().filter(|seen| seen.is_recent(look, window)) {
        let comparison = compare(terms, seen, look, past);
        let is_known = past.made(seen.id()).is_some();
        match comparison.whole() {
            Match::Equal => {
                return Some(Found::Same(seen, open.filter(|open| !is_known && may_be_of(open, seen, look))));
            }
            Match::Different if is_known || !open.is_some_and(|open| is_perhaps_of(open, seen, look)) => {}
            _ => alike = alike.or(Some(Found::Alike(seen, comparison.differences()))),
        }
    }
    alike.or_else(|| unlisted(terms, look, past).map(Found::Unlisted))
}

/// True if the milestone is not older than the create, by at least one of the clocks.
pub(super) fn may_be_of(open: &Open, seen: Seen<'_>, look: &Look) -> bool {
    let ago = Timestamp::now().duration_since(open.began) + CLOCK_SLACK;
    !look.clocks().iter().all(|now| now.checked_sub(ago).is_ok_and(|began| seen.created().is_before(began)))
}

/// True if the milestone may result from a create with an unknown end, although the API has changed its terms in an
/// unexpected way.
fn is_perhaps_of(open: &Open, seen: Seen<'_>, look: &Look) -> bool {
    let was_there = open.before.as_ref().zip(seen.id()).is_some_and(|(before, id)| before.contains(id));
    !was_there && may_be_of(open, seen, look) && open.asked.is_close(&Stored::of(seen.raw), open.before.is_some())
}

fn unlisted<'a>(terms: &Terms, look: &Look, past: &'a Past) -> Option<&'a KnownMilestone> {
    let since = Timestamp::now().checked_sub(LONGEST_LAG).ok()?;
    let made = past.created.iter().rev().find(|made| made.asked == *terms && made.at >= since)?;
    let is_listed = look.ids().contains(made.id.as_str());
    (!is_listed).then_some(made)
}
