//! The outgoing lines. One task writes them, so that a slow host blocks nothing, and the number of waiting bytes is
//! known.

use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// At shutdown, a host that has read nothing for this long counts as gone.
const STALLED: Duration = Duration::from_millis(if cfg!(test) { 100 } else { 2_000 });

/// The queue of outgoing lines.
pub(super) struct Outbox {
    lines: Option<mpsc::UnboundedSender<Vec<u8>>>,
    /// The number of waiting bytes.
    waiting: watch::Sender<usize>,
    broken: CancellationToken,
}

impl Outbox {
    /// Starts a task that writes to `output`.
    pub(super) fn new(output: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let (lines, queue) = mpsc::unbounded_channel();
        let outbox = Self { lines: Some(lines), waiting: watch::Sender::new(0), broken: CancellationToken::new() };
        tokio::spawn(write(output, queue, outbox.waiting.clone(), outbox.broken.clone()));
        outbox
    }

    /// Queues a message without its line end. Returns `false` if the host can no longer read it.
    pub(super) fn push(&self, mut line: Vec<u8>) -> bool {
        line.push(b'\n');
        let size = line.len();
        self.waiting.send_modify(|waiting| *waiting += size);
        !self.broken.is_cancelled() && self.lines.as_ref().is_some_and(|lines| lines.send(line).is_ok())
    }

    /// The number of waiting bytes.
    pub(super) fn waiting(&self) -> usize {
        *self.waiting.borrow()
    }

    /// Waits until fewer than `most` bytes are queued.
    pub(super) async fn below(&self, most: usize) {
        let mut waiting = self.waiting.subscribe();
        if waiting.wait_for(|waiting| *waiting < most).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the other end is closed.
    pub(super) async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Waits until the host has read nothing for a while.
    pub(super) async fn stalled(&self) {
        let mut waiting = self.waiting.subscribe();
        while matches!(tokio::time::timeout(STALLED, waiting.changed()).await, Ok(Ok(()))) {}
    }

    /// Waits until everything is written or the host no longer reads, and closes the queue.
    pub(super) async fn close(&mut self) {
        tokio::select! {
            () = self.below(1) => {}
            () = self.broken() => {}
            () = self.stalled() => {}
        }
        self.lines = None;
    }
}

async fn write(
    mut output: impl AsyncWrite + Unpin,
    mut queue: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: watch::Sender<usize>,
    broken: CancellationToken,
) {
    while let Some(line) = queue.recv().await {
        let mut left = line.as_slice();
        while !left.is_empty() {
            let written = output.write(left).await.unwrap_or_default();
            if written == 0 {
                broken.cancel();
                return;
            }
            left = left.get(written..).unwrap_or_default();
            waiting.send_modify(|waiting| *waiting = waiting.saturating_sub(written));
        }
        if output.flush().await.is_err() {
            broken.cancel();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn what_waits_is_counted_until_it_is_read() {
        let (near, mut far) = tokio::io::duplex(8);
        let outbox = Outbox::new(near);
        assert!(outbox.push(vec![b'x'; 99]));
        assert_eq!(outbox.waiting(), 100);
        let mut read = vec![0; 100];
        far.read_exact(&mut read).await.unwrap();
        outbox.below(1).await;
    }

    #[tokio::test]
    async fn closing_does_not_wait_for_an_idle_host() {
        let (near, _far) = tokio::io::duplex(8);
        let mut outbox = Outbox::new(near);
        outbox.push(vec![b'x'; 99]);
        outbox.close().await;
        assert!(!outbox.push(Vec::new()));
    }

    #[tokio::test]
    async fn a_reader_that_has_gone_is_noticed() {
        let (near, far) = tokio::io::duplex(8);
        drop(far);
        let outbox = Outbox::new(near);
        outbox.push(vec![b'x'; 99]);
        outbox.broken().await;
        assert!(!outbox.push(Vec::new()));
    }
}
