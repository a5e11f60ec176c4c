//! The page on which a person decides what an agent asked for.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::form::Sent;
use super::{hire, name, refusal, see, tell_assistant, visible};
use crate::api::approvals::{CONFIRMED, DECLINED, PENDING};
use crate::api::milestones::ACTIVE_FUNDED;
use crate::sandbox::http::answer::Refused;
use crate::sandbox::rules::decide::{self, Approval, Asked, Means, PAID, Request, cost, obstacle};
use crate::sandbox::world::contract::{Contract, Milestone, PaymentType};
use crate::sandbox::world::ledger::dollars;
use crate::sandbox::world::state::{Shared, World};
use crate::sandbox::world::values::{Exact, Moment};

type Id = Result<Path<String>, PathRejection>;

pub(crate) async fn page(State(shared): State<Shared>, id: Id) -> Response {
    let world = shared.lock();
    let id = id.map(|Path(id)| id).unwrap_or_default();
    match world.approvals.iter().find(|approval| approval.id == id) {
        Some(approval) => asked(&world, approval),
        None => unknown(),
    }
}

pub(crate) async fn confirmed(State(shared): State<Shared>, id: Id, body: Bytes) -> Response {
    let means = match Sent::read(&body).get("pay") {
        Some("credits") => Means::Credits,
        _ => Means::Card,
    };
    decide(&shared, id, CONFIRMED, |world, id| decide::confirm(world, id, means))
}

pub(crate) async fn declined(State(shared): State<Shared>, id: Id) -> Response {
    decide(&shared, id, DECLINED, decide::decline)
}

/// Carries out the button that was pressed. When somebody was faster the page says what was decided, so that a late
/// Decline does not read as if nothing had happened.
fn decide(
    shared: &Shared,
    id: Id,
    pressed: &str,
    work: impl FnOnce(&mut World, &str) -> Result<(), &'static str>,
) -> Response {
    let mut world = shared.lock();
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let Some(approval) = world.approvals.iter().find(|approval| approval.id == id) else { return unknown() };
    if !approval.is_open(world.now()) {
        return too_late(&world, approval, pressed);
    }
    let page = format!("/approvals/{id}");
    match work(&mut world, &id) {
        Ok(()) => see(&page),
        Err(why) => super::page(
            StatusCode::CONFLICT,
            "Not possible now: nothing was changed",
            &html! { p role="alert" { (why) } p { a href=(page) { "Back to the request" } } },
        ),
    }
}

fn too_late(world: &World, approval: &Approval, pressed: &str) -> Response {
    let (now, status) = (world.now(), approval.status(world.now()));
    let at = approval.resolved_at(now).unwrap_or(now).brief(now);
    let title = match status {
        CONFIRMED if pressed == CONFIRMED => format!("You had already confirmed this at {at}."),
        CONFIRMED => format!("Too late: you had confirmed this at {at}."),
        DECLINED if pressed == DECLINED => format!("You had already declined this at {at}."),
        DECLINED => format!("Too late: you had declined this at {at}."),
        _ if approval.is_superseded() => format!("Too late: a newer request took its place at {at}."),
        _ => format!("Too late: this request expired at {at}."),
    };
    let page = format!("/approvals/{}", approval.id);
    super::page(
        StatusCode::CONFLICT,
        &title,
        &html! {
            p.sum role="alert" {
                @if status == CONFIRMED { (done(world, &approval.request)) } @else { "Nothing happened." }
            }
            p { a href=(page) { "Back to the request" } }
        },
    )
}

fn unknown() -> Response {
    refusal(&Refused::not_found("There is no such approval in this sandbox. It forgets everything when it stops."))
}

const fn question(asked: Asked) -> &'static str {
    match asked {
        Asked::Fund => "Fund this milestone?",
        Asked::Release => "Release this payment?",
        Asked::End => "End this contract?",
        Asked::Hire => "Hire this candidate?",
    }
}

/// What a request asks for, with amount and person: the text of a link to it.
pub(crate) fn deed(world: &World, request: &Request) -> Markup {
    if request.asked == Asked::Hire {
        return hire::deed(world, request);
    }
    let verb = match request.asked {
        Asked::Fund => "Fund ",
        Asked::Release => "Pay ",
        Asked::End | Asked::Hire => "End ",
    };
    html! { (verb) (subject(world, request)) }
}

/// What is so after `request` was confirmed.
fn done(world: &World, request: &Request) -> Markup {
    let amount = amount(world, request);
    html! {
        @match (request.asked, amount) {
            (Asked::Fund, Some(amount)) => { (amount) " is funded." }
            (Asked::Release, Some(amount)) => { (amount) " is paid." }
            (Asked::Hire, _) => { "The candidate is hired." }
            _ => { "The contract has ended." }
        }
    }
}

