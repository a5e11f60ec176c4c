//! The steps for a person that this process has seen and that are not known to be done: the claim, a payment method, a
//! checkout. OpenTrain has no read that tells them; approvals are in the record.

use std::sync::Mutex;

use jiff::Timestamp;

use crate::answer::{Answer, Failure, Link, LinkKind, Shown};
use crate::api::Effect;

use super::facts::Facts;

/// The kinds of steps that are kept. Others are on record, or are no task.
const KEPT: [LinkKind; 3] = [LinkKind::Claim, LinkKind::Billing, LinkKind::Checkout];
/// The most steps of all callers; the oldest are forgotten first.
const MOST: usize = 1_000;

/// A step that is not known to be done.
#[derive(Clone, Debug)]
pub struct OpenStep {
    /// Who asked.
    caller: Option<String>,
    /// The page.
    pub link: Link,
    /// When it was seen last.
    pub at: Timestamp,
    /// What the user was asked to do, such as to enter a code.
    pub ask: Option<Shown>,
    /// The id of the top-up that a checkout is for.
    pub top_up: Option<String>,
}

/// The latest step of each kind, for each caller.
#[derive(Default)]
pub struct OpenSteps(Mutex<Vec<OpenStep>>);

impl OpenSteps {
    /// The open steps of a caller.
    #[must_use]
    pub fn of(&self, caller: Option<&str>) -> Vec<OpenStep> {
        let Ok(steps) = self.0.lock() else { return Vec::new() };
        steps.iter().filter(|step| step.caller.as_deref() == caller).cloned().collect()
    }

    /// Takes note of a call's end: of the step that it asks for, and of the steps that must be done because it succeeded.
    pub(super) fn see(&self, facts: &Facts, caller: Option<String>, result: &Result<Answer, Failure>) {
        let Ok(mut steps) = self.0.lock() else { return };
        let (links, step) = match result {
            Ok(answer) => (answer.links.clone(), answer.step.as_ref()),
            Err(failure) => (failure.links(), failure.step.as_ref()),
        };
        let is_done = |kind: LinkKind| match (result, kind) {
            (Err(_), _) => false,
            (Ok(_), LinkKind::Claim) => facts.gate.claimed,
            (Ok(_), LinkKind::Billing) => facts.effect == Effect::CoSigned,
            (Ok(answer), _) => {
                let status = answer.object.get("topUp").and_then(|top_up| top_up.get("status")?.as_str());
                status.is_some_and(|status| status != "PENDING")
            }
        };
        steps.retain(|step| step.caller != caller || !is_done(step.link.kind));
        if facts.effect == Effect::Read && result.is_ok() {
            return;
        }
        for link in links.into_iter().filter(|link| KEPT.contains(&link.kind)) {
            steps.retain(|step| step.caller != caller || step.link.kind != link.kind);
            let top_up = result.as_ref().ok().and_then(|answer| answer.object.get("topUpId")?.as_str());
            let top_up = top_up.map(str::to_owned);
            let ask = step.filter(|step| step.link == link).map(|step| step.ask.clone());
            let too_many = (steps.len() + 1).saturating_sub(MOST);
            steps.drain(..too_many);
            steps.push(OpenStep { caller: caller.clone(), link, at: Timestamp::now(), ask, top_up });
        }
    }
}
