//! Handlers for the public marketplace, which needs no token.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use super::listing::{Bounds, page};
use crate::api::jobs::JobStatus;
use crate::api::marketplace::{GetJob, GetJobFacets, ListJobChanges, SearchJobs};
use crate::api::types::is_iso8601;
use crate::sandbox::world::{Caller, Job, Moment, Refused, World};

/// How many jobs a page has (reference: api-reference/jobs/search).
const BOUNDS: Bounds = Bounds { default: 25, most: 100 };
/// The longest id (reference: api-reference/jobs/get).
const LONGEST_ID: usize = 64;
/// The most changes of one answer (reference: api-reference/jobs/changes).
const MOST_CHANGES: usize = 5_000;

/// Newest first.
fn open(world: &World) -> Vec<&Job> {
    let mut jobs: Vec<_> = world.jobs.iter().filter(|job| job.is_open()).collect();
    jobs.sort_by_key(|job| Reverse(job.published_at));
    jobs
}

pub(crate) fn search(world: &mut World, _: &Caller, wanted: &SearchJobs) -> Answered {
    let mut jobs = open(world);
    jobs.retain(|job| fits(job, wanted));
    let (jobs, next) = page(jobs, |job| &job.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    let shown: Vec<_> = jobs.into_iter().map(|job| job.public(&world.job_page(&job.id))).collect();
    Ok(Answer::ok(json!({ "jobs": shown, "nextCursor": next, "generatedAt": world.now() })))
}

fn fits(job: &Job, wanted: &SearchJobs) -> bool {
    let everything = Value::Object(job.fields.clone()).to_string().to_lowercase();
    let words = wanted.q.as_deref().unwrap_or_default().to_lowercase();
    let lists = |key: &str, word: &Option<String>| {
        let listed = job.words(key);
        word.as_deref()
            .is_none_or(|word| listed.is_empty() || listed.iter().any(|known| known.eq_ignore_ascii_case(word)))
    };
    let pays = |kind| job.fields.get("paymentType") == Some(&json!(kind));
    words.split_whitespace().all(|word| everything.contains(word))
        && lists("languages", &wanted.language)
        && lists("countries", &wanted.country)
        && wanted.pay_type.is_none_or(pays)
}

/// The job has no envelope. A job that was public before says that it is closed.
pub(crate) fn get(world: &mut World, _: &Caller, wanted: &GetJob) -> Answered {
    let id = &wanted.job_id.0;
    if id.chars().count() > LONGEST_ID {
        return Err(Refused::bad_request("An id has at most 64 characters."));
    }
    let missing = || Refused::not_found("Job not found.");
    let job = world.job(id).ok_or_else(missing)?;
    match job.status {
        JobStatus::Open => Ok(Answer::ok(job.public(&world.job_page(id)))),
        _ if job.published_at.is_none() => Err(missing()),
        _ => Err(Refused::bare(StatusCode::NOT_FOUND, json!({ "id": id, "status": "closed" }))),
    }
}

pub(crate) fn facets(world: &mut World, _: &Caller, _: &GetJobFacets) -> Answered {
    let jobs = open(world);
    let count = |values: &dyn Fn(&Job) -> Vec<String>| {
        let mut counts = BTreeMap::<String, u32>::new();
        for value in jobs.iter().flat_map(|job| values(job)) {
            *counts.entry(value).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        counts.into_iter().map(|(value, count)| json!({ "value": value, "count": count })).collect::<Vec<_>>()
    };
    let words = |key: &'static str| move |job: &Job| job.words(key).into_iter().map(str::to_owned).collect();
    Ok(Answer::ok(json!({
        "totalJobs": jobs.len(),
        "categories": count(&|job| job.category().map(str::to_owned).into_iter().collect()),
        "languages": count(&words("languages")),
        "countries": count(&words("countries")),
        "payTypes": count(&|job| job.text("paymentType").map(str::to_owned).into_iter().collect()),
        "generatedAt": world.now(),
    })))
}

pub(crate) fn changes(world: &mut World, _: &Caller, wanted: &ListJobChanges) -> Answered {
    let since = Some(&wanted.since).filter(|since| is_iso8601(since)).and_then(|since| Moment::parse(since));
    let since = since.ok_or_else(|| Refused::field("since", "since must be an ISO 8601 date-time."))?;
    let all = world.jobs.iter().flat_map(|job| job.history.iter().map(move |(at, what)| (*at, job.id.as_str(), *what)));
    let mut changes: Vec<_> = all.filter(|(at, ..)| *at >= since).collect();
    changes.sort_unstable();
    changes.truncate(MOST_CHANGES);
    let shown = changes.into_iter().map(|(at, id, what)| json!({ "jobId": id, "eventType": what, "occurredAt": at }));
    let changes: Vec<_> = shown.collect();
    let now = world.now();
    Ok(Answer::ok(json!({ "since": since, "until": now, "changes": changes, "generatedAt": now })))
}