/// The words of the button that confirms: OpenTrain's own, and what happens.
fn confirming(world: &World, request: &Request) -> String {
    let amount = amount(world, request).unwrap_or_default();
    match request.asked {
        Asked::Fund => format!("Confirm: fund {amount}"),
        Asked::Hire => format!("Confirm: hire for {amount}"),
        Asked::End => "Confirm: end the contract".into(),
        Asked::Release => {
            let trainer = found(world, request).map(|(contract, _)| visible(&contract.freelancer.display_name));
            format!("Confirm: pay {} {amount}", trainer.unwrap_or_default())
        }
    }
}

/// What is paid, or paid out.
fn amount(world: &World, request: &Request) -> Option<String> {
    match &request.terms {
        Some(terms) => Some(terms.costs().total.dollars()),
        None => Some(found(world, request)?.1?.amount_usd.dollars()),
    }
}

/// How much, and for whom.
fn subject(world: &World, request: &Request) -> Markup {
    if request.asked == Asked::Hire {
        return hire::subject(world, request);
    }
    let Some((contract, milestone)) = found(world, request) else { return html! {} };
    let trainer = visible(&contract.freelancer.display_name);
    html! {
        @match (request.asked, milestone) {
            (Asked::Fund, Some(milestone)) => { (milestone.amount_usd.dollars()) " for " bdi { (trainer) } }
            (Asked::Release, Some(milestone)) => { (milestone.amount_usd.dollars()) " to " bdi { (trainer) } }
            _ => { bdi { (visible(&contract.title)) } " with " bdi { (trainer) } }
        }
    }
}

/// What `request` is about.
fn found<'a>(world: &'a World, request: &Request) -> Option<(&'a Contract, Option<&'a Milestone>)> {
    let contract = world.contracts.iter().find(|contract| Some(&contract.id) == request.contract_id.as_ref())?;
    let milestone = contract.milestones.iter().find(|milestone| Some(&milestone.id) == request.milestone_id.as_ref());
    Some((contract, milestone))
}

fn asked(world: &World, approval: &Approval) -> Response {
    let (now, request) = (world.now(), &approval.request);
    let told = match request.asked {
        Asked::Hire => hire::told(world, request),
        _ => found(world, request).map(|(contract, milestone)| Told {
            facts: facts(request.asked, contract, milestone, now),
            consequences: consequences(request.asked, contract, milestone),
        }),
    };
    let Some(Told { facts, consequences }) = told else {
        return refusal(&Refused::not_found("What this request was about is gone."));
    };
    let status = approval.status(now);
    super::page(
        StatusCode::OK,
        heading(approval, status),
        &html! {
            p.sum { (subject(world, request)) }
            @if status != PENDING { (next(status)) }
            table.facts { tbody { (facts) (times(approval, now)) } }
            @if status == PENDING { (consequences) (buttons(world, approval)) }
        },
    )
}

/// What a person is told before deciding.
pub(crate) struct Told {
    /// Rows of a table.
    pub(crate) facts: Markup,
    /// What each button does.
    pub(crate) consequences: Markup,
}

fn heading(approval: &Approval, status: &str) -> &'static str {
    match (status, approval.request.asked) {
        (PENDING, asked) => question(asked),
        (CONFIRMED, Asked::Fund) => "You confirmed: it is funded",
        (CONFIRMED, Asked::Release) => "You confirmed: the payment is released",
        (CONFIRMED, Asked::Hire) => "You confirmed: the candidate is hired",
        (CONFIRMED, Asked::End) => "You confirmed: the contract has ended",
        (DECLINED, _) => "You declined: nothing has changed",
        _ if approval.is_superseded() => "Replaced by a newer request: nothing has changed",
        _ => "This request expired: nothing has changed",
    }
}

fn next(status: &str) -> Markup {
    match status {
        CONFIRMED => tell_assistant("that you have decided."),
        DECLINED => tell_assistant("that you declined, and what should be different."),
        _ => html! { p { strong { "Next:" } " if you still want it, tell your assistant to ask again." } },
    }
}

fn facts(asked: Asked, contract: &Contract, milestone: Option<&Milestone>, now: Moment) -> Markup {
    let trainer = &contract.freelancer;
    html! {
        @if let Some(milestone) = milestone {
            tr { th { "Milestone" } td { "#" (milestone.number) " " bdi { (name(milestone)) } " " code { (milestone.id) } } }
            tr { th { "Work" } td { bdi { (visible(&milestone.description)) } } }
            tr { th { "Amount" } td { (milestone.amount_usd.dollars()) } }
            @if asked == Asked::Fund { (fee(milestone)) }
            @if let Some(volume) = milestone.volume { tr { th { "Volume" } td { (volume) (unit(contract)) (rate(contract)) } } }
            @if let Some(due) = milestone.due_date {
                tr { th { "Due" } td { (due.day()) @if due < now { " (this day has passed)" } } }
            }
        } @else {
            @for milestone in contract.timeline().filter(|milestone| milestone.is_funded()) {
                tr { th { "Funded" } td { "#" (milestone.number) " " bdi { (name(milestone)) } ", "
                    (milestone.amount_usd.dollars()) } }
            }
        }
        tr { th { "Trainer" } td { bdi { (visible(&trainer.display_name)) } " (" (trainer.country) ")" } }
        tr { th { "Contract" } td { bdi { (visible(&contract.title)) } " " code { (contract.id) } } }
        (so_far(contract))
    }
}

