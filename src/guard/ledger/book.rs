//! The part of the record that is kept in memory: the last day's writes that commit money, and the writes with an
//! unknown end. It knows nothing of files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::text::{count, usd};
use crate::answer::{Denial, Joined, Shown, shown};
use crate::api::amount;
use crate::guard::ledger::line::{Damage, Line, Phase};
use crate::guard::ledger::reading::Reading;
use crate::guard::ledger::store::{Account, Search};
use crate::guard::policy::Policy;

/// The age after which a write no longer matters for the day's sums or as an open write.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// The interval between two removals of old writes.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(10 * 60);
/// The most bytes of a milestone's terms that are kept in memory.
const LONGEST_TERMS: usize = 2_000;
/// The largest difference between the clocks of machines that share a record.
const CLOCKS_APART: Duration = Duration::from_secs(60 * 60);

/// The writes that matter, by id. The two lines of a write are merged into one.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    writes: BTreeMap<String, Arc<Line>>,
    swept: Timestamp,
}

/// Writes that ended before this moment do not matter.
pub(super) fn horizon(now: Timestamp) -> Timestamp {
    now.checked_sub(REMEMBERED).unwrap_or(now)
}

impl Book {
    /// Adds one line of the record; adding a line twice has no effect. Returns a damaged line that counts.
    pub(super) fn take(&mut self, reading: Reading, now: Timestamp) -> Option<&Line> {
        let mut line = match reading {
            Reading::Whole(line) | Reading::Damaged(line) => line,
            Reading::Blank => return None,
        };
        // A decision and a refusal commit nothing.
        if !line.phase.is_of_a_write() {
            return None;
        }
        // A missing or future time is replaced with the current one, so that the write counts for today.
        let latest = now.checked_add(CLOCKS_APART).unwrap_or(now);
        let at = line.at.parse::<Timestamp>().ok().filter(|at| *at <= latest).unwrap_or(now);
        if at < horizon(now) {
            return None;
        }
        line.at = at.to_string();
        let id = line.id.clone();
        let is_damaged = line.damage.is_some();
        let line = match self.writes.remove(&id) {
            Some(known) => merged(Arc::unwrap_or_clone(known), line),
            None => line,
        };
        let counts = line.amount_usd.is_some() || line.damage == Some(Damage::AmountUnreadable);
        if line.came_to_nothing() || !counts && (!line.is_open() || is_damaged) {
            return None;
        }
        self.writes.insert(id.clone(), Arc::new(trimmed(line)));
        self.writes.get(&id).map(Arc::as_ref).filter(|_| is_damaged && counts)
    }

    /// Removes writes that are too old, at intervals.
    pub(super) fn forget(&mut self, now: Timestamp) {
        if self.swept.checked_add(BETWEEN_SWEEPS).is_ok_and(|next| now < next) {
            return;
        }
        self.swept = now;
        let horizon = horizon(now);
        self.writes.retain(|_, line| line.at.parse::<Timestamp>().is_ok_and(|at| at >= horizon));
    }

