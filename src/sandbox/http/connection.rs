//! Breaks connections on demand: no answer, half an answer, or a reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::stream;
use http::header::CONTENT_LENGTH;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::response::insert;

/// The written half of an answer needs this long to leave before the connection is closed.
const FLUSH: Duration = Duration::from_millis(20);

/// A connection that can be reset.
pub(super) struct Connection {
    stream: TcpStream,
    pub(super) reset: Reset,
}

/// True if the connection is reset when it closes.
#[derive(Clone, Debug, Default)]
pub(super) struct Reset(Arc<AtomicBool>);

impl Connection {
    pub(super) fn over(stream: TcpStream) -> Self {
        // Answers are small and whole: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        Self { stream, reset: Reset::default() }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.0.load(Ordering::Relaxed) {
            // Closing without lingering sends RST instead of FIN.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Reset {
    pub(super) fn response(&self) -> Response {
        self.0.store(true, Ordering::Relaxed);
        lost()
    }
}

/// Closes the connection: the body fails before the head is sent.
pub(super) fn lost() -> Response {
    Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(broken()) })))
}

/// Announces the whole length, sends half of the body, and closes the connection.
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
