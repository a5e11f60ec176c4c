//! What a running tool works with: the API on behalf of one caller, and the record of its write.
//!
//! The record of a write begins before the write leaves and ends when the tool has given its answer; a tool has no part
//! in it.

use std::any::Any;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::text::visible;
use crate::answer::{Answer, Link, LinkKind, Names, Object, Outcome, ToolError};
use crate::api::client::Caller;
use crate::api::cuts::Cut;
use crate::api::error::{Error, InvalidArgument};
use crate::api::reply::{Read, Reply};
use crate::api::token::{Token, hide_tokens};
use crate::api::types::Field;
use crate::api::wire::{self, Encoded};
use crate::api::{Effect, Operation};
use crate::guard::ledger::{Commitment, Line, OpenWrite, WriteResult};
use crate::guard::policy::Policy;

use super::call::Call;
use super::facts::Facts;
use super::services::Services;

/// What a running tool works with.
#[derive(Clone)]
pub struct Context {
    /// What every call works with.
    pub services: Arc<Services>,
    /// The tool.
    pub facts: &'static Facts,
    /// Its arguments, fitted to its schema.
    pub arguments: Object,
    /// The token that the call is made with.
    pub token: Option<Token>,
    /// The call.
    pub call: Call,
    /// Shared by all copies of the context.
    write: Arc<Mutex<Write>>,
    /// What was left out of the answers that were read. Shared by all copies.
    cuts: Arc<Mutex<Vec<Cut>>>,
}

/// The write of a call.
#[derive(Default)]
struct Write {
    open: Option<OpenWrite>,
    /// Locks that are held until the write has ended on the record.
    locks: Vec<Box<dyn Any + Send>>,
}

impl Context {
    /// The context of one call.
    #[must_use]
    pub fn new(
        services: Arc<Services>,
        facts: &'static Facts,
        arguments: Object,
        token: Option<Token>,
        call: Call,
    ) -> Self {
        Self { services, facts, arguments, token, call, write: Arc::default(), cuts: Arc::default() }
    }

    /// Sends a read, and reads its answer.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::read`].
    pub async fn read<O: Operation>(&self, operation: &O) -> Result<(Reply, Read<O>), Error> {
        self.read_until(operation, self.call.deadline).await
    }

    /// The same, answered by `deadline`.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::read`].
    pub async fn read_until<O: Operation>(&self, operation: &O, deadline: Instant) -> Result<(Reply, Read<O>), Error> {
        let reply = self.get_until(operation, deadline).await?;
        let read = self.read_reply::<O>(&reply)?;
        Ok((reply, read))
    }

    /// Sends a read; the answer is read by the caller.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`].
    pub async fn get<O: Operation>(&self, operation: &O) -> Result<Reply, Error> {
        self.get_until(operation, self.call.deadline).await
    }

