//! The last thing before the wire: whatever put a secret of this process into a line, it does not leave. What OpenTrain
//! answers is masked where it is read; here it is what a caller wrote into a name or an argument and gets repeated.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use memchr::memrchr;
use tokio::io::AsyncWrite;

use crate::tools::Toolbox;

/// An output whose lines are masked before they are written.
pub(super) struct Masked<W> {
    inner: W,
    toolbox: Arc<Toolbox>,
    /// The beginning of a line that is not whole yet.
    line: Vec<u8>,
    /// Masked, and still to be written.
    ready: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Masked<W> {
    /// Writes to `inner` what shows no secret of `toolbox`.
    pub(super) fn new(inner: W, toolbox: Arc<Toolbox>) -> Self {
        Self { inner, toolbox, line: Vec::new(), ready: Vec::new() }
    }

    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ready.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.ready))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.ready.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// Masks the first `size` bytes of the line.
    fn mask(&mut self, size: usize) {
        let rest = self.line.split_off(size);
        let lines = std::mem::replace(&mut self.line, rest);
        self.ready.extend(match String::from_utf8(lines) {
            Ok(mut text) => {
                self.toolbox.mask(&mut text);
                text.into_bytes()
            }
            // All that is written here is JSON. Should it ever be something else, it is none that could be read.
            Err(fault) => fault.into_bytes(),
        });
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Masked<W> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(context))?;
        let before = self.line.len();
        self.line.extend_from_slice(bytes);
        if let Some(end) = memrchr(b'\n', bytes) {
            self.mask(before + end + 1);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let size = self.line.len();
        self.mask(size);
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
