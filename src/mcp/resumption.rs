//! Continues a call that the client repeats with a sealed state after asking its user (`requestState`, revision
//! 2026-07-28). A state that is used again sends no second write, at whichever server, and gets the same answer. Start with
//! `Server::resume`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use rmcp::model::{CallToolResult, InputResponses, SealOptions};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::answer::{After, Failure, Object, Outcome as Ended, Rendered, ToolError};
use crate::api::Effect;
use crate::api::error::Error;
use crate::api::hex::hex;
use crate::api::wording::wording;
use crate::engine::once::{Done, Once, Use};
use crate::engine::resume::resume;

use super::host::Host;
use super::server::{Outcome, Request, Server, cancelled, result};

/// The time that a call may take beyond the wait for its user.
pub(crate) const MARGIN: Duration = Duration::from_secs(8);
/// The lifetime of a sealed state.
const STATE_LIFE: Duration = Duration::from_secs(15 * 60);
/// The longest sealed state, in bytes: the client carries it back, and some keep it in a model's context.
const LONGEST_STATE: usize = 8 * 1024;
/// The room for a refusal in a state, in bytes. Sealing makes four bytes of three.
const REFUSAL_ROOM: usize = 4 * 1024;
/// The key of the server's only request in `inputRequests`.
pub(super) const PERSON: &str = "person";

/// The content of a sealed state.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    after: After,
    /// When the user was asked, in milliseconds since 1970.
    asked: i64,
}

/// A call that the client repeats after asking its user.
pub(crate) struct Resumed {
    after: After,
    /// The time that the call has already waited.
    waited: Duration,
    accepted: bool,
    /// The key of the state's use.
    key: String,
}

impl Server {
    /// Seals what is needed to go on with the call; `None` if that is too long.
    pub(super) fn sealed(&self, request: &Request, after: &After) -> Option<String> {
        let state = State { after: after.within(REFUSAL_ROOM), asked: Timestamp::now().as_millisecond() };
        let binding = self.binding(request);
        let options = SealOptions::new().associated_data(&binding).ttl(STATE_LIFE);
        self.seal.0.seal_json_with(&state, &options).ok().filter(|state| state.len() <= LONGEST_STATE)
    }

    /// Opens the sealed state of a repeated call. An invalid state counts as none.
    pub(crate) fn resumed(
        &self,
        request: &Request,
        state: Option<&str>,
        responses: Option<&InputResponses>,
    ) -> Option<Resumed> {
        let sealed = state?;
        let state: State = self.seal.0.open_json_with(sealed, &self.binding(request)).ok()?;
        let waited = Timestamp::now().as_millisecond().saturating_sub(state.asked);
        let action = responses.and_then(|responses| responses.get(PERSON)?.get("action")?.as_str());
        Some(Resumed {
            after: state.after,
            waited: Duration::from_millis(u64::try_from(waited).unwrap_or_default()),
            accepted: action == Some("accept"),
            key: self.key_of_use(sealed, request),
        })
    }

    /// The answer of the call that used this state before, here or at another server that shares the ledger.
    pub(crate) async fn answer_of_earlier_use(
        &self,
        request: &Request,
        state: &str,
        host: Host,
    ) -> Option<CallToolResult> {
        let services = &self.toolbox.services;
        let (key, until) = (self.key_of_use(state, request), request.call.deadline - MARGIN / 4);
        let earlier = services.memory.of::<Once>().earlier(&services.operator.ledger, &key, until).await.transpose()?;
        Some(self.given_again(request, earlier, host).await)
    }

    /// Continues a repeated call. After an accept it polls at least once; after any other reply it sends nothing that
    /// could change anything. It never asks again.
    pub(crate) async fn resume(
        &self,
        request: &Request,
        resumed: Resumed,
        host: Host,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let Some(served) = self.toolbox.find(&request.name, &request.arguments) else {
            return Err(self.unknown(&request.name));
        };
        let Resumed { after, waited, accepted, key } = resumed;
        if let (false, After::TryAgain { refused, .. }) = (accepted, &after) {
            let refusal = self.toolbox.repeat(served, refused, &request.call).await;
            return Ok(self.result(Err(refusal), host));
        }
        let left = if accepted { self.toolbox.services.human_wait.saturating_sub(waited) } else { Duration::ZERO };
        if let After::Call { .. } = &after {
            return Ok(self.result(self.wait(request, &after, left, context).await?, host));
        }
        let services = &self.toolbox.services;
        // A read may be made twice, and needs no ledger.
        let ledger = (served.facts().effect != Effect::Read).then(|| Arc::clone(&services.operator.ledger));
        let (once, use_of_state) = (services.memory.of::<Once>(), Use { key, until: request.call.deadline, ledger });
        tokio::select! {
            answer = once.run(use_of_state, services.running.begin(), self.repeated(request, after, left)) => {
                Ok(self.given_again(request, answer, host).await)
            }
            () = context.ct.cancelled() => Err(cancelled()),
        }
    }

