//! Answers: refusals before a message is served, and rmcp's answers on their way out. Every answer passes the mask.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{Stream, StreamExt, stream};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::Frame;
use rmcp::model::{ErrorCode, ErrorData};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::slots::Slot;
use super::{Body, Mask, Reply};

use crate::answer::Shown;

/// A call that takes longer is answered as a stream of events, so that no proxy takes the connection for dead.
const LONG: Duration = Duration::from_secs(2);
/// The pause between two signs of life on a stream.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

type Frames = Pin<Box<dyn Stream<Item = Bytes> + Send + Sync>>;

/// A short answer for people.
pub(super) fn text(status: StatusCode, text: &'static str) -> Reply {
    plain(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

/// The answer to a method that is not served, with those that are.
pub(super) fn not_served(allowed: &'static str) -> Reply {
    let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "this method is not served here");
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    reply
}

/// An answer in JSON.
pub(super) fn object(status: StatusCode, value: &Value) -> Reply {
    plain(status, JSON, value.to_string().into())
}

/// An error of JSON-RPC.
pub(super) fn fault(status: StatusCode, code: ErrorCode, why: Shown, id: Option<&Value>) -> Reply {
    let error = ErrorData::new(code, String::from(why), None);
    let mut message = json!({ "jsonrpc": "2.0", "error": error });
    if let (Some(id), Some(message)) = (id, message.as_object_mut()) {
        message.insert("id".into(), id.clone());
    }
    object(status, &message)
}

fn plain(status: StatusCode, kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body).boxed());
    *reply.status_mut() = status;
    if status != StatusCode::NO_CONTENT {
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    reply
}

/// Nobody may store an answer or guess its type.
pub(super) fn protect(reply: &mut Reply) {
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Masks an answer that is not from `deliver`.
pub(super) async fn masked(reply: Reply, mask: &Mask) -> Reply {
    let (head, body) = reply.into_parts();
    Response::from_parts(head, Full::new(mask(whole(body).await).into()).boxed())
}

/// Delivers rmcp's answer. One that takes long, or that a notification precedes, becomes a stream of events. If the caller
/// goes away, everything here is dropped, which cancels the call. `slot` is held until the last byte has left.
pub(super) async fn deliver(answer: BoxFuture<'static, Reply>, mask: Mask, slot: Slot) -> Reply {
    let mut answer = answer;
    tokio::select! {
        reply = &mut answer => {
            if is_events(&reply) {
                return events(frames(reply), mask, slot);
            }
            let (head, body) = reply.into_parts();
            let body = Full::new(Bytes::from(mask(whole(body).await)));
            // The closure holds the slot as long as the body lives.
            let body = body.map_err(move |fault| {
                let _ = &slot;
                fault
            });
            Response::from_parts(head, BodyExt::boxed(body))
        }
        () = tokio::time::sleep(LONG) => events(late(answer), mask, slot),
    }
}

fn is_events(reply: &Reply) -> bool {
    reply.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(EVENTS.as_bytes()))
}

fn frames(reply: Reply) -> Frames {
    let frames = BodyStream::new(reply.into_body());
    Box::pin(frames.filter_map(|frame| std::future::ready(frame.ok().and_then(|frame| frame.into_data().ok()))))
}

/// The state of a stream whose answer is not there yet.
enum Late {
    Waiting(BoxFuture<'static, Reply>, Instant),
    Streaming(Frames),
}

/// Signs of life until the answer is there, then the answer as an event.
fn late(answer: BoxFuture<'static, Reply>) -> Frames {
    let sign = || Bytes::from_static(b":\n\n");
    let stream = stream::unfold(Late::Waiting(answer, Instant::now()), move |state| async move {
        match state {
            Late::Waiting(mut answer, next) => tokio::select! {
                reply = &mut answer => {
                    let mut rest = if is_events(&reply) { frames(reply) } else { as_event(reply).await };
                    let first = rest.next().await?;
                    Some((first, Late::Streaming(rest)))
                }
                () = tokio::time::sleep_until(next) => Some((sign(), Late::Waiting(answer, Instant::now() + KEEP_ALIVE))),
            },
            Late::Streaming(mut rest) => {
                let next = rest.next().await?;
                Some((next, Late::Streaming(rest)))
            }
        }
    });
    Box::pin(sync(stream))
}

async fn as_event(reply: Reply) -> Frames {
    let body = whole(reply.into_body()).await;
    // JSON on one line is one line of data.
    let event = [b"data: ".as_slice(), &body, b"\n\n"].concat();
    Box::pin(stream::iter([Bytes::from(event)]))
}

fn events(frames: Frames, mask: Mask, slot: Slot) -> Reply {
    let frames = frames.map(move |frame| {
        let _slot = &slot;
        Bytes::from(mask(frame.into()))
    });
    let mut reply = Response::new(streamed(Box::pin(frames)));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(EVENTS));
    // nginx and its like would hold the events back.
    reply.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    reply
}

fn streamed(frames: Frames) -> Body {
    BodyExt::boxed(StreamBody::new(frames.map(|bytes| Ok(Frame::data(bytes)))))
}

/// Bodies must be `Sync`. A stream is only polled by its connection, so the lock is never contended.
fn sync(stream: impl Stream<Item = Bytes> + Send + 'static) -> impl Stream<Item = Bytes> + Send + Sync {
    let stream = Mutex::new(stream.boxed());
    stream::poll_fn(move |context| match stream.lock() {
        Ok(mut stream) => stream.poll_next_unpin(context),
        Err(_) => Poll::Ready(None),
    })
}

async fn whole(body: Body) -> Vec<u8> {
    body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default()
}
