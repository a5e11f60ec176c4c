//! Credits: bought, held for a milestone, and captured when it is paid out. In cents.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::sandbox::world::account::Owner;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::{Exact, Moment};

/// How long a checkout page is good (reference: api-reference/credits/create-top-up).
const CHECKOUT: u64 = 24 * 3_600;
/// Kinds of entries (reference: api-reference/credits/ledger).
const TOP_UP: &str = "TOP_UP";
const HOLD: &str = "HOLD";
const CAPTURE: &str = "CAPTURE";

/// An entry of the ledger.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) id: String,
    #[serde(skip)]
    pub(crate) owner: Owner,
    #[serde(rename = "type")]
    kind: &'static str,
    amount_cents: i64,
    created_at: Moment,
    hold_entry_id: Option<String>,
    #[serde(rename = "jobofferId")]
    proposal_id: Option<String>,
    contract_id: Option<String>,
    milestone_id: Option<String>,
    top_up_id: Option<String>,
    note: Option<String>,
}

/// A purchase of credits.
#[derive(Debug)]
pub(crate) struct TopUp {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) cents: i64,
    pub(crate) created_at: Moment,
    pub(crate) completed_at: Option<Moment>,
}

impl TopUp {
    /// When its page is no longer good.
    pub(crate) fn expires_at(&self) -> Moment {
        self.created_at.plus_seconds(CHECKOUT)
    }

    /// How it stands at `now`.
    pub(crate) fn status(&self, now: Moment) -> &'static str {
        match self.completed_at {
            Some(_) => "COMPLETED",
            None if now >= self.expires_at() => "EXPIRED",
            None => "PENDING",
        }
    }
}

/// Whole cents of `dollars`.
pub(crate) fn cents(dollars: Exact) -> Option<i64> {
    let cents = dollars.0.checked_mul(Decimal::ONE_HUNDRED)?;
    cents.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()
}

/// `cents` as dollars.
pub(crate) fn dollars(cents: i64) -> Exact {
    Exact::new(cents, 2)
}

/// The entries of the story: one milestone was paid from credits.
pub(crate) fn seeded() -> Vec<Entry> {
    let bought = Entry {
        id: "cre_6Ga2".into(),
        owner: Owner::SEEDED,
        kind: TOP_UP,
        amount_cents: 20_000,
        created_at: Moment::in_2026(4, 21, 9, 0),
        hold_entry_id: None,
        proposal_id: None,
        contract_id: None,
        milestone_id: None,
        top_up_id: Some("top_1Vb9".into()),
        note: None,
    };
    let held = Entry {
        id: "cre_8Nd5".into(),
        kind: HOLD,
        amount_cents: -8_950,
        created_at: Moment::in_2026(4, 22, 10, 0),
        proposal_id: Some("prp_9Vd1".into()),
        contract_id: Some("ctr_4Jx9".into()),
        milestone_id: Some("ms_9Lb3".into()),
        top_up_id: None,
        ..bought.clone()
    };
    vec![bought, held]
}

/// The top-up of the story.
pub(crate) fn seeded_top_ups() -> Vec<TopUp> {
    let at = Moment::in_2026(4, 21, 8, 55);
    let completed_at = Some(Moment::in_2026(4, 21, 9, 0));
    vec![TopUp { id: "top_1Vb9".into(), owner: Owner::SEEDED, cents: 20_000, created_at: at, completed_at }]
}

impl World {
    /// The entries of an account, newest first.
    pub(crate) fn entries_of(&self, owner: Owner) -> Vec<&Entry> {
        self.ledger.iter().rev().filter(|entry| entry.owner == owner).collect()
    }

    /// What can be spent: what was bought and is not held.
    pub(crate) fn available(&self, owner: Owner) -> i64 {
        self.entries_of(owner).iter().filter(|entry| entry.kind != CAPTURE).map(|entry| entry.amount_cents).sum()
    }

    /// What is held.
    pub(crate) fn reserved(&self, owner: Owner) -> i64 {
        let sum = |kind| -> i64 {
            self.entries_of(owner).iter().filter(|entry| entry.kind == kind).map(|entry| -entry.amount_cents).sum()
        };
        sum(HOLD) - sum(CAPTURE)
    }

    /// Holds credits for a milestone. The ids are those of its proposal, its contract, and its own.
    pub(crate) fn hold(&mut self, owner: Owner, cents: i64, [proposal, contract, milestone]: [&str; 3]) {
        let entry = Entry {
            proposal_id: Some(proposal.into()),
            contract_id: Some(contract.into()),
            milestone_id: Some(milestone.into()),
            ..self.entry(owner, HOLD, -cents)
        };
        self.ledger.push(entry);
    }

    /// Spends what is held for a milestone, if something is.
    pub(crate) fn capture(&mut self, milestone_id: &str) {
        let is_for = |entry: &&Entry| entry.kind == HOLD && entry.milestone_id.as_deref() == Some(milestone_id);
        let Some(hold) = self.ledger.iter().find(is_for).cloned() else { return };
        let Entry { id, created_at, .. } = self.entry(hold.owner, CAPTURE, hold.amount_cents);
        self.ledger.push(Entry { id, created_at, kind: CAPTURE, hold_entry_id: Some(hold.id.clone()), ..hold });
    }

    /// A person pays a top-up.
    ///
    /// # Errors
    /// Why not, for the person.
    pub(crate) fn pay(&mut self, top_up: &str) -> Result<(), &'static str> {
        let now = self.now();
        let found = self.top_ups.iter_mut().find(|found| found.id == top_up);
        let found = found.ok_or("There is no such checkout.")?;
        match found.status(now) {
            "PENDING" => found.completed_at = Some(now),
            "COMPLETED" => return Err("Already paid: nothing more was charged."),
            _ => return Err("Too late: this page expired after 24 hours. Nothing was charged."),
        }
        let (owner, cents) = (found.owner, found.cents);
        let entry = Entry { top_up_id: Some(top_up.into()), ..self.entry(owner, TOP_UP, cents) };
        self.ledger.push(entry);
        Ok(())
    }

    fn entry(&mut self, owner: Owner, kind: &'static str, amount_cents: i64) -> Entry {
        Entry {
            id: self.ids.next("cre"),
            owner,
            kind,
            amount_cents,
            created_at: self.now(),
            hold_entry_id: None,
            proposal_id: None,
            contract_id: None,
            milestone_id: None,
            top_up_id: None,
            note: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_become_whole_cents() {
        for (number, expected) in
            [(Exact::new(300, 0), 30_000), (Exact::new(11_655, 3), 1_166), (Exact::new(995, 2), 995)]
        {
            assert_eq!(cents(number), Some(expected));
        }
        assert_eq!(cents(Exact(Decimal::MAX)), None);
    }
}
