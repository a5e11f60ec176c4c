//! The contract as it was seen at one moment.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::age::Created;
use crate::api::contracts::{Contract, GetContract};
use crate::api::error::Error;
use crate::api::milestones::Milestone;
use crate::api::reply::Reply;
use crate::api::types::ContractId;
use crate::engine::Context;

/// A contract that was read.
pub(super) struct Look {
    pub(super) contract: Contract,
    /// The milestones as they came, in the same order.
    raw: Vec<Value>,
    pub(super) reply: Reply,
}

/// One milestone of a look.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) milestone: &'a Milestone,
    /// The same, as it came.
    pub(super) raw: &'a Value,
}

impl Look {
    /// Reads the contract, by `deadline` at the latest.
    pub(super) async fn at(
        context: &Context,
        contract: &ContractId,
        deadline: tokio::time::Instant,
    ) -> Result<Self, Error> {
        let operation = GetContract { contract_id: contract.clone() };
        let (reply, read) = context.read_until(&operation, deadline).await?;
        let raw = read.object.get("contract").and_then(|contract| contract.get("milestones")).and_then(Value::as_array);
        Ok(Self { contract: read.output.contract, raw: raw.cloned().unwrap_or_default(), reply })
    }

    /// Every milestone.
    pub(super) fn milestones(&self) -> impl Iterator<Item = Seen<'_>> {
        self.contract.milestones.items().iter().zip(&self.raw).map(|(milestone, raw)| Seen { milestone, raw })
    }

    /// The ids of all milestones.
    pub(super) fn ids(&self) -> HashSet<String> {
        self.milestones().filter_map(|seen| seen.id().map(str::to_owned)).collect()
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
