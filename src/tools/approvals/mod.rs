//! Tools for approvals: a person's open decision, and its result. Only "confirmed" means done.

mod state;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

use crate::answer::{Answer, Sentence, ToolError};
use crate::api::approvals::{GetApproval, OneApproval};
use crate::api::error::Error;
use crate::api::types::ApprovalId;
use crate::engine::{Context, Tool, tools};
use crate::tools::nouns::approval::WAIT;

use state::{ApprovalState, describe, look};

tools![GetApproval, WaitForApproval];

const APPROVAL_IDS: Sentence = Sentence::naming(
    "approvalId is in the answer of {}, {}, {} and {}; asking again gives the same pending approval.",
    &["request_milestone_funding", "request_milestone_approval", "hire_proposal", "end_contract"],
);
/// The time limit of one poll.
const LOOK_LIMIT: Duration = Duration::from_secs(10);
/// The time by which the last poll may exceed the wait.
const LAST_LOOK: Duration = Duration::from_secs(1);

impl Tool for GetApproval {
    type On = Self;
    type Output = OneApproval;
    const TITLE: &'static str = "Look at an approval";
    const ID_HINT: Sentence = APPROVAL_IDS;

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let state = look(&self.approval_id, context.call.deadline, context).await?;
        Ok(describe(state, Duration::ZERO, context).await)
    }
}

/// Wait briefly for the user to decide an approval. Call it only after showing them approvalUrl. Returns confirmed,
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
    type On = GetApproval;
    type Output = OneApproval;
    const NAME: &'static str = WAIT;
    const TITLE: &'static str = "Wait for an approval";
    const ID_HINT: Sentence = APPROVAL_IDS;

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let began = Instant::now();
        let limit = Duration::from_secs(self.timeout_seconds.unwrap_or(if context.call.is_patient { 25 } else { 4 }));
        let until = began + limit;
        let mut last: Result<ApprovalState, Error>;
        let waits = ExponentialBuilder::default().with_min_delay(Duration::from_millis(700)).with_factor(1.6);
        let mut waits = waits.with_max_delay(Duration::from_secs(4)).without_max_times().with_jitter().build();
        let mut pending = None;
        loop {
            // A hanging poll must not outlast the wait. A wait of 0 polls once.
            let deadline = Instant::now() + LOOK_LIMIT;
            let deadline = if limit.is_zero() { deadline } else { deadline.min(until + LAST_LOOK) };
            last = look(&self.approval_id, deadline, context).await;
            match &last {
                Ok(state) if !state.is_pending() => break,
                Ok(_) => {}
                // A temporary error does not end the wait while there is time.
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
            (Ok(state), _) | (Err(_), Some(state)) => Ok(describe(state, began.elapsed(), context).await),
            (Err(fault), None) => Err(fault.into()),
        }
    }
}
