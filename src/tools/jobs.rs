//! Tools for the account's own jobs: drafts and what they lack, published jobs, invitations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::answer::lines::{
    self, OWN_JOB_IDS, PageRange, count_or_zero, each, each_of_page, id_of, join_bounded, text_or,
};
use crate::answer::readiness::{issues, missing, missing_line, notes, readiness};
use crate::answer::text::count;
use crate::answer::{
    Address, Answer, Joined, LinkKind, Object, Outcome, Sentence, Shown, ToolError, id, quoted, quoted_to, shown,
};
use crate::api::error::{Error, Refusal};
use crate::api::jobs::{
    CloseJob, CreateJobDraft, Draft, InviteFreelancer, ListJobs, OwnJob, PublishJob, UpdateJob, UpdateJobDraft,
};
use crate::api::reply::{Read, Reply};
use crate::api::types::{JobId, ProposalId};
use crate::engine::{Context, OneRequest, tools};
use crate::tools::nouns::candidate::candidate;

mod names;
mod stored;

/// The jobs among which a title is looked for.
const LOOKED_THROUGH: u32 = 100;
/// The most characters of a new value in a question to a person.
const LONGEST_VALUE: usize = 600;

tools![CreateJobDraft, UpdateJobDraft, PublishJob, UpdateJob, CloseJob, ListJobs, InviteFreelancer];

impl OneRequest for CreateJobDraft {
    const TITLE: &'static str = "Create a job draft";

    async fn explain(&self, error: ToolError, _: &Context) -> ToolError {
        match self.idempotency_key {
            Some(_) => error.with_unknown_outcome(
                &["Repeat the identical call: the same idempotencyKey gives the same draft.".into()],
                true,
            ),
            None => error.with_unknown_outcome(
                &[
                    Sentence::naming("{}(status \"DRAFT\") shows whether it is there.", &["list_jobs"]),
                    "Create it again only if it is not there.".into(),
                ],
                false,
            ),
        }
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let (lead, outcome) = if self.idempotency_key.is_some() {
            ("is there (a repeat with this idempotencyKey gives the same one)", Outcome::Done)
        } else {
            ("created", Outcome::Created)
        };
        let mut answer = describe_draft(lead, "without id", None, &read.output, read.object, context).await;
        answer.outcome = Some(outcome);
        answer
    }
}

impl OneRequest for UpdateJobDraft {
    const TITLE: &'static str = "Change a job draft";
    const ID_HINT: Sentence = OWN_JOB_IDS;
    const OFFICIAL: &'static str = "update_job_draft_fields";

    async fn prepare(&self, context: &Context) -> Result<(), ToolError> {
        names::check(&self.fields, context).await
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        describe_draft("changed", &self.job_id.0, Some(&self.fields), &read.output, read.object, context).await
    }
}

/// Describes a draft: what is stored of the fields that were `sent`, the missing fields with a question for each, and the
/// page where the user sees the draft.
async fn describe_draft(
    lead: &'static str,
    asked: &str,
    sent: Option<&Object>,
    draft: &Draft,
    object: Object,
    context: &Context,
) -> Answer {
    let lacks = missing(draft.missing_fields.items(), draft.validation.get());
    let ready = draft.validation.get().is_some_and(|validation| validation.publish_ready.is_true());
    let job = id(draft.job_id.text().unwrap_or(asked));
    let stored = stored::describe(sent, &object, &lacks);
    let mut answer =
        Answer::new(shown!("Draft {} {}. Nobody sees it yet. {}", job, lead, readiness(draft, &lacks)), object);
    answer.lines = stored;
    answer.lines.extend(each(&lacks, missing_line));
    answer.lines.extend(draft.validation.get().map(|validation| issues(validation, &lacks)).unwrap_or_default());
    answer.lines.extend(notes("Note", draft.warnings.items()));
    for (what, url) in [("Edit", &draft.draft_url), ("Review", &draft.review_url)] {
        let link = context.link(LinkKind::Draft, url).await;
        let is_new = |address: &Address| address.link().is_none_or(|link| !answer.links.contains(link));
        if let Some(address) = link.filter(is_new) {
            answer.show(what, &address);
        }
    }
    let publish = shown!("jobId \"{}\"", job);
    let fill = shown!("{}, fields", publish);
    let next = if ready { ("publish_job", publish) } else { ("update_job_draft", fill) };
    answer.next = context.next(&[next]);
    answer
}

/// Names a job of the account by id, title and status, for the person who decides about it.
async fn named(job: &JobId, context: &Context) -> Result<Shown, ToolError> {
    let look = ListJobs { limit: Some(LOOKED_THROUGH), ..ListJobs::default() };
    let jobs = context.look(&look).await.map_err(ToolError::unsent)?.jobs;
    let found = jobs.iter().find(|own| own.id.text() == Some(&job.0));
    let title = found.and_then(|own| own.title.text()).map(|title| shown!(" {}", quoted(title)));
    let status = found.and_then(|own| own.status.text()).map(|status| shown!(" ({})", id(status)));
    Ok(shown!("{}{}{}", id(&job.0), title, status))
}

