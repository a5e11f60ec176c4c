//! What a person is told who decides whom to hire, with the fees.

use maud::{Markup, html};

use super::decision::{Told, declining};
use super::visible;
use crate::sandbox::rules::decide::Request;
use crate::sandbox::rules::hire::Terms;
use crate::sandbox::world::proposal::Proposal;
use crate::sandbox::world::state::World;
use crate::sandbox::world::values::Exact;

/// The text of a link to the request.
pub(crate) fn deed(world: &World, request: &Request) -> Markup {
    let Some((proposal, terms)) = found(world, request) else { return html! { "Hire" } };
    html! { "Hire " bdi { (who(proposal)) } " for " (terms.costs().total.dollars()) }
}

/// The fee that OpenTrain documents for a milestone.
pub(crate) fn marketplace_fee(amount: Exact) -> Exact {
    Terms { name: None, description: None, amount, due_date: None }.costs().marketplace_fee
}

/// How much, and for whom.
pub(crate) fn subject(world: &World, request: &Request) -> Markup {
    let Some((proposal, terms)) = found(world, request) else { return html! {} };
    html! { bdi { (who(proposal)) } ", first milestone " (terms.amount.dollars()) }
}

fn found<'a>(world: &'a World, request: &'a Request) -> Option<(&'a Proposal, &'a Terms)> {
    let proposal = world.proposals.iter().find(|proposal| Some(&proposal.id) == request.proposal_id.as_ref())?;
    Some((proposal, request.terms.as_ref()?))
}

fn who(proposal: &Proposal) -> String {
    proposal.trainer().map(|trainer| visible(&trainer.display_name())).unwrap_or_default()
}

pub(crate) fn told(world: &World, request: &Request) -> Option<Told> {
    let (proposal, terms) = found(world, request)?;
    Some(Told {
        facts: html! { (facts(world, proposal, terms)) (costs(terms)) },
        consequences: html! {
            p { strong { "Confirm" } " hires " bdi { (who(proposal)) } " and charges you " (terms.costs().total.dollars()) ". The \
                 milestone's money is held until you release it." }
            (declining())
        },
    })
}

fn facts(world: &World, proposal: &Proposal, terms: &Terms) -> Markup {
    let job = world.jobs.iter().find(|job| job.id == proposal.job_id);
    let country = proposal.trainer().map_or("", |trainer| trainer.country);
    html! {
        tr { th { "Candidate" } td { bdi { (who(proposal)) } " (" (country) ") " code { (proposal.id) } } }
        @if let Some(trainer) = proposal.trainer() { tr { th { "Usual rate" } td { "$" (trainer.hourly_rate) " an hour" } } }
        @match &proposal.interview {
            Some(interview) => { tr { th { "Interview" } td { (interview.score) " of 100" } } }
            None => { tr { th { "Interview" } td { "none" } } }
        }
        @if let Some(job) = job { tr { th { "Job" } td { bdi { (visible(job.title())) } " " code { (job.id) } } } }
        @if let Some(name) = &terms.name { tr { th { "First milestone" } td { bdi { (visible(name)) } } } }
        @if let Some(description) = &terms.description { tr { th { "Work" } td { bdi { (visible(description)) } } } }
        @if let Some(due) = terms.due_date { tr { th { "Due" } td { (due.day()) } } }
    }
}

fn costs(terms: &Terms) -> Markup {
    let costs = terms.costs();
    html! {
        tr { th { "Milestone" } td { (costs.milestone.dollars()) } }
        tr { th { "Marketplace fee" } td { (costs.marketplace_fee.dollars()) " (10 %)" } }
        tr { th { "Contract fee" } td { (costs.contract_fee.dollars()) ", once" } }
        tr { th { "Total" } td { strong { (costs.total.dollars()) } } }
    }
}
