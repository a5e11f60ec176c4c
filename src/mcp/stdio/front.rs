//! A transport for rmcp that reads the host's lines itself, so that every message with an id gets an answer under that
//! id. It answers messages that rmcp cannot read, or that would make rmcp stop, and does not pass them on.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, GetMeta, JsonRpcMessage, ProtocolVersion, RequestId,
    ServerJsonRpcMessage, ServerResult,
};
use rmcp::transport::Transport;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::answer::text::path;
use crate::answer::{Shown, id, quoted, shown};
use crate::api::threads::LARGE;

use super::lines::{LONGEST, Line, Lines};
use super::open::{Open, Request};
use super::outbox::Outbox;
use super::presence::Presence;
use crate::mcp::message::json::{self as text, Unreadable};
use crate::mcp::message::outline::Outline;
use crate::mcp::message::{method, params};

/// The most open requests, and the most bytes that may wait for a slow host, before the server stops reading. Both
/// bound the memory.
const MOST_OPEN: usize = 256;
const MOST_WAITING: usize = 1024 * 1024;
/// The most messages of a batch.
const LONGEST_BATCH: usize = 100;
/// The time for which lines are still read after the parent process has ended.
const SILENCE: Duration = Duration::from_secs(3);

/// The transport over one input and one output.
pub(super) struct Front<R> {
    lines: Lines<R>,
    outbox: Outbox,
    presence: Presence,
    /// Cancelled when the server must end or the host is gone.
    closing: CancellationToken,
    ready: VecDeque<ClientJsonRpcMessage>,
    open: Open,
    /// The protocol revision, once the connection is established.
    revision: Option<ProtocolVersion>,
    heard: Instant,
    mask: Mask,
    /// A long line that is being parsed on another thread.
    reading: Option<JoinHandle<Read>>,
}

/// A line that was parsed.
struct Read {
    id: Option<Value>,
    message: Result<Value, Unreadable>,
}

impl Read {
    fn of(line: &[u8]) -> Self {
        let outline = Outline::of(line);
        let message = text::read(line, outline.deepest());
        Self { id: outline.id(), message }
    }
}

/// Replaces secrets in an outgoing line.
pub(super) type Mask = Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send>;

/// The error with which a message is answered at once.
struct Refused(ErrorCode, Shown);

type Object = Map<String, Value>;

impl<R: AsyncRead + Send + Unpin> Front<R> {
    pub(super) fn new(
        input: R,
        output: impl AsyncWrite + Send + Unpin + 'static,
        presence: Presence,
        closing: CancellationToken,
    ) -> Self {
        Self {
            lines: Lines::new(input, LONGEST),
            outbox: Outbox::new(output),
            presence,
            closing,
            ready: VecDeque::new(),
            open: Open::default(),
            revision: None,
            heard: Instant::now(),
            mask: Box::new(|line| line),
            reading: None,
        }
    }

