//! What is read of milestones.

use rust_decimal::Decimal;

use crate::api::contracts::{Contract, GetContract};
use crate::api::error::Error;
use crate::api::milestones::CreateMilestone;
use crate::api::reply::{Read, Reply};
use crate::api::types::decimal;

use super::answer::{Answer, Outcome};
use super::contracts::{CONTRACT_IDS, milestone_line};
use super::text::{usd, word};
use super::{Context, Entry, Told};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<CreateMilestone>()];

impl Told for CreateMilestone {
    const TITLE: &'static str = "Create a milestone";
    const IDS: &'static str = CONTRACT_IDS;

    fn tell(&self, read: Read<Self>, reply: &Reply, context: &Context<'_>) -> Answer {
        let milestone = &read.output.milestone;
        let line = format!("{} · for contract {}", milestone_line(milestone, reply), word(&self.contract_id.0));
        let mut answer = Answer::new(format!("Created, NOT funded. No money has moved. {line}."), read.object);
        answer
            .lines
            .push("It cannot be changed or deleted here; if it is wrong, your person corrects it in the app.".into());
        answer.outcome = Some(Outcome::Created);
        answer.next = context.next(&[("get_contract", "contractId")]);
        answer
    }

    /// Where the terms do not fit the contract, says what would: one look at the contract, after the refusal.
    async fn explain(&self, fault: &Error, context: &Context<'_>) -> Option<String> {
        let Error::Refused(refusal) = fault else { return None };
        let about_terms = refusal.status == 400 || refusal.reason() == Some("contract_rate_missing");
        if !about_terms {
            return None;
        }
        let look = GetContract { contract_id: self.contract_id.clone() };
        let read = context.send(&look).await.ok()?.read::<GetContract>().ok()?;
        self.fitting_terms(&read.output.contract)
    }
}

impl CreateMilestone {
    /// The contract's payment model, its rate, and the amount that would fit.
    fn fitting_terms(&self, contract: &Contract) -> Option<String> {
        let payment_type = contract.payment_type.text()?;
        let rate = contract.rate_usd.decimal();
        let at = rate.map_or_else(|| "without a rate".to_owned(), |rate| format!("at {}", usd(rate)));
        let volume = self.volume.as_ref().and_then(|volume| decimal(&volume.0));
        let wants = match (payment_type, rate, volume) {
            ("FIXED_PRICE", ..) => "give amountUsd.".to_owned(),
            (_, Some(rate), Some(volume)) => match rate.checked_mul(volume) {
                Some(amount) => format!(
                    "for volume {} the amountUsd that fits is {}, or omit it.",
                    volume.normalize(),
                    fitting(amount)
                ),
                None => "give volume, and omit amountUsd.".to_owned(),
            },
            _ => "give volume, and omit amountUsd: OpenTrain works it out.".to_owned(),
        };
        Some(format!("This contract is {} {at}: {wants}", word(payment_type)))
    }
}

fn fitting(amount: Decimal) -> String {
    amount.normalize().to_string()
}
