//! Continues a call after the user has opened the page of a step: polls until the step's state changes or the time is
//! up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::phrases::WAITING;
use crate::answer::{After, Answer, Failure, Joined, Link, LinkKind, Object, Outcome, Shown, id, quoted, shown};
use crate::api::Effect;
use crate::api::error::Refusal;

use super::call::Call;
use super::exchange::{Exchanged, exchange, notes_on_claim};
use super::toolbox::{Served, Toolbox};

/// The pause between two polls.
const INTERVAL: Duration = Duration::from_secs(2);
const MESSAGE: &str = "waiting for a person to finish on the page";

/// The result of one poll, and the pause before the next one if another poll makes sense.
type Look = (Result<Answer, Failure>, Option<Duration>);

/// Polls every few seconds until the state changes or `until` is reached. An opened page does not mean a completed
/// step, so the answer always reports OpenTrain's latest state.
///
/// # Errors
/// The failure, ready to show.
pub async fn resume(
    toolbox: &Arc<Toolbox>,
    served: &Served,
    arguments: &Object,
    after: &After,
    call: &Call,
    until: Instant,
) -> Result<Answer, Failure> {
    let began = Instant::now();
    let total = until.saturating_duration_since(began);
    let mut is_first = true;
    loop {
        let (result, again) = match after {
            // Every repeated write is on record, so a missing scope is not tried again with the same token.
            After::TryAgain { missing: LinkKind::Key, refused }
                if !is_first && !has_another_token(toolbox, call).await =>
            {
                (Err(toolbox.repeat(served, refused, call).await), Some(INTERVAL))
            }
            After::TryAgain { missing, refused } => {
                try_again(toolbox, served, arguments, *missing, refused, call).await
            }
            After::Call { tool, arguments, page } => look(toolbox, tool, arguments, page, call).await,
        };
        is_first = false;
        let pause = again.filter(|pause| Instant::now() + *pause < until);
        match pause {
            Some(pause) if call.pause(pause, began.elapsed(), total, MESSAGE).await => {}
            _ => return result,
        }
    }
}

/// Repeats the refused call. A claim revokes the token in use, so the new token is fetched first where possible; until
/// the account is claimed, the refusal is returned without a new request.
async fn try_again(
    toolbox: &Arc<Toolbox>,
    served: &Served,
    arguments: &Object,
    missing: LinkKind,
    refused: &Refusal,
    call: &Call,
) -> Look {
    let services = &toolbox.services;
    let mut notes = Vec::new();
    if missing == LinkKind::Claim && services.tokens.overriding_variable().is_none() {
        match exchange(services, call).await {
            Exchanged::Claimed { unsaved, unrecorded, .. } => {
                notes = notes_on_claim(services, unsaved.as_deref(), unrecorded);
            }
            exchanged => {
                if let Some(wait) = exchanged.wait() {
                    return (Err(toolbox.repeat(served, refused, call).await), Some(pause_or_default(wait)));
                }
            }
        }
    }
    let call = if missing == LinkKind::Claim { call.after_claim() } else { call.clone() };
    let mut result = toolbox.call(served, arguments.clone(), &call).await;
    match &mut result {
        Ok(answer) => answer.warnings.extend(notes),
        Err(failure) => notes.into_iter().for_each(|note| failure.add(&note)),
    }
    let step = result.as_ref().err().and_then(|failure| failure.step.as_ref());
    let is_still_missing = step.is_some_and(|step| step.link.kind == missing);
    let is_worth_waiting = missing != LinkKind::Key || services.tokens.may_be_replaced();
    (result, (is_still_missing && is_worth_waiting).then_some(INTERVAL))
}

/// True if another token than before is stored by now. Loads it.
async fn has_another_token(toolbox: &Toolbox, call: &Call) -> bool {
    let before = toolbox.services.tokens.current();
    toolbox.reload_token(call).await != before
}

/// Calls the tool that reports whether the step is done.
async fn look(toolbox: &Arc<Toolbox>, tool: &str, arguments: &Object, page: &Link, call: &Call) -> Look {
    let Some(entry) = toolbox.entry_of(tool) else {
        return (Ok(unknown_state(toolbox, tool, arguments, page, "")), None);
    };
    match toolbox.run(entry, arguments.clone(), call.clone()).await {
        Ok(mut answer) => {
            let is_open = answer.step_outcome == Some(Outcome::PendingApproval);
            answer.outcome = answer.step_outcome;
            let again = is_open.then(|| answer.look_again.map_or(INTERVAL, pause_or_default));
            (Ok(answer), again)
        }
        // The step exists although the poll failed, and the page's URL may appear nowhere else.
        Err(failure) if entry.facts.effect == Effect::Read => {
            let again = failure.retryable.then_some(INTERVAL);
            (Ok(unknown_state(toolbox, tool, arguments, page, &failure.message)), again)
        }
        Err(failure) => (Err(failure), None),
    }
}

/// Builds the answer for a step whose state could not be read.
fn unknown_state(toolbox: &Toolbox, tool: &str, arguments: &Object, page: &Link, fault: &str) -> Answer {
    let what = if fault.is_empty() { Shown::default() } else { shown!(": {}", quoted(fault)) };
    let summary = shown!(
        "{} As far as is known the step is still open; whether the person is done could not be looked at{}.\n{}",
        WAITING,
        what,
        page.describe("Show this link in full")
    );
    let shown: Vec<Shown> = arguments
        .iter()
        .filter_map(|(name, value)| Some(shown!("{} {}", id(name), quoted_id(value.as_str()?))))
        .collect();
    let mut answer = Answer::new(summary, Object::new());
    answer.outcome = Some(Outcome::PendingApproval);
    answer.links.push(page.clone());
    answer.next = toolbox.names().next(&[(tool, shown.into_iter().joined(", "))]);
    answer
}

fn quoted_id(text: &str) -> Shown {
    shown!("\"{}\"", crate::answer::id(text))
}

/// The pause that OpenTrain asks for, or the default if it asks for none.
const fn pause_or_default(wait: Duration) -> Duration {
    if wait.is_zero() { INTERVAL } else { wait }
}
