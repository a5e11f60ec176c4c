//! Connections that can break: an answer that does not come, one that ends in the middle, and a reset. A request whose
//! head does not arrive in time ends its connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::connect_info::Connected;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use futures::stream;
use http::header::CONTENT_LENGTH;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

use super::answer::insert;

/// How long what was written of an answer may take to be on its way before the connection is closed.
const FLUSH: Duration = Duration::from_millis(20);

/// How long a request may take to arrive.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// What ends the head of a request.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Gives connections that can be reset.
pub(super) struct Lines(pub(super) TcpListener);

/// A connection.
pub(super) struct Line {
    stream: TcpStream,
    reset: Reset,
    head: Head,
}

/// Where the connection is in a request.
enum Head {
    /// Between two requests. A connection may stay open as long as its client likes.
    Idle,
    /// Some of a head has come: its last bytes, and when it is too late for the rest.
    Half([u8; 3], Pin<Box<Sleep>>),
    /// The head is whole.
    Whole,
}

impl Head {
    /// Reads `bytes` on.
    fn read(&mut self, bytes: &[u8]) {
        let (before, deadline) = match std::mem::replace(self, Self::Whole) {
            Self::Whole => return,
            Self::Idle => ([0; 3], Box::pin(tokio::time::sleep(PATIENCE))),
            Self::Half(before, deadline) => (before, deadline),
        };
        let joined = [&before[..], bytes].concat();
        if memchr::memmem::find(&joined, END_OF_HEAD).is_none() {
            *self = Self::Half(joined.last_chunk().copied().unwrap_or(before), deadline);
        }
    }
}

/// Says of a connection whether it is reset when it closes.
#[derive(Clone, Debug, Default)]
pub(super) struct Reset(Arc<AtomicBool>);

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small and whole: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        (Line { stream, reset: Reset::default(), head: Head::Idle }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Reset {
    fn connect_info(incoming: IncomingStream<'_, Lines>) -> Self {
        incoming.io().reset.clone()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.reset.0.load(Ordering::Relaxed) {
            // Closing without lingering sends RST instead of FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        if polled.is_ready() {
            let read = into.filled().get(before..).unwrap_or_default();
            if !read.is_empty() {
                self.head.read(read);
            }
        } else if let Head::Half(_, deadline) = &mut self.head {
            return deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.head = Head::Idle;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.head = Head::Idle;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Reset {
    /// An "answer" that resets the connection instead.
    pub(super) fn response(&self) -> Response {
        self.0.store(true, Ordering::Relaxed);
        lost()
    }
}

/// An "answer" that closes the connection instead: a body that fails before anything of it, and so the head too, was
/// sent.
pub(super) fn lost() -> Response {
    Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(broken()) })))
}

/// `response` with the length of the whole and half of its body, after which the connection is closed.
pub(super) async fn cut(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    let parts = stream::unfold(Some(half), |half| async {
        if let Some(half) = half {
            return Some((Ok(half), None));
        }
        tokio::time::sleep(FLUSH).await;
        Some((Err(broken()), None))
    });
    let mut response = Response::from_parts(head, Body::from_stream(parts));
    insert(&mut response, CONTENT_LENGTH, &whole.len().to_string());
    response
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "a fault on demand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_head_is_whole_at_its_empty_line() {
        for pieces in [
            &["GET / HTTP/1.1\r\nHost: x\r\n\r\n"][..],
            &["GET / HTTP/1.1\r", "\n", "\r", "\n"],
            &["a\r\n\r\nbody", "more"],
        ] {
            let mut head = Head::Idle;
            for piece in pieces {
                head.read(piece.as_bytes());
            }
            assert!(matches!(head, Head::Whole), "{pieces:?}");
        }
        for pieces in [&["GET / HTTP/1.1\r\n"][..], &["a\r\n", "b\r\n", "c"]] {
            let mut head = Head::Idle;
            for piece in pieces {
                head.read(piece.as_bytes());
            }
            assert!(matches!(head, Head::Half(..)), "{pieces:?}");
        }
    }
}