impl OneRequest for PublishJob {
    const TITLE: &'static str = "Publish a job";
    const ID_HINT: Sentence = OWN_JOB_IDS;
    /// What was public cannot be made unseen.
    const CONFIRM: bool = true;

    async fn question(&self, context: &Context) -> Result<Shown, ToolError> {
        let job = named(&self.job_id, context).await?;
        Ok(shown!("Publish job {}? From then on everybody can read it, and trainers can apply.", job))
    }

    async fn explain(&self, error: ToolError, _: &Context) -> ToolError {
        match error.fault() {
            Some(Error::Refused(refusal)) if refusal.status == 429 => {
                let limit = day_limit(refusal);
                error.note(limit)
            }
            _ => error,
        }
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let published = &read.output;
        let job = id(published.job_id.text().unwrap_or(&self.job_id.0));
        let (outcome, lead) = match (published.already_published.is_true(), published.status.text()) {
            (true, _) => (Outcome::Existing, shown!("Nothing was changed: job {} was published before.", job)),
            (false, Some("OPEN")) => {
                (Outcome::Done, shown!("Published: job {} is OPEN. Trainers see it now, and can apply.", job))
            }
            (false, _) => {
                let status = text_or(&published.status, "not given");
                (Outcome::Done, shown!("OpenTrain took it: the status of job {} is {}.", job, status))
            }
        };
        let mut answer = Answer::new(lead, read.object);
        answer.outcome = Some(outcome);
        answer.lines.extend(notes("Note", published.warnings.items()));
        if let Some(address) = context.link(LinkKind::Job, &published.job_url).await {
            answer.show("Public page", &address);
        }
        answer.next = applicants(&job, context);
        answer
    }
}

/// Formats the publishing limit from the refusal, or from the reference (api-reference/jobs/publish).
fn day_limit(refusal: &Refusal) -> Shown {
    let figure = |name: &str| refusal.detail(name).and_then(Value::as_u64);
    match (figure("limit"), figure("windowHours")) {
        (Some(limit), Some(hours)) => shown!("OpenTrain publishes at most {} in {} hours on this account. Tell the user, and try again after that time.", count(usize::try_from(limit).unwrap_or(usize::MAX), "job"), hours),
        _ => "OpenTrain publishes at most 3 jobs a day before a person has claimed the account, 20 after: if that is what was \
              reached, tell the user and try tomorrow."
            .into(),
    }
}

/// Says how a job finds applicants.
fn applicants(job: &Shown, context: &Context) -> Shown {
    let list = shown!("jobId \"{}\"", job);
    let invite = shown!("{}, freelancerId", list);
    context.next(&[("list_proposals", &list), ("invite_freelancer", &invite)])
}

impl OneRequest for UpdateJob {
    const TITLE: &'static str = "Change a published job";
    const ID_HINT: Sentence = OWN_JOB_IDS;
    const OFFICIAL: &'static str = "update_published_job";
    /// The change is public at once.
    const CONFIRM: bool = true;

    async fn question(&self, context: &Context) -> Result<Shown, ToolError> {
        let job = named(&self.job_id, context).await?;
        let value = |value: &Value| match value {
            Value::String(text) => quoted_to(text, LONGEST_VALUE),
            other => quoted_to(&other.to_string(), LONGEST_VALUE),
        };
        let changes = self.fields.iter().map(|(key, new)| shown!("{} {}", id(key), value(new))).joined(", ");
        Ok(shown!("Change the published job {}? Everybody can read the change: {}.", job, changes))
    }

    async fn prepare(&self, context: &Context) -> Result<(), ToolError> {
        names::check(&self.fields, context).await
    }

    async fn render(&self, read: Read<Self>, _: &Reply, _: &Context) -> Answer {
        let updated = &read.output;
        let job = id(updated.job_id.text().unwrap_or(&self.job_id.0));
        let moderation = updated.moderation.get();
        let decision = moderation.and_then(|moderation| moderation.get("decision")).and_then(Value::as_str);
        let decision = decision.map(|decision| shown!(" Moderation: {}.", id(decision))).unwrap_or_default();
        let status = text_or(&updated.status, "not given");
        let summary = shown!("Changed: {} of job {}, which is {}.{}", changes(&self.fields), job, status, decision);
        let reasons = moderation.and_then(|moderation| moderation.get("reasons")).and_then(Value::as_array).cloned();
        let mut answer = Answer::new(summary, read.object);
        answer.lines.extend(notes("Reason", &reasons.unwrap_or_default()));
        answer
    }
}

/// Formats the changed fields with the values that the caller gave.
fn changes(fields: &Object) -> Shown {
    let changes = fields.iter().map(|(key, value)| match value {
        Value::Object(_) | Value::Array(_) => id(key),
        Value::String(text) => shown!("{} {}", id(key), quoted(text)),
        other => shown!("{} {}", id(key), id(&other.to_string())),
    });
    join_bounded(changes.collect()).unwrap_or_else(|| "nothing".into())
}