    /// Everything in memory, one line per write.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.writes.values().map(Arc::as_ref)
    }

    /// The wanted writes that have an unknown end or created a milestone, oldest first. They are shared: a contract may have
    /// hundreds a day, and each create asks for them.
    pub(super) fn recent(&self, search: &Search) -> Vec<Arc<Line>> {
        let Account { base, principal } = &search.account;
        let recent = self.writes.values().filter(|line| {
            let matters = line.is_open() || line.names_new_milestone();
            matters
                && line.tool == search.tool
                && line.may_be_of(base, principal.as_deref())
                && search.fits(&line.arguments)
        });
        let mut recent: Vec<Arc<Line>> = recent.cloned().collect();
        recent.sort_by(|one, other| one.at.cmp(&other.at));
        recent
    }

    /// Compares the day's sum, including `line`, with the account's limit.
    pub(super) fn check_day(&self, line: &Line, policy: &Policy) -> Result<(), Denial> {
        let (Some(limit), Some(amount)) = (policy.max_day, line.amount_usd) else { return Ok(()) };
        if self.on_the_day_of(line).any(|write| write.damage == Some(Damage::AmountUnreadable)) {
            return Err(Denial::uncountable(limit, amount));
        }
        let mut sums = self.sums(line);
        let before = sum(sums.values().copied());
        let figure = sums.entry(line.counted_as()).or_default();
        *figure = (*figure).max(amount);
        policy.check_day(before, sum(sums.values().copied())).map_err(|denial| match self.doubtful(line) {
            Some(note) => denial.with_note(&note),
            None => denial,
        })
    }

    /// Describes amounts that count for this day although they name no account or come from a damaged line.
    pub(super) fn doubtful(&self, line: &Line) -> Option<Shown> {
        let describe = |what: &'static str, lines: Vec<&Line>| {
            let doubted = sum(lines.iter().filter_map(|line| line.amount_usd));
            (!doubted.is_zero()).then(|| shown!("{} of it in {} {}", usd(doubted), count(lines.len(), "line"), what))
        };
        let (damaged, others): (Vec<_>, Vec<_>) = self.on_the_day_of(line).partition(|write| write.damage.is_some());
        let nameless = others.into_iter().filter(|write| write.base.is_none()).collect();
        let parts = [
            describe("of the record that cannot be read as a whole", damaged),
            describe("that name no account, from an earlier version", nameless),
        ];
        let parts: Vec<Shown> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.iter().joined(", "))
    }

    fn on_the_day_of<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = &'a Line> {
        let day = line.at.get(..10).unwrap_or_default();
        self.lines().filter(move |write| write.at.starts_with(day) && write.shares_limit_with(line))
    }

    /// The total committed on the day of `line`.
    pub(super) fn used_today(&self, line: &Line) -> Decimal {
        sum(self.sums(line).into_values())
    }

    /// The amounts committed on the day of `line`. Each milestone and hire counts once, with its largest amount. Open
    /// writes count.
    pub(super) fn sums(&self, line: &Line) -> BTreeMap<String, Decimal> {
        let mut sums = BTreeMap::new();
        for write in self.on_the_day_of(line) {
            let Some(amount) = write.amount_usd else { continue };
            let figure: &mut Decimal = sums.entry(write.counted_as()).or_default();
            *figure = (*figure).max(amount);
        }
        sums
    }
}

/// Merges two lines of the same write. The larger amount and the first day count, and an ended write stays ended.
fn merged(known: Line, line: Line) -> Line {
    let amount_usd = known.amount_usd.max(line.amount_usd);
    let damage = if amount_usd.is_some() { known.damage.and(line.damage) } else { known.damage.or(line.damage) };
    let milestone_id = line.milestone_id.clone().or_else(|| known.milestone_id.clone());
    let (phase, outcome) = match (known.phase, line.phase) {
        (Phase::After, Phase::Before) => (known.phase, known.outcome),
        _ => (line.phase, line.outcome),
    };
    let at = known.at.clone();
    let mut whole = if known.damage.is_some() && line.damage.is_none() { line } else { known };
    whole.approval_id = None;
    Line { at, phase, amount_usd, milestone_id, outcome, damage, ..whole }
}

/// Removes data that is no longer needed: the arguments of an ended write, except the candidate that it counts for and
/// the terms of a new milestone. Those terms show how the API stores what it is sent.
fn trimmed(mut line: Line) -> Line {
    let size: usize = line.arguments.values().filter_map(|value| value.as_str()).map(str::len).sum();
    let shows_storage = line.names_new_milestone() && size <= LONGEST_TERMS;
    if !line.is_open() && !shows_storage {
        line.arguments.retain(|name, _| name == "proposalId");
    }
    line
}

/// Adds amounts. Edited lines may be too large to add; the sum then exceeds every limit.
fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amount::sum(amounts).unwrap_or(Decimal::MAX)
}
