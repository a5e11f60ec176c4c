//! Bounds the memory of large replies. All replies of this process together may be about as large as one reply of the
//! largest size, however many calls run at once; the rest of a body is read when there is room for it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A reply of up to this size needs no room, in bytes.
pub(super) const SMALL: usize = 64 * 1024;
/// The size that takes one part of the room, in bytes. Parsed, a reply takes several times its size.
const PART: usize = 512 * 1024;
/// The parts of the room. A reply that is larger than all of them takes them all.
const PARTS: usize = 8;

static ROOM: Semaphore = Semaphore::const_new(PARTS);

/// The right to hold a large reply, until it is dropped.
pub(super) type Permit = Arc<SemaphorePermit<'static>>;

/// The room of one call. Its replies share one permit, so that a call never waits for itself.
#[derive(Debug, Default)]
pub struct Room(Mutex<Weak<SemaphorePermit<'static>>>);

impl Room {
    /// Waits for room for a reply of `bytes`; `None` if the reply needs none.
    pub(super) async fn take(&self, bytes: usize) -> Option<Permit> {
        if bytes <= SMALL {
            return None;
        }
        if let Some(held) = self.held().upgrade() {
            return Some(held);
        }
        let parts = u32::try_from(bytes.div_ceil(PART).min(PARTS)).unwrap_or(1);
        let permit = Arc::new(ROOM.acquire_many(parts).await.ok()?);
        *self.held() = Arc::downgrade(&permit);
        Some(permit)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Weak<SemaphorePermit<'static>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_large_reply_waits_for_others_not_for_its_own() {
        let (one, other) = (Room::default(), Room::default());
        assert!(one.take(SMALL).await.is_none());
        let first = one.take(16 << 20).await.unwrap();
        let second = one.take(16 << 20).await.unwrap();
        let waits = std::time::Duration::from_secs(60);
        assert!(tokio::time::timeout(waits, other.take(PART)).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(waits, other.take(PART)).await.is_err(), "the same permit");
        drop(second);
        let held = other.take(PART).await.unwrap();
        assert!(tokio::time::timeout(waits, one.take(PARTS * PART)).await.is_err());
        drop(held);
        assert!(one.take(PARTS * PART).await.is_some());
    }
}