impl OneRequest for CloseJob {
    const TITLE: &'static str = "Close a job";
    const ID_HINT: Sentence = OWN_JOB_IDS;

    async fn question(&self, context: &Context) -> Result<Shown, ToolError> {
        let job = named(&self.job_id, context).await?;
        Ok(shown!("Close job {}? It takes no more applicants, and cannot be opened again. Its contracts go on.", job))
    }

    async fn render(&self, read: Read<Self>, _: &Reply, _: &Context) -> Answer {
        let job = id(read.output.job_id.text().unwrap_or(&self.job_id.0));
        let existing = read.output.already_closed.is_true();
        let summary = match read.output.status.text() {
            _ if existing => shown!("Nothing was changed: job {} was closed before.", job),
            Some("ARCHIVED") | None => shown!(
                "Closed: job {} takes no more applicants, and cannot be opened again here. Its contracts go on as they are.",
                job
            ),
            Some(other) => shown!("OpenTrain took it: the status of job {} is {}.", job, id(other)),
        };
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(if existing { Outcome::Existing } else { Outcome::Done });
        answer
    }
}

impl OneRequest for InviteFreelancer {
    const TITLE: &'static str = "Invite a trainer";
    const ID_HINT: Sentence = Sentence::naming(
        "jobId comes from {} and must be an OPEN job; freelancerId comes from a proposal or a profile.",
        &["list_jobs"],
    );

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let existing = read.output.already_invited.is_true();
        let outcome = if existing { Outcome::Existing } else { Outcome::Created };
        let proposal = read.output.proposal_id.text().unwrap_or("without id").to_owned();
        let seen = candidate(&ProposalId(proposal.clone()), context).await;
        let who = seen.unwrap_or_else(|| {
            shown!("trainer {}, for job {}, proposal {}", id(&self.freelancer_id.0), id(&self.job_id.0), id(&proposal))
        });
        let summary = if existing {
            shown!("Nothing was sent: there is a proposal or an invitation already, {}.", who)
        } else {
            shown!("Invited: {}. They can accept or ignore it.", who)
        };
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(outcome);
        let proposal = shown!("proposalId \"{}\"", id(&proposal));
        answer.next = context.next(&[("start_proposal_conversation", &proposal)]);
        answer
    }
}

impl OneRequest for ListJobs {
    const TITLE: &'static str = "List your jobs";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let jobs = &read.output.jobs;
        let mut states: BTreeMap<Shown, usize> = BTreeMap::new();
        for job in jobs {
            *states.entry(text_or(&job.status, "without status")).or_default() += 1;
        }
        let states: Vec<Shown> = states.iter().map(|(status, many)| shown!("{} {}", many, status)).collect();
        let unreviewed: usize = jobs.iter().map(|job| waiting(job).1).sum();
        let range = PageRange::new(self.cursor.as_ref(), &read.output.next_cursor);
        let summary = match jobs.len() {
            0 if self.status.is_some() => shown!("{}.", range.describe_none("jobs with this status")),
            0 => shown!("{}.", range.describe_none("jobs")),
            all => {
                shown!("{}: {}; {}.", range.describe(all, "job", ""), states.iter().joined(", "), unread(unreviewed))
            }
        };
        let lines = each_of_page(jobs, job_line);
        let calls = [("list_proposals", "jobId"), ("create_job_draft", "jobDescription")];
        let calls = if jobs.is_empty() { &calls[1..] } else { &calls[..1] };
        let next = lines::next_page("list_jobs", "", &read.output.next_cursor, calls, context.names());
        Answer { lines, next, ..Answer::new(summary, read.object) }
    }
}

fn waiting(job: &OwnJob) -> (usize, usize) {
    job.proposal_counts.get().map_or((0, 0), |counts| (count_or_zero(&counts.total), count_or_zero(&counts.unreviewed)))
}

fn unread(proposals: usize) -> Shown {
    match proposals {
        0 => "no unread proposals".into(),
        many => shown!("{} unread", count(many, "proposal")),
    }
}

fn job_line(job: &OwnJob) -> Shown {
    let (total, unreviewed) = waiting(job);
    let mut parts = vec![id_of(&job.id), text_or(&job.status, "no status")];
    parts.push(job.title.text().map_or_else(|| "no title".into(), quoted));
    parts.push(match (total, unreviewed) {
        (0, _) => "no proposals".into(),
        (_, 0) => count(total, "proposal"),
        _ => shown!("{}, {} unread", count(total, "proposal"), unreviewed),
    });
    match job.accepting_applicants.get() {
        Some(true) => parts.push("takes applicants".into()),
        // A draft never takes applicants, so the text does not mention it.
        Some(false) if job.status.text() != Some("DRAFT") => parts.push("takes no applicants".into()),
        _ => {}
    }
    parts.joined(" · ")
}
