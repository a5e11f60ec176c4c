//! What OpenTrain counts and marks: how much of a contract's funded work was done, and the flags of a milestone.

use crate::api::contracts::Contract;
use crate::api::milestones::Milestone;
use crate::tools::text::{number, word};

/// How much of the funded work was done, by OpenTrain's count; nothing where no volume was funded.
pub(super) fn budget_line(contract: &Contract) -> Option<String> {
    let budget = contract.budget.get()?;
    let used = used_of_budget(contract)?;
    let state = budget.state.text().map_or_else(|| "without state".into(), word);
    let left = budget.remaining_volume.decimal().map_or_else(|| "?".into(), number);
    Some(format!("Budget {state}: {used} used, {left} left."))
}

/// `34 of 40 hours`; nothing for a fixed price, or where no volume was funded.
#[must_use]
pub fn used_of_budget(contract: &Contract) -> Option<String> {
    let budget = contract.budget.get().filter(|_| contract.payment_type.text() != Some("FIXED_PRICE"))?;
    let funded = budget.funded_volume.decimal().filter(|funded| !funded.is_zero())?;
    let used = budget.consumed_volume.decimal().map_or_else(|| "?".into(), number);
    Some(format!("{used} of {}{}", number(funded), unit(contract).map(|unit| format!(" {unit}")).unwrap_or_default()))
}

/// What the volume of a contract counts, where that is known.
pub(super) fn unit(contract: &Contract) -> Option<&'static str> {
    match contract.payment_type.text()? {
        "PAY_PER_HOUR" => Some("hours"),
        "PAY_PER_LABEL" => Some("labels"),
        _ => None,
    }
}

/// The flags of a milestone that are set, by their names: their meaning is not documented.
pub(in crate::tools) fn flags(milestone: &Milestone) -> Vec<&'static str> {
    let flags = [("pendingApproval", &milestone.pending_approval), ("needsReview", &milestone.needs_review)];
    flags.into_iter().filter(|(_, flag)| flag.is_true()).map(|(name, _)| name).collect()
}
