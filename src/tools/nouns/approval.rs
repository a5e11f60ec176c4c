//! Describes a pending request for a person's decision: its subject, its page and its expiry.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::phrases::WAITING;
use crate::answer::text::{moment, usd, word};
use crate::answer::{Answer, HumanStep, Link, LinkKind, Object, Outcome, StepFacts};
use crate::api::approvals::Approval;
use crate::api::reply::Reply;
use crate::api::types::{Field, ProposalId};
use crate::engine::Context;
use crate::guard::ledger::Line;

use super::candidate::Candidate;
use super::decision::{ENDING, RELEASE, words_of};
use super::subject::Subject;

/// The tool that waits for the decision.
pub const WAIT: &str = "wait_for_approval";

/// A request that waits for a person.
pub struct ApprovalRequest<'a> {
    /// The requested approval.
    pub approval: &'a Approval,
    /// The API's whole object.
    pub object: Object,
    /// The reply that contained it.
    pub reply: &'a Reply,
}

/// The subject of a request as the caller named it, and as it was read before the request was sent.
#[derive(Default)]
pub struct Asked<'a> {
    /// The id of the milestone.
    pub milestone: Option<&'a str>,
    /// The id of the contract.
    pub contract: Option<&'a str>,
    /// The subject before the request.
    pub before: Option<Subject>,
}

/// Describes the decision and its page. The milestone is read again, because the answer must match what the user finds
/// on the page.
pub async fn describe_request(request: ApprovalRequest<'_>, asked: Asked<'_>, context: &Context) -> Answer {
    let Asked { milestone, contract, before } = asked;
    let now = Subject::of(request.approval, context).await;
    let other = another("MILESTONE", milestone, &request.approval.milestone_id)
        .or_else(|| another("CONTRACT", contract, &request.approval.contract_id));
    let changed = match (&now, &before) {
        (Some(now), Some(before)) => now.changed_since(before),
        (None, Some(_)) => {
            Some("The milestone could not be read again: this is what it was before the request.".into())
        }
        (_, None) => None,
    };
    let changed = other.or(changed);
    let subject = now.or(before);
    let name = subject.as_ref().map_or_else(|| ids_of(request.approval), Subject::name);
    let is_release = request.approval.kind.text() == Some(RELEASE);
    let (amount, trainer) = subject.as_ref().map(|subject| (subject.at_stake(), subject.trainer())).unwrap_or_default();
    let is_end = request.approval.kind.text() == Some(ENDING);
    let now = request.reply.now();
    let facts = match &subject {
        Some(subject) if is_release => subject.evidence(now, context).await,
        Some(subject) if is_end => subject.on_ending(),
        _ => Vec::new(),
    };
    let mut answer = describe_pending(request, &name, &facts, context).await;
    if let Some(step) = &mut answer.step {
        (step.about.amount_usd, step.about.trainer) = (amount, trainer);
    }
    answer.warnings.extend(subject.map(|subject| subject.notes(now)).unwrap_or_default());
    if let Some(changed) = changed {
        answer.summary = format!("{changed}\n{}", answer.summary);
    }
    answer
}

/// Warns if the approval is about something else than what the caller asked for.
fn another(what: &str, asked: Option<&str>, named: &Field<String>) -> Option<String> {
    let (asked, named) = (asked?, named.text()?);
    let (asked, named) = (asked != named).then(|| (word(asked), word(named)))?;
    Some(format!("THIS IS ABOUT ANOTHER {what}: {asked} was asked for, and OpenTrain's approval is about {named}."))
}

/// Builds the answer to a pending request. `subject` is the object of the decision, and `facts` help the user decide;
/// both are also shown to the user on the way to the page.
pub async fn describe_pending(
    request: ApprovalRequest<'_>,
    subject: &str,
    facts: &[String],
    context: &Context,
) -> Answer {
    let ApprovalRequest { approval, object, reply } = request;
    let link = link(approval, context).await;
    let words = words_of(approval);
    let lead = format!("{WAITING} {} so far; no money has moved.", words.not_done);
    let what = [&[format!("{} {subject}.", words.to_decide)], facts].concat().join(" ");
    let decision = format!("To decide: {what} {}", words.beforehand).trim_end().to_owned();
    let page = match &link {
        Some(link) => link.describe("Show this link in full"),
        None => "OpenTrain gave no link; the user finds it in the app, under approvals.".into(),
    };
    let summary = [Some(lead), Some(page), Some(decision), expiry(approval, reply.now())];
    let mut answer = Answer::new(summary.into_iter().flatten().collect::<Vec<_>>().join("\n"), object);
    answer.outcome = Some(Outcome::PendingApproval);
    answer.next = context.next(&[(WAIT, &id_argument(approval))]);
    answer.step = step(approval, link.as_ref(), &what);
    answer.links.extend(link);
    answer
}

