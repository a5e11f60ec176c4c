//! Shows a job, and a draft with its missing fields. These pages change nothing.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::layout::{self, Fields, Id, id_of, not_found, row, visible};
use crate::sandbox::rules::drafts;
use crate::sandbox::world::{Job, Shared, World};

pub(super) async fn draft(State(shared): State<Shared>, query: RawQuery) -> Response {
    let note = "At OpenTrain a person edits the draft here. In the sandbox the agent does.";
    show(&shared.lock(), Fields::query(query).get("jobId").unwrap_or_default(), Some(note))
}

pub(super) async fn job(State(shared): State<Shared>, id: Id) -> Response {
    show(&shared.lock(), &id_of(id), None)
}

fn show(world: &World, id: &str, note: Option<&str>) -> Response {
    let Some(job) = world.job(id) else {
        return not_found("There is no such job in this sandbox.");
    };
    let body = html! {
        p { bdi { (visible(&job.company)) } " · " (text(&serde_json::json!(job.status))) " · "
            code { (job.id) } }
        table.facts { tbody { @for (name, value) in &job.fields { (row(drafts::label(name), &html! { bdi { (text(value)) } })) } } }
        (lacks(job))
        @if let Some(note) = note { p.quiet { (note) } }
    };
    layout::page(StatusCode::OK, &visible(job.title()), &body)
}

fn lacks(job: &Job) -> Markup {
    let missing = drafts::missing(&job.fields);
    html! {
        @if !missing.is_empty() {
            h2 { "Missing before it can be published" }
            ul { @for field in &missing { li { (text(&field["label"])) ": " (text(&field["prompt"])) } } }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => visible(text),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
