//! Describes a pending request for a person's decision: its subject, its page and its expiry.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::answer::phrases::WAITING;
use crate::answer::text::{moment, usd};
use crate::answer::{Address, Answer, HumanStep, Joined, Link, LinkKind, Object, Outcome, Shown, StepFacts, id, shown};
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
        answer.summary = shown!("{}\n{}", changed, answer.summary);
    }
    answer
}

/// Warns if the approval is about something else than what the caller asked for.
fn another(what: &'static str, asked: Option<&str>, named: &Field<String>) -> Option<Shown> {
    let (asked, named) = (asked?, named.text()?);
    let (asked, named) = (asked != named).then(|| (id(asked), id(named)))?;
    Some(shown!(
        "THIS IS ABOUT ANOTHER {}: {} was asked for, and OpenTrain's approval is about {}.",
        what,
        asked,
        named
    ))
}

/// Builds the answer to a pending request. `subject` is the object of the decision, and `facts` help the user decide;
/// both are also shown to the user on the way to the page.
pub async fn describe_pending(
    request: ApprovalRequest<'_>,
    subject: &Shown,
    facts: &[Shown],
    context: &Context,
) -> Answer {
    let ApprovalRequest { approval, object, reply } = request;
    let link = link(approval, context).await;
    let words = words_of(approval);
    let lead = shown!("{} {} so far; no money has moved.", WAITING, words.not_done);
    let what = std::iter::once(&shown!("{} {}.", words.to_decide, subject)).chain(facts).joined(" ");
    let decision = shown!("To decide: {} {}", what, words.beforehand).without_end(' ');
    let page = match &link {
        Some(link) => link.describe("Show this link in full"),
        None => "OpenTrain gave no link; the user finds it in the app, under approvals.".into(),
    };
    let summary = [Some(lead), Some(page), Some(decision), expiry(approval, reply.now())];
    let mut answer = Answer::new(summary.into_iter().flatten().joined("\n"), object);
    answer.outcome = Some(Outcome::PendingApproval);
    answer.next = context.next(&[(WAIT, id_argument(approval))]);
    answer.step = step(approval, link.as_ref(), &what);
    answer.links.extend(link.as_ref().and_then(Address::link).cloned());
    answer
}

fn step(approval: &Approval, address: Option<&Address>, what: &Shown) -> Option<HumanStep> {
    let link = address?.verified()?.clone();
    let ask = shown!("An agent asks you to {} Open this page to confirm or decline.", what);
    let once = ("timeoutSeconds".into(), 0.into());
    let arguments = Object::from_iter([("approvalId".into(), approval.id.text()?.into()), once]);
    let about = StepFacts {
        approval_id: approval.id.text().map(str::to_owned),
        expires_at: approval.expires_at.text().map(str::to_owned),
        ..StepFacts::default()
    };
    Some(HumanStep { about, ..HumanStep::then_call(link, ask, WAIT, arguments) })
}

/// Names the subject of an approval by its ids alone.
#[must_use]
pub fn ids_of(approval: &Approval) -> Shown {
    let ids = [
        ("milestone", &approval.milestone_id),
        ("contract", &approval.contract_id),
        ("proposal", &approval.proposal_id),
    ];
    let ids = ids.into_iter().filter_map(|(what, field)| Some(shown!("{} {}", what, id(field.text()?))));
    ids.joined(", ")
}

/// The page of the decision.
pub async fn link(approval: &Approval, context: &Context) -> Option<Address> {
    context.link(LinkKind::Approval, &approval.approval_url).await
}

/// An open approval as its notice and a list name it.
pub struct OpenApproval {
    /// The decision: the verb, the subject and its amount.
    pub what: Shown,
    /// The amount in USD before fees.
    pub amount: Option<Decimal>,
    /// The trainer's name, masked.
    pub trainer: Option<String>,
    /// The page.
    pub link: Option<Link>,
    /// When it expires, in a sentence.
    pub expires: Option<Shown>,
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
        let mut what = shown!("{} {}", words_of(approval).to_decide, named.unwrap_or_else(|| ids_of(approval)));
        if let (None, Some(amount)) = (&subject, amount) {
            what.push(shown!(", {}", usd(amount)));
        }
        let address = link(approval, context).await;
        let page = address.as_ref().and_then(Address::link).cloned();
        Self { what, amount, trainer, link: page, expires: expiry(approval, now) }
    }
}

/// `approvalId "apr_1"`
#[must_use]
pub fn id_argument(approval: &Approval) -> Shown {
    approval.id.text().map_or_else(|| "approvalId".into(), |text| shown!("approvalId \"{}\"", id(text)))
}

/// Formats when the approval expires.
#[must_use]
pub fn expiry(approval: &Approval, now: Timestamp) -> Option<Shown> {
    let at = approval.expires_at.timestamp()?;
    let at_what_time = moment(at, now);
    Some(if at < now {
        shown!("Its time ended {}.", at_what_time)
    } else {
        shown!("Expires {}; then nothing happens.", at_what_time)
    })
}
