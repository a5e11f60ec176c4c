//! Calls that are under way in this process: identical ones share one run.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::answer::{Answer, ToolError};

type Running = Shared<BoxFuture<'static, Result<Answer, ToolError>>>;

/// The runs under way, by what makes two calls identical.
pub struct InFlight<K>(Mutex<HashMap<K, Running>>);

impl<K> Default for InFlight<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> InFlight<K> {
    /// The result of `run`, or of the run with the same key that is under way already.
    ///
    /// # Errors
    /// What the run fails with.
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
