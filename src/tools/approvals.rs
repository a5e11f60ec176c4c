//! Approvals: what was asked of a person, and what they decided. Only "confirmed" means done.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

use crate::api::approvals::{Approval, CONFIRMED, DECLINED, EXPIRED, GetApproval, OneApproval, PENDING};
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::api::types::{ApprovalId, ProposalId};
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Link, LinkKind, Outcome, Report};
use super::audit::{Settled, Writing};
use super::candidates::candidate;
use super::context::{Call, Context, Written};
use super::failure::Trouble;
use super::parts;
use super::person::HumanStep;
use super::schema::Object;
use super::text::{moment, quoted, word};
use super::toolbox::Toolbox;
use super::{Entry, Tool};

mod subject;
mod words;

pub(super) use subject::Subject;
use words::{RELEASE, expired, words_of};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<GetApproval>(), Entry::of::<WaitForApproval>()];

const APPROVAL_IDS: &str = "approvalId is in the answer of request_milestone_funding, request_milestone_approval, hire_proposal \
    and end_contract; asking again gives the same pending approval.";
/// What one look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(10);
/// What the last look of a wait may take beyond it.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// A request for a decision that OpenTrain has taken.
pub(super) struct Asked {
    pub(super) approval: Approval,
    pub(super) object: Object,
    pub(super) reply: Reply,
    pub(super) writing: Writing,
    pub(super) subject: Option<Subject>,
}

impl Asked {
    /// What was answered to a write whose only answer is an approval.
    pub(super) fn of<O: Operation<Output = OneApproval>>(written: Written<O>, subject: Option<Subject>) -> Self {
        let Written { reply, read, writing } = written;
        Self { approval: read.output.approval, object: read.object, reply, writing, subject }
    }

    /// Puts the write on record as waiting. What comes back is a warning, if that failed.
    async fn settle(self) -> (Waiting, Option<Subject>) {
        let Self { approval, object, reply, writing, subject } = self;
        let settled = Settled::with(Outcome::PendingApproval).approval(approval.id.text());
        let warning = writing.end(settled).await;
        (Waiting { approval, object, reply, warning }, subject)
    }
}

/// A request that is on record, and waits.
struct Waiting {
    approval: Approval,
    object: Object,
    reply: Reply,
    warning: Option<String>,
}

/// Tells what a person has to decide, and where. The write is on record as waiting. The milestone is read back first: what
/// is told is what the person will find on the page, also where it was changed after the look before the request.
pub(super) async fn asked(asked: Asked, context: &Context) -> Result<Answer, Trouble> {
    let (waiting, subject) = asked.settle().await;
    let now = Subject::of(&waiting.approval, context).await;
    let changed = now.as_ref().zip(subject.as_ref()).and_then(|(now, before)| now.changed_since(before));
    let subject = now.or(subject);
    let told = subject.as_ref().map_or_else(|| about(&waiting.approval), Subject::told);
    let is_release = waiting.approval.kind.text() == Some(RELEASE);
    let work = subject.filter(|_| is_release).map(|subject| subject.work_done(waiting.reply.now())).unwrap_or_default();
    let mut answer = waiting_told(waiting, &told, &work, context).await;
    if let Some(changed) = changed {
        answer.summary = format!("{changed}\n{}", answer.summary);
    }
    Ok(answer)
}

/// The same of a hire: whom, on which terms, and what is odd about them.
pub(super) async fn asked_to_hire(
    asked: Asked,
    proposal_id: &ProposalId,
    terms: &str,
    odd: &[String],
    context: &Context,
) -> Result<Answer, Trouble> {
    let (waiting, _) = asked.settle().await;
    let who = candidate(proposal_id, context).await;
    let told = format!("{}, {}", who.unwrap_or_else(|| about(&waiting.approval)), terms);
    Ok(waiting_told(waiting, &told, odd, context).await)
}

