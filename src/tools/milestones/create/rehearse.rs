//! A dry run of a create: the contract is read and the terms are checked against it. Nothing is sent and no lock is taken.

use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::answer::text::{number, usd};
use crate::answer::{Answer, Shown, ToolError, id, shown};
use crate::api::wire;
use crate::guard::ledger::Commitment;
use crate::tools::nouns::contract::contract_name;
use crate::tools::nouns::dry_run::{self, Costs, Plan};
use crate::tools::nouns::milestone::milestone_line;
use crate::tools::nouns::oddities;

use super::creation::Creation;
use super::judge::{self, Found};
use super::look::Look;
use super::run::LOOK_LIMIT;

impl Creation {
    /// Checks the create as far as reading can.
    pub(super) async fn rehearse(self) -> Result<Answer, ToolError> {
        wire::encode(&self.wanted)?;
        let mut past = self.past().await?;
        let look = self.look(Instant::now() + LOOK_LIMIT).await.map_err(ToolError::unsent)?;
        past.see(&look);
        let amount = self.expected_amount(&look);
        let mut notes = oddities::of_wanted(amount, self.wanted.due_date.as_deref(), look.largest, look.reply.now());
        if self.is_guarded()
            && let Some(found) = judge::found(&self.terms, &look, &past, self.window())
        {
            notes.push(would_give_back(&found, &look));
        }
        let refusals = self.misfits(&look);
        notes.extend(self.resembling(&look, &past));
        let shown = amount.map_or_else(|| "an amount that OpenTrain works out".into(), usd);
        let plan = Plan {
            would: shown!("create an unfunded milestone of {} for {}", shown, contract_name(&look.contract)),
            commitment: Some(Commitment { amount, milestone_id: None }),
            costs: Some(Costs::nothing("creating charges nothing; the money is asked for when it is funded")),
            refusals,
            facts: self.fitting_terms(&look.contract).into_iter().collect(),
            notes,
        };
        dry_run::answer(&self.wanted, plan, &self.context).await
    }

    /// The amount that the milestone will have: as given, or rate × volume.
    fn expected_amount(&self, look: &Look) -> Option<Decimal> {
        if look.is_fixed_price() {
            return self.terms.amount;
        }
        let product = look.contract.rate_usd.decimal()?.checked_mul(self.terms.volume?)?;
        Some(product.max(self.terms.amount.unwrap_or(product)))
    }

    /// What OpenTrain would refuse by the documented rules of the contract.
    fn misfits(&self, look: &Look) -> Vec<Shown> {
        let contract = &look.contract;
        let mut misfits = Vec::new();
        if contract.status.text() == Some("ended") {
            misfits.push("The contract has ended.".into());
        }
        let (amount, volume, rate) = (self.terms.amount, self.terms.volume, contract.rate_usd.decimal());
        if rate.is_none() {
            misfits.push("The contract has no rate; a person has to set one in the OpenTrain app.".into());
        }
        if look.is_fixed_price() {
            if amount.is_none() {
                misfits.push("This contract has a fixed price: amountUsd is missing.".into());
            }
        } else if let Some(kind) = contract.payment_type.text() {
            match (volume, rate.zip(volume).and_then(|(rate, volume)| rate.checked_mul(volume)), amount) {
                (None, ..) => misfits.push(shown!("This contract is {}: volume is missing.", id(kind))),
                (Some(volume), Some(product), Some(amount)) if product != amount => misfits.push(shown!(
                    "amountUsd {} is not rate × volume: for {} it is {}, or omit it.",
                    usd(amount),
                    number(volume),
                    usd(product)
                )),
                _ => {}
            }
        }
        misfits
    }
}

fn would_give_back(found: &Found<'_>, look: &Look) -> Shown {
    match found {
        Found::Same(seen, _) | Found::Alike(seen, _) => shown!(
            "Note: such a milestone exists already, and the call would give it back instead of a second one: {}.",
            milestone_line(seen.milestone, &look.reply)
        ),
        Found::Unlisted(_) => {
            "Note: such a milestone was created a moment ago, and the call would give it back instead of a second one."
                .into()
        }
    }
}