    /// Sends a read for a decision that goes by its answer: no part of that is left out.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::output`].
    pub async fn look<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let reply = self.get(operation).await?;
        reply.apart(|reply| reply.output::<O>()).await
    }

    /// Reads an answer that is shown. What is left out of it is said.
    ///
    /// # Errors
    /// See [`Reply::read`].
    pub fn read_reply<O: Operation>(&self, reply: &Reply) -> Result<Read<O>, Error> {
        let read = reply.read::<O>()?;
        self.left_out(read.cuts.clone());
        Ok(read)
    }

    /// Remembers what is left out of the answer that follows.
    pub fn left_out(&self, cuts: Vec<Cut>) {
        if let Ok(mut all) = self.cuts.lock() {
            // What is read again and again, such as an approval, leaves out the same again.
            let new: Vec<Cut> = cuts.into_iter().filter(|cut| !all.contains(cut)).collect();
            all.extend(new);
        }
    }

    /// The same as `get`, answered by `deadline`.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`].
    pub async fn get_until<O: Operation>(&self, operation: &O, deadline: Instant) -> Result<Reply, Error> {
        const { assert!(matches!(O::EFFECT, Effect::Read), "a write goes through `write`") };
        self.perform(wire::encode(operation)?, deadline.min(self.call.deadline)).await
    }

    /// Sends a write, and reads its answer. What the operator forbids does not leave.
    ///
    /// # Errors
    /// What forbade it, or why it failed.
    pub async fn write<O: Operation>(
        &self,
        operation: &O,
        commitment: Option<Commitment>,
    ) -> Result<(Reply, Read<O>), ToolError> {
        self.write_until(operation, commitment, self.call.deadline).await
    }

    /// The same, answered by `deadline`.
    ///
    /// # Errors
    /// What forbade it, or why it failed.
    pub async fn write_until<O: Operation>(
        &self,
        operation: &O,
        commitment: Option<Commitment>,
        deadline: Instant,
    ) -> Result<(Reply, Read<O>), ToolError> {
        let reply = self.perform_write(wire::encode(operation)?, commitment, deadline).await?;
        let read = self.read_reply::<O>(&reply)?;
        Ok((reply, read))
    }

    /// Sends an operation that is encoded already. Boxed, as the next one is: whatever calls it stays small.
    pub(super) fn perform(&self, operation: Encoded, deadline: Instant) -> BoxFuture<'_, Result<Reply, Error>> {
        async move {
            let claim_token = self.services.tokens.claim_token();
            let caller = Caller { token: self.token.as_ref(), claim_token: claim_token.as_ref(), deadline };
            self.services.client.perform(operation, caller).await
        }
        .boxed()
    }

    /// Sends a write that is encoded already.
    pub(super) fn perform_write(
        &self,
        operation: Encoded,
        commitment: Option<Commitment>,
        deadline: Instant,
    ) -> BoxFuture<'_, Result<Reply, ToolError>> {
        async move {
            self.begin(commitment).await?;
            Ok(self.perform(operation, deadline).await?)
        }
        .boxed()
    }

    /// Sends a write that carries no token and whose answer may hold one: nothing in it is masked.
    ///
    /// # Errors
    /// What forbade it, or why it failed.
    pub async fn write_without_token<O: Operation>(&self, operation: &O) -> Result<Read<O>, ToolError> {
        self.begin(None).await?;
        let reply = self.services.client.send(operation, Caller::nobody(self.call.deadline)).await?;
        self.read_reply::<O>(&reply).map_err(ToolError::from)
    }

    /// Begins the record of a write: what the operator forbids goes no further.
    async fn begin(&self, commitment: Option<Commitment>) -> Result<(), ToolError> {
        let arguments = self.masked_arguments();
        let intent =
            self.services.intent(self.facts.name, arguments, self.token.as_ref(), &self.call, commitment).await;
        let open = self.services.operator.begin(intent).await?;
        if let Ok(mut write) = self.write.lock() {
            write.open = Some(open);
        }
        Ok(())
    }

    /// Holds a lock until the write has ended on the record.
    pub fn hold(&self, lock: impl Any + Send) {
        if let Ok(mut write) = self.write.lock() {
            write.locks.push(Box::new(lock));
        }
    }

    /// Ends the record of the write, if one was begun, with what came of it. What the caller has to know of the record
    /// becomes a part of the answer.
    pub(super) async fn end(&self, result: Result<Answer, ToolError>) -> Result<Answer, ToolError> {
        let Write { open, locks } = self.write.lock().map(|mut write| std::mem::take(&mut *write)).unwrap_or_default();
        let cuts = self.cuts.lock().map(|mut cuts| std::mem::take(&mut *cuts)).unwrap_or_default();
        let result = result.map(|answer| Answer { cuts, ..answer });
        let Some(open) = open else { return result };
        let warning = open.end(write_result(&result)).await;
        drop(locks);
        match (result, warning) {
            (result, None) => result,
            (Ok(mut answer), Some(warning)) => {
                answer.warnings.push(warning);
                Ok(answer)
            }
            (Err(error), Some(warning)) => Err(error.note(warning)),
        }
    }

    /// Earlier writes of this tool for this account with arguments that fit, as the record knows them: see
    /// [`crate::guard::ledger::AuditLog::recent_writes`]. None where no record is kept.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn recent_writes(
        &self,
        matching: impl Fn(&Object) -> bool + Send + 'static,
    ) -> std::io::Result<Vec<Line>> {
        let (Some(audit), Some(base)) = (self.services.operator.audit.clone(), self.services.base().await) else {
            return Ok(Vec::new());
        };
        audit.recent_writes(self.facts.name, base, self.principal(), matching).await
    }

    /// Whose token it is, for the record.
    #[must_use]
    pub fn principal(&self) -> Option<String> {
        self.token.as_ref().map(Token::principal)
    }

    /// Where secrets that no model may see are written.
    #[must_use]
    pub fn private_folder(&self) -> Option<&Path> {
        self.services.operator.private_folder.as_deref()
    }

    /// The operator's rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.services.operator.policy
    }

    /// How the tools are named here.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.services.names
    }

    /// Which of these calls can be made here, as "Next: …".
    #[must_use]
    pub fn next(&self, calls: &[(&str, &str)]) -> String {
        self.names().next(calls)
    }

    /// A page for a person, where the answer names one.
    pub async fn link(&self, kind: LinkKind, url: &Field<String>) -> Option<Link> {
        Some(Link::new(kind, url.text()?, self.services.app().await.as_ref()))
    }

    /// What kind of token is in use, and where it was found.
    #[must_use]
    pub fn describe_token(&self) -> String {
        match &self.token {
            None => "no token".into(),
            Some(token) if self.services.sandbox => format!("{} of the sandbox", token.kind()),
            Some(token) => format!("{} from {}", token.kind(), visible(&self.services.tokens.found_in())),
        }
    }

    /// The arguments for the record: a model may have put our own token among them.
    #[must_use]
    pub fn masked_arguments(&self) -> Object {
        let mut text = Value::Object(self.arguments.clone()).to_string();
        for secret in self.services.secrets(self.token.as_ref()) {
            secret.mask(&mut text);
        }
        serde_json::from_str(&hide_tokens(&text)).unwrap_or_default()
    }

    /// The first argument that holds a secret of this server: it must not leave in a body, an address or a message.
    pub(super) fn secret_argument(&self) -> Option<InvalidArgument> {
        let holds_one = |value: &Value| {
            let text = value.to_string();
            self.services.secrets(self.token.as_ref()).any(|secret| secret.stands_in(&text))
        };
        let (name, _) = self.arguments.iter().find(|(_, value)| holds_one(value))?;
        let message = format!("{name} contains the secret token of this server; take it out and call again");
        Some(InvalidArgument::new(name.clone(), message))
    }
}

/// What the record says of a write that gave this result.
fn write_result(result: &Result<Answer, ToolError>) -> WriteResult {
    match result {
        Ok(answer) => {
            let id = |pointer: &str| {
                let (key, rest) = pointer.split_once('/')?;
                answer.object.get(key)?.get(rest)?.as_str()
            };
            let result = WriteResult::with(answer.outcome.unwrap_or(Outcome::Done));
            result.milestone(id("milestone/id")).approval(id("approval/id"))
        }
        Err(error) => error.fault().map_or_else(|| WriteResult::with(Outcome::NotDone), WriteResult::failed),
    }
}
