//! The frame of every page, and what several pages share.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use url::form_urlencoded;

use crate::api::milestones::ACTIVE_FUNDED;
use crate::sandbox::world::{Milestone, Refused};

const STYLE: &str = include_str!("style.css");

pub(crate) fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
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
    (status, Html(page.into_string())).into_response()
}

/// Redirects to the page that shows the new state, so that a reload repeats nothing.
pub(super) fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// Shows a refusal to a person with a browser.
pub(crate) fn refusal(refused: &Refused) -> Response {
    let title = refused.status.canonical_reason().unwrap_or("Refused");
    page(refused.status, title, &html! { p role="alert" { (refused.message) } })
}

pub(super) fn not_found(message: &str) -> Response {
    refusal(&Refused::not_found(message))
}

pub(super) fn no_account() -> Response {
    not_found("There is no such account in this sandbox.")
}

/// The page that a proxy might answer with instead of the API.
pub(crate) fn no_answer(status: StatusCode) -> Response {
    page(status, "This is not the API", &html! { p { "A page instead of an answer: a fault on demand." } })
}

/// A form with one button. `fields` are hidden.
pub(super) fn form(action: &str, class: &str, fields: &[(&str, &str)], button: &str) -> Markup {
    html! {
        form class=[(!class.is_empty()).then_some(class)] method="post" action=(action) {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button { (button) }
        }
    }
}

/// No host wakes the assistant by itself, so the person has to tell it.
pub(super) fn next_step(what: &str) -> Markup {
    html! { p { strong { "Next:" } " tell your assistant " (what) } }
}

pub(super) fn unexpected() -> Markup {
    html! { p.quiet { "If you did not expect this, close the page: nothing happens." } }
}

pub(super) fn row(name: &str, value: &Markup) -> Markup {
    html! { tr { th { (name) } td { (value) } } }
}

pub(super) fn name(milestone: &Milestone) -> String {
    visible(milestone.name.as_deref().unwrap_or(&milestone.description))
}

/// `NOT_FUNDED` is "not funded".
pub(super) fn status(milestone: &Milestone) -> String {
    match milestone.status.as_str() {
        ACTIVE_FUNDED => "funded".into(),
        other => visible(&other.replace('_', " ").to_lowercase()),
    }
}

/// Makes other people's text safe to show: line breaks stay, and control, direction and invisible characters are
/// written out.
pub(super) fn visible(text: &str) -> String {
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

pub(super) type Id = Result<Path<String>, PathRejection>;

/// An id that is not UTF-8 is empty.
pub(super) fn id_of(id: Id) -> String {
    id.map(|Path(id)| id).unwrap_or_default()
}

/// The fields of a form or a query.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    pub(super) fn query(query: RawQuery) -> Self {
        Self::read(query.0.unwrap_or_default().as_bytes())
    }

    pub(super) fn form(body: &Bytes) -> Self {
        Self::read(body)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
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
