//! Whether what is asked for exists already, by a look at the contract and by what is known of earlier creates.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::age::CLOCK_SLACK;
use super::earlier::{Open, Past};
use super::look::{Look, Seen};
use super::made::Made;
use super::matching::Match;
use super::terms::{Comparison, Stored, Terms};

/// How long a milestone that was created may be missing from a list that lags. After that somebody has cancelled it.
const LONGEST_LAG: SignedDuration = SignedDuration::from_mins(1);

/// What is there already.
pub(super) enum Found<'a> {
    /// The milestone that is asked for. With the earlier create that it belongs to, where that had no known end.
    Same(Seen<'a>, Option<&'a Open>),
    /// One that may be it.
    Alike(Seen<'a>, Vec<&'static str>),
    /// The milestone that is asked for: this process created it just now, and the list does not show it yet.
    Unlisted(&'a Made),
}

/// How a milestone compares with what is asked for.
pub(super) fn compare(terms: &Terms, seen: Seen<'_>, look: &Look, past: &Past) -> Comparison {
    let stored = Stored::of(seen.raw);
    match past.made(seen.id()) {
        Some(made) => terms.compare_asked(&made.asked, &stored),
        None => terms.compare(&stored, &past.manners, look.is_fixed_price()),
    }
}

/// What is there already of what is asked for, not older than `window`.
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

/// Whether a milestone is not older than a create, by one of the clocks at least.
fn may_be_of(open: &Open, seen: Seen<'_>, look: &Look) -> bool {
    let ago = Timestamp::now().duration_since(open.began) + CLOCK_SLACK;
    !look.clocks().iter().all(|now| now.checked_sub(ago).is_ok_and(|began| seen.created().is_before(began)))
}

/// Whether a milestone may be what a create without a known end has made, changed in a way that nobody has foreseen.
fn is_perhaps_of(open: &Open, seen: Seen<'_>, look: &Look) -> bool {
    let was_there = open.before.as_ref().zip(seen.id()).is_some_and(|(before, id)| before.contains(id));
    !was_there && may_be_of(open, seen, look) && open.asked.is_close(&Stored::of(seen.raw), open.before.is_some())
}

fn unlisted<'a>(terms: &Terms, look: &Look, past: &'a Past) -> Option<&'a Made> {
    let since = Timestamp::now().checked_sub(LONGEST_LAG).ok()?;
    let made = past.created.iter().rev().find(|made| made.asked == *terms && made.at >= since)?;
    let is_listed = look.ids().contains(made.id.as_str());
    (!is_listed).then_some(made)
}
