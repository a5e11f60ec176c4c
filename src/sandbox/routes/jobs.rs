//! Handlers for the account's own jobs.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use super::listing::{Bounds, page};
use crate::api::error::InvalidArgument;
use crate::api::jobs::{CloseJob, CreateJobDraft, JobStatus, ListJobs, PublishJob, UpdateJob, UpdateJobDraft};
use crate::api::wording::wording;
use crate::sandbox::rules::{drafts, life};
use crate::sandbox::world::{Caller, Change, Job, Moment, Owner, Refused, World};

/// The longest description (reference: api-reference/job-drafts/create).
const LONGEST: usize = 60_000;
/// How many jobs a page has (reference: api-reference/jobs/mine).
const BOUNDS: Bounds = Bounds { default: 25, most: 100 };
/// How many jobs an account may publish a day (reference: api-reference/jobs/publish).
const UNCLAIMED_A_DAY: usize = 3;
const CLAIMED_A_DAY: usize = 20;
const DAY: u64 = 24 * 3_600;
/// Moderation blocks this word, so that a refusal can be rehearsed.
const OFFENDING: &str = "moderation-test";
/// The statuses of jobs (reference: api-reference/jobs/mine).
const STATUSES: [&str; 6] = ["DRAFT", "OPEN", "ONGOING", "COMPLETED", "ARCHIVED", "PENDING_APPROVAL"];

/// Lists the valid statuses if the status is invalid.
pub(crate) fn invalid_listing(fault: InvalidArgument) -> Refused {
    match fault.field.as_str() {
        "status" => Refused::from(fault).with_details(json!({ "supportedStatuses": STATUSES })),
        _ => fault.into(),
    }
}

/// The same idempotency key returns the same draft.
pub(crate) fn draft(world: &mut World, caller: &Caller, wanted: &CreateJobDraft) -> Answered {
    if wanted.job_description.chars().count() > LONGEST {
        let message = wording!("rawJobDescription has more than {} characters.", LONGEST);
        return Err(Refused::invalid(InvalidArgument::new("rawJobDescription", message)));
    }
    let key = wanted.idempotency_key.as_ref();
    let same = |job: &&Job| job.owner == caller.owner && key.is_some() && job.idempotency_key.as_ref() == key;
    if let Some(job) = world.jobs.iter().find(same) {
        return Ok(Answer::ok(drafted(world, job)));
    }
    let company = world.account(caller.owner).map(|account| account.organization.clone()).unwrap_or_default();
    let now = world.now();
    let job = Job {
        owner: caller.owner,
        id: world.ids.next("job"),
        company,
        status: JobStatus::Draft,
        fields: drafts::read(&wanted.job_description),
        created_at: now,
        updated_at: now,
        published_at: None,
        history: Vec::new(),
        idempotency_key: key.cloned(),
    };
    let body = drafted(world, &job);
    world.jobs.push(job);
    Ok(Answer::created(body))
}

fn drafted(world: &World, job: &Job) -> Value {
    let missing = drafts::missing(&job.fields);
    json!({
        "ok": true,
        "jobId": job.id,
        "status": job.status,
        "draftUrl": world.draft_page(&job.id),
        "reviewUrl": world.draft_page(&job.id),
        "validation": drafts::validation(&job.fields),
        "missingFields": missing,
        "normalizedFields": job.fields,
        "warnings": [],
        "unmappedFields": [],
        "lowConfidenceFields": [],
    })
}

pub(crate) fn change_draft(world: &mut World, caller: &Caller, wanted: &UpdateJobDraft) -> Answered {
    let now = world.now();
    let job = world.job_mut(caller.owner, &wanted.job_id)?;
    must_be(job, JobStatus::Draft)?;
    drafts::change(&mut job.fields, &wanted.fields).map_err(Refused::issues)?;
    job.updated_at = now;
    let (status, validation) = (job.status, drafts::validation(&job.fields));
    let url = world.draft_page(&wanted.job_id.0);
    let body = json!({
        "ok": true, "jobId": wanted.job_id, "status": status, "draftUrl": url, "validation": validation,
    });
    Ok(Answer::ok(body))
}

fn must_be(job: &Job, status: JobStatus) -> Result<(), Refused> {
    if job.status == status {
        return Ok(());
    }
    let details = json!({ "jobId": job.id, "status": job.status, "requiredStatus": status });
    Err(Refused::conflict("", "The job's status does not allow this.").with_details(details))
}

