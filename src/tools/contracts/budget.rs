//! Formats how much of a contract's funded work is done, by OpenTrain's count.

use crate::answer::text::number;
use crate::answer::{Shown, id, shown};
use crate::api::contracts::Contract;
use crate::tools::nouns::contract::used_of_budget;

/// Formats how much of the funded work is done, by OpenTrain's count; `None` if no volume was funded.
pub(super) fn budget_line(contract: &Contract) -> Option<Shown> {
    let budget = contract.budget.get()?;
    let used = used_of_budget(contract)?;
    let state = budget.state.text().map_or_else(|| "without state".into(), id);
    let left = budget.remaining_volume.decimal().map_or_else(|| "?".into(), number);
    Some(shown!("Budget {}: {} used, {} left.", state, used, left))
}
