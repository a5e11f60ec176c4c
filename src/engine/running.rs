//! Counts the writes that run, so that a server that stops can wait for them. A write outlives the call that began it.

use tokio::sync::watch;

/// The number of running writes.
#[derive(Debug, Default)]
pub struct Running(watch::Sender<usize>);

/// A running write. It ends when this value is dropped.
#[derive(Debug)]
pub struct OneWrite(watch::Sender<usize>);

impl Running {
    /// Counts a write.
    #[must_use]
    pub fn begin(&self) -> OneWrite {
        self.0.send_modify(|count| *count += 1);
        OneWrite(self.0.clone())
    }

    /// Waits until no write runs.
    pub async fn idle(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for OneWrite {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn idle_waits_for_the_last_write() {
        let running = Running::default();
        running.idle().await;
        let writes = [running.begin(), running.begin()];
        assert!(running.idle().now_or_never().is_none());
        drop(writes);
        running.idle().await;
    }
}
