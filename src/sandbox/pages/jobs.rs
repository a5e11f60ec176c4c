//! A job as a person sees it: a draft with what it lacks, and a published one. Nothing is changed here.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::super::answer::Refused;
use super::super::drafts;
use super::super::postings::Job;
use super::super::world::{Shared, World};
use super::form::Sent;
use super::{refusal, visible, way_home};

pub(super) async fn draft(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    show(&shared.lock(), Sent::query(query).get("jobId").unwrap_or_default())
}

pub(super) async fn job(State(shared): State<Shared>, id: Result<Path<String>, PathRejection>) -> Response {
    show(&shared.lock(), &id.map(|Path(id)| id).unwrap_or_default())
}

fn show(world: &World, id: &str) -> Response {
    let Some(job) = world.jobs.iter().find(|job| job.id == id) else {
        return refusal(&Refused::not_found("There is no such job in this sandbox."));
    };
    super::page(
        StatusCode::OK,
        &visible(job.title()),
        &html! {
            p { bdi { (visible(&job.company)) } " · " (text(&serde_json::json!(job.status))) " · "
                code { (job.id) } }
            table.facts { tbody { @for (name, value) in &job.fields { tr { th { (name) } td { bdi { (text(value)) } } } } } }
            (lacks(job))
            p.quiet { "At OpenTrain a person edits it here. In the sandbox the agent does." }
            (way_home())
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

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => visible(text),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