fn step(approval: &Approval, link: Option<&Link>, what: &str) -> Option<HumanStep> {
    let link = link.filter(|link| link.verified)?.clone();
    let ask = format!("An agent asks you to {what} Open this page to confirm or decline.");
    let once = ("timeoutSeconds".to_owned(), 0.into());
    let arguments = Object::from_iter([("approvalId".to_owned(), approval.id.text()?.into()), once]);
    let about = StepFacts {
        approval_id: approval.id.text().map(str::to_owned),
        expires_at: approval.expires_at.text().map(str::to_owned),
        ..StepFacts::default()
    };
    Some(HumanStep { about, ..HumanStep::then_call(link, ask, WAIT, arguments) })
}

/// Names the subject of an approval by its ids alone.
#[must_use]
pub fn ids_of(approval: &Approval) -> String {
    let ids = [
        ("milestone", &approval.milestone_id),
        ("contract", &approval.contract_id),
        ("proposal", &approval.proposal_id),
    ];
    let ids = ids.into_iter().filter_map(|(what, id)| Some(format!("{what} {}", word(id.text()?))));
    ids.collect::<Vec<_>>().join(", ")
}

/// The page of the decision.
pub async fn link(approval: &Approval, context: &Context) -> Option<Link> {
    context.link(LinkKind::Approval, &approval.approval_url).await
}

/// An open approval as its notice and a list name it.
pub struct OpenApproval {
    /// The decision: the verb, the subject and its amount.
    pub what: String,
    /// The amount in USD before fees.
    pub amount: Option<Decimal>,
    /// The trainer's name, masked.
    pub trainer: Option<String>,
    /// The page.
    pub link: Option<Link>,
    /// When it expires, in a sentence.
    pub expires: Option<String>,
}

impl OpenApproval {
    /// Reads what an approval is about. `line` is the request on record.
    pub async fn of(approval: &Approval, line: &Line, now: Timestamp, context: &Context) -> Self {
        let subject = Subject::of(approval, context).await;
        let proposal = approval.proposal_id.text().filter(|_| subject.is_none());
        let candidate = match proposal {
            Some(id) => Candidate::of(&ProposalId(id.to_owned()), context).await,
            None => None,
        };
        let trainer = subject.as_ref().and_then(Subject::trainer);
        let trainer = trainer.or_else(|| candidate.as_ref()?.name.clone()).or_else(|| line.trainer.clone());
        let named = subject.as_ref().map(Subject::name).or_else(|| Some(candidate?.about));
        let amount = subject.as_ref().and_then(Subject::at_stake).or(line.amount_usd);
        let mut what = format!("{} {}", words_of(approval).to_decide, named.unwrap_or_else(|| ids_of(approval)));
        if let (None, Some(amount)) = (&subject, amount) {
            what.push_str(&format!(", {}", usd(amount)));
        }
        Self { what, amount, trainer, link: link(approval, context).await, expires: expiry(approval, now) }
    }
}

/// `approvalId "apr_1"`
#[must_use]
pub fn id_argument(approval: &Approval) -> String {
    approval.id.text().map_or_else(|| "approvalId".to_owned(), |id| format!("approvalId \"{}\"", word(id)))
}

/// Formats when the approval expires.
#[must_use]
pub fn expiry(approval: &Approval, now: Timestamp) -> Option<String> {
    let at = approval.expires_at.timestamp()?;
    let at_what_time = moment(at, now);
    Some(if at < now {
        format!("Its time ended {at_what_time}.")
    } else {
        format!("Expires {at_what_time}; then nothing happens.")
    })
}
