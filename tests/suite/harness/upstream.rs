//! An HTTP/1.1 server that is not ours: it records each request byte for byte, and answers as a test says, however
//! broken that is.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

use super::PATIENCE;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, as they stood in the request line.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// On which connection it came, counted from 1.
    pub(crate) connection: usize,
}

impl Request {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The values of a header, whatever its case.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let all = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        all.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn body(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

/// What is sent back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Whole,
    /// Only so many bytes of the body, then the connection is closed.
    Cut(usize),
    /// Only so many bytes of the body, then nothing, for ever.
    Stall(usize),
    /// In pieces, with a pause between them.
    Dripping(Duration),
    /// These bytes and nothing else, then the connection is closed.
    Raw(Vec<u8>),
    /// The connection is reset.
    Reset,
    /// Nothing, for ever.
    Hang,
    /// Whole, once the gate is open.
    Gated(Arc<Semaphore>),
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".into(), "application/json".into())];
        Self { status, headers, body: body.into(), how: How::Whole }
    }

    /// The body, for a test that changes a part of it.
    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string())
    }

    /// The API's error envelope.
    pub(crate) fn refusal(status: u16, code: &str, details: &Value) -> Self {
        let mut body = json!({ "error": "It was refused.", "code": code, "requestId": "req-9d1f3a8e" });
        if !details.is_null() {
            body["details"] = details.clone();
        }
        Self::json(status, &body)
    }

    pub(crate) fn reset() -> Self {
        Self { how: How::Reset, ..Self::new(200, "") }
    }

    pub(crate) fn hang() -> Self {
        Self { how: How::Hang, ..Self::new(200, "") }
    }

    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { how: How::Raw(bytes.into()), ..Self::new(200, "") }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn cut_after(self, bytes: usize) -> Self {
        Self { how: How::Cut(bytes), ..self }
    }

    pub(crate) fn stalled_after(self, bytes: usize) -> Self {
        Self { how: How::Stall(bytes), ..self }
    }

    pub(crate) fn dripping(self, pause: Duration) -> Self {
        Self { how: How::Dripping(pause), ..self }
    }

    pub(crate) fn once_open(self, gate: &Gate) -> Self {
        Self { how: How::Gated(Arc::clone(&gate.0)), ..self }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// Holds answers back until a test opens it.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub(crate) fn open(&self) {
        self.0.add_permits(10_000);
    }
}

type Script = Box<dyn Fn(&Request, usize) -> Reply + Send + Sync>;

struct Inner {
    script: Script,
    log: Mutex<Log>,
    changed: Notify,
}

#[derive(Default)]
struct Log {
    requests: Vec<Request>,
    connections: usize,
    /// Requests whose client closed the connection before the answer was there.
    given_up: usize,
}