    /// Masks every outgoing line. Answers repeat text of the caller, also as names of tools and methods, so masking
    /// happens at this single exit.
    pub(super) fn masking(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// Reads the next line; `None` if nobody reads the answers any more. Cancel-safe.
    async fn next_line(&mut self) -> Option<Line> {
        loop {
            let Self { lines, outbox, presence: Presence { parent, input }, open, heard, closing, .. } = self;
            let is_full = open.len() >= MOST_OPEN;
            let room = async {
                if is_full {
                    // rmcp polls again after each answer.
                    std::future::pending::<()>().await;
                } else {
                    outbox.below(MOST_WAITING).await;
                }
            };
            let line = async {
                room.await;
                lines.next().await
            };
            let gone = async {
                input.closed().await;
                outbox.stalled().await;
            };
            tokio::select! {
                biased;
                () = closing.cancelled() => return None,
                () = outbox.broken() => return None,
                line = line => {
                    *heard = Instant::now();
                    return line;
                }
                () = gone, if is_full || outbox.waiting() >= MOST_WAITING => return None,
                has_ended = parent.has_ended() => {
                    if has_ended && heard.elapsed() > SILENCE {
                        return None;
                    }
                }
            }
        }
    }

    /// Handles a line: queues it for rmcp or answers it.
    fn take(&mut self, line: Line) {
        match line {
            Line::Whole(line) if text::bare(&line).is_empty() => {}
            Line::Whole(line) if line.len() >= LARGE => {
                self.reading = Some(tokio::task::spawn_blocking(move || Read::of(&line)));
            }
            Line::Whole(line) => self.take_read(Read::of(&line)),
            Line::TooLong(outline) => {
                let refused = Refused::invalid(shown!("a message may have {} MiB at most", LONGEST / (1024 * 1024)));
                self.refuse(outline.id(), refused, None);
            }
        }
    }

    fn take_read(&mut self, Read { id, message }: Read) {
        match message {
            Ok(Value::Array(messages)) => self.take_batch(messages),
            Ok(message) => self.take_message(message, None),
            Err(Unreadable::NotJson(fault)) => {
                let refused = Refused(ErrorCode::PARSE_ERROR, shown!("the line is not JSON: {}", quoted(&fault)));
                self.refuse(id, refused, None);
            }
            Err(Unreadable::Refused(why)) => self.refuse(id, Refused::invalid(why), None),
        }
    }

    fn take_batch(&mut self, messages: Vec<Value>) {
        let why = match &self.revision {
            _ if messages.is_empty() => "a batch must hold a message".into(),
            Some(revision) if *revision != ProtocolVersion::V_2025_03_26 => {
                shown!("revision {} has no batches: send one message a line", id(revision.as_str()))
            }
            None => "no batch before initialize: send one message a line".into(),
            Some(_) if messages.len() > LONGEST_BATCH => shown!("a batch may hold {} messages at most", LONGEST_BATCH),
            Some(_) => {
                let requests = messages.iter().filter(|message| is_answered(message)).count();
                let batch = (requests > 0).then(|| self.open.begin_batch(requests));
                for message in messages {
                    self.take_message(message, batch);
                }
                return;
            }
        };
        let mut ids: Vec<Option<Value>> =
            messages.iter().filter(|message| is_answered(message)).map(|message| message.get("id").cloned()).collect();
        if ids.is_empty() {
            ids.push(None);
        }
        for id in ids {
            self.refuse(id, Refused::invalid(why.clone()), None);
        }
    }

    fn take_message(&mut self, message: Value, batch: Option<u64>) {
        let is_answered = is_answered(&message);
        let Value::Object(message) = message else {
            return self.refuse(None, Refused::invalid("a message must be an object".into()), batch);
        };
        if !is_answered {
            return self.pass_on(message);
        }
        let id = message.get("id").cloned();
        match self.request(message, id.clone(), batch) {
            Ok(Some(request)) => self.ready.push_back(request),
            Ok(None) => {}
            Err(refused) => self.refuse(id, refused, batch),
        }
    }

    /// Converts a request for rmcp; `None` if it is already answered.
    fn request(
        &mut self,
        mut message: Object,
        id: Option<Value>,
        batch: Option<u64>,
    ) -> Result<Option<ClientJsonRpcMessage>, Refused> {
        let method = method(&message).map_err(|why| Refused::invalid(why.into()))?;
        let method = method.ok_or_else(|| Refused::invalid("a request needs a method".into()))?;
        let id = id.filter(|id| id.is_string() || id.is_number());
        let id = id.ok_or_else(|| Refused::invalid("the id must be a string or a number".into()))?;
        if method == "server/discover" {
            params::complete_discover(&mut message);
        }
        params::mend(&method, &mut message).map_err(Refused::params)?;
        if method == "ping" {
            self.answer(&Answer { jsonrpc: "2.0", id: &id, result: &json!({}) }, batch);
            return Ok(None);
        }
        let mut request = read_request(&method, message)?;
        self.begin(&mut request)?;
        let number = self.open.add(Request { id, method, batch });
        Ok(Some(ClientJsonRpcMessage::request(request, RequestId::Number(number))))
    }

    /// Checks whether a request is allowed now. A connection begins with `initialize`, or with a request that carries
    /// its own revision. Before that, rmcp would wait for some requests and stop at all others.
    fn begin(&mut self, request: &mut ClientRequest) -> Result<(), Refused> {
        if self.revision.is_some()
            || matches!(request, ClientRequest::InitializeRequest(_) | ClientRequest::DiscoverRequest(_))
        {
            return Ok(());
        }
        let meta = request.get_meta_mut();
        if !meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty() {
            return Err(Refused::invalid(
                "the conversation has not begun: send initialize first (or, from revision 2026-07-28 on, \
                 io.modelcontextprotocol/protocolVersion and …/clientCapabilities in params._meta of each request)"
                    .into(),
            ));
        }
        self.revision = meta.protocol_version().filter(|revision| ProtocolVersion::KNOWN_VERSIONS.contains(revision));
        Ok(())
    }

    /// Passes on messages without an answer: notifications, and responses to our own requests. Before the connection is
    /// established they are dropped.
    fn pass_on(&mut self, mut message: Object) {
        if self.revision.is_none() {
            return;
        }
        let cancelled = (message.get("method") == Some(&json!("notifications/cancelled")))
            .then(|| message.get("params")?.get("requestId").cloned())
            .flatten();
        let Some(id) = cancelled else { return self.pass(message) };
        for number in self.open.with_id(&id) {
            if let Some(batch) = self.open.remove(number).and_then(|request| request.batch) {
                let answers = self.open.settle(batch, None);
                self.send_line(answers);
            }
            if let Some(params) = message.get_mut("params").and_then(Value::as_object_mut) {
                params.insert("requestId".into(), json!(number));
            }
            self.pass(message.clone());
        }
    }

    fn pass(&mut self, message: Object) {
        match serde_json::from_value(Value::Object(message)) {
            Ok(message) => self.ready.push_back(message),
            Err(fault) => tracing::debug!(%fault, "a message of the host is not understood"),
        }
    }

    fn refuse(&mut self, id: Option<Value>, Refused(code, message): Refused, batch: Option<u64>) {
        tracing::debug!(%message, "a message of the host is refused");
        let error = ErrorData::new(code, String::from(message), None);
        self.answer(&Fault { jsonrpc: "2.0", id: id.as_ref(), error: &error }, batch);
    }

    fn answer(&mut self, answer: &impl Serialize, batch: Option<u64>) {
        let line = match serde_json::to_vec(answer) {
            Ok(line) => line,
            Err(fault) => return tracing::error!(%fault, "an answer cannot be written"),
        };
        let line = match batch {
            Some(batch) => self.open.settle(batch, Some(line)),
            None => Some(line),
        };
        self.send_line(line);
    }

    fn send_line(&self, line: Option<Vec<u8>>) {
        if let Some(line) = line {
            self.outbox.push((self.mask)(line));
        }
    }

    /// Writes a message of rmcp under the host's own request id.
    fn write(&mut self, message: ServerJsonRpcMessage) {
        match message {
            JsonRpcMessage::Response(response) => {
                let Some(request) = self.answered(&response.id) else { return };
                if let ServerResult::InitializeResult(result) = &response.result {
                    self.revision = Some(result.protocol_version.clone());
                }
                self.answer(&Answer { jsonrpc: "2.0", id: &request.id, result: &response.result }, request.batch);
            }
            JsonRpcMessage::Error(mut fault) => {
                let Some(request) = fault.id.as_ref().and_then(|id| self.answered(id)) else { return };
                if fault.error.code == ErrorCode::METHOD_NOT_FOUND {
                    fault.error.message = String::from(shown!("method not found: {}", path(&request.method))).into();
                }
                self.answer(&Fault { jsonrpc: "2.0", id: Some(&request.id), error: &fault.error }, request.batch);
            }
            message => self.answer(&message, None),
        }
    }

    fn answered(&mut self, id: &RequestId) -> Option<Request> {
        match id {
            RequestId::Number(number) => self.open.remove(*number),
            RequestId::String(_) => None,
        }
    }
}

impl<R: AsyncRead + Send + Unpin + 'static> Transport<RoleServer> for Front<R> {
    type Error = io::Error;

