//! What is read of contracts.

use crate::api::contracts::{Contract, EndContract, Ending};
use crate::api::milestones::Milestone;
use crate::api::reply::Reply;
use crate::api::types::Field;
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Outcome};
use super::approvals::{Asked, asked};
use super::audit::Settled;
use super::failure::Trouble;
use super::text::{count, date, number, quoted, usd, visible, word};
use super::{Context, Entry, Tool};

mod all;
mod budget;
mod listing;
mod one;
mod page;
mod tally;

use all::ListContractsPage;
pub(super) use budget::flags;
use budget::unit;
pub use budget::used_of_budget;
use one::GetContractPage;
use tally::Tally;

/// The tools of this family.
pub const TOOLS: &[Entry] =
    &[Entry::of::<ListContractsPage>(), Entry::of::<GetContractPage>(), Entry::of::<EndContract>()];

/// Where contract ids come from.
pub const CONTRACT_IDS: &str = "contractId comes from list_contracts; a job or milestone id does not work here.";
/// The status of a contract that is over.
const ENDED: &str = "ended";
/// The most milestones of one contract that are written out.
const SHOWN_MILESTONES: usize = 50;

/// What can be done with contracts: with ended ones nothing but looking.
fn next_calls(all_ended: bool, context: &Context) -> String {
    let calls = [
        ("create_milestone", "contractId, …"),
        ("request_milestone_funding", "milestoneId"),
        ("get_contract", "contractId"),
    ];
    context.next(if all_ended { calls.get(2..).unwrap_or_default() } else { &calls })
}

impl Tool for EndContract {
    type Output = Ending;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "End a contract";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = CONTRACT_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let written = context.write(&self, None).await?;
        let (read, reply, writing) = (written.read, written.reply, written.writing);
        if let Some(approval) = read.output.approval.get().cloned() {
            return asked(Asked { approval, object: read.object, reply, writing, subject: None }, context).await;
        }
        let warning = writing.end(Settled::with(Outcome::Done)).await;
        let id = word(&self.contract_id.0);
        let summary = format!("Ended: contract {id} had no funded milestone, so it ended at once. No money has moved.");
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Done);
        answer.warnings.extend(warning);
        Ok(answer)
    }
}

/// A contract by trainer, id and title.
#[must_use]
pub fn contract_name(contract: &Contract) -> String {
    let id = contract.id.text().map(word).unwrap_or_default();
    let title = contract.title.text().map(quoted).unwrap_or_default();
    format!("{}, {id} {title}", trainer(contract)).trim_end().to_owned()
}

/// A contract in a line, and each milestone in one.
#[must_use]
pub fn contract_lines(lead: &str, contract: &Contract, reply: &Reply) -> Vec<String> {
    let mut lines = vec![format!("{lead}{}", contract_line(contract))];
    let milestones = contract.milestones.items();
    if let Some(head) = lines.first_mut()
        && milestones.is_empty()
    {
        head.push_str(" · no milestones listed");
    }
    lines.extend(
        milestones
            .iter()
            .take(SHOWN_MILESTONES)
            .map(|milestone| format!("   {}", milestone_line_in(milestone, unit(contract), reply))),
    );
    if milestones.len() > SHOWN_MILESTONES {
        lines.push(format!(
            "   … and {} more in structuredContent",
            count(milestones.len() - SHOWN_MILESTONES, "milestone")
        ));
    }
    lines
}

fn contract_line(contract: &Contract) -> String {
    let text = |field: &Field<String>, otherwise: &str| field.text().map_or_else(|| otherwise.to_owned(), word);
    let mut status = text(&contract.status, "no status");
    if let Some(end) = contract.end_date.text() {
        status.push_str(&format!(" {}", date(end)));
    }
    let title = contract.title.text().map_or_else(|| "no title".into(), quoted);
    let rate = contract.rate_usd.decimal().map_or_else(|| "no rate".into(), usd);
    let payment = format!("{} {rate}", text(&contract.payment_type, "no payment type"));
    [text(&contract.id, "no id"), status, title, trainer(contract), payment].join(" · ")
}

/// The trainer, by the masked name and country.
#[must_use]
pub fn trainer(contract: &Contract) -> String {
    let Some(freelancer) = contract.freelancer.get() else { return "no trainer".into() };
    let name = freelancer.display_name.text().map_or_else(|| "unnamed trainer".into(), super::parts::name);
    match freelancer.country.text() {
        Some(country) => format!("{name} ({})", word(country)),
        None => name,
    }
}

/// A milestone in a line.
#[must_use]
pub fn milestone_line(milestone: &Milestone, reply: &Reply) -> String {
    milestone_line_in(milestone, None, reply)
}

/// A milestone in a line, with the unit in which its contract counts.
fn milestone_line_in(milestone: &Milestone, unit: Option<&str>, reply: &Reply) -> String {
    let mut parts = Vec::new();
    let place = milestone.milestone_number.get().map_or_else(String::new, |place| format!("#{place} "));
    parts.push(format!("{place}{}", milestone.id.text().map_or_else(|| "no id".into(), word)));
    parts.push(milestone.status.text().map_or_else(|| "no status".into(), word));
    parts.push(milestone.amount_usd.decimal().map_or_else(|| "no amount".into(), usd));
    parts.extend(milestone.volume.decimal().map(|volume| match unit {
        Some(unit) => format!("{} {unit}", number(volume)),
        None => format!("volume {}", number(volume)),
    }));
    parts.push(due(milestone, reply));
    let name = milestone.name.text().or_else(|| milestone.description.text());
    parts.extend(name.map(quoted));
    let flags = flags(milestone);
    if !flags.is_empty() {
        parts.push(format!("OpenTrain's flags: {}", flags.join(", ")));
    }
    parts.join(" · ")
}

fn due(milestone: &Milestone, reply: &Reply) -> String {
    match (milestone.due_date.text(), milestone.due_date.timestamp()) {
        (None, _) => "no due date".into(),
        (Some(text), Some(at)) if at < reply.now() => format!("was due {}", date(text)),
        (Some(text), _) => format!("due {}", date(&visible(text))),
    }
}
