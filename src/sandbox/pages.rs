//! What a person sees: what there is, and the page on which the account is claimed. Pages work without scripts, a GET
//! changes nothing, and what other people wrote is shown so that it cannot pretend to be something else.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::answer::{Refused, insert};
use super::model::{Contract, Milestone};
use super::roles::roles;
use super::world::{Shared, World};
use crate::api::contracts::ContractStatus;

/// The pages, routed.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(async |State(shared): State<Shared>| index(&shared.lock())))
        .route("/claim", get(async |State(shared): State<Shared>| claim(&shared.lock())).post(claimed))
}

/// Claims the account, and leads back to the page that says so: reloading it repeats nothing.
async fn claimed(State(shared): State<Shared>) -> Response {
    shared.lock().claimed = true;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    insert(&mut response, LOCATION, "/claim");
    response
}

fn claim(world: &World) -> Response {
    if world.claimed {
        return page(
            StatusCode::OK,
            "This account is yours",
            &html! {
                p { "The account is claimed. Your agent may now create milestones and ask you for decisions; money still \
                     moves only when you confirm it." }
                p { strong { "Next:" } " go back to your assistant and tell it that the account is claimed. It repeats \
                     the call that was refused." }
                p { a href="/" { "What there is in this sandbox" } }
            },
        );
    }
    page(
        StatusCode::OK,
        "Claim this account?",
        &html! {
            p { "An AI agent works with this OpenTrain account, and no person owns it yet. Until somebody does, it can \
                 look at contracts, but it cannot create milestones, hire or pay." }
            p { "When you claim it:" }
            ul {
                li { "you become its owner, and the agent's requests for money come to you to confirm or decline;" }
                li { "the token that the agent registered with ends, as it does at OpenTrain." }
            }
            form method="post" action="/claim" { button { "Claim account" } }
            p.quiet { "If you did not expect this, close the page: nothing happens." }
        },
    )
}

fn index(world: &World) -> Response {
    let contracts = world.our_contracts();
    page(
        StatusCode::OK,
        "What there is in this sandbox",
        &html! {
            p { "A small OpenTrain on this machine, to try what agents and people do together. It forgets everything \
                 when it stops. Its clock says " (world.now().words()) "." }
            h2 { "The account" }
            @if world.claimed {
                p { "Claimed: a person owns it." }
            } @else {
                p { "Unclaimed: milestones cannot be created yet. " a href="/claim" { "Claim this account" } }
            }
            h2 { "Contracts" }
            @for contract in &contracts { (overview(contract)) }
            h2 { "Tokens" }
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
            pre { code { (example(world)) } }
        },
    )
}

/// A call that shows the contracts.
fn example(world: &World) -> String {
    let token = roles().first().map_or("", |role| role.token);
    format!("curl -H 'Authorization: Bearer {token}' {}", world.page("/api/public/v1/contracts"))
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
    let name = milestone.name.as_deref().unwrap_or(&milestone.description);
    html! {
        "#" (milestone.number) " " bdi { (visible(name)) } " · $" (milestone.amount_usd) " · "
        @if milestone.is_unfunded() { "not funded" } @else { (visible(&milestone.status)) }
        @if let Some(due) = milestone.due_date { " · due " (due.day()) }
        " · " code { (milestone.id) }
    }
}

/// A refusal, for those who came with a browser.
pub(super) fn refusal(refused: &Refused) -> Response {
    let (status, message) = refused.words();
    let title = status.canonical_reason().unwrap_or("Refused");
    page(status, title, &html! { p { (message) } p { a href="/" { "What there is in this sandbox" } } })
}

/// Text of other people with the characters made visible that steer a terminal or turn the direction of writing.
fn visible(text: &str) -> String {
    let steers = |character: char| {
        character.is_control()
            || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let shown = |character: char| {
        if steers(character) { format!("[U+{:04X}]", u32::from(character)) } else { character.to_string() }
    };
    text.chars().map(shown).collect()
}

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 46rem; padding: 0 1rem 3rem; }
.banner { background: #7a4b00; border-radius: .25rem; color: #fff; font-weight: bold; padding: .5rem .75rem; }
.quiet { opacity: .75; }
h3 { margin-bottom: 0; }
section p, section ul { margin-top: .25rem; }
button { background: #0b5cad; border: 0; border-radius: .25rem; color: #fff; font: inherit; padding: .6rem 1.2rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
td:first-child { white-space: nowrap; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; }
";

fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) " · SANDBOX" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                p.banner { "SANDBOX, nothing real: no account and no money is behind this page." }
                main { h1 { (title) } (body) }
            }
        }
    };
    let mut response = Response::new(Body::from(page.into_string()));
    *response.status_mut() = status;
    insert(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_direction_of_writing_is_shown_and_not_obeyed() {
        assert_eq!(visible("a\u{202e}b\u{1b}[0m é 日"), "a[U+202E]b[U+001B][0m é 日");
    }
}