    fn send(&mut self, message: ServerJsonRpcMessage) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.write(message);
        std::future::ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            // The handle stays in its place until it is done: this future may be dropped at any await.
            if let Some(reading) = &mut self.reading {
                let read = reading.await;
                self.reading = None;
                match read {
                    Ok(read) => self.take_read(read),
                    Err(fault) => {
                        self.refuse(
                            None,
                            Refused::invalid(shown!("the line cannot be read: {}", quoted(&fault.to_string()))),
                            None,
                        );
                    }
                }
                continue;
            }
            let Some(line) = self.next_line().await else {
                self.closing.cancel();
                return None;
            };
            self.take(line);
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.outbox.close().await;
        Ok(())
    }
}

/// True if a message needs an answer: all but notifications and responses to our own requests.
fn is_answered(message: &Value) -> bool {
    let has = |name| message.get(name).is_some();
    if has("method") { has("id") } else { !has("result") && !has("error") }
}

fn read_request(method: &str, mut message: Object) -> Result<ClientRequest, Refused> {
    message.retain(|name, _| name == "method" || name == "params");
    // rmcp reads messages through a buffer that cannot hold every number, so the arguments bypass rmcp.
    let arguments = match (method, message.get_mut("params").and_then(|params| params.get_mut("arguments"))) {
        ("tools/call", Some(Value::Object(arguments))) => Some(std::mem::take(arguments)),
        _ => None,
    };
    let given = message.get("params").cloned();
    let misfit = || params::misfit(method, given.as_ref());
    match serde_json::from_value(Value::Object(message)) {
        Ok(ClientRequest::CallToolRequest(mut call)) => {
            call.params.arguments = arguments.or(call.params.arguments);
            Ok(ClientRequest::CallToolRequest(call))
        }
        // rmcp reads a request with invalid params as one of an unknown method.
        Ok(ClientRequest::CustomRequest(request)) => match misfit() {
            Some(why) => Err(Refused::params(why)),
            None => Ok(ClientRequest::CustomRequest(request)),
        },
        Ok(request) => Ok(request),
        Err(fault) => Err(Refused::params(misfit().unwrap_or_else(|| quoted(&fault.to_string())))),
    }
}

impl Refused {
    fn invalid(why: Shown) -> Self {
        Self(ErrorCode::INVALID_REQUEST, why)
    }

    fn params(why: Shown) -> Self {
        Self(ErrorCode::INVALID_PARAMS, why)
    }
}

#[derive(Serialize)]
struct Answer<'a, T> {
    jsonrpc: &'static str,
    id: &'a Value,
    result: &'a T,
}

#[derive(Serialize)]
struct Fault<'a> {
    jsonrpc: &'static str,
    /// Omitted if unknown (MCP 2026-07-28, error responses).
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    error: &'a ErrorData,
}
