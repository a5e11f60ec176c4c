//! Names a contract, and formats OpenTrain's count of its work.

use crate::answer::text::number;
use crate::answer::{Sentence, Shown, id, quoted, shown};
use crate::api::contracts::Contract;

/// The hint for contract ids.
pub const CONTRACT_IDS: Sentence =
    Sentence::naming("contractId comes from {}; a job or milestone id does not work here.", &["list_contracts"]);

/// Names a contract by trainer, id and title.
#[must_use]
pub fn contract_name(contract: &Contract) -> Shown {
    let id = contract.id.text().map(id).unwrap_or_default();
    let title = contract.title.text().map(quoted).unwrap_or_default();
    shown!("{}, {} {}", trainer(contract), id, title).without_end(' ')
}

/// The trainer's masked name and country.
#[must_use]
pub fn trainer(contract: &Contract) -> Shown {
    let Some(freelancer) = contract.freelancer.get() else { return "no trainer".into() };
    let name = freelancer.display_name.text().map_or_else(|| "unnamed trainer".into(), quoted);
    match freelancer.country.text() {
        Some(country) => shown!("{} ({})", name, quoted(country)),
        None => name,
    }
}

/// Formats `34 of 40 hours`; `None` for a fixed price, or if no volume was funded.
#[must_use]
pub fn used_of_budget(contract: &Contract) -> Option<Shown> {
    let budget = contract.budget.get().filter(|_| contract.payment_type.text() != Some("FIXED_PRICE"))?;
    let funded = budget.funded_volume.decimal().filter(|funded| !funded.is_zero())?;
    let used = budget.consumed_volume.decimal().map_or_else(|| "?".into(), number);
    Some(shown!("{} of {}{}", used, number(funded), unit(contract).map(|unit| shown!(" {}", unit)).unwrap_or_default()))
}

/// The unit of a contract's volume, if known.
#[must_use]
pub fn unit(contract: &Contract) -> Option<&'static str> {
    match contract.payment_type.text()? {
        "PAY_PER_HOUR" => Some("hours"),
        "PAY_PER_LABEL" => Some("labels"),
        _ => None,
    }
}
