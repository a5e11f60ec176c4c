//! What is read of the account's own jobs: drafts and what they lack, published jobs, invitations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::error::Error;
use crate::api::jobs::{
    CloseJob, CreateJobDraft, Draft, InviteFreelancer, Invited, ListJobs, OwnJob, PublishJob, Published, UpdateJob,
    UpdateJobDraft, Updated,
};
use crate::api::reply::{Read, Reply};
use crate::api::types::ProposalId;
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, LinkKind, Outcome};
use super::audit::Settled;
use super::candidates::candidate;
use super::drafts::{issues, missing, missing_line, notes, readiness};
use super::failure::Trouble;
use super::parts::{self, OWN_JOB_IDS, Stretch, each, each_of_page, id, in_a_row, many, said, unsure};
use super::schema::Object;
use super::text::{count, quoted, word};
use super::{Context, Entry, Told, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[
    Entry::of::<CreateJobDraft>(),
    Entry::of::<UpdateJobDraft>(),
    Entry::of::<PublishJob>(),
    Entry::of::<UpdateJob>(),
    Entry::of::<CloseJob>(),
    Entry::of::<ListJobs>(),
    Entry::of::<InviteFreelancer>(),
];

impl Tool for CreateJobDraft {
    type Output = Draft;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Create a job draft";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let keyed = self.idempotency_key.is_some();
        let written = context.write(&self, None).await.map_err(|trouble| {
            let hint = if keyed {
                "Repeat the identical call: the same idempotencyKey gives the same draft."
            } else {
                "list_jobs(status \"DRAFT\") shows whether it is there; create it again only if it is not."
            };
            unsure(trouble, hint, keyed)
        })?;
        let (lead, outcome) = if keyed {
            ("is there: made now, or before with this idempotencyKey", Outcome::Done)
        } else {
            ("created", Outcome::Created)
        };
        let mut answer = draft_told(lead, "without id", &written.read.output, written.read.object, context).await;
        answer.outcome = Some(outcome);
        answer.warnings.extend(written.writing.end(Settled::with(outcome)).await);
        Ok(answer)
    }
}

impl Tool for UpdateJobDraft {
    type Output = Draft;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Change a job draft";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = OWN_JOB_IDS;
    const OFFICIAL: &'static str = "update_job_draft_fields";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let written = context.write(&self, None).await?;
        let mut answer =
            draft_told("changed", &self.job_id.0, &written.read.output, written.read.object, context).await;
        answer.outcome = Some(Outcome::Done);
        answer.warnings.extend(written.writing.end(Settled::with(Outcome::Done)).await);
        Ok(answer)
    }
}

/// A draft: what it lacks, with the question to ask for each, and where a person sees it.
async fn draft_told(lead: &str, asked: &str, draft: &Draft, object: Object, context: &Context) -> Answer {
    let lacks = missing(draft.missing_fields.items(), draft.validation.get());
    let ready = draft.validation.get().is_some_and(|validation| validation.publish_ready.is_true());
    let job = word(draft.job_id.text().unwrap_or(asked));
    let mut answer =
        Answer::new(format!("Draft {job} {lead}. Nobody sees it yet. {}", readiness(draft, &lacks)), object);
    answer.lines = each(&lacks, missing_line);
    answer.lines.extend(draft.validation.get().map(|validation| issues(validation, &lacks)).unwrap_or_default());
    answer.lines.extend(notes("Note", draft.warnings.items()));
    for (what, url) in [("edits", &draft.draft_url), ("reviews", &draft.review_url)] {
        let link = parts::link(LinkKind::Draft, url, context).await;
        if let Some(link) = link.filter(|link| !answer.links.contains(link)) {
            answer.show(&format!("Your person {what} it here"), link);
        }
    }
    let publish = format!("jobId \"{job}\"");
    let fill = format!("{publish}, fields");
    let next = if ready { ("publish_job", publish.as_str()) } else { ("update_job_draft", fill.as_str()) };
    answer.next = context.next(&[next]);
    answer
}

impl Tool for PublishJob {
    type Output = Published;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Publish a job";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = OWN_JOB_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let written = context.write(&self, None).await.inspect_err(|trouble| {
            if matches!(trouble, Trouble::Api(fault) if fault.status() == Some(429)) {
                let limit = "OpenTrain publishes at most 3 jobs a day before a person has claimed the account, 20 after: if that \
                             is what was reached, tell your person and try tomorrow.";
                context.remark(Some(limit.into()));
            }
        })?;
        let published = &written.read.output;
        let job = word(published.job_id.text().unwrap_or(&self.job_id.0));
        let (outcome, lead) = match (published.already_published.is_true(), published.status.text()) {
            (true, _) => (Outcome::Existing, format!("Nothing was changed: job {job} was published before.")),
            (false, Some("OPEN")) => {
                (Outcome::Done, format!("Published: job {job} is OPEN. Trainers see it now, and can apply."))
            }
            (false, _) => {
                let status = said(&published.status, "not given");
                (Outcome::Done, format!("OpenTrain took it: the status of job {job} is {status}."))
            }
        };
        let mut answer = Answer::new(lead, written.read.object);
        answer.outcome = Some(outcome);
        answer.lines.extend(notes("Note", published.warnings.items()));
        if let Some(link) = parts::link(LinkKind::Job, &published.job_url, context).await {
            answer.show("It is seen here", link);
        }
        answer.warnings.extend(written.writing.end(Settled::with(outcome)).await);
        answer.next = applicants(&job, context);
        Ok(answer)
    }
}

/// How the people come.
fn applicants(job: &str, context: &Context) -> String {
    let list = format!("jobId \"{job}\"");
    let invite = format!("{list}, freelancerId");
    context.next(&[("list_proposals", &list), ("invite_freelancer", &invite)])
}

