//! Makes a call at most once for each key, on all servers that share a ledger: a later call with the key sends nothing, and
//! gets the answer of the first. Answers are texts, which only the caller understands. Start with `Once::run`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use crate::answer::{Cause, Denial, ToolError};
use crate::api::error::Error;
use crate::api::wording::{Wording, wording};
use crate::guard::ledger::{Held, Ledger};

use super::running::OneWrite;

/// The time for which an answer is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// The most answers in memory; the oldest are forgotten first.
const MOST: usize = 1_000;
/// Stands in the ledger until the answer is known. If its server dies, the outcome stays unknown.
const BEGUN: &str = "begun";

/// The answer of one call; nothing until it is known.
type End = Arc<tokio::sync::Mutex<Option<String>>>;

/// The answers by key. Those of this process are also in memory, where no ledger shares them.
#[derive(Default)]
pub struct Once(Mutex<HashMap<String, (Instant, End)>>);

/// How a call ended.
pub struct Done<T> {
    /// Its result, for whoever made the call.
    pub result: T,
    /// The same without secrets, for later uses of the key. `None` if the call may be made again.
    pub answer: Option<String>,
}

/// What became of a use of a key.
pub enum Used<T> {
    /// The call was made now.
    Now(T),
    /// It was made before; this is its answer.
    Earlier(String),
}

/// The use of a key.
pub struct Use {
    /// Identifies the call and everything that it depends on.
    pub key: String,
    /// How long an equal call at another server is waited for.
    pub until: Instant,
    /// The ledger whose servers are asked, too.
    pub ledger: Option<Arc<Ledger>>,
}

/// What a use of a key found.
enum Turn {
    First(Option<Held>),
    Later(String),
}

impl Once {
    /// The answer of an earlier call with this key. Waits for a call that is still running.
    ///
    /// # Errors
    /// If the earlier call may have changed something and its answer is not known.
    pub async fn earlier(&self, ledger: &Ledger, key: &str, until: Instant) -> Result<Option<String>, ToolError> {
        let end = self.all().get(key).map(|(_, end)| Arc::clone(end));
        if let Some(end) = end
            && let Some(answer) = end.lock().await.clone()
        {
            return Ok(Some(answer));
        }
        match ledger.state_left(key, until).await {
            Ok(Some(text)) if text == BEGUN => Err(unknown(wording!("its first use did not come to a known end"))),
            Ok(text) => Ok(text.filter(|text| !text.is_empty())),
            Err(fault) => {
                // A call that goes on asks again, and is refused if the ledger is still away.
                tracing::debug!(%fault, "it cannot be read whether a state was used elsewhere");
                Ok(None)
            }
        }
    }

    /// Runs `call`, and remembers the answer that it gives; with a ledger all its servers do. The call goes on
    /// when its caller goes away; a server that stops waits for it as for any write.
    ///
    /// # Errors
    /// If the call was not made because the ledger is away, or if its answer or that of an earlier one is not known.
    pub async fn run<T: Send + 'static>(
        &self,
        its: Use,
        running: OneWrite,
        call: impl Future<Output = Done<T>> + Send + 'static,
    ) -> Result<Used<T>, ToolError> {
        let end = self.begin(&its.key);
        let run = async move {
            let _running = running;
            let mut end = end.lock().await;
            if let Some(known) = &*end {
                return Ok(Used::Earlier(known.clone()));
            }
            let held = match turn(&its).await? {
                Turn::First(held) => held,
                Turn::Later(answer) => {
                    *end = Some(answer.clone());
                    return Ok(Used::Earlier(answer));
                }
            };
            let Done { result, answer } = call.await;
            end.clone_from(&answer);
            if let Some(held) = held
                && let Err(fault) = held.must_leave(answer.unwrap_or_default()).await
            {
                tracing::warn!(%fault, "other servers do not know how a call ended that a person was asked for");
            }
            Ok(Used::Now(result))
        };
        let run = tokio::spawn(Box::pin(run.in_current_span()));
        run.await.unwrap_or_else(|fault| Err(unknown(wording!("the call broke off ({})", fault.to_string()))))
    }

    fn begin(&self, key: &str) -> End {
        let now = Instant::now();
        let mut all = self.all();
        all.retain(|_, (began, _)| now.duration_since(*began) < REMEMBERED);
        if all.len() >= MOST && !all.contains_key(key) {
            let oldest = all.iter().min_by_key(|(_, (began, _))| *began).map(|(key, _)| key.clone());
            oldest.map(|oldest| all.remove(&oldest));
        }
        Arc::clone(&all.entry(key.to_owned()).or_insert_with(|| (now, End::default())).1)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, End)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds out whether this is the first use, and marks the key as used before anything is sent.
async fn turn(its: &Use) -> Result<Turn, ToolError> {
    let Some(ledger) = &its.ledger else { return Ok(Turn::First(None)) };
    let held = ledger.lock_state(&its.key, its.until).await.map_err(Denial::unrecorded)?;
    let Some(held) = held else { return Err(under_way()) };
    let text = held.text().await;
    if text == BEGUN {
        return Err(unknown(wording!("its first use did not come to a known end")));
    }
    if !text.is_empty() {
        return Ok(Turn::Later(text));
    }
    held.must_leave(BEGUN.to_owned()).await.map_err(Denial::unrecorded)?;
    Ok(Turn::First(Some(held)))
}

/// A later use sends nothing, and has no answer to give.
fn unknown(what: Wording) -> ToolError {
    let fault = Error::Unreachable { what, sent: true };
    let hint = vec!["It may have been carried out: look before you make the call anew.".into()];
    Cause::Unknown { fault, hint, retryable: false }.into()
}

fn under_way() -> ToolError {
    let fault = Error::Unreachable { what: wording!("its first use is still under way"), sent: true };
    let hint = vec!["Make the identical call again in half a minute: it gets the answer of the first use.".into()];
    Cause::Unknown { fault, hint, retryable: true }.into()
}
