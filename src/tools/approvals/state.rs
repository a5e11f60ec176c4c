//! The state of an approval: one read, and its wording. The effect of a confirmation is read from OpenTrain, not
//! guessed.

use std::time::Duration;

use tokio::time::Instant;

use crate::answer::{Answer, Object, Outcome, Sentence, Shown, id, shown};
use crate::api::approvals::{Approval, CONFIRMED, DECLINED, EXPIRED, GetApproval, PENDING};
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::api::types::{ApprovalId, ProposalId};
use crate::engine::Context;
use crate::tools::nouns::approval::{WAIT, expiry, id_argument, ids_of, link};
use crate::tools::nouns::candidate::candidate;
use crate::tools::nouns::decision::{expired, words_of};
use crate::tools::nouns::subject::{Subject, contract_of};

/// An approval as OpenTrain last reported it.
#[derive(Clone)]
pub(super) struct ApprovalState {
    approval: Approval,
    object: Object,
    reply: Reply,
}

impl ApprovalState {
    pub(super) fn is_pending(&self) -> bool {
        self.approval.status.text() == Some(PENDING)
    }

    /// The outcome of the write that requested the approval.
    fn outcome(&self) -> Option<Outcome> {
        match self.approval.status.text()? {
            PENDING => Some(Outcome::PendingApproval),
            CONFIRMED => Some(Outcome::Done),
            DECLINED | EXPIRED => Some(Outcome::NotDone),
            _ => None,
        }
    }
}

/// Reads an approval once.
pub(super) async fn look(
    approval_id: &ApprovalId,
    deadline: Instant,
    context: &Context,
) -> Result<ApprovalState, Error> {
    let look = GetApproval { approval_id: approval_id.clone() };
    let (reply, read) = context.read_until(&look, deadline).await?;
    let approval = read.output.approval;
    if let Some(decision) = approval.decision(reply.now()) {
        context.decided(&[(&approval_id.0, decision)]).await;
    }
    Ok(ApprovalState { approval, object: read.object, reply })
}

/// Describes the decision after a wait of `waited`.
pub(super) async fn describe(state: ApprovalState, waited: Duration, context: &Context) -> Answer {
    let summary = summary(&state, waited, context).await;
    let (is_pending, outcome) = (state.is_pending(), state.outcome());
    let is_confirmed = outcome == Some(Outcome::Done);
    let ApprovalState { approval, object, reply } = state;
    let mut answer = Answer { step_outcome: outcome, ..Answer::new(summary, object) };
    if is_pending {
        if let Some(address) = link(&approval, context).await {
            answer.show("The link for the user", &address);
        }
        answer.lines.extend(expiry(&approval, reply.now()));
        answer.next = stop_and_tell(&approval, context);
    } else if let Some(contract) = contract_of(&approval).filter(|_| is_confirmed) {
        answer.next = context.next(&[("get_contract", shown!("contractId \"{}\"", id(contract)))]);
    }
    answer
}

fn stop_and_tell(approval: &Approval, context: &Context) -> Shown {
    let stop = Sentence::plain("Tell the user that it is still open, and stop.");
    let id = id_argument(approval);
    let mut text = context.names().say_all([&stop]);
    if context.names().lists(WAIT) {
        let wait = context.names().listed(WAIT);
        text.push(shown!(" When they say that they have decided, call {}({}) again.", wait, id));
    }
    text
}

/// Describes the state in a sentence or two.
async fn summary(ApprovalState { approval, reply, .. }: &ApprovalState, waited: Duration, context: &Context) -> Shown {
    let words = words_of(approval);
    let subject = Subject::of(approval, context).await;
    let about = match (&subject, approval.proposal_id.text()) {
        (Some(subject), _) => subject.name(),
        (None, Some(proposal)) => {
            candidate(&ProposalId(proposal.to_owned()), context).await.unwrap_or_else(|| ids_of(approval))
        }
        (None, None) => ids_of(approval),
    };
    match approval.status.text() {
        Some(CONFIRMED) => shown!("confirmed: {}. {}.{}", words.done, about, read_back(subject.as_ref(), approval)),
        Some(DECLINED) => shown!(
            "declined: the user declined. {} ({}). Ask what should change; do not request it again by yourself.",
            words.not_done,
            about
        ),
        Some(EXPIRED) => {
            let [why, then] = expired(approval, reply.now());
            shown!("{}. {} ({}). {}", why, words.not_done, about, then)
        }
        Some(PENDING) => {
            let seconds = waited.as_secs();
            let after = if seconds == 0 { Shown::default() } else { shown!(" after {} s", seconds) };
            shown!("pending: still open{}, nothing has happened. To decide: {} {}.", after, words.to_decide, about)
        }
        other => shown!(
            "{}: OpenTrain's own word for it; it is not \"confirmed\". About: {}.",
            other.map_or_else(|| "no status".into(), id),
            about
        ),
    }
}

/// Describes the contract or milestone after a confirmation.
fn read_back(subject: Option<&Subject>, approval: &Approval) -> Shown {
    let mut text = Shown::default();
    match subject {
        Some(Subject { milestone: Some(milestone), .. }) => {
            let status = milestone.status.text().map_or_else(|| "without status".into(), id);
            text.push(shown!(" Its status now: {} (read back).", status));
        }
        Some(Subject { contract, milestone: None }) => {
            let status = contract.status.text().map_or_else(|| "without status".into(), id);
            text.push(shown!(" The contract now: {} (read back).", status));
        }
        None => text.push(" It could not be read back."),
    }
    for (name, value) in approval.result.get().into_iter().flatten() {
        let Some(value) = value.as_str().map(id) else { continue };
        match name.as_str() {
            "invoiceId" => text.push(shown!(" Invoice {}.", value)),
            "contractId" => text.push(shown!(" Contract {}.", value)),
            // The payment's id at the bank is of no use in the text; the structure contains it.
            "paymentIntentId" => {}
            _ => text.push(shown!(" {}: {}.", id(name), value)),
        }
    }
    text
}
