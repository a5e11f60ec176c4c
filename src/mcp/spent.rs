//! Remembers how calls ended that continued with a sealed state: a state that is used again sends no second write, and
//! gets the same answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use serde_json::json;
use tokio::time::Instant;

use crate::answer::unconfirmed::NOT_CONFIRMED;
use crate::answer::{Failure, Outcome as Ended, quoted, shown};

use super::server::{Outcome, Request};

/// The time for which an end is remembered: far longer than a state is valid, because an expired state counts as none.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// The most ends in memory; the oldest are forgotten first.
const MOST: usize = 1_000;

/// The end of one call; nothing until it is known.
type End = Arc<tokio::sync::Mutex<Option<Outcome>>>;

/// The ends by what the client sent.
#[derive(Default)]
pub(super) struct Spent(Mutex<HashMap<Key, (Instant, End)>>);

/// Identifies a state and the call that it was sent with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(Vec<u8>);

impl Key {
    /// The key of `state` for this call of `caller`, who has a name over HTTP. The token is no part of it: a claim replaces
    /// the token.
    pub(super) fn of(caller: Option<&str>, state: &str, request: &Request) -> Self {
        let sent = json!([caller, state, request.name, request.arguments]).to_string();
        Self(digest(&SHA256, sent.as_bytes()).as_ref().to_vec())
    }
}

impl Spent {
    /// The end of the call that used this state before. Waits for a call that is still running.
    pub(super) async fn end(&self, key: &Key) -> Option<Outcome> {
        let end = self.all().get(key).map(|(_, end)| Arc::clone(end))?;
        let end = end.lock().await;
        end.clone()
    }

    /// Runs `call`, and remembers its end if it is final. The call goes on when its caller goes away.
    pub(super) async fn run(
        &self,
        key: Key,
        call: impl Future<Output = Outcome> + Send + 'static,
    ) -> Result<Outcome, ErrorData> {
        let end = self.begin(key);
        let running = tokio::spawn(async move {
            let mut end = end.lock().await;
            if let Some(known) = &*end {
                return known.clone();
            }
            let outcome = call.await;
            if is_final(&outcome) {
                *end = Some(outcome.clone());
            }
            outcome
        });
        running.await.map_err(|fault| {
            ErrorData::new(
                ErrorCode::INTERNAL_ERROR,
                String::from(shown!("the call broke off ({})", quoted(&fault.to_string()))),
                None,
            )
        })
    }

    fn begin(&self, key: Key) -> End {
        let now = Instant::now();
        let mut all = self.all();
        all.retain(|_, (began, _)| now.duration_since(*began) < REMEMBERED);
        if all.len() >= MOST && !all.contains_key(&key) {
            let oldest = all.iter().min_by_key(|(_, (began, _))| *began).map(|(key, _)| key.clone());
            oldest.map(|oldest| all.remove(&oldest));
        }
        Arc::clone(&all.entry(key).or_insert_with(|| (now, End::default())).1)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<Key, (Instant, End)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// False for a failure that certainly changed nothing: the call may be made again. A person's no stays a no.
fn is_final(outcome: &Outcome) -> bool {
    match outcome {
        Ok(_) => true,
        Err(Failure { outcome, reason, .. }) => *outcome != Ended::NotDone || reason.as_deref() == Some(NOT_CONFIRMED),
    }
}
