//! The front page: what there is, and what waits for a person.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::super::accounts::{Account, Owner};
use super::super::decisions::Approval;
use super::super::model::{Contract, Milestone};
use super::super::roles::roles;
use super::super::world::{Shared, World};
use super::{button, decision, name, see, visible};
use crate::api::contracts::ContractStatus;

const DAY: u64 = 24 * 3_600;

/// Moves the sandbox's clock on, so that a rehearsal need not wait until something lapses.
pub(super) async fn let_a_day_pass(State(shared): State<Shared>) -> Response {
    shared.lock().wait(DAY);
    see("/")
}

pub(super) fn page(world: &World) -> Response {
    super::page(
        StatusCode::OK,
        "What there is in this sandbox",
        &html! {
            p { "A small OpenTrain on this machine, to try what agents and people do together. It forgets everything \
                 when it stops." }
            h2 { "Waiting for you" }
            (waiting(world))
            @for (owner, account) in world.our_accounts() { (account_of(world, owner, account)) }
            h2 { "The clock" }
            p { "It says " (world.now().words()) ", and each request of an agent takes one second." }
            (button("/clock", "Let 24 hours pass"))
            @if !world.plan.faults.is_empty() {
                h2 { "Faults on demand" }
                p { "This sandbox fails where it is told to: " code { (world.plan.faults) } }
            }
            h2 { "Tokens" }
            (tokens(world))
        },
    )
}

fn waiting(world: &World) -> Markup {
    let now = world.now();
    let open: Vec<_> = world.approvals.iter().filter(|approval| approval.is_open(now)).collect();
    let link = |approval: &Approval| {
        html! {
            a href={ "/approvals/" (approval.id) } { (decision::question(approval.request.asked)) } " "
            (decision::subject(world, &approval.request)) ", until " (approval.expires_at().words())
        }
    };
    html! {
        @if open.is_empty() { p { "Nothing. When an agent asks for money, it stands here." } }
        @else { ul.waiting { @for approval in open { li { (link(approval)) } } } }
    }
}

/// What an account has.
fn account_of(world: &World, owner: Owner, account: &Account) -> Markup {
    let contracts = world.contracts_of(owner);
    html! {
        h2 {
            @if owner == Owner::SEEDED { "The account" } @else { "An account of an agent: " bdi { (visible(&account.organization)) } }
        }
        (standing(world, owner, account))
        @if !contracts.is_empty() {
            h2 { "Contracts" }
            @for contract in &contracts { (overview(contract)) }
        }
    }
}

fn standing(world: &World, owner: Owner, account: &Account) -> Markup {
    let (claim, billing) = (world.account_page("/claim", owner), world.account_page("/billing", owner));
    html! {
        ul {
            @if account.claimed {
                li { "Claimed: a person owns it. "
                    a href={ "/settings/api-keys?account=" (account.organization_id) } { "Settings → API keys" } }
            }
            @else {
                li { "Unclaimed: milestones cannot be created yet. " a href=(claim) { "Claim this account" } }
            }
            @if account.has_card { li { "A payment method is on file (a pretend card)." } }
            @else {
                li { "No payment method: nothing can be funded yet. " a href=(billing) { "Add a payment method" } }
            }
        }
    }
}

fn overview(contract: &Contract) -> Markup {
    html! {
        section {
            h3 { bdi { (visible(&contract.title)) } }
            p {
                code { (contract.id) } " · "
                @if contract.status() == ContractStatus::Ended { "ended" } @else { "active" }
                " · " bdi { (visible(&contract.freelancer.display_name)) } " (" (contract.freelancer.country) ")"
            }
            ul {
                @for milestone in contract.timeline() { li { (line(milestone)) } }
                @if contract.timeline().next().is_none() { li { "no milestones listed" } }
            }
        }
    }
}

fn line(milestone: &Milestone) -> Markup {
    html! {
        "#" (milestone.number) " " bdi { (name(milestone)) } " · " (milestone.amount_usd.dollars()) " · "
        @if milestone.is_unfunded() { "not funded" } @else { (visible(&milestone.status)) }
        @if let Some(due) = milestone.due_date { " · due " (due.day()) }
        " · " code { (milestone.id) }
    }
}

fn tokens(world: &World) -> Markup {
    let token = roles().first().map_or("", |role| role.token);
    let example = format!("curl -H 'Authorization: Bearer {token}' {}", world.page("/api/public/v1/contracts"));
    html! {
        p { "They work only here." }
        table {
            thead { tr { th { "Role" } th { "Token" } th { "For" } } }
            tbody {
                @for role in roles() {
                    tr { td { (role.name) } td { code { (role.token) } } td { (role.purpose) } }
                }
            }
        }
        p { "For example:" }
        pre { code { (example) } }
    }
}
