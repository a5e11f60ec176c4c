//! What a running tool works with: the API on behalf of one caller, and the rules that hold for its writes.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::Operation;
use crate::api::client::Caller;
use crate::api::cuts::Cut;
use crate::api::error::{Error, InvalidArgument};
use crate::api::reply::{Read, Reply};
use crate::api::token::Token;
use crate::api::wire::{self, Encoded};

use super::Entry;
use super::audit::{Figure, Line, Settled, Writing};
use super::failure::Trouble;
use super::person::{Progress, Silent};
use super::policy::Policy;
use super::schema::Object;
use super::text::visible;
use super::toolbox::Toolbox;

/// What belongs to one call and not to the server.
#[derive(Clone)]
pub struct Call {
    /// The answer is due by then.
    pub deadline: Instant,
    /// A person was sent to claim the account.
    pub after_claim: bool,
    /// Who hears how a wait goes.
    pub progress: Arc<dyn Progress>,
    /// Whether the caller is known to wait for an answer that takes half a minute.
    pub is_patient: bool,
    /// Cancelled when nobody is there any more to wait for.
    pub closing: CancellationToken,
    /// Who the client says it is; for the record.
    pub client: Option<String>,
}

impl Call {
    /// A call that is answered within `limit`, without progress and without end.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self {
            deadline: Instant::now() + limit,
            after_claim: false,
            progress: Arc::new(Silent),
            is_patient: false,
            closing: CancellationToken::new(),
            client: None,
        }
    }

    /// Tells how a wait goes, and pauses. `false` when there is nothing left to wait for: the time is up, or nobody is
    /// there any more.
    pub(super) async fn pause(&self, pause: Duration, waited: Duration, limit: Duration, message: &str) -> bool {
        let told = async {
            self.progress.tell(waited.as_secs_f64(), limit.as_secs_f64(), message).await;
            tokio::time::sleep(pause).await;
        };
        tokio::select! {
            () = told => !pause.is_zero(),
            () = self.closing.cancelled() => false,
        }
    }

    /// The same, after a person was sent to claim the account.
    pub(super) fn after_claim(&self) -> Self {
        Self { after_claim: true, ..self.clone() }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("deadline", &self.deadline)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// What a running tool works with.
#[derive(Clone)]
pub struct Context {
    pub(super) toolbox: Arc<Toolbox>,
    pub(super) entry: &'static Entry,
    pub(super) arguments: Object,
    pub(super) token: Option<Token>,
    pub(super) call: Call,
    /// Shared by all copies.
    pub(super) remarks: Arc<Mutex<Vec<String>>>,
    /// What was left out of the answers that were read. Shared by all copies.
    pub(super) cuts: Arc<Mutex<Vec<Cut>>>,
}

impl Context {
    /// Performs one operation on behalf of the caller.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`].
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<Reply, Error> {
        self.perform(wire::encode(operation)?, self.call.deadline).await
    }

    /// The same, answered by `deadline`.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`].
    pub async fn send_until<O: Operation>(&self, operation: &O, deadline: Instant) -> Result<Reply, Error> {
        self.perform(wire::encode(operation)?, deadline).await
    }

    /// Performs one operation, and reads its answer.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::read`].
    pub async fn read<O: Operation>(&self, operation: &O) -> Result<(Reply, Read<O>), Error> {
        let reply = self.send(operation).await?;
        let read = self.read_reply::<O>(&reply)?;
        Ok((reply, read))
    }

    /// Performs one operation for a decision that goes by its answer: no part of that is left out.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::output`].
    pub async fn look<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let reply = self.send(operation).await?;
        reply.apart(|reply| reply.output::<O>()).await
    }

    /// Reads an answer that is shown. What is left out of it is told.
    ///
    /// # Errors
    /// See [`Reply::read`].
    pub(super) fn read_reply<O: Operation>(&self, reply: &Reply) -> Result<Read<O>, Error> {
        let read = reply.read::<O>()?;
        self.left_out(read.cuts.clone());
        Ok(read)
    }

    /// Remembers what is left out of the answer that follows.
    pub(super) fn left_out(&self, cuts: Vec<Cut>) {
        if let Ok(mut all) = self.cuts.lock() {
            // What is read again and again, such as an approval, leaves out the same again.
            let new: Vec<Cut> = cuts.into_iter().filter(|cut| !all.contains(cut)).collect();
            all.extend(new);
        }
    }

    /// What was left out of the answers that were read.
    pub(super) fn take_cuts(&self) -> Vec<Cut> {
        self.cuts.lock().map(|mut cuts| std::mem::take(&mut *cuts)).unwrap_or_default()
    }

    /// Begins a write: what the operator forbids goes no further, and what does is on record before it leaves. `figure`
    /// is what it commits, where money is meant.
    ///
    /// # Errors
    /// [`Trouble::Denied`]; nothing was sent.
    pub async fn begin(&self, figure: Option<Figure>) -> Result<Writing, Trouble> {
        Ok(self.toolbox.operator.begin(self, figure).await?)
    }

    /// The first lines of earlier writes of this tool for this account whose end is not known, with arguments that fit:
    /// see [`super::audit::AuditLog::open_writes`]. None where no record is kept.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub async fn open_writes(&self, matching: impl Fn(&Object) -> bool + Send + 'static) -> std::io::Result<Vec<Line>> {
        let (Some(audit), Some(base)) = (self.toolbox.operator.audit.clone(), self.base().await) else {
            return Ok(Vec::new());
        };
        audit.open_writes(self.entry.name, base, self.principal(), matching).await
    }

    /// The origin of the API, for the record.
    pub(super) async fn base(&self) -> Option<String> {
        Some(self.toolbox.client.origin().await.ok()?.origin().ascii_serialization())
    }

    /// Whose token it is, for the record.
    pub(super) fn principal(&self) -> Option<String> {
        self.token.as_ref().map(Token::principal)
    }

    /// Performs a write that needs nothing else: begins it, sends it, reads the answer, and ends it if it failed.
    ///
    /// # Errors
    /// What forbade it, or why it failed.
    pub async fn write<O: Operation>(&self, operation: &O, figure: Option<Figure>) -> Result<Written<O>, Trouble> {
        let (reply, writing) = self.perform_write(wire::encode(operation)?, figure).await?;
        match self.read_reply::<O>(&reply) {
            Ok(read) => Ok(Written { reply, read, writing }),
            Err(fault) => Err(self.end_failed(writing, fault).await),
        }
    }

    /// Performs an operation that is written already. Boxed, as the next one is: whatever calls it stays small.
    pub(super) fn perform(&self, operation: Encoded, deadline: Instant) -> BoxFuture<'_, Result<Reply, Error>> {
        async move {
            let claim_token = self.toolbox.tokens.claim_token();
            let caller = Caller { token: self.token.as_ref(), claim_token: claim_token.as_ref(), deadline };
            self.toolbox.client.perform(operation, caller).await
        }
        .boxed()
    }

    /// Performs a write that is written already: begins it, sends it, and ends it if it failed.
    pub(super) fn perform_write(
        &self,
        operation: Encoded,
        figure: Option<Figure>,
    ) -> BoxFuture<'_, Result<(Reply, Writing), Trouble>> {
        async move {
            let writing = self.begin(figure).await?;
            match self.perform(operation, self.call.deadline).await {
                Ok(reply) => Ok((reply, writing)),
                Err(fault) => Err(self.end_failed(writing, fault).await),
            }
        }
        .boxed()
    }

    /// Ends a write that failed on the record.
    pub(super) async fn end_failed(&self, writing: Writing, fault: Error) -> Trouble {
        self.remark(writing.end(Settled::failed(&fault)).await);
        fault.into()
    }

    /// Where secrets that no model may see are written.
    #[must_use]
    pub fn private_folder(&self) -> Option<&Path> {
        self.toolbox.operator.private_folder.as_deref()
    }

    /// The operator's rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.toolbox.operator.policy
    }

    /// Whether a tool can be called here: no text names one that cannot.
    #[must_use]
    pub fn lists(&self, tool: &str) -> bool {
        self.toolbox.serves(tool)
    }

    /// Which of these calls can be made here, as "Next: …".
    #[must_use]
    pub fn next(&self, calls: &[(&str, &str)]) -> String {
        let listed = calls.iter().filter(|(name, _)| self.lists(name));
        let prefix = &self.policy().prefix;
        let calls: Vec<String> = listed.map(|(name, arguments)| format!("{prefix}{name}({arguments})")).collect();
        if calls.is_empty() { String::new() } else { format!("Next: {}.", calls.join(", ")) }
    }

    /// What is odd about where the token comes from.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.toolbox.tokens.notices()
    }

    /// Whether there is a token to call with.
    #[must_use]
    pub const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// What kind of token is in use, and where it was found.
    #[must_use]
    pub fn token_told(&self) -> String {
        match &self.token {
            None => "no token".into(),
            Some(token) if self.toolbox.sandbox => format!("{} of the sandbox", token.kind()),
            Some(token) => format!("{} from {}", token.kind(), visible(&self.toolbox.tokens.found_in())),
        }
    }

    /// The limits in force, each in words.
    #[must_use]
    pub fn limits(&self) -> Vec<String> {
        self.toolbox.operator.told()
    }

    /// The arguments for the record: a model may have put our own token among them.
    pub(super) fn masked_arguments(&self) -> Object {
        let mut text = serde_json::Value::Object(self.arguments.clone()).to_string();
        for secret in self.secrets() {
            secret.mask(&mut text);
        }
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What is masked wherever it turns up.
    fn secrets(&self) -> impl Iterator<Item = Token> {
        self.token.clone().into_iter().chain(self.toolbox.tokens.claim_token())
    }

    /// The first argument that holds a secret of this server: it must not leave in a body, an address or a message.
    pub(super) fn secret_argument(&self) -> Option<InvalidArgument> {
        let holds_one = |value: &serde_json::Value| {
            let text = value.to_string();
            self.secrets().any(|secret| secret.stands_in(&text))
        };
        let (name, _) = self.arguments.iter().find(|(_, value)| holds_one(value))?;
        let message = format!("{name} contains the secret token of this server; take it out and call again");
        Some(InvalidArgument::new(name.clone(), message))
    }

    /// Adds a sentence to the hint of the failure that follows.
    pub(super) fn remark(&self, remark: Option<String>) {
        if let (Some(remark), Ok(mut remarks)) = (remark, self.remarks.lock()) {
            remarks.push(remark);
        }
    }
}

/// A write that went through, and is still to be ended on the record.
pub struct Written<O: Operation> {
    /// The answer.
    pub reply: Reply,
    /// The same, read.
    pub read: Read<O>,
    /// Its place on the record.
    pub writing: Writing,
}
