//! The texts about a request, by kind of request.

use maud::{Markup, html};

use super::layout::{name, row, visible};
use crate::api::milestones::ACTIVE_FUNDED;
use crate::sandbox::world::{Asked, Contract, Costs, Exact, Milestone, Moment, PAID, PaymentType, Request, World};

pub(super) struct View {
    pub(super) question: &'static str,
    /// The text of a link to the request.
    pub(super) deed: Markup,
    /// The amount and the trainer.
    pub(super) subject: Markup,
    /// The text of the button: OpenTrain's word, and what it does.
    pub(super) confirm: String,
    /// The heading after it is confirmed.
    pub(super) confirmed: &'static str,
    pub(super) done: String,
    /// Table rows.
    pub(super) facts: Markup,
    pub(super) consequence: Markup,
}

pub(super) fn view(world: &World, request: &Request) -> Option<View> {
    if request.asked == Asked::Hire {
        return hire(world, request);
    }
    let (contract, milestone) = world.subject(request)?;
    match (request.asked, milestone) {
        (Asked::Fund, Some(milestone)) => Some(fund(contract, milestone, world.now())),
        (Asked::Release, Some(milestone)) => Some(release(contract, milestone, world.now())),
        _ => Some(end(contract)),
    }
}

fn trainer(contract: &Contract) -> Markup {
    html! { bdi { (visible(&contract.freelancer.display_name)) } }
}

fn fund(contract: &Contract, milestone: &Milestone, now: Moment) -> View {
    let (amount, trainer) = (milestone.amount_usd.dollars(), trainer(contract));
    let fee = Costs::of(milestone.amount_usd).marketplace_fee.dollars();
    let fee = html! {
        (row("Fee", &html! { "none in the sandbox; OpenTrain documents 10 % (" (fee) ")" }))
        (row("Total", &html! { strong { (amount) } }))
    };
    View {
        question: "Fund this milestone?",
        deed: html! { "Fund " (amount) " for " (trainer) },
        subject: html! { (amount) " for " (trainer) },
        confirm: format!("Confirm: fund {amount}"),
        confirmed: "You confirmed: it is funded",
        done: format!("{amount} is funded."),
        facts: html! { (about_milestone(contract, milestone, &fee, now)) (about_contract(contract)) },
        consequence: html! {
            p { strong { "Confirm" } " puts " (amount) " from your payment method behind this milestone. " (trainer)
                " is not paid before you release it." }
        },
    }
}

fn release(contract: &Contract, milestone: &Milestone, now: Moment) -> View {
    let (amount, trainer) = (milestone.amount_usd.dollars(), trainer(contract));
    View {
        question: "Release this payment?",
        deed: html! { "Pay " (amount) " to " (trainer) },
        subject: html! { (amount) " to " (trainer) },
        confirm: format!("Confirm: pay {} {amount}", visible(&contract.freelancer.display_name)),
        confirmed: "You confirmed: the payment is released",
        done: format!("{amount} is paid."),
        facts: html! { (about_milestone(contract, milestone, &html! {}, now)) (about_contract(contract)) },
        consequence: html! {
            p { strong { "Look at the work first." } }
            p { strong { "Confirm" } " pays " (trainer) " the " (amount) " held for this milestone. That cannot be taken \
                back." }
        },
    }
}

fn end(contract: &Contract) -> View {
    let trainer = trainer(contract);
    let subject = html! { bdi { (visible(&contract.title)) } " with " (trainer) };
    let funded = contract.timeline().filter(|milestone| milestone.is_funded());
    View {
        question: "End this contract?",
        deed: html! { "End " (subject) },
        subject,
        confirm: "Confirm: end the contract".into(),
        confirmed: "You confirmed: the contract has ended",
        done: "The contract has ended.".into(),
        facts: html! {
            @for milestone in funded {
                (row("Funded", &html! {
                    "#" (milestone.number) " " bdi { (name(milestone)) } ", " (milestone.amount_usd.dollars())
                }))
            }
            (about_contract(contract))
        },
        consequence: html! {
            p { strong { "Confirm" } " ends the contract with " (trainer) ", though money is held for it. It cannot be \
                reopened. What becomes of that money is not documented; the sandbox leaves it where it is." }
        },
    }
}

