//! Runs work that would delay other calls on a separate thread. If the system gives no more threads, the work runs at
//! once on the current one.

use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

/// The size in bytes from which parsing a text takes long enough to delay other calls.
pub const LARGE: usize = 256 * 1024;

type Job = Box<dyn FnOnce() + Send>;

/// Runs `work` on a text of `bytes`, on another thread if it is large; `None` if it panicked.
pub async fn apart<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    if bytes < LARGE { Some(work()) } else { aside(work).await }
}

/// Runs `work` on another thread; `None` if it panicked.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (give, result) = oneshot::channel();
    // The receiver may be gone.
    start(Box::new(move || drop(give.send(work()))));
    result.await.ok()
}

/// Starts a thread and passes the job to it afterwards, so that a failed start does not lose the job.
fn start(job: Job) {
    let (hand_over, jobs) = mpsc::channel::<Job>();
    let started = thread::Builder::new().name("aside".into()).spawn(move || jobs.into_iter().for_each(|job| job()));
    match started {
        Ok(_) => drop(hand_over.send(job)),
        Err(fault) => {
            tracing::warn!(%fault, "no new thread can be started; the work is done on the one there is");
            job();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_result_comes_from_another_thread() {
        let here = thread::current().id();
        assert_ne!(aside(|| thread::current().id()).await, Some(here));
    }
}