pub(crate) fn publish(world: &mut World, caller: &Caller, wanted: &PublishJob) -> Answered {
    let (now, url) = (world.now(), world.job_page(&wanted.job_id.0));
    let is_claimed = world.is_claimed(caller.owner);
    let today = published_today(world, caller.owner, now);
    let job = world.job_mut(caller.owner, &wanted.job_id)?;
    if job.is_open() {
        return Ok(Answer::ok(published(job, true, &url, None)));
    }
    must_be(job, JobStatus::Draft)?;
    if let Some(validation) = drafts::not_ready(&job.fields) {
        return Err(Refused::bad_request("The draft is not ready to be published.").with_details(validation));
    }
    let reasons = moderation(job);
    if !reasons.is_empty() {
        let details = json!({ "reason": "moderation_blocked", "reasons": reasons });
        return Err(Refused::forbidden("Moderation does not let this job be published.").with_details(details));
    }
    let most = if is_claimed { CLAIMED_A_DAY } else { UNCLAIMED_A_DAY };
    if today >= most {
        return Err(Refused::rate_limited(format!("An account like this publishes at most {most} jobs a day.")));
    }
    job.publish(now);
    let id = job.id.clone();
    let attempt = world.ids.next("pub");
    life::expect_proposals(world, &id, now);
    let job = world.job_mut(caller.owner, &wanted.job_id)?;
    Ok(Answer::ok(published(job, false, &url, Some(attempt))))
}

fn published(job: &Job, already: bool, url: &str, attempt: Option<String>) -> Value {
    json!({
        "ok": true,
        "jobId": job.id,
        "status": job.status,
        "alreadyPublished": already,
        "jobUrl": url,
        "publishAttemptId": attempt,
        "warnings": [],
        "sideEffects": { "dispatched": !already, "status": if already { "skipped" } else { "dispatched" } },
    })
}

fn moderation(job: &Job) -> Vec<String> {
    let offends = |value: &&Value| value.to_string().to_lowercase().contains(OFFENDING);
    let offending = job.fields.iter().filter(|(_, value)| offends(value));
    offending.map(|(name, _)| format!("{name} contains \"{OFFENDING}\"")).collect()
}

/// A change that moderation blocks is stored, and takes the job down.
pub(crate) fn change(world: &mut World, caller: &Caller, wanted: &UpdateJob) -> Answered {
    let now = world.now();
    let job = world.job_mut(caller.owner, &wanted.job_id)?;
    must_be(job, JobStatus::Open)?;
    let mut fields = job.fields.clone();
    drafts::change(&mut fields, &wanted.fields).map_err(Refused::issues)?;
    if let Some(validation) = drafts::not_ready(&fields) {
        return Err(Refused::bad_request("An open job cannot be without these.").with_details(validation));
    }
    job.fields = fields;
    job.updated_at = now;
    let reasons = moderation(job);
    if !reasons.is_empty() {
        job.withdraw(JobStatus::Draft, now);
        let reason = "moderation_blocked";
        let details = json!({ "jobId": job.id, "reason": reason, "reasons": reasons, "status": job.status });
        let refused = Refused::conflict(reason, "The change was stored, and moderation has taken the job down.");
        return Err(refused.with_details(details));
    }
    job.history.push((now, Change::Updated));
    let moderation = json!({ "decision": "ALLOW", "reasons": [] });
    Ok(Answer::ok(json!({ "ok": true, "jobId": job.id, "status": job.status, "moderation": moderation })))
}

pub(crate) fn close(world: &mut World, caller: &Caller, wanted: &CloseJob) -> Answered {
    let now = world.now();
    let job = world.job_mut(caller.owner, &wanted.job_id)?;
    let already = job.status == JobStatus::Archived;
    if !already {
        job.withdraw(JobStatus::Archived, now);
    }
    Ok(Answer::ok(json!({ "ok": true, "jobId": job.id, "status": job.status, "alreadyClosed": already })))
}

pub(crate) fn list(world: &mut World, caller: &Caller, wanted: &ListJobs) -> Answered {
    let mut jobs: Vec<_> = world.jobs.iter().filter(|job| job.owner == caller.owner).collect();
    jobs.retain(|job| wanted.status.is_none_or(|status| job.status == status));
    jobs.sort_by_key(|job| Reverse(job.created_at));
    let (jobs, next) = page(jobs, |job| &job.id, BOUNDS, wanted.limit, wanted.cursor.as_deref())?;
    let owned = |job: &Job| job.owned(&world.job_page(&job.id), world.proposal_counts(&job.id));
    let shown: Vec<_> = jobs.into_iter().map(owned).collect();
    Ok(Answer::ok(json!({ "jobs": shown, "nextCursor": next })))
}

/// How many jobs an account published in the 24 hours before `now`.
fn published_today(world: &World, owner: Owner, now: Moment) -> usize {
    let jobs = world.jobs.iter().filter(|job| job.owner == owner);
    let published = jobs.flat_map(|job| &job.history).filter(|(_, change)| *change == Change::Published);
    published.filter(|(at, _)| now < at.plus_seconds(DAY)).count()
}