/// The fee that OpenTrain documents, which the sandbox does not charge.
fn fee(milestone: &Milestone) -> Markup {
    let fee = hire::marketplace_fee(milestone.amount_usd);
    html! {
        tr { th { "Fee" } td { "none in the sandbox; OpenTrain documents 10 % (" (fee.dollars()) ")" } }
        tr { th { "Total" } td { strong { (milestone.amount_usd.dollars()) } } }
    }
}

/// How much money and work the contract has had.
fn so_far(contract: &Contract) -> Markup {
    let sum = |status: &str| {
        let all = contract.timeline().filter(|milestone| milestone.status == status);
        Exact(all.map(|milestone| milestone.amount_usd.0).sum()).dollars()
    };
    let budget = contract.budget();
    let is_counted = contract.payment_type != PaymentType::FixedPrice;
    html! {
        tr { th { "So far" } td { (sum(PAID)) " paid out, " (sum(ACTIVE_FUNDED)) " held" } }
        @if is_counted {
            tr { th { "Work counted" } td {
                (budget["consumedVolume"]) " of " (budget["fundedVolume"]) (unit(contract)) " that were funded"
            } }
        }
    }
}

/// What a volume counts.
const fn unit(contract: &Contract) -> &'static str {
    match contract.payment_type {
        PaymentType::FixedPrice => "",
        PaymentType::PayPerHour => " hours",
        PaymentType::PayPerLabel => " labels",
    }
}

/// What one unit of the volume costs.
fn rate(contract: &Contract) -> Markup {
    let rate = contract.rate_usd.filter(|_| contract.payment_type != PaymentType::FixedPrice);
    html! { @if let Some(rate) = rate { " × " (rate.dollars()) } }
}

fn times(approval: &Approval, now: Moment) -> Markup {
    let until = approval.expires_at();
    html! {
        tr { th { "Asked" } td { "with the key “" bdi { (visible(&approval.asked_by)) } "”, " (approval.created_at.words()) } }
        @match approval.resolved_at(now) {
            None => { tr { th { "Expires" } td { (until.words()) " (" (until.distance(now)) "); then nothing happens" } } }
            Some(at) => { tr { th { (verb(approval.status(now))) } td { (at.words()) } } }
        }
    }
}

fn verb(status: &str) -> &'static str {
    match status {
        CONFIRMED => "Confirmed",
        DECLINED => "Declined",
        _ => "Expired",
    }
}

/// What each button does.
fn consequences(asked: Asked, contract: &Contract, milestone: Option<&Milestone>) -> Markup {
    let trainer = visible(&contract.freelancer.display_name);
    let amount = milestone.map_or_else(String::new, |milestone| milestone.amount_usd.dollars());
    html! {
        @match asked {
            Asked::Fund => {
                p { strong { "Confirm" } " puts " (amount) " from your payment method behind this milestone. "
                    bdi { (trainer) } " is not paid before you release it." }
            }
            Asked::Release => {
                p { strong { "Look at the work first." } }
                p { strong { "Confirm" } " pays " bdi { (trainer) } " the " (amount) " held for this milestone. That \
                    cannot be taken back." }
            }
            Asked::Hire => {}
            Asked::End => {
                p { strong { "Confirm" } " ends the contract with " bdi { (trainer) } ", though money is held for it. It \
                    cannot be reopened. What becomes of that money is not documented; the sandbox leaves it where it is." }
            }
        }
        (declining())
    }
}

pub(crate) fn declining() -> Markup {
    html! { p { strong { "Decline" } " changes nothing. Your agent sees that you declined." } }
}

fn buttons(world: &World, approval: &Approval) -> Markup {
    let (id, request, available) = (&approval.id, &approval.request, world.available(approval.owner));
    let is_covered = cost(world, request).is_some_and(|cost| cost <= available);
    let class = (request.asked == Asked::End).then_some("danger");
    let text = confirming(world, request);
    html! {
        @match obstacle(world, request) {
            None => {
                form class=[class] method="post" action={ "/approvals/" (id) "/confirm" } { button { (text) } }
                @if is_covered {
                    form method="post" action={ "/approvals/" (id) "/confirm" } {
                        input type="hidden" name="pay" value="credits";
                        button { (text) " from credits (" (dollars(available).dollars()) " available)" }
                    }
                }
            },
            Some(obstacle) => p role="alert" { strong { (obstacle) " You can only decline it, or let it expire." } },
        }
        form.other method="post" action={ "/approvals/" (id) "/decline" } { button { "Decline" } }
    }
}