    /// Makes the refused call again, also when nobody waits for its end any more.
    fn repeated(&self, request: &Request, after: After, left: Duration) -> impl Future<Output = Done> + Send + 'static {
        let (its, until) = (self.clone(), until(request, left));
        let Request { name, arguments, call } = request.clone();
        async move {
            let toolbox = &its.toolbox;
            let outcome = match toolbox.find(&name, &arguments) {
                Some(served) => resume(toolbox, served, &arguments, &after, &call, until).await,
                // The caller has found it already.
                None => Err(Failure::default()),
            };
            let may_have_written = outcome.as_ref().map_or_else(|failure| failure.outcome, |_| Ended::Done);
            let answer = serde_json::to_vec(&its.rendered(outcome)).unwrap_or_default();
            let answer = String::from_utf8(its.masked(answer)).unwrap_or_default();
            Done { answer, may_have_written: may_have_written != Ended::NotDone }
        }
    }

    /// An answer that was kept as text, for this host.
    async fn given_again(&self, request: &Request, kept: Result<String, ToolError>, host: Host) -> CallToolResult {
        let rendered = kept.and_then(|text| {
            serde_json::from_str::<Rendered>(&text).map_err(|fault| {
                let what = wording!("the answer of its first use cannot be read ({})", fault.to_string());
                Error::Unreachable { what, sent: true }.into()
            })
        });
        match (rendered, self.toolbox.find(&request.name, &request.arguments)) {
            (Ok(rendered), _) => result(rendered, host.takes_links()),
            (Err(error), Some(served)) => {
                self.result(Err(self.toolbox.failure(served, &error, &request.call).await), host)
            }
            (Err(_), None) => self.result(Err(Failure::default()), host),
        }
    }

    /// Polls until the state changes or `left` has passed.
    pub(super) async fn wait(
        &self,
        request: &Request,
        after: &After,
        left: Duration,
        context: &RequestContext<RoleServer>,
    ) -> Result<Outcome, ErrorData> {
        let served = self.toolbox.find(&request.name, &request.arguments).ok_or_else(|| self.unknown(&request.name))?;
        let until = until(request, left);
        tokio::select! {
            outcome = resume(&self.toolbox, served, &request.arguments, after, &request.call, until) => Ok(outcome),
            () = context.ct.cancelled() => Err(cancelled()),
        }
    }

    /// Names the use of a state for this call of this principal. The token is no part of it: a claim replaces the token.
    fn key_of_use(&self, state: &str, request: &Request) -> String {
        let arguments = in_order(&request.arguments);
        let sent = json!([self.toolbox.services.principal.name, state, request.name, arguments]).to_string();
        hex(digest(&SHA256, sent.as_bytes()).as_ref())
    }

    /// Binds a sealed state to this tool, these arguments, this token and this principal.
    fn binding(&self, request: &Request) -> Vec<u8> {
        let arguments = in_order(&request.arguments);
        let token = self.toolbox.services.tokens.current();
        let token = token.as_ref().map_or("", crate::api::token::Token::expose);
        json!([request.name, arguments, token, self.toolbox.services.principal.name]).to_string().into_bytes()
    }
}

/// The same arguments in an order of their own: a client may write them in another one each time.
fn in_order(arguments: &Object) -> Value {
    let mut arguments = Value::Object(arguments.clone());
    arguments.sort_all_objects();
    arguments
}

/// The moment at which a wait of `left` ends, within the time of the call.
fn until(request: &Request, left: Duration) -> Instant {
    (Instant::now() + left).min(request.call.deadline - MARGIN / 4)
}

/// Opens a state that no server has sealed, for `fuzz/`.
#[cfg(fuzzing)]
pub(super) fn fuzz_state(text: &str) {
    let Ok(seal) = super::seal::Seal::new() else { return };
    assert!(seal.0.open_json_with::<State>(text, b"").is_err(), "a forged state was opened");
    // What is sealed is opened again, whatever the refusal was.
    let Ok(after) = serde_json::from_str::<After>(text) else { return };
    let state = State { after: after.within(REFUSAL_ROOM), asked: 0 };
    let options = SealOptions::new().associated_data(b"call").ttl(STATE_LIFE);
    let Ok(sealed) = seal.0.seal_json_with(&state, &options) else { return };
    assert!(sealed.len() <= LONGEST_STATE || matches!(after, After::Call { .. }), "{} bytes", sealed.len());
    assert!(seal.0.open_json_with::<State>(&sealed, b"call").is_ok(), "an own state was not opened");
    assert!(seal.0.open_json_with::<State>(&sealed, b"another call").is_err(), "a state was moved");
}
