//! Steps that only a person can take. A tool says which page is to be opened and what to do afterwards; how the host
//! asks its person is not known here.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::answer::{Link, Report};
use super::schema::Object;
use super::{Call, Served, Toolbox};

/// Between two looks at whether the person is done.
const INTERVAL: Duration = Duration::from_secs(2);

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

/// How it goes on after a person has opened the page. Small enough to be sealed into an MCP `requestState`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum After {
    /// Make the refused call again: a refusal has changed nothing.
    TryAgain,
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

/// A bounded wait for a person.
pub struct Wait<'a> {
    /// When it ends.
    pub until: Instant,
    /// Who hears how it goes.
    pub progress: &'a dyn Progress,
    /// Becomes ready when waiting makes no sense any more: the host has gone.
    pub closing: BoxFuture<'a, ()>,
}

impl Toolbox {
    /// Goes on with a call after its person has opened the page: looks every few seconds, until the answer is another
    /// one or the time is up. "Opened" is not "done", so what is told is always what OpenTrain said last.
    pub async fn after_person(
        self: &Arc<Self>,
        served: &Served,
        arguments: &Object,
        after: &After,
        call: Call,
        mut wait: Wait<'_>,
    ) -> Report {
        let began = Instant::now();
        let total = wait.until.saturating_duration_since(began).as_secs_f64();
        loop {
            let report = match after {
                After::TryAgain => self.call(served, arguments.clone(), call.after_claim()).await,
            };
            if report.step.is_none() || Instant::now() + INTERVAL >= wait.until {
                return report;
            }
            let message = "waiting for a person to finish on the page";
            wait.progress.tell(began.elapsed().as_secs_f64(), total, message).await;
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = &mut wait.closing => return report,
            }
        }
    }
}
