//! The front page: open decisions, accounts, contracts, and tokens.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::layout::{self, form, name, see, status, visible};
use super::request::view;
use crate::api::contracts::ContractStatus;
use crate::sandbox::rules::life;
use crate::sandbox::world::{Account, Contract, Milestone, Owner, Shared, World, dollars, roles};

const DAY: u64 = 24 * 3_600;

/// Moves the clock on, so that a rehearsal need not wait until something expires.
pub(super) async fn let_a_day_pass(State(shared): State<Shared>) -> Response {
    life::wait(&mut shared.lock(), DAY);
    see("/")
}

pub(super) async fn page(State(shared): State<Shared>) -> Response {
    let world = &*shared.lock();
    let body = html! {
        p { "A small OpenTrain on this machine, to try what agents and people do together. It forgets everything \
             when it stops." }
        h2 { "Waiting for you" }
        (waiting(world))
        @for (owner, account) in world.our_accounts() { (account_of(world, owner, account)) }
        h2 { "The clock" }
        p { "It says " (world.now().words()) ", and each request of an agent takes one second." }
        (form("/clock", "", &[], "Let 24 hours pass"))
        @if !world.faults.is_empty() {
            h2 { "Faults on demand" }
            p { "This sandbox fails where it is told to: " code { (world.faults) } }
        }
        h2 { "Tokens" }
        (tokens(world))
    };
    layout::page(StatusCode::OK, "Sandbox", &body)
}

/// Lists open requests, checkouts and claims.
fn waiting(world: &World) -> Markup {
    let now = world.now();
    let asked = world.approvals.iter().filter(|approval| approval.is_open(now)).map(|approval| {
        let path = format!("/approvals/{}", approval.id);
        let deed = view(world, &approval.request).map_or_else(|| html! { "A request" }, |view| view.deed);
        entry(&path, &deed, &approval.expires_at().words())
    });
    let checkouts = world.top_ups.iter().filter(|top_up| top_up.status(now) == "PENDING").map(|top_up| {
        let path = format!("/checkout/{}", top_up.id);
        entry(&path, &html! { "Buy " (dollars(top_up.cents).dollars()) " of credits" }, &top_up.expires_at().words())
    });
    let claims = world.our_accounts().filter(|(_, account)| !account.claimed).filter_map(|(_, account)| {
        let attempt = account.ceremony.as_ref()?.attempt.as_ref().filter(|attempt| now < attempt.ends_at)?;
        let path = format!("/claim?token={}", attempt.token);
        let text = html! { "Claim the account of " bdi { (visible(&account.organization)) } };
        Some(entry(&path, &text, &attempt.ends_at.words()))
    });
    let open: Vec<_> = asked.chain(checkouts).chain(claims).collect();
    html! {
        @if open.is_empty() { p { "Nothing is waiting. Requests for money appear here." } }
        @else { ul.waiting { @for entry in open { li { (entry) } } } }
    }
}

fn entry(path: &str, text: &Markup, until: &str) -> Markup {
    html! { a href=(path) { (text) } ", until " (until) }
}

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
                    a href={ "/employer-settings?account=" (account.organization_id) } { "API keys of " bdi { (visible(&account.organization)) } } }
            }
            @else {
                li { "Unclaimed: milestones cannot be created yet. " a href=(claim) { "Claim the account of " bdi { (visible(&account.organization)) } } }
            }
            @if account.has_card { li { "A payment method is on file (a pretend card)." } }
            @else {
                li { "No payment method: nothing can be funded yet. " a href=(billing) { "Add a payment method for " bdi { (visible(&account.organization)) } } }
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
        (status(milestone))
        @if let Some(due) = milestone.due_date { " · due " (due.day()) }
        " · " code { (milestone.id) }
    }
}

fn tokens(world: &World) -> Markup {
    let token = roles().first().map_or("", |role| role.token);
    let example = format!("curl -H 'Authorization: Bearer {token}' {}", world.page("/api/public/v1/contracts"));
    html! {
        p { "They work only here." }
        table.list {
            thead { tr { th { "Role" } th { "Token" } th { "For" } } }
            tbody {
                @for role in roles() {
                    tr { td data-label="Role" { (role.name) } td data-label="Token" { code { (role.token) } } td data-label="For" { (role.purpose) } }
                }
            }
        }
        p { "For example:" }
        pre { code { (example) } }
    }
}
