//! The page on which a person decides what an agent asked for.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::super::answer::Refused;
use super::super::decisions::{self, Approval, Asked, Means, Request, cost, obstacle};
use super::super::ledger::dollars;
use super::super::model::{Contract, Milestone, PaymentType};
use super::super::values::Moment;
use super::super::world::{Shared, World};
use super::form::Sent;
use super::{hire, name, refusal, see, visible, way_home};
use crate::api::approvals::{CONFIRMED, DECLINED, PENDING};

type Id = Result<Path<String>, PathRejection>;

pub(super) async fn page(State(shared): State<Shared>, id: Id) -> Response {
    let world = shared.lock();
    let id = id.map(|Path(id)| id).unwrap_or_default();
    match world.approvals.iter().find(|approval| approval.id == id) {
        Some(approval) => asked(&world, approval),
        None => unknown(),
    }
}

pub(super) async fn confirmed(State(shared): State<Shared>, id: Id, body: Bytes) -> Response {
    let means = match Sent::read(&body).get("pay") {
        Some("credits") => Means::Credits,
        _ => Means::Card,
    };
    decide(&shared, id, |world, id| decisions::confirm(world, id, means))
}

pub(super) async fn declined(State(shared): State<Shared>, id: Id) -> Response {
    decide(&shared, id, decisions::decline)
}

fn decide(shared: &Shared, id: Id, work: impl FnOnce(&mut World, &str) -> Result<(), &'static str>) -> Response {
    let mut world = shared.lock();
    let id = id.map(|Path(id)| id).unwrap_or_default();
    if !world.approvals.iter().any(|approval| approval.id == id) {
        return unknown();
    }
    let page = format!("/approvals/{id}");
    match work(&mut world, &id) {
        Ok(()) => see(&page),
        Err(why) => super::page(
            StatusCode::CONFLICT,
            "Nothing was changed",
            &html! { p { (why) " Your click changed nothing." } p { a href=(page) { "How it stands" } } (way_home()) },
        ),
    }
}

fn unknown() -> Response {
    refusal(&Refused::not_found("There is no such approval in this sandbox. It forgets everything when it stops."))
}

/// What an approval is called in one line.
pub(super) const fn question(asked: Asked) -> &'static str {
    match asked {
        Asked::Fund => "Fund this milestone?",
        Asked::Release => "Release this payment?",
        Asked::End => "End this contract?",
        Asked::Hire => "Hire this candidate?",
    }
}

/// How much, and for whom.
pub(super) fn subject(world: &World, request: &Request) -> Markup {
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
            facts: facts(contract, milestone),
            consequences: consequences(request.asked, contract, milestone),
        }),
    };
    let Some(Told { facts, consequences }) = told else {
        return refusal(&Refused::not_found("What was asked about is not there."));
    };
    let status = approval.status(now);
    super::page(
        StatusCode::OK,
        heading(request.asked, status),
        &html! {
            p.sum { (subject(world, request)) }
            @if status != PENDING { (outcome(approval, now)) }
            table.facts { tbody { (facts) (times(approval, now)) } }
            @if status == PENDING { (consequences) (buttons(world, approval)) }
            (way_home())
        },
    )
}

/// What a person is told before deciding.
pub(super) struct Told {
    /// Rows of a table.
    pub(super) facts: Markup,
    /// What each button does.
    pub(super) consequences: Markup,
}

fn heading(asked: Asked, status: &str) -> &'static str {
    match (status, asked) {
        (PENDING, _) => question(asked),
        (CONFIRMED, Asked::Fund) => "You confirmed: it is funded",
        (CONFIRMED, Asked::Release) => "You confirmed: the payment is released",
        (CONFIRMED, Asked::Hire) => "You confirmed: the candidate is hired",
        (CONFIRMED, Asked::End) => "You confirmed: the contract has ended",
        (DECLINED, _) => "You declined: nothing has changed",
        _ => "This has lapsed: nothing has changed",
    }
}

/// What came of it, and what comes next.
fn outcome(approval: &Approval, now: Moment) -> Markup {
    let next = match approval.status(now) {
        CONFIRMED => " Go back to your assistant: it sees your decision and goes on.",
        DECLINED => " Go back to your assistant, and say what should be different.",
        _ => " If it is still wanted, your assistant can ask again.",
    };
    html! { p { strong { "Next:" } (next) } }
}

fn facts(contract: &Contract, milestone: Option<&Milestone>) -> Markup {
    let trainer = &contract.freelancer;
    html! {
        @if let Some(milestone) = milestone {
            tr { th { "Milestone" } td { "#" (milestone.number) " " bdi { (name(milestone)) } " " code { (milestone.id) } } }
            tr { th { "Work" } td { bdi { (visible(&milestone.description)) } } }
            tr { th { "Amount" } td { (milestone.amount_usd.dollars()) ", before fees" } }
            @if let Some(volume) = milestone.volume { tr { th { "Volume" } td { (volume) (unit(contract)) } } }
            @if let Some(due) = milestone.due_date { tr { th { "Due" } td { (due.day()) } } }
        } @else {
            @for milestone in contract.timeline().filter(|milestone| milestone.is_funded()) {
                tr { th { "Funded" } td { "#" (milestone.number) " " bdi { (name(milestone)) } ", "
                    (milestone.amount_usd.dollars()) } }
            }
        }
        tr { th { "Trainer" } td { bdi { (visible(&trainer.display_name)) } " (" (trainer.country) ")" } }
        tr { th { "Contract" } td { bdi { (visible(&contract.title)) } " " code { (contract.id) } } }
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

fn times(approval: &Approval, now: Moment) -> Markup {
    let until = approval.expires_at();
    html! {
        tr { th { "Asked" } td { "by your agent, " (approval.created_at.words()) } }
        @match approval.resolved_at(now) {
            None => { tr { th { "Lapses" } td { (until.words()) " (" (until.distance(now)) "), without effect" } } }
            Some(at) => { tr { th { (verb(approval.status(now))) } td { (at.words()) } } }
        }
    }
}

fn verb(status: &str) -> &'static str {
    match status {
        CONFIRMED => "Confirmed",
        DECLINED => "Declined",
        _ => "Lapsed",
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
        @if asked == Asked::Fund {
            p.quiet { "OpenTrain's documents name a marketplace fee of 10 %. The sandbox adds none; what is due in all is \
                       shown at OpenTrain." }
        }
    }
}

pub(super) fn declining() -> Markup {
    html! { p { strong { "Decline" } " changes nothing, and your agent is told so." } }
}

fn buttons(world: &World, approval: &Approval) -> Markup {
    let (id, available) = (&approval.id, world.available(approval.owner));
    let is_covered = cost(world, &approval.request).is_some_and(|cost| cost <= available);
    html! {
        @match obstacle(world, &approval.request) {
            None => {
                form method="post" action={ "/approvals/" (id) "/confirm" } { button { "Confirm" } }
                @if is_covered {
                    form method="post" action={ "/approvals/" (id) "/confirm" } {
                        input type="hidden" name="pay" value="credits";
                        button { "Confirm, from credits (" (dollars(available).dollars()) " available)" }
                    }
                }
            },
            Some(obstacle) => p { strong { (obstacle) " It can only be declined, or left to lapse." } },
        }
        form.other method="post" action={ "/approvals/" (id) "/decline" } { button { "Decline" } }
    }
}
