//! Names a contract, and formats OpenTrain's count of its work.

use crate::answer::Sentence;
use crate::answer::lines::name;
use crate::answer::text::{number, quoted, word};
use crate::api::contracts::Contract;

/// The hint for contract ids.
pub const CONTRACT_IDS: Sentence =
    Sentence::naming("contractId comes from {}; a job or milestone id does not work here.", &["list_contracts"]);

/// Names a contract by trainer, id and title.
#[must_use]
pub fn contract_name(contract: &Contract) -> String {
    let id = contract.id.text().map(word).unwrap_or_default();
    let title = contract.title.text().map(quoted).unwrap_or_default();
    format!("{}, {id} {title}", trainer(contract)).trim_end().to_owned()
}

/// The trainer's masked name and country.
#[must_use]
pub fn trainer(contract: &Contract) -> String {
    let Some(freelancer) = contract.freelancer.get() else { return "no trainer".into() };
    let name = freelancer.display_name.text().map_or_else(|| "unnamed trainer".into(), name);
    match freelancer.country.text() {
        Some(country) => format!("{name} ({})", word(country)),
        None => name,
    }
}

/// Formats `34 of 40 hours`; `None` for a fixed price, or if no volume was funded.
#[must_use]
pub fn used_of_budget(contract: &Contract) -> Option<String> {
    let budget = contract.budget.get().filter(|_| contract.payment_type.text() != Some("FIXED_PRICE"))?;
    let funded = budget.funded_volume.decimal().filter(|funded| !funded.is_zero())?;
    let used = budget.consumed_volume.decimal().map_or_else(|| "?".into(), number);
    Some(format!("{used} of {}{}", number(funded), unit(contract).map(|unit| format!(" {unit}")).unwrap_or_default()))
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