impl Tool for UpdateJob {
    type Output = Updated;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Change a published job";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = OWN_JOB_IDS;
    const OFFICIAL: &'static str = "update_published_job";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let writing = context.begin(None).await?;
        let read = match context.read(&self).await {
            Ok((_, read)) => read,
            Err(fault) => {
                let settled = match &fault {
                    Error::Refused(refusal) if refusal.came_after_the_change() => Settled::with(Outcome::Done),
                    _ => Settled::failed(&fault),
                };
                context.remark(writing.end(settled).await);
                return Err(fault.into());
            }
        };
        let updated = &read.output;
        let job = word(updated.job_id.text().unwrap_or(&self.job_id.0));
        let moderation = updated.moderation.get();
        let decision = moderation.and_then(|moderation| moderation.get("decision")).and_then(Value::as_str);
        let decision = decision.map(|decision| format!(" Moderation: {}.", word(decision))).unwrap_or_default();
        let status = said(&updated.status, "not given");
        let summary = format!("Changed: {} of job {job}; its status is {status}.{decision}", keys(&self.fields));
        let reasons = moderation.and_then(|moderation| moderation.get("reasons")).and_then(Value::as_array).cloned();
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Done);
        answer.lines.extend(notes("Reason", &reasons.unwrap_or_default()));
        answer.warnings.extend(writing.end(Settled::with(Outcome::Done)).await);
        Ok(answer)
    }
}

fn keys(fields: &Object) -> String {
    in_a_row(fields.keys().map(|key| word(key)).collect()).unwrap_or_else(|| "nothing".into())
}

impl Told for CloseJob {
    const TITLE: &'static str = "Close a job";
    const IDS: &'static str = OWN_JOB_IDS;

    fn tell(&self, read: Read<Self>, _: &Reply, _: &Context) -> Answer {
        let job = word(read.output.job_id.text().unwrap_or(&self.job_id.0));
        let existing = read.output.already_closed.is_true();
        let summary = match read.output.status.text() {
            _ if existing => format!("Nothing was changed: job {job} was closed before."),
            Some("ARCHIVED") | None => format!(
                "Closed: job {job} takes no more applicants, and cannot be opened again here. Its contracts go on as they are."
            ),
            Some(other) => format!("OpenTrain took it: the status of job {job} is {}.", word(other)),
        };
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(if existing { Outcome::Existing } else { Outcome::Done });
        answer
    }
}

impl Tool for InviteFreelancer {
    type Output = Invited;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Invite a trainer";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str =
        "jobId comes from list_jobs and must be an OPEN job; freelancerId comes from a proposal or a profile.";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let written = context.write(&self, None).await?;
        let existing = written.read.output.already_invited.is_true();
        let outcome = if existing { Outcome::Existing } else { Outcome::Created };
        let warning = written.writing.end(Settled::with(outcome)).await;
        let proposal = written.read.output.proposal_id.text().unwrap_or("without id").to_owned();
        let seen = candidate(&ProposalId(proposal.clone()), context).await;
        let who = seen.unwrap_or_else(|| {
            format!(
                "trainer {}, for job {}, proposal {}",
                word(&self.freelancer_id.0),
                word(&self.job_id.0),
                word(&proposal)
            )
        });
        let summary = if existing {
            format!("Nothing was sent: invited before, {who}.")
        } else {
            format!("Invited: {who}. It is theirs to answer.")
        };
        let mut answer = Answer::new(summary, written.read.object);
        answer.outcome = Some(outcome);
        answer.warnings.extend(warning);
        let proposal = format!("proposalId \"{}\"", word(&proposal));
        answer.next = context.next(&[("start_proposal_conversation", &proposal)]);
        Ok(answer)
    }
}

impl Told for ListJobs {
    const TITLE: &'static str = "List your jobs";

    fn tell(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let jobs = &read.output.jobs;
        let mut states: BTreeMap<String, usize> = BTreeMap::new();
        for job in jobs {
            *states.entry(said(&job.status, "without status")).or_default() += 1;
        }
        let states: Vec<String> = states.iter().map(|(status, many)| format!("{many} {status}")).collect();
        let unreviewed: usize = jobs.iter().map(|job| waiting(job).1).sum();
        let summary = match jobs.len() {
            0 => "No jobs.".to_owned(),
            all => format!(
                "{}: {}; {} not looked at yet.",
                Stretch::new(self.cursor.as_ref(), &read.output.next_cursor).of(all, "job", ""),
                states.join(", "),
                count(unreviewed, "proposal")
            ),
        };
        let lines = each_of_page(jobs, job_line);
        let calls = [("list_proposals", "jobId"), ("create_job_draft", "jobDescription")];
        let calls = if jobs.is_empty() { &calls[1..] } else { &calls[..1] };
        let next = parts::going_on("list_jobs", "", &read.output.next_cursor, calls, context);
        Answer { lines, next, ..Answer::new(summary, read.object) }
    }
}

fn waiting(job: &OwnJob) -> (usize, usize) {
    job.proposal_counts.get().map_or((0, 0), |counts| (many(&counts.total), many(&counts.unreviewed)))
}

fn job_line(job: &OwnJob) -> String {
    let (total, unreviewed) = waiting(job);
    let mut parts = vec![id(&job.id), said(&job.status, "no status")];
    parts.push(job.title.text().map_or_else(|| "no title".into(), quoted));
    parts.push(format!("{}, {unreviewed} not looked at", count(total, "proposal")));
    match job.accepting_applicants.get() {
        Some(true) => parts.push("takes applicants".into()),
        Some(false) => parts.push("takes no applicants".into()),
        None => {}
    }
    parts.join(" · ")
}
