//! Contracts at OpenTrain: who hired, and who ended them.

use crate::answer::shown;
use crate::api::contracts::Contract;

use super::difference::{Difference, Kind};
use super::index::{Asked, Index};
use super::report::{Report, contract_name};

pub(super) fn compare(index: &Index<'_>, report: &mut Report) {
    for contract in &index.theirs.contracts {
        let Some(id) = contract.id.text() else { continue };
        if is_hired_elsewhere(index, contract) {
            let what = shown!("Contract {} ({}) has no hire on record.", shown::id(id), contract_name(contract));
            report.differs(Difference::new(Kind::HiredElsewhere, what).contract(Some(id)));
        }
        let is_ended = contract.status.text() == Some("ended") && index.is_judged(contract.end_date.timestamp());
        let is_asked = index
            .writes
            .iter()
            .any(|write| Asked::of(write.tool()) == Some(Asked::End) && write.argument("contractId") == Some(id));
        if is_ended && !is_asked {
            let what =
                shown!("Contract {} ({}) has ended, and no end is on record.", shown::id(id), contract_name(contract));
            report.differs(Difference::new(Kind::EndedElsewhere, what).contract(Some(id)));
        }
    }
}

/// True for a contract of the time that is judged without a hire on record.
pub(super) fn is_hired_elsewhere(index: &Index<'_>, contract: &Contract) -> bool {
    index.is_judged(contract.created_at.timestamp()) && !index.is_hired_here(contract)
}
