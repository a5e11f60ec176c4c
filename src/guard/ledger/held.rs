//! The lock of a create while it is held, and the queue of this process in front of it.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, Weak};

use futures::FutureExt;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::store::{Lock, Step};

type Turn = tokio::sync::Mutex<()>;

/// Calls of this process that want the same lock wait here, in the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<Turn>>>);

impl Turns {
    /// Waits for its turn until `until`.
    pub(super) async fn take(&self, key: &str, until: Instant) -> Option<OwnedMutexGuard<()>> {
        tokio::time::timeout_at(until, self.turn(key).lock_owned()).await.ok()
    }

    fn turn(&self, key: &str) -> Arc<Turn> {
        let Ok(mut turns) = self.0.lock() else { return Arc::default() };
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::<Turn>::default();
        turns.insert(key.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

/// A lock that no other server asks for.
pub(super) struct Private;

impl Lock for Private {
    fn text(&self) -> Step<'_, String> {
        async { Ok(String::new()) }.boxed()
    }

    fn leave(&self, _: String) -> Step<'_, ()> {
        async { Ok(()) }.boxed()
    }

    fn covers_record(&self) -> bool {
        false
    }
}

/// A lock that is held until this value is dropped.
pub struct Held {
    // Dropped first: the next call of this process finds the lock free.
    lock: Box<dyn Lock>,
    _turn: OwnedMutexGuard<()>,
}

impl Held {
    pub(super) fn new(turn: OwnedMutexGuard<()>, lock: Box<dyn Lock>) -> Self {
        Self { lock, _turn: turn }
    }

    /// The reason why other servers do not see the lock, if so.
    #[must_use]
    pub fn unshared(&self) -> Option<String> {
        self.lock.unshared()
    }

    /// True if no server adds to the record what this lock is for without having the lock. A write that has no end on record
    /// was abandoned then.
    #[must_use]
    pub fn covers_record(&self) -> bool {
        self.lock.covers_record()
    }

    /// The text that earlier holders have left; empty if it cannot be read.
    pub async fn text(&self) -> String {
        self.lock.text().await.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "what servers tell each other of a contract cannot be read");
            String::new()
        })
    }

    /// Replaces the text for the next holders. A text that cannot be left is no reason to stop; that another server has
    /// the lock now is one.
    ///
    /// # Errors
    /// If the lock is no longer held.
    pub async fn leave(&self, text: String) -> io::Result<()> {
        match self.must_leave(text).await {
            Err(fault) if fault.kind() != io::ErrorKind::ResourceBusy => {
                tracing::warn!(%fault, "what servers tell each other of a contract cannot be written");
                Ok(())
            }
            left => left,
        }
    }

    /// Replaces the text for the next holders, who must see it.
    ///
    /// # Errors
    /// If it could not be left.
    pub async fn must_leave(&self, text: String) -> io::Result<()> {
        self.lock.leave(text).await
    }
}
