//! A job as a person sees it: a draft with what it lacks, and a published one. Nothing is changed here.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::form::Sent;
use super::{refusal, visible};
use crate::sandbox::http::answer::Refused;
use crate::sandbox::rules::drafts;
use crate::sandbox::world::job::Job;
use crate::sandbox::world::state::{Shared, World};

pub(crate) async fn draft(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let note = "At OpenTrain a person edits the draft here. In the sandbox the agent does.";
    show(&shared.lock(), Sent::query(query).get("jobId").unwrap_or_default(), Some(note))
}

pub(crate) async fn job(State(shared): State<Shared>, id: Result<Path<String>, PathRejection>) -> Response {
    show(&shared.lock(), &id.map(|Path(id)| id).unwrap_or_default(), None)
}

fn show(world: &World, id: &str, note: Option<&str>) -> Response {
    let Some(job) = world.jobs.iter().find(|job| job.id == id) else {
        return refusal(&Refused::not_found("There is no such job in this sandbox."));
    };
    super::page(
        StatusCode::OK,
        &visible(job.title()),
        &html! {
            p { bdi { (visible(&job.company)) } " · " (text(&serde_json::json!(job.status))) " · "
                code { (job.id) } }
            table.facts { tbody { @for (name, value) in &job.fields { tr { th { (label(name)) } td { bdi { (text(value)) } } } } } }
            (lacks(job))
            @if let Some(note) = note { p.quiet { (note) } }
        },
    )
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

/// A field's name in words: `jobDescription` is "Job description".
fn label(name: &str) -> String {
    let mut words = String::new();
    for (place, character) in name.chars().enumerate() {
        match character {
            _ if place == 0 => words.extend(character.to_uppercase()),
            'A'..='Z' => words.extend([' ', character.to_ascii_lowercase()]),
            _ => words.push(character),
        }
    }
    words
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => visible(text),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