/// `facts` are what a person should look at before they decide; they are told on the way to the page too.
async fn waiting_told(waiting: Waiting, told: &str, facts: &[String], context: &Context) -> Answer {
    let Waiting { approval, object, reply, warning } = waiting;
    let link = link(&approval, context).await;
    let words = words_of(&approval);
    let lead = format!("WAITING FOR A PERSON. {} so far; no money has moved.", words.not_done);
    let told = [&[format!("{} {told}.", words.to_decide)], facts].concat().join(" ");
    let decision = format!("To decide: {told} {}", words.beforehand).trim_end().to_owned();
    let page = match &link {
        Some(link) => link.told("Show this link in full"),
        None => "OpenTrain gave no link; your person finds it in the app, under approvals.".into(),
    };
    let summary = [Some(lead), Some(page), Some(decision), lapse(&approval, &reply)];
    let mut answer = Answer::new(summary.into_iter().flatten().collect::<Vec<_>>().join("\n"), object);
    answer.outcome = Some(Outcome::PendingApproval);
    answer.warnings.extend(warning);
    answer.next = wait_for(&approval, context);
    answer.step = step(&approval, link.as_ref(), &told);
    answer.links.extend(link);
    answer
}

fn step(approval: &Approval, link: Option<&Link>, told: &str) -> Option<HumanStep> {
    let link = link.filter(|link| link.verified)?.clone();
    let ask = format!("An agent asks you to {told} Open this page to confirm or decline.");
    Some(HumanStep::decide(link, ask, ApprovalId(approval.id.text()?.to_owned())))
}

/// The contract that an approval is about, or that came of it.
fn contract_of(approval: &Approval) -> Option<&str> {
    approval.contract_id.text().or_else(|| approval.result.get()?.get("contractId")?.as_str())
}

/// What an approval is about, by its ids alone.
fn about(approval: &Approval) -> String {
    let ids = [
        ("milestone", &approval.milestone_id),
        ("contract", &approval.contract_id),
        ("proposal", &approval.proposal_id),
    ];
    let ids = ids.into_iter().filter_map(|(what, id)| Some(format!("{what} {}", word(id.text()?))));
    ids.collect::<Vec<_>>().join(", ")
}

async fn link(approval: &Approval, context: &Context) -> Option<Link> {
    parts::link(LinkKind::Approval, &approval.approval_url, context).await
}

/// The call that waits for the decision.
fn wait_for(approval: &Approval, context: &Context) -> String {
    let id = approval.id.text().map_or_else(|| "approvalId".to_owned(), |id| format!("approvalId \"{}\"", word(id)));
    context.next(&[("wait_for_approval", &id)])
}

fn lapse(approval: &Approval, reply: &Reply) -> Option<String> {
    let at = approval.expires_at.timestamp()?;
    let at_what_time = moment(at, reply.now());
    Some(if at < reply.now() {
        format!("Its time ended {at_what_time}.")
    } else {
        format!("Expires {at_what_time}; then nothing happens.")
    })
}

/// One look at an approval.
#[derive(Clone)]
struct Seen {
    approval: Approval,
    object: Object,
    reply: Reply,
}

impl Seen {
    fn is_pending(&self) -> bool {
        self.approval.status.text() == Some(PENDING)
    }

    /// What became of the write that asked for it.
    fn outcome(&self) -> Option<Outcome> {
        match self.approval.status.text()? {
            PENDING => Some(Outcome::PendingApproval),
            CONFIRMED => Some(Outcome::Done),
            DECLINED | EXPIRED => Some(Outcome::NotDone),
            _ => None,
        }
    }
}

async fn see(approval_id: &ApprovalId, deadline: Instant, context: &Context) -> Result<Seen, Error> {
    let reply = context.send_until(&GetApproval { approval_id: approval_id.clone() }, deadline).await?;
    let read = context.read_reply::<GetApproval>(&reply)?;
    Ok(Seen { approval: read.output.approval, object: read.object, reply })
}

