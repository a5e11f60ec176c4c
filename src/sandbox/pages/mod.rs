//! What a person sees: what there is, the account with its claim and its payment method, and what has to be decided.
//! Pages work without scripts, a GET changes nothing, and what other people wrote is shown so that it cannot pretend to
//! be something else.

mod account;
mod checkout;
mod decision;
mod form;
mod front;
mod hire;
mod jobs;
mod keys;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::answer::{Refused, insert};
use super::model::Milestone;
use super::world::Shared;

/// The pages, routed.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(async |State(shared): State<Shared>| front::page(&shared.lock())))
        .route("/clock", post(front::let_a_day_pass))
        .route("/claim", get(account::claim).post(account::claimed))
        .route("/billing", get(account::billing).post(account::card_added))
        .route("/checkout/{topUpId}", get(checkout::page).post(checkout::paid))
        .route("/job-post", get(jobs::draft))
        .route("/jobs/{jobId}", get(jobs::job))
        .route("/settings/api-keys", get(keys::keys).post(keys::made))
        .route("/approvals/{approvalId}", get(decision::page))
        .route("/approvals/{approvalId}/confirm", post(decision::confirmed))
        .route("/approvals/{approvalId}/decline", post(decision::declined))
}

/// Leads on to the page that says what is so now: reloading it repeats nothing.
fn see(path: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    insert(&mut response, LOCATION, path);
    response
}

/// A button that stands alone, and does something.
fn button(action: &str, text: &str) -> Markup {
    html! { form method="post" action=(action) { button { (text) } } }
}

/// A refusal, for those who came with a browser.
pub(super) fn refusal(refused: &Refused) -> Response {
    let (status, message) = refused.words();
    let title = status.canonical_reason().unwrap_or("Refused");
    page(status, title, &html! { p { (message) } (way_home()) })
}

/// What something between the agent and the API may say in its stead.
pub(super) fn no_answer(status: StatusCode) -> Response {
    page(status, "This is not the API", &html! { p { "A page instead of an answer: a fault on demand." } })
}

fn way_home() -> Markup {
    html! { p { a href="/" { "What there is in this sandbox" } } }
}

/// What a milestone is called.
fn name(milestone: &Milestone) -> String {
    visible(milestone.name.as_deref().unwrap_or(&milestone.description))
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
.sum { font-size: 1.5rem; margin: .5rem 0; }
.waiting { border-left: .3rem solid #0b5cad; list-style: none; padding-left: .75rem; }
h3 { margin-bottom: 0; }
section p, section ul { margin-top: .25rem; }
form { display: inline-block; margin: 0 .75rem .75rem 0; }
button { background: #0b5cad; border: 1px solid #0b5cad; border-radius: .25rem; color: #fff; cursor: pointer; font: inherit;
  padding: .6rem 1.2rem; }
.other button { background: transparent; border-color: currentcolor; color: inherit; }
.scopes { list-style: none; padding: 0; }
input { font: inherit; padding: .3rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; }
tbody th, td:first-child { white-space: nowrap; }
.facts { display: table; width: 100%; }
.facts td { overflow-wrap: anywhere; white-space: normal; width: 100%; }
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
