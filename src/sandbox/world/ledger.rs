//! Credits in cents: bought, held for a milestone, and captured when it is paid out.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::account::Owner;
use super::values::{Exact, Moment};

/// How many seconds a checkout page is valid (reference: api-reference/credits/create-top-up).
const CHECKOUT: u64 = 24 * 3_600;

/// Kinds of entries (reference: api-reference/credits/ledger).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EntryKind {
    #[default]
    TopUp,
    Hold,
    Capture,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) id: String,
    #[serde(default, skip_serializing)]
    pub(crate) owner: Owner,
    #[serde(rename = "type")]
    pub(crate) kind: EntryKind,
    pub(crate) amount_cents: i64,
    pub(crate) created_at: Moment,
    pub(crate) hold_entry_id: Option<String>,
    #[serde(rename = "jobofferId")]
    pub(crate) proposal_id: Option<String>,
    pub(crate) contract_id: Option<String>,
    pub(crate) milestone_id: Option<String>,
    pub(crate) top_up_id: Option<String>,
    pub(crate) note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopUp {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) owner: Owner,
    pub(crate) cents: i64,
    pub(crate) created_at: Moment,
    pub(crate) completed_at: Option<Moment>,
}

impl TopUp {
    pub(crate) fn expires_at(&self) -> Moment {
        self.created_at.plus_seconds(CHECKOUT)
    }

    pub(crate) fn status(&self, now: Moment) -> &'static str {
        match self.completed_at {
            Some(_) => "COMPLETED",
            None if now >= self.expires_at() => "EXPIRED",
            None => "PENDING",
        }
    }
}

/// Rounds to whole cents.
pub(crate) fn cents(dollars: Exact) -> Option<i64> {
    let cents = dollars.0.checked_mul(Decimal::ONE_HUNDRED)?;
    cents.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()
}

pub(crate) fn dollars(cents: i64) -> Exact {
    Exact::new(cents, 2)
}
