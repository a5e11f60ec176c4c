//! Lets identical calls in this process share one run.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::answer::{Answer, ToolError};

type Running = Shared<BoxFuture<'static, Result<Answer, ToolError>>>;

/// The running calls. Calls with equal keys are identical.
pub struct InFlight<K>(Mutex<HashMap<K, Running>>);

impl<K> Default for InFlight<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> InFlight<K> {
    /// Returns the result of `run`, or of a running call with the same key.
    ///
    /// # Errors
    /// The error of the run.
    pub async fn share(&self, key: K, run: BoxFuture<'static, Result<Answer, ToolError>>) -> Result<Answer, ToolError> {
        let running = match self.0.lock() {
            Ok(mut all) => {
                all.retain(|_, running| running.peek().is_none());
                all.entry(key).or_insert_with(|| run.shared()).clone()
            }
            Err(_) => run.shared(),
        };
        running.await
    }
}
