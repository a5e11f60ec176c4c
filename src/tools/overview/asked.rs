//! The approvals that were asked for. OpenTrain has no list of them: the record knows which were asked for, and each is
//! looked up.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use crate::answer::{Shown, quoted};
use crate::api::approvals::{Approval, GetApproval, PENDING};
use crate::api::types::ApprovalId;
use crate::engine::Context;
use crate::guard::ledger::Line;

/// The most approvals that are looked up.
const MOST: usize = 10;
/// The time limit of a look, so that one slow approval does not delay everything.
const LOOK_LIMIT: Duration = Duration::from_secs(15);

/// An approval that the record knows.
pub(super) struct OneAsked {
    /// The request, as it stands in the record.
    pub(super) line: Line,
    /// OpenTrain's state of it, or the reason why it could not be looked up.
    pub(super) state: Result<Approval, Shown>,
}

impl OneAsked {
    /// True unless OpenTrain says that it has ended.
    pub(super) fn is_open(&self) -> bool {
        self.state.as_ref().map_or(true, |approval| approval.status.text() == Some(PENDING))
    }
}

/// The approvals of this account.
#[derive(Default)]
pub(super) struct Asked {
    /// Those that were looked up, newest first.
    pub(super) looked_up: Vec<OneAsked>,
    /// The number of older ones that were not looked up.
    pub(super) others: usize,
    /// The reason why they are not known, if so.
    pub(super) unknown: Option<Shown>,
}

/// Looks up the open approvals of the record, newest first.
pub(super) async fn look(context: &Context) -> Asked {
    let Some(account) = context.account().await else { return Asked::default() };
    let open = match context.services.operator.ledger.open_approvals(account).await {
        Ok(open) => open,
        Err(fault) => return Asked { unknown: Some(quoted(&fault.to_string())), ..Asked::default() },
    };
    let others = open.len().saturating_sub(MOST);
    let looks = open.into_iter().rev().take(MOST).map(|line| async {
        let id = ApprovalId(line.approval_id.clone().unwrap_or_default());
        let until = Instant::now() + LOOK_LIMIT;
        let reply = context.get_until(&GetApproval { approval_id: id }, until).await;
        let state = reply.and_then(|reply| reply.output::<GetApproval>()).map(|one| one.approval);
        OneAsked { line, state: state.map_err(|fault| quoted(&fault.to_string())) }
    });
    Asked { looked_up: join_all(looks).await, others, unknown: None }
}