/// Tells what was decided. What a confirmation did is read back, not guessed.
async fn told(seen: Seen, waited: Duration, context: &Context) -> Answer {
    let (summary, is_pending) = (summary(&seen, waited, context).await, seen.is_pending());
    let is_confirmed = seen.approval.status.text() == Some(CONFIRMED);
    let Seen { approval, object, reply } = seen;
    let mut answer = Answer::new(summary, object);
    if is_pending {
        if let Some(link) = link(&approval, context).await {
            answer.show("The link for your person", link);
        }
        answer.lines.extend(lapse(&approval, &reply));
        let id =
            approval.id.text().map_or_else(|| "approvalId".to_owned(), |id| format!("approvalId \"{}\"", word(id)));
        let stop = format!(
            "Tell your person that it is still open, and stop. When they say that they have decided, call \
             wait_for_approval({id}) again."
        );
        answer.next = context.toolbox.told_here(&stop);
    } else if let Some(contract) = contract_of(&approval).filter(|_| is_confirmed) {
        answer.next = context.next(&[("get_contract", &format!("contractId \"{}\"", word(contract)))]);
    }
    answer
}

/// How it stands, in a sentence or two.
async fn summary(Seen { approval, reply, .. }: &Seen, waited: Duration, context: &Context) -> String {
    let words = words_of(approval);
    let subject = Subject::of(approval, context).await;
    let about = match (&subject, approval.proposal_id.text()) {
        (Some(subject), _) => subject.told(),
        (None, Some(proposal)) => {
            candidate(&ProposalId(proposal.to_owned()), context).await.unwrap_or_else(|| about(approval))
        }
        (None, None) => about(approval),
    };
    match approval.status.text() {
        Some(CONFIRMED) => format!("confirmed: {}. {about}.{}", words.done, read_back(subject.as_ref(), approval)),
        Some(DECLINED) => format!(
            "declined: your person declined. {} ({about}). Ask what should change; do not request it again by yourself.",
            words.not_done
        ),
        Some(EXPIRED) => {
            let [why, then] = expired(approval, reply.now());
            format!("{why}. {} ({about}). {then}", words.not_done)
        }
        Some(PENDING) => {
            let seconds = waited.as_secs();
            let after = if seconds == 0 { String::new() } else { format!(" after {seconds} s") };
            format!("pending: still open{after}, nothing has happened. To decide: {} {about}.", words.to_decide)
        }
        other => format!(
            "{}: OpenTrain's own word for it; it is not \"confirmed\". About: {about}.",
            other.map_or_else(|| "no status".into(), word)
        ),
    }
}

/// What is so after a confirmation, by the contract as it is now.
fn read_back(subject: Option<&Subject>, approval: &Approval) -> String {
    let mut text = String::new();
    match subject {
        Some(Subject { milestone: Some(milestone), .. }) => {
            let status = milestone.status.text().map_or_else(|| "without status".into(), word);
            text.push_str(&format!(" Its status now: {status} (read back)."));
        }
        Some(Subject { contract, milestone: None }) => {
            let status = contract.status.text().map_or_else(|| "without status".into(), word);
            text.push_str(&format!(" The contract now: {status} (read back)."));
        }
        None => text.push_str(" It could not be read back."),
    }
    for (name, value) in approval.result.get().into_iter().flatten() {
        let Some(value) = value.as_str().map(word) else { continue };
        match name.as_str() {
            "invoiceId" => text.push_str(&format!(" Invoice {value}.")),
            "contractId" => text.push_str(&format!(" Contract {value}.")),
            // The payment's own id at the bank's side helps nobody here; it is in the structure.
            "paymentIntentId" => {}
            _ => text.push_str(&format!(" {}: {value}.", word(name))),
        }
    }
    text
}

impl Tool for GetApproval {
    type Output = OneApproval;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Look at an approval";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = APPROVAL_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let seen = see(&self.approval_id, context.call.deadline, context).await?;
        Ok(told(seen, Duration::ZERO, context).await)
    }
}

