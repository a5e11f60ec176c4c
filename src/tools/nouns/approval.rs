//! Describes a pending request for a person's decision: its subject, its page and its expiry.

use crate::answer::phrases::WAITING;
use crate::answer::text::moment;
use crate::answer::{Address, Answer, HumanStep, Joined, LinkKind, Object, Outcome, Shown, id, shown};
use crate::api::approvals::Approval;
use crate::api::reply::Reply;
use crate::engine::Context;

use super::decision::{RELEASE, words_of};
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

/// Describes the decision and its page. `before` is the subject before the request was sent. The milestone is read
/// again, because the answer must match what the user finds on the page.
pub async fn describe_request(request: ApprovalRequest<'_>, before: Option<Subject>, context: &Context) -> Answer {
    let now = Subject::of(request.approval, context).await;
    let changed = now.as_ref().zip(before.as_ref()).and_then(|(now, before)| now.changed_since(before));
    let subject = now.or(before);
    let name = subject.as_ref().map_or_else(|| ids_of(request.approval), Subject::name);
    let is_release = request.approval.kind.text() == Some(RELEASE);
    let work = subject.filter(|_| is_release).map(|subject| subject.work_done(request.reply.now())).unwrap_or_default();
    let mut answer = describe_pending(request, &name, &work, context).await;
    if let Some(changed) = changed {
        answer.summary = shown!("{}\n{}", changed, answer.summary);
    }
    answer
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
    let summary = [Some(lead), Some(page), Some(decision), expiry(approval, reply)];
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
    let once = ("timeoutSeconds".to_owned(), 0.into());
    let arguments = Object::from_iter([("approvalId".to_owned(), approval.id.text()?.into()), once]);
    Some(HumanStep::then_call(link, ask, WAIT, arguments))
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

/// `approvalId "apr_1"`
#[must_use]
pub fn id_argument(approval: &Approval) -> Shown {
    approval.id.text().map_or_else(|| "approvalId".into(), |text| shown!("approvalId \"{}\"", id(text)))
}

/// Formats when the approval expires.
#[must_use]
pub fn expiry(approval: &Approval, reply: &Reply) -> Option<Shown> {
    let at = approval.expires_at.timestamp()?;
    let at_what_time = moment(at, reply.now());
    Some(if at < reply.now() {
        shown!("Its time ended {}.", at_what_time)
    } else {
        shown!("Expires {}; then nothing happens.", at_what_time)
    })
}
