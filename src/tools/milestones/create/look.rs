//! A read of the contract, with the time at which it was made.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::api::contracts::{Contract, GetContract};
use crate::api::cuts::Missing;
use crate::api::error::Error;
use crate::api::excerpt;
use crate::api::milestones::Milestone;
use crate::api::reply::Reply;
use crate::api::scan;
use crate::api::types::{ContractId, Field};
use crate::engine::Context;

use super::age::Created;

/// A milestone younger than this is kept completely, even if the window for duplicates is shorter.
const RECENT: Duration = Duration::from_secs(10 * 60);
/// The most ids, and the most bytes of recent milestones, that are held. A larger contract cannot be judged.
const MOST_IDS: usize = 250_000;
const MOST_RECENT: usize = 8 << 20;
/// The estimated bytes of a milestone in memory besides its text.
const MILESTONE_COST: usize = 1_000;

/// The longest time value that is parsed, in bytes.
const LONGEST_MOMENT: usize = 100;

/// A read of the contract. Only recent milestones are parsed completely, because an older one cannot be the wanted one.
pub(super) struct Look {
    pub(super) contract: Contract,
    recent: Vec<(Milestone, Value)>,
    ids: HashSet<String>,
    /// The largest amount of a milestone.
    pub(super) largest: Option<Decimal>,
    pub(super) reply: Reply,
}

/// One milestone of a read.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) milestone: &'a Milestone,
    /// The milestone as the API sent it.
    pub(super) raw: &'a Value,
}

/// The fields that are parsed of every milestone.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Outline<'a> {
    id: Field<String>,
    amount_usd: Field<Number>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

impl Look {
    /// Reads the contract by `deadline`.
    pub(super) async fn at(
        context: &Context,
        contract: &ContractId,
        deadline: tokio::time::Instant,
    ) -> Result<Self, Error> {
        let operation = GetContract { contract_id: contract.clone() };
        let reply = context.get_until(&operation, deadline).await?;
        let window = context.policy().duplicate_window.max(RECENT);
        reply.apart(move |reply| Self::of(reply, window)).await
    }

    fn of(reply: Reply, window: Duration) -> Result<Self, Error> {
        let contract = scan::member(reply.text(), "contract").unwrap_or_default();
        let list = scan::member(contract, "milestones").filter(|list| list.starts_with('[')).unwrap_or_default();
        let clocks = [reply.now(), Timestamp::now()];
        let (mut recent, mut ids, mut bytes, mut largest) = (Vec::new(), HashSet::new(), 0, None);
        for raw in scan::items(list) {
            let outline: Outline<'_> = serde_json::from_str(raw).unwrap_or_default();
            let created = outline.created_at.map(RawValue::get).filter(|raw| raw.len() <= LONGEST_MOMENT);
            let created = created.and_then(|raw| serde_json::from_str(raw).ok());
            largest = largest.max(outline.amount_usd.decimal());
            ids.extend(outline.id.text().map(str::to_owned));
            if Created::of(created.as_ref()).may_be_within(window, &clocks) {
                bytes += raw.len() + MILESTONE_COST;
                let value = whole(raw).ok_or_else(|| reply.too_many_parts())?;
                recent.push((serde_json::from_str(raw).unwrap_or_default(), value));
            }
            if bytes > MOST_RECENT || ids.len() > MOST_IDS {
                return Err(reply.too_many_parts());
            }
        }
        let (is_empty, place) = (list.is_empty(), scan::place(reply.text(), list));
        let reply = if is_empty { reply } else { reply.with(place, "[]")? };
        let contract = reply.output::<GetContract>()?.contract;
        Ok(Self { contract, recent, ids, largest, reply })
    }

    /// The milestones that may be recent.
    pub(super) fn recent(&self) -> impl Iterator<Item = Seen<'_>> {
        self.recent.iter().map(|(milestone, raw)| Seen { milestone, raw })
    }

    /// The ids of all milestones.
    pub(super) const fn ids(&self) -> &HashSet<String> {
        &self.ids
    }

    /// True if the contract pays an agreed price instead of by volume.
    pub(super) fn is_fixed_price(&self) -> bool {
        self.contract.payment_type.text() == Some("FIXED_PRICE")
    }

    /// Two estimates of the current time: the reply's `Date`, which a gateway may have set, and this machine's clock.
    pub(super) fn clocks(&self) -> [Timestamp; 2] {
        [self.reply.now(), Timestamp::now()]
    }
}

/// Parses a milestone completely; `None` if it has more parts than can be held.
fn whole(raw: &str) -> Option<Value> {
    let excerpt = excerpt::read(raw).ok()?;
    let is_cut_in_texts = excerpt.cuts.iter().all(|cut| matches!(cut.missing, Missing::Text { .. }));
    match excerpt.cuts.as_slice() {
        [] => Some(excerpt.value),
        _ if is_cut_in_texts => Some(excerpt::read_whole(raw).ok()?.value),
        _ => None,
    }
}

impl<'a> Seen<'a> {
    pub(super) fn id(self) -> Option<&'a str> {
        self.milestone.id.text()
    }

    pub(super) fn created(self) -> Created {
        Created::of(self.raw.get("createdAt"))
    }

    /// True if the milestone may be at most `window` old.
    pub(super) fn is_recent(self, look: &Look, window: Duration) -> bool {
        self.created().may_be_within(window, &look.clocks())
    }
}
