//! Formats contracts and the calls that are possible for them.

use crate::answer::lines::text_or;
use crate::answer::text::{count, date, usd};
use crate::answer::{Hole, Joined, Shown, quoted, shown};
use crate::api::contracts::Contract;
use crate::api::reply::Reply;
use crate::engine::Context;
use crate::tools::nouns::contract::{trainer, unit};
use crate::tools::nouns::milestone::milestone_line_in;

/// The status of an ended contract.
pub(super) const ENDED: &str = "ended";
/// The most milestones of one contract in the text.
pub(super) const SHOWN_MILESTONES: usize = 50;

/// Formats the possible next calls. Ended contracts can only be read.
pub(super) fn next_calls(all_ended: bool, context: &Context) -> Shown {
    let calls = [
        ("create_milestone", "contractId, …"),
        ("request_milestone_funding", "milestoneId"),
        ("get_contract", "contractId"),
    ];
    context.next(if all_ended { calls.get(2..).unwrap_or_default() } else { &calls })
}

/// Formats a contract in one line, followed by one line per milestone.
pub(super) fn contract_lines(lead: impl Hole, contract: &Contract, reply: &Reply) -> Vec<Shown> {
    let mut lines = vec![shown!("{}{}", lead, contract_line(contract))];
    let milestones = contract.milestones.items();
    if let Some(head) = lines.first_mut()
        && milestones.is_empty()
    {
        head.push(" · no milestones listed");
    }
    lines.extend(
        milestones
            .iter()
            .take(SHOWN_MILESTONES)
            .map(|milestone| shown!("   {}", milestone_line_in(milestone, unit(contract), reply))),
    );
    if milestones.len() > SHOWN_MILESTONES {
        lines.push(shown!(
            "   … and {} more in structuredContent",
            count(milestones.len() - SHOWN_MILESTONES, "milestone")
        ));
    }
    lines
}

fn contract_line(contract: &Contract) -> Shown {
    let mut status = text_or(&contract.status, "no status");
    if let Some(end) = contract.end_date.text() {
        status.push(shown!(" {}", date(end)));
    }
    let title = contract.title.text().map_or_else(|| "no title".into(), quoted);
    let rate = contract.rate_usd.decimal().map_or_else(|| "no rate".into(), usd);
    let payment = shown!("{} {}", text_or(&contract.payment_type, "no payment type"), rate);
    [text_or(&contract.id, "no id"), status, title, trainer(contract), payment].joined(" · ")
}
