//! The approvals that the record knows as open, each looked up at OpenTrain, which has no list of them. A decision that
//! becomes known on the way is put on record.

use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::answer::{Shown, quoted, shown};
use crate::api::approvals::{GetApproval, Looked, PENDING};
use crate::api::error::Error;
use crate::api::types::ApprovalId;
use crate::guard::ledger::Line;

use super::context::Context;

/// The most looks at the same time.
const AT_ONCE: usize = 10;
/// The time limit of a look, so that one slow approval does not delay everything.
const LOOK_LIMIT: Duration = Duration::from_secs(15);

/// An approval that the record knows.
pub struct RecordedApproval {
    /// The request, as it stands in the record.
    pub line: Line,
    /// OpenTrain's state of it.
    pub state: Looked,
    /// OpenTrain's time.
    pub now: Timestamp,
    /// True if OpenTrain did not accept the token.
    unauthorized: bool,
}

impl RecordedApproval {
    /// The approval's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.line.approval_id.as_deref().unwrap_or_default()
    }

    /// True unless OpenTrain says that it has ended, or knows none with this id.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.state {
            Looked::Found(approval) => approval.status.text() == Some(PENDING),
            Looked::Missing => false,
            Looked::Unread(_) => true,
        }
    }
}

/// The approvals of the account whose decision was not on record.
#[derive(Default)]
pub struct RecordedApprovals {
    /// Those that were looked up, newest first.
    pub looked_up: Vec<RecordedApproval>,
    /// The number of older ones that were not looked up.
    pub others: usize,
    /// The reason why it is not known which are open, if so.
    pub unknown: Option<Shown>,
}

impl RecordedApprovals {
    fn unknown(why: impl Into<Shown>) -> Self {
        Self { unknown: Some(why.into()), ..Self::default() }
    }

    /// True if OpenTrain did not accept the token.
    pub(super) fn are_unauthorized(&self) -> bool {
        self.looked_up.iter().any(|one| one.unauthorized)
    }
}

/// Looks up the newest `most` approvals that are open on record.
pub async fn look_up(most: usize, context: &Context) -> RecordedApprovals {
    let ledger = &context.services.operator.ledger;
    if !ledger.is_kept() {
        return RecordedApprovals::unknown(
            "no writes are recorded here (--no-record, or there is no folder for a record), and OpenTrain lists none",
        );
    }
    let Some(account) = context.account().await else {
        return RecordedApprovals::unknown("the address of OpenTrain is not known");
    };
    let open = match ledger.open_approvals(account).await {
        Ok(open) => open,
        Err(fault) => {
            return RecordedApprovals::unknown(shown!(
                "the record of writes cannot be read: {}",
                quoted(&fault.to_string())
            ));
        }
    };
    let others = open.len().saturating_sub(most);
    let newest = open.into_iter().rev().take(most).map(|line| one(line, context));
    let looked_up: Vec<RecordedApproval> = futures::stream::iter(newest).buffered(AT_ONCE).collect().await;
    let decided = looked_up.iter().filter_map(|one| Some((one.id(), one.state.found()?.decision(one.now)?)));
    context.decided(&decided.collect::<Vec<_>>()).await;
    RecordedApprovals { looked_up, others, unknown: None }
}

async fn one(line: Line, context: &Context) -> RecordedApproval {
    let look = GetApproval { approval_id: ApprovalId(line.approval_id.clone().unwrap_or_default()) };
    let reply = context.get_until(&look, Instant::now() + LOOK_LIMIT).await;
    let now = reply.as_ref().map_or_else(|_| Timestamp::now(), crate::api::reply::Reply::now);
    let found = reply.and_then(|reply| reply.output::<GetApproval>());
    let unauthorized = found.as_ref().is_err_and(|fault| fault.status() == Some(401));
    let state = match found {
        Ok(found) => Looked::Found(Box::new(found.approval)),
        Err(Error::Refused(refusal)) if refusal.status == 404 => Looked::Missing,
        Err(fault) => Looked::Unread(fault.to_string()),
    };
    RecordedApproval { line, state, now, unauthorized }
}
