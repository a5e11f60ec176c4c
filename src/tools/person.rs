//! Steps that only a person can take. A tool says which page is to be opened and what to do afterwards; how the host
//! asks its person is not known here.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::api::error::Refusal;
use crate::api::types::{ApprovalId, TopUpId};

use super::answer::{Link, LinkKind, Report};
use super::context::Call;
use super::schema::Object;
use super::toolbox::{Served, Toolbox};

/// Between two looks at whether the person is done.
const INTERVAL: Duration = Duration::from_secs(2);
const WAITING: &str = "waiting for a person to finish on the page";

/// What a person has to do, and how it goes on.
#[derive(Clone, Debug)]
pub struct HumanStep {
    /// The page to open.
    pub link: Link,
    /// One sentence for the person.
    pub ask: String,
    /// What to do once the page has been opened.
    pub after: After,
}

impl HumanStep {
    /// The call was refused until something is done on the page: it is made again then.
    #[must_use]
    pub fn try_again(link: Link, ask: &str, refused: Refusal) -> Self {
        let after = After::TryAgain { past: link.kind, refused: Box::new(refused) };
        Self { link, ask: ask.to_owned(), after }
    }

    /// The call has started a claim: whether it is done is asked then.
    #[must_use]
    pub fn claim(link: Link, ask: String) -> Self {
        Self { link, ask, after: After::Exchange }
    }

    /// The call has made a page to pay on: whether it was paid is looked at then.
    #[must_use]
    pub fn pay(link: Link, ask: String, top_up_id: TopUpId) -> Self {
        let after = After::TopUp { top_up_id, page: link.url.clone() };
        Self { link, ask, after }
    }

    /// The call asked for a decision on the page: the approval is looked at then.
    #[must_use]
    pub fn decide(link: Link, ask: String, approval_id: ApprovalId) -> Self {
        let after = After::Look { approval_id, page: link.url.clone() };
        Self { link, ask, after }
    }
}

/// How it goes on after a person has opened the page. Small enough to be sealed into an MCP `requestState`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum After {
    /// Make the refused call again, until this is no longer what is missing: a refusal has changed nothing.
    TryAgain {
        /// What was missing.
        past: LinkKind,
        /// The refusal: told again while nothing has changed.
        refused: Box<Refusal>,
    },
    /// Ask whether the claim is done, and keep the token that comes.
    Exchange,
    /// Look at the approval, until somebody has decided it. OpenTrain is not asked for another.
    Look {
        /// Which one.
        approval_id: ApprovalId,
        /// Where it is decided: told even when the approval cannot be read.
        page: String,
    },
    /// Look at the top-up, until it was paid or has lapsed. No other page is made.
    TopUp {
        /// Which one.
        top_up_id: TopUpId,
        /// Where it is paid: OpenTrain names it only once.
        page: String,
    },
}

/// Hears how a wait goes. Values rise.
pub trait Progress: Send + Sync {
    /// `done` of `total` seconds, and a word about what is waited for.
    fn tell(&self, done: f64, total: f64, message: &str) -> BoxFuture<'_, ()>;
}

/// For callers that asked for no progress.
pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _: f64, _: f64, _: &str) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Toolbox {
    /// Goes on with a call after its person has opened the page: looks every few seconds, until something has changed or
    /// `until` is there. "Opened" is not "done", so what is told is always what OpenTrain said last.
    pub async fn after_person(
        self: &Arc<Self>,
        served: &Served,
        arguments: &Object,
        after: &After,
        call: &Call,
        until: Instant,
    ) -> Report {
        let began = Instant::now();
        let total = until.saturating_duration_since(began);
        loop {
            let (report, again) = self.go_on(served, arguments, after, call).await;
            let pause = again.filter(|pause| Instant::now() + *pause < until);
            match pause {
                Some(pause) if call.pause(pause, began.elapsed(), total, WAITING).await => {}
                _ => return report,
            }
        }
    }

    /// One look, and after which pause another one makes sense.
    async fn go_on(
        self: &Arc<Self>,
        served: &Served,
        arguments: &Object,
        after: &After,
        call: &Call,
    ) -> (Report, Option<Duration>) {
        let every_few_seconds = |(report, open): (Report, bool)| (report, open.then_some(INTERVAL));
        match after {
            After::TryAgain { past, refused } => self.try_again(served, arguments, *past, refused, call).await,
            After::Exchange => {
                let (report, wait) = self.look_at_claim(served.entry, call).await;
                (report, wait.map(paced))
            }
            After::Look { approval_id, page } => {
                every_few_seconds(self.look(served.entry, approval_id, page, call).await)
            }
            After::TopUp { top_up_id, page } => {
                every_few_seconds(self.look_at_top_up(served.entry, top_up_id, page, call).await)
            }
        }
    }

    /// Makes the refused call again. The token in use dies with the claim: where the new one can be fetched here, it is
    /// asked for first, and the call waits while nobody has claimed the account.
    async fn try_again(
        self: &Arc<Self>,
        served: &Served,
        arguments: &Object,
        past: LinkKind,
        refused: &Refusal,
        call: &Call,
    ) -> (Report, Option<Duration>) {
        if past == LinkKind::Claim
            && self.tokens.overriding_variable().is_none()
            && let Some(wait) = self.exchange(call).await.wait()
        {
            return (self.tell_again(served, refused, call).await, Some(paced(wait)));
        }
        let report = self.call(served, arguments.clone(), &call.after_claim()).await;
        let same = report.result.is_err() && report.step.as_ref().is_some_and(|step| step.link.kind == past);
        (report, same.then_some(INTERVAL))
    }
}

/// The pause that OpenTrain asks for; ours where it asks for none.
const fn paced(wait: Duration) -> Duration {
    if wait.is_zero() { INTERVAL } else { wait }
}
