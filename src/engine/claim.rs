//! Paces the questions to OpenTrain whether a person has claimed the agent's account, and allows one question at a
//! time. `exchange` sends the questions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::api::error::Error;
use crate::api::token::Token;

/// The pause between two questions, unless OpenTrain asks for another one.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// The longest pause that OpenTrain may ask for. A claim code is valid for half an hour.
const LONGEST_INTERVAL: Duration = Duration::from_secs(600);

/// The state of the claim in this process.
pub struct Claim {
    turn: Arc<Semaphore>,
    pace: Mutex<Pace>,
    /// True once this process has fetched the token of a claim.
    done: AtomicBool,
    /// The claim token of which OpenTrain said that its time is over.
    ran_out: Mutex<Option<Token>>,
}

#[derive(Default)]
struct Pace {
    interval: Option<Duration>,
    last: Option<Instant>,
}

impl Default for Claim {
    fn default() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            pace: Mutex::default(),
            done: AtomicBool::new(false),
            ran_out: Mutex::default(),
        }
    }
}

impl Claim {
    /// Waits for the exclusive right to fetch credentials. The process does not stop while a call holds it.
    ///
    /// # Errors
    /// An error if the process is stopping.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let stops = |_| Error::Unreachable { what: "this server stops".into(), sent: false };
        Arc::clone(&self.turn).acquire_owned().await.map_err(stops)
    }

    /// Waits until credentials on their way are on disk, then refuses every further turn.
    pub async fn close(&self) {
        let turn = self.turn.acquire().await;
        self.turn.close();
        drop(turn);
    }

    /// Marks the claim as done: this process has fetched its token.
    pub fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    /// True once this process has fetched the token of a claim.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// Notes that nobody can claim the account of `claim_token` any more.
    pub fn run_out(&self, claim_token: &Token) {
        if let Ok(mut ran_out) = self.ran_out.lock() {
            *ran_out = Some(claim_token.clone());
        }
    }

    /// True if OpenTrain has said that nobody can claim the account of `claim_token` any more.
    pub fn ran_out(&self, claim_token: &Token) -> bool {
        self.ran_out.lock().is_ok_and(|ran_out| ran_out.as_ref() == Some(claim_token))
    }

    /// Sets the pause that OpenTrain asks for.
    pub fn pace(&self, interval: Duration) {
        if let Ok(mut pace) = self.pace.lock() {
            pace.interval = Some(interval.min(LONGEST_INTERVAL));
        }
    }

    /// The time until the next question is allowed; `None` if it is allowed now.
    pub fn too_early(&self) -> Option<Duration> {
        let pace = self.pace.lock().ok()?;
        let left = pace.interval.unwrap_or(INTERVAL).saturating_sub(pace.last?.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// Notes that a question was sent at this moment.
    pub fn asked(&self, at: Instant) {
        if let Ok(mut pace) = self.pace.lock() {
            pace.last = Some(at);
        }
    }

    /// Lengthens the pause after `slow_down` (RFC 8628, 3.5) and returns the new pause.
    pub fn slow_down(&self) -> Duration {
        self.pace(self.interval() + INTERVAL);
        self.interval()
    }

    /// The pause between two questions.
    pub fn interval(&self) -> Duration {
        self.pace.lock().ok().and_then(|pace| pace.interval).unwrap_or(INTERVAL)
    }
}
