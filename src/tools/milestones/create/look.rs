//! The contract as it was seen at one moment.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

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

/// A milestone that is younger than this is kept with all that it says, even where a shorter time counts as recent.
const RECENT: Duration = Duration::from_secs(10 * 60);
/// The most ids, and the most bytes of recent milestones, that are held. A contract with more cannot be judged.
const MOST_IDS: usize = 250_000;
const MOST_RECENT: usize = 8 << 20;
/// What a milestone costs besides its text.
const MILESTONE_COST: usize = 1_000;

/// The longest moment that is read, in bytes.
const LONGEST_MOMENT: usize = 100;

/// A contract that was read. Of thousands of milestones only the recent ones are built: an older one cannot be what is
/// asked for.
pub(super) struct Look {
    pub(super) contract: Contract,
    recent: Vec<(Milestone, Value)>,
    ids: HashSet<String>,
    pub(super) reply: Reply,
}

/// One milestone of a look.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) milestone: &'a Milestone,
    /// The same, as it came.
    pub(super) raw: &'a Value,
}

/// What is read of every milestone.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Outline<'a> {
    id: Field<String>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

impl Look {
    /// Reads the contract, by `deadline` at the latest.
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
        let (mut recent, mut ids, mut bytes) = (Vec::new(), HashSet::new(), 0);
        for raw in scan::items(list) {
            let outline: Outline<'_> = serde_json::from_str(raw).unwrap_or_default();
            let created = outline.created_at.map(RawValue::get).filter(|raw| raw.len() <= LONGEST_MOMENT);
            let created = created.and_then(|raw| serde_json::from_str(raw).ok());
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
        Ok(Self { contract, recent, ids, reply })
    }

    /// The milestones that may be recent.
    pub(super) fn recent(&self) -> impl Iterator<Item = Seen<'_>> {
        self.recent.iter().map(|(milestone, raw)| Seen { milestone, raw })
    }

    /// The ids of all milestones.
    pub(super) const fn ids(&self) -> &HashSet<String> {
        &self.ids
    }

    /// Whether the contract pays a price that is agreed, and not by what was worked.
    pub(super) fn is_fixed_price(&self) -> bool {
        self.contract.payment_type.text() == Some("FIXED_PRICE")
    }

    /// What time it may be: by the answer's `Date`, which may be a gateway's, and by this machine's clock.
    pub(super) fn clocks(&self) -> [Timestamp; 2] {
        [self.reply.now(), Timestamp::now()]
    }
}

/// A milestone with all that it says; `None` if that has more parts than can be held.
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

    /// Whether it may be at most `window` old.
    pub(super) fn is_recent(self, look: &Look, window: Duration) -> bool {
        self.created().may_be_within(window, &look.clocks())
    }
}