/// The server.
pub(crate) struct Upstream {
    pub(crate) origin: String,
    inner: Arc<Inner>,
    accepting: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Upstream {
    /// Answers each request as `script` says; it is also told how many requests came before.
    pub(crate) async fn answering(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), script)
    }

    /// Gives these answers in their order; the last one from then on.
    pub(crate) async fn scripted(replies: impl Into<Vec<Reply>>) -> Self {
        let replies = replies.into();
        Self::answering(move |_, before| replies[before.min(replies.len() - 1)].clone()).await
    }

    /// Gives 200 with `body` to everything.
    pub(crate) async fn giving(body: &Value) -> Self {
        Self::scripted([Reply::json(200, body)]).await
    }

    pub(crate) fn on(listener: TcpListener, script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { script: Box::new(script), log: Mutex::default(), changed: Notify::new() });
        let serving = Arc::clone(&inner);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&serving);
                tokio::spawn(async move { inner.connection(stream).await });
            }
        });
        Self { origin, inner, accepting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.origin.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.inner.log.lock().unwrap().requests.clone()
    }

    /// The one request that came.
    pub(crate) fn only_request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "one request was expected: {requests:#?}");
        requests[0].clone()
    }

    /// How many requests came that are no reads.
    pub(crate) fn writes(&self) -> usize {
        self.requests().iter().filter(|request| request.is_write()).count()
    }

    pub(crate) fn connections(&self) -> usize {
        self.inner.log.lock().unwrap().connections
    }

    /// Waits until so many requests have come.
    pub(crate) async fn has_seen(&self, many: usize) {
        self.until(&format!("{many} requests"), |log| log.requests.len() >= many).await;
    }

    /// Waits until the client has closed so many connections on which it was still owed an answer.
    pub(crate) async fn was_given_up_on(&self, many: usize) {
        self.until(&format!("{many} given up requests"), |log| log.given_up >= many).await;
    }

    async fn until(&self, what: &str, holds: impl Fn(&Log) -> bool) {
        let waiting = async {
            loop {
                let changed = self.inner.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if holds(&self.inner.log.lock().unwrap()) {
                    return;
                }
                changed.await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(found.is_ok(), "the upstream waited in vain for {what}; it saw {:#?}", self.requests());
    }
}

impl Inner {
    fn note(&self, change: impl FnOnce(&mut Log)) {
        change(&mut self.log.lock().unwrap());
        self.changed.notify_waiters();
    }

    async fn connection(&self, stream: TcpStream) {
        let mut number = 0;
        self.note(|log| {
            log.connections += 1;
            number = log.connections;
        });
        self.conversation(stream, number).await;
    }

    async fn conversation(&self, stream: TcpStream, number: usize) {
        stream.set_nodelay(true).unwrap();
        let mut stream = Buffered { stream, buffer: Vec::new() };
        while let Some(mut request) = stream.request().await {
            request.connection = number;
            let mut before = 0;
            self.note(|log| {
                before = log.requests.len();
                log.requests.push(request.clone());
            });
            let reply = (self.script)(&request, before);
            if !self.answer(&mut stream.stream, &reply).await {
                return;
            }
        }
    }

    /// Whether the connection goes on.
    async fn answer(&self, stream: &mut TcpStream, reply: &Reply) -> bool {
        match &reply.how {
            How::Whole => send(stream, &[reply.head(), reply.body.clone()].concat()).await,
            How::Cut(bytes) => {
                send(stream, &[&reply.head(), &reply.body[..*bytes]].concat()).await;
                let _ = stream.shutdown().await;
                false
            }
            How::Stall(bytes) => {
                send(stream, &[&reply.head(), &reply.body[..*bytes]].concat()).await;
                self.wait_for_the_end(stream, std::future::pending()).await
            }
            How::Dripping(pause) => {
                let pieces = reply.body.len().div_ceil(10).max(1);
                let mut goes_on = send(stream, &reply.head()).await;
                for piece in reply.body.chunks(pieces) {
                    tokio::time::sleep(*pause).await;
                    goes_on = goes_on && send(stream, piece).await;
                }
                goes_on
            }
            How::Raw(bytes) => {
                send(stream, bytes).await;
                let _ = stream.shutdown().await;
                false
            }
            How::Reset => {
                stream.set_zero_linger().unwrap();
                false
            }
            How::Hang => self.wait_for_the_end(stream, std::future::pending()).await,
            How::Gated(gate) => {
                let opened = async {
                    gate.acquire().await.unwrap().forget();
                };
                self.wait_for_the_end(stream, opened).await
                    && send(stream, &[reply.head(), reply.body.clone()].concat()).await
            }
        }
    }

    /// Waits until `opened`, or until the client has closed the connection.
    async fn wait_for_the_end(&self, stream: &mut TcpStream, opened: impl Future<Output = ()>) -> bool {
        let mut byte = [0];
        tokio::select! {
            () = opened => true,
            _ = stream.read(&mut byte) => {
                self.note(|log| log.given_up += 1);
                false
            }
        }
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
    stream.write_all(bytes).await.is_ok() && stream.flush().await.is_ok()
}

/// Reads requests from a connection.
pub(crate) struct Buffered<S> {
    pub(crate) stream: S,
    pub(crate) buffer: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Buffered<S> {
    pub(crate) async fn request(&mut self) -> Option<Request> {
        let end = loop {
            if let Some(place) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break place + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut request = Request { method, target, headers, body: Vec::new(), connection: 0 };
        let length = request.header("content-length").first().map_or(0, |text| text.parse().unwrap());
        while self.buffer.len() < length {
            self.more().await?;
        }
        request.body = self.buffer.drain(..length).collect();
        Some(request)
    }

    async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.buffer).await.ok()?;
        (read > 0).then_some(())
    }
}

/// A port on which nobody listens, kept from being taken by somebody else as long as this lives.
pub(crate) struct Refusing(tokio::net::TcpSocket);

impl Refusing {
    pub(crate) fn new() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// From now on somebody does listen.
    pub(crate) fn listen(self) -> TcpListener {
        self.0.listen(64).unwrap()
    }
}
