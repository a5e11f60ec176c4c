//! Work that would hold up every other call goes to a thread of its own. Where the system gives no more threads it is
//! done on the spot: slower for others for a moment, but done.

use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

/// A text from here on, in bytes, takes so long to read that nobody else may have to wait for it.
pub(super) const LARGE: usize = 256 * 1024;

type Job = Box<dyn FnOnce() + Send>;

/// Does work with a text of so many `bytes`, on another thread if it is large; `None` if it panicked.
pub async fn apart<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    if bytes < LARGE { Some(work()) } else { aside(work).await }
}

/// Does `work` on another thread, and gives its result; `None` if it panicked.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (give, result) = oneshot::channel();
    // Who waits for the result may have gone.
    start(Box::new(move || drop(give.send(work()))));
    result.await.ok()
}

/// A thread that could not be started keeps nothing: the job is handed to it only when it is there.
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