/// Wait briefly for your person to decide an approval. Call it only after showing them approvalUrl. Returns confirmed,
/// declined, expired, or pending when the time is up (not an error; nothing has happened). On pending: tell them the
/// link is still open and stop, or call again later. Do not loop; approvals last about 72 hours.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WaitForApproval {
    approval_id: ApprovalId,
    /// Default 4, or 25 where the host is known to wait. Some hosts cut a call at 5, many at 60. 0 looks once.
    #[schemars(range(min = 0, max = 300))]
    timeout_seconds: Option<u64>,
}

impl Tool for WaitForApproval {
    type Output = OneApproval;
    const NAME: &'static str = "wait_for_approval";
    const TITLE: &'static str = "Wait for an approval";
    const EFFECT: Effect = <GetApproval as Operation>::EFFECT;
    const GATE: Gate = <GetApproval as Operation>::GATE;
    const IDS: &'static str = APPROVAL_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let began = Instant::now();
        let limit = Duration::from_secs(self.timeout_seconds.unwrap_or(if context.call.is_patient { 25 } else { 4 }));
        let until = began + limit;
        let mut last: Result<Seen, Error>;
        let waits = ExponentialBuilder::default().with_min_delay(Duration::from_millis(700)).with_factor(1.6);
        let mut waits = waits.with_max_delay(Duration::from_secs(4)).without_max_times().with_jitter().build();
        let mut pending = None;
        loop {
            // A look that hangs must not outlast the wait; a wait of 0 is one look.
            let deadline = Instant::now() + LOOK_LIMIT;
            let deadline = if limit.is_zero() { deadline } else { deadline.min(until + LAST_LOOK) };
            last = see(&self.approval_id, deadline, context).await;
            match &last {
                Ok(seen) if !seen.is_pending() => break,
                Ok(_) => {}
                // What passes is ridden out, while there is time.
                Err(fault) if fault.is_passing() || fault.status().is_some_and(|status| status >= 500) => {}
                Err(_) => break,
            }
            let message = if last.is_ok() { "still pending" } else { "OpenTrain does not answer; trying on" };
            pending = last.as_ref().ok().cloned().or(pending);
            let pause = waits.next().unwrap_or(LAST_LOOK).min(until.saturating_duration_since(Instant::now()));
            if !context.call.pause(pause, began.elapsed(), limit, message).await {
                break;
            }
        }
        match (last, pending) {
            (Ok(seen), _) | (Err(_), Some(seen)) => Ok(told(seen, began.elapsed(), context).await),
            (Err(fault), None) => Err(fault.into()),
        }
    }
}

impl Toolbox {
    /// One look at an approval on behalf of the call that asked for it, and whether it is still open.
    pub(super) async fn look(
        self: &Arc<Self>,
        entry: &'static Entry,
        approval_id: &ApprovalId,
        page: &str,
        call: &Call,
    ) -> (Report, bool) {
        let context = self.context(entry, Object::new(), self.token(), call.clone());
        match see(approval_id, call.deadline, &context).await {
            Ok(seen) => {
                let (pending, outcome) = (seen.is_pending(), seen.outcome());
                let mut answer = told(seen, Duration::ZERO, &context).await;
                answer.outcome = outcome;
                (Report { result: Ok(answer), step: None }, pending)
            }
            // It was asked for all the same, and the page's address may be told nowhere else.
            Err(fault) => {
                let (name, what) = (word(&approval_id.0), quoted(&fault.to_string()));
                let summary = format!(
                    "WAITING FOR A PERSON, as far as is known: the decision was asked for (approval {name}), and whether it was \
                     taken could not be looked at: {what}."
                );
                let link = Link::new(LinkKind::Approval, page, context.toolbox.client.origin().await.ok().as_ref());
                let mut answer = Answer::new(summary, Object::new());
                answer.outcome = Some(Outcome::PendingApproval);
                answer.lines.push(format!("Show this link in full: {}", link.shown()));
                answer.links.push(link);
                answer.next = context.next(&[("wait_for_approval", &format!("approvalId \"{name}\""))]);
                (Report { result: Ok(answer), step: None }, fault.is_passing())
            }
        }
    }
}
