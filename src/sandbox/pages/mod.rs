//! The pages for a person: the front page, the account with its claim and payment method, and each decision.
//! Pages need no scripts, and a GET changes nothing. Text of other people cannot pretend to be part of the page.

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

use crate::api::milestones::ACTIVE_FUNDED;
use crate::sandbox::http::answer::{Refused, insert};
use crate::sandbox::world::contract::Milestone;
use crate::sandbox::world::state::Shared;

/// The pages, routed.
pub(crate) fn router() -> Router<Shared> {
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

/// A refusal, for a person with a browser.
pub(crate) fn refusal(refused: &Refused) -> Response {
    let (status, message) = refused.words();
    let title = status.canonical_reason().unwrap_or("Refused");
    page(status, title, &html! { p role="alert" { (message) } })
}

/// A page that a proxy might answer with instead of the API.
pub(crate) fn no_answer(status: StatusCode) -> Response {
    page(status, "This is not the API", &html! { p { "A page instead of an answer: a fault on demand." } })
}

/// What to do after a page is done: no host wakes the assistant by itself.
fn tell_assistant(what: &str) -> Markup {
    html! { p { strong { "Next:" } " tell your assistant " (what) } }
}

/// What a milestone is called.
fn name(milestone: &Milestone) -> String {
    visible(milestone.name.as_deref().unwrap_or(&milestone.description))
}

/// A milestone's status in words: `NOT_FUNDED` is "not funded".
fn status(milestone: &Milestone) -> String {
    match milestone.status.as_str() {
        ACTIVE_FUNDED => "funded".into(),
        other => visible(&other.replace('_', " ").to_lowercase()),
    }
}

/// Text of other people. Line breaks stay; characters that steer a terminal, turn the direction of writing or cannot be
/// seen are written out.
fn visible(text: &str) -> String {
    let is_dangerous = |character: char| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e01ef}')
    };
    let shown = |character: char| {
        if is_dangerous(character) { format!("\\u{{{:x}}}", u32::from(character)) } else { character.to_string() }
    };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

const STYLE: &str = include_str!("style.css");

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
                header {
                    p.banner {
                        "SANDBOX, nothing real: no account and no money is behind this page. "
                        a href="/" { "Back to the sandbox" }
                    }
                }
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
    fn dangerous_characters_are_written_out() {
        assert_eq!(visible("a\u{202e}b\u{1b}[0m é 日"), "a\\u{202e}b\\u{1b}[0m é 日");
        assert_eq!(visible("tag\u{e0041}"), "tag\\u{e0041}");
    }

    #[test]
    fn line_breaks_stay_line_breaks() {
        assert_eq!(visible("one\r\ntwo\n\n- three\tfour"), "one\ntwo\n\n- three\tfour");
    }
}
