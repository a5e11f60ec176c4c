//! The claim of an agent's own account, as this process knows it: when OpenTrain may be asked again, and that one question
//! is asked at a time. How it is asked is in `exchange`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::api::error::Error;

/// Between two questions whether the claim is done, unless OpenTrain says otherwise.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// The longest that OpenTrain may ask for: a code is good for half an hour.
const LONGEST_INTERVAL: Duration = Duration::from_secs(600);

/// The claim under way in this process: when it may be asked for again, and that one question is asked at a time.
pub struct Claim {
    turn: Arc<Semaphore>,
    pace: Mutex<Pace>,
    /// This process has fetched the token of a claim.
    done: AtomicBool,
}

#[derive(Default)]
struct Pace {
    interval: Option<Duration>,
    last: Option<Instant>,
}

impl Default for Claim {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), pace: Mutex::default(), done: AtomicBool::new(false) }
    }
}

impl Claim {
    /// A turn at what delivers credentials: one at a time, and the process does not stop while one has it.
    ///
    /// # Errors
    /// When the process stops.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let stops = |_| Error::Unreachable { what: "this server stops".into(), sent: false };
        Arc::clone(&self.turn).acquire_owned().await.map_err(stops)
    }

    /// Waits until credentials that are being delivered are on the disk. Nobody has a turn from then on.
    pub async fn close(&self) {
        let turn = self.turn.acquire().await;
        self.turn.close();
        drop(turn);
    }

    /// This process has fetched the token of a claim.
    pub fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    /// Whether this process has fetched the token of a claim.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// OpenTrain has named the time between two questions.
    pub fn pace(&self, interval: Duration) {
        if let Ok(mut pace) = self.pace.lock() {
            pace.interval = Some(interval.min(LONGEST_INTERVAL));
        }
    }

    /// How long it is too early to ask.
    pub fn too_early(&self) -> Option<Duration> {
        let pace = self.pace.lock().ok()?;
        let left = pace.interval.unwrap_or(INTERVAL).saturating_sub(pace.last?.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// A question has left at that moment.
    pub fn asked(&self, at: Instant) {
        if let Ok(mut pace) = self.pace.lock() {
            pace.last = Some(at);
        }
    }

    /// OpenTrain wants more time between two questions (RFC 8628, 3.5).
    pub fn slow_down(&self) -> Duration {
        self.pace(self.interval() + INTERVAL);
        self.interval()
    }

    /// Between two questions, as OpenTrain has asked.
    pub fn interval(&self) -> Duration {
        self.pace.lock().ok().and_then(|pace| pace.interval).unwrap_or(INTERVAL)
    }
}