fn hire(world: &World, request: &Request) -> Option<View> {
    let proposal = world.candidate(request)?;
    let (trainer, job, terms) = (&proposal.trainer, world.job(&proposal.job_id), request.terms.as_ref()?);
    let candidate = html! { bdi { (visible(&trainer.display_name())) } };
    let costs = Costs::of(terms.amount);
    let total = costs.total.dollars();
    let interview = proposal.interview.as_ref().map(|interview| format!("{} of 100", interview.score));
    let facts = html! {
        (row("Candidate", &html! { (candidate) " (" (trainer.country) ") " code { (proposal.id) } }))
        (row("Usual rate", &html! { "$" (trainer.hourly_rate) " an hour" }))
        (row("Interview", &html! { (interview.as_deref().unwrap_or("none")) }))
        @if let Some(job) = job { (row("Job", &html! { bdi { (visible(job.title())) } " " code { (job.id) } })) }
        @if let Some(name) = &terms.name { (row("First milestone", &html! { bdi { (visible(name)) } })) }
        @if let Some(work) = &terms.description { (row("Work", &html! { bdi { (visible(work)) } })) }
        @if let Some(due) = terms.due_date { (row("Due", &html! { (due.day()) })) }
        (row("Milestone", &html! { (terms.amount.dollars()) }))
        (row("Marketplace fee", &html! { (costs.marketplace_fee.dollars()) " (10 %)" }))
        (row("Contract fee", &html! { (costs.contract_fee.dollars()) ", once" }))
        (row("Total", &html! { strong { (total) } }))
    };
    Some(View {
        question: "Hire this candidate?",
        deed: html! { "Hire " (candidate) " for " (total) },
        subject: html! { (candidate) ", first milestone " (terms.amount.dollars()) },
        confirm: format!("Confirm: hire for {total}"),
        confirmed: "You confirmed: the candidate is hired",
        done: "The candidate is hired.".into(),
        facts,
        consequence: html! {
            p { strong { "Confirm" } " hires " (candidate) " and charges you " (total) ". The milestone's money is held \
                until you release it." }
        },
    })
}

fn about_milestone(contract: &Contract, milestone: &Milestone, fee: &Markup, now: Moment) -> Markup {
    html! {
        (row("Milestone", &html! { "#" (milestone.number) " " bdi { (name(milestone)) } " " code { (milestone.id) } }))
        (row("Work", &html! { bdi { (visible(&milestone.description)) } }))
        (row("Amount", &html! { (milestone.amount_usd.dollars()) }))
        (fee)
        @if let Some(volume) = milestone.volume { (row("Volume", &html! { (volume) (unit(contract)) (rate(contract)) })) }
        @if let Some(due) = milestone.due_date {
            (row("Due", &html! { (due.day()) @if due < now { " (this day has passed)" } }))
        }
    }
}

fn about_contract(contract: &Contract) -> Markup {
    let sum = |status: &str| {
        let all = contract.timeline().filter(|milestone| milestone.status == status);
        Exact(all.map(|milestone| milestone.amount_usd.0).sum()).dollars()
    };
    let budget = contract.budget();
    html! {
        (row("Trainer", &html! { (trainer(contract)) " (" (contract.freelancer.country) ")" }))
        (row("Contract", &html! { bdi { (visible(&contract.title)) } " " code { (contract.id) } }))
        (row("So far", &html! { (sum(PAID)) " paid out, " (sum(ACTIVE_FUNDED)) " held" }))
        @if contract.payment_type != PaymentType::FixedPrice {
            (row("Work counted", &html! {
                (budget["consumedVolume"]) " of " (budget["fundedVolume"]) (unit(contract)) " that were funded"
            }))
        }
    }
}

const fn unit(contract: &Contract) -> &'static str {
    match contract.payment_type {
        PaymentType::FixedPrice => "",
        PaymentType::PayPerHour => " hours",
        PaymentType::PayPerLabel => " labels",
    }
}

fn rate(contract: &Contract) -> Markup {
    let rate = contract.rate_usd.filter(|_| contract.payment_type != PaymentType::FixedPrice);
    html! { @if let Some(rate) = rate { " × " (rate.dollars()) } }
}
