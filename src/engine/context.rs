//! The API and the services that a running tool uses, on behalf of one caller.
//!
//! The context also keeps the record of the tool's write: it begins before the request is sent and ends after the tool
//! has answered. Tools cannot skip either step.

use std::any::Any;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::{
    Access, Address, Answer, Cause, Denial, Hole, LinkKind, Names, Object, Outcome, Shown, ToolError, shown,
};
use crate::api::client::Caller;
use crate::api::cuts::Cut;
use crate::api::error::{Error, InvalidArgument};
use crate::api::reply::{Read, Reply};
use crate::api::room::Room;
use crate::api::token::{Token, hide_secrets};
use crate::api::types::Field;
use crate::api::wire::{self, Encoded};
use crate::api::wording::wording;
use crate::api::{Effect, Operation};
use crate::guard::ledger::{Account, Commitment, Intent, Line, OpenWrite, Search, WriteResult};
use crate::guard::policy::Policy;

use super::call::Call;
use super::facts::{Facts, Money};
use super::services::Services;

/// Everything that a running tool uses.
#[derive(Clone)]
pub struct Context {
    /// Shared by all calls.
    pub services: Arc<Services>,
    /// The facts of the running tool.
    pub facts: &'static Facts,
    /// The arguments, already checked against the tool's schema.
    pub arguments: Object,
    /// The token that the call's requests carry.
    pub token: Option<Token>,
    /// The call's deadline, client and progress.
    pub call: Call,
    /// Shared by all copies of the context.
    write: Arc<Mutex<Write>>,
    /// The parts that were left out of the API's replies. Shared by all copies of the context.
    cuts: Arc<Mutex<Vec<Cut>>>,
    /// The room for large replies. Shared by all copies of the context.
    room: Arc<Room>,
}

/// The open write of a call.
#[derive(Default)]
struct Write {
    open: Option<OpenWrite>,
    /// Released after the end of the write is on record.
    locks: Vec<Box<dyn Any + Send>>,
}

impl Context {
    /// Builds the context of one call.
    #[must_use]
    pub fn new(
        services: Arc<Services>,
        facts: &'static Facts,
        arguments: Object,
        token: Option<Token>,
        call: Call,
    ) -> Self {
        Self {
            services,
            facts,
            arguments,
            token,
            call,
            write: Arc::default(),
            cuts: Arc::default(),
            room: Arc::default(),
        }
    }

    /// Sends a read and parses the reply.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::read`].
    pub async fn read<O: Operation>(&self, operation: &O) -> Result<(Reply, Read<O>), Error> {
        self.read_until(operation, self.call.deadline).await
    }

    /// Like `read`, with an earlier deadline.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::read`].
    pub async fn read_until<O: Operation>(&self, operation: &O, deadline: Instant) -> Result<(Reply, Read<O>), Error> {
        let reply = self.get_until(operation, deadline).await?;
        let read = self.read_reply::<O>(&reply)?;
        Ok((reply, read))
    }

    /// Sends a read and leaves the parsing to the caller.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`].
    pub async fn get<O: Operation>(&self, operation: &O) -> Result<Reply, Error> {
        self.get_until(operation, self.call.deadline).await
    }

    /// Sends a read whose reply decides what the server does next. The reply is parsed whole, with nothing left out.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`] and [`Reply::output`].
    pub async fn look<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let reply = self.get(operation).await?;
        reply.apart(|reply| reply.output::<O>()).await
    }

    /// Parses a reply that becomes an answer, and notes the parts that were left out.
    ///
    /// # Errors
    /// See [`Reply::read`].
    pub fn read_reply<O: Operation>(&self, reply: &Reply) -> Result<Read<O>, Error> {
        let read = reply.read::<O>()?;
        self.left_out(read.cuts.clone());
        Ok(read)
    }

    /// Notes parts that were left out, so that the answer can name them.
    pub fn left_out(&self, cuts: Vec<Cut>) {
        if let Ok(mut all) = self.cuts.lock() {
            // A reply that is read repeatedly, such as an approval, leaves out the same parts each time.
            let new: Vec<Cut> = cuts.into_iter().filter(|cut| !all.contains(cut)).collect();
            all.extend(new);
        }
    }

    /// Like `get`, with an earlier deadline.
    ///
    /// # Errors
    /// See [`crate::api::client::Client::send`].
    pub async fn get_until<O: Operation>(&self, operation: &O, deadline: Instant) -> Result<Reply, Error> {
        const { assert!(matches!(O::EFFECT, Effect::Read), "a write goes through `write`") };
        self.perform(wire::encode(operation)?, deadline.min(self.call.deadline)).await
    }

    /// Sends a write and parses the reply. The operator's rules are checked first.
    ///
    /// # Errors
    /// The rule that forbids the write, or the reason why it failed.
    pub async fn write<O: Operation>(
        &self,
        operation: &O,
        commitment: Option<Commitment>,
    ) -> Result<(Reply, Read<O>), ToolError> {
        self.write_until(operation, commitment, self.call.deadline).await
    }

    /// Like `write`, with an earlier deadline.
    ///
    /// # Errors
    /// The rule that forbids the write, or the reason why it failed.
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

    /// Sends an encoded operation. The future is boxed to keep the futures of its callers small.
    pub(super) fn perform(&self, operation: Encoded, deadline: Instant) -> BoxFuture<'_, Result<Reply, Error>> {
        async move {
            let claim_token = self.services.tokens.claim_token();
            let caller = Caller {
                token: self.token.as_ref(),
                claim_token: claim_token.as_ref(),
                trace: self.call.trace.as_ref(),
                deadline,
                room: Some(&self.room),
            };
            self.services.client.perform(operation, caller).await
        }
        .boxed()
    }

    /// Checks the operator's rules, then sends an encoded write. Boxed for the same reason as `perform`.
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

    /// Sends a write without a token. The reply may contain a new token, so nothing in it is masked.
    ///
    /// # Errors
    /// The rule that forbids the write, or the reason why it failed.
    pub async fn write_without_token<O: Operation>(&self, operation: &O) -> Result<Read<O>, ToolError> {
        self.begin(None).await?;
        let reply = self.services.client.send(operation, Caller::nobody(self.call.deadline)).await?;
        self.read_reply::<O>(&reply).map_err(ToolError::from)
    }

    /// Checks the operator's rules and records the write before it is sent.
    async fn begin(&self, commitment: Option<Commitment>) -> Result<(), ToolError> {
        // A tool whose money is counted cannot leave it out: an unknown amount is refused while a limit is set.
        let commitment = commitment.or_else(|| (self.facts.money == Money::Counted).then(Commitment::default));
        if self.wants_a_yes() && self.call.confirmed.is_none() {
            // A person is not asked about a call that would be refused anyway.
            self.services.operator.allows_writes().await?;
            return Err(Cause::Unconfirmed(None).into());
        }
        let intent = self.intent(commitment).await;
        let began = Instant::now();
        let open = self.services.operator.begin(intent).await;
        self.services.client.meter().recorded(began.elapsed());
        let open = open?;
        if let Ok(mut write) = self.write.lock() {
            write.open = Some(open);
        }
        Ok(())
    }

    /// Describes the tool's write for the limits and the record.
    async fn intent(&self, commitment: Option<Commitment>) -> Intent {
        let arguments = self.masked_arguments();
        self.services.intent(self.facts.name, arguments, self.token.as_ref(), &self.call, commitment).await
    }

    /// Puts a refusal by the operator's rules on record.
    pub(super) async fn refused(&self, denial: &Denial) {
        let intent = self.intent(None).await;
        self.services.operator.ledger.refused(intent, denial).await;
    }

    /// Puts decisions of people on record when they become known, each with the id of its approval.
    pub async fn decided(&self, decisions: &[(&str, &str)]) {
        if !decisions.is_empty() {
            let intent = self.intent(None).await;
            self.services.operator.ledger.decided(intent, decisions).await;
        }
    }

    /// Keeps `lock` until the end of the write is on record.
    pub fn hold(&self, lock: impl Any + Send) {
        if let Ok(mut write) = self.write.lock() {
            write.locks.push(Box::new(lock));
        }
    }

    /// Records the end of the write, if one began, and adds the record's warning to the answer or the error.
    pub(super) async fn end(&self, result: Result<Answer, ToolError>) -> Result<Answer, ToolError> {
        let Write { open, locks } = self.write.lock().map(|mut write| std::mem::take(&mut *write)).unwrap_or_default();
        let cuts = self.cuts.lock().map(|mut cuts| std::mem::take(&mut *cuts)).unwrap_or_default();
        let result = result.map(|answer| Answer { cuts, ..answer });
        if let Err(ToolError { cause: Cause::Denied(denial), .. }) = &result
            && denial.is_by_a_rule()
        {
            self.refused(denial).await;
        }
        let Some(open) = open else { return result };
        let began = Instant::now();
        let warning = open.end(write_result(&result)).await;
        self.services.client.meter().recorded(began.elapsed());
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

    /// Finds earlier writes of this tool and account in a contract: see
    /// [`crate::guard::ledger::Ledger::recent_writes`]. The list is empty if no record is kept.
    ///
    /// # Errors
    /// An error if the record cannot be read.
    pub async fn recent_writes(&self, contract: &str) -> std::io::Result<Vec<Arc<Line>>> {
        let Some(base) = self.services.base().await else { return Ok(Vec::new()) };
        let account = Account { base, principal: self.owner() };
        let search = Search { tool: self.facts.name, account, contract: contract.to_owned() };
        self.services.operator.ledger.recent_writes(search).await
    }

    /// Who asks, as the record names it; `None` if the origin of the API is not known.
    pub async fn account(&self) -> Option<Account> {
        Some(Account { base: self.services.base().await?, principal: self.caller() })
    }

    /// The caller, as the record names it.
    #[must_use]
    pub fn caller(&self) -> Option<String> {
        self.services.caller(self.token.as_ref())
    }

    /// The token's owner, as the record names it.
    #[must_use]
    pub fn owner(&self) -> Option<String> {
        self.services.owner(self.token.as_ref())
    }

    /// The folder for secrets that no model may see.
    #[must_use]
    pub fn private_folder(&self) -> Option<&Path> {
        self.services.operator.private_folder.as_deref()
    }

    /// True if the operator wants a person's yes before this call.
    #[must_use]
    pub fn wants_a_yes(&self) -> bool {
        self.facts.confirm && self.policy().person_confirms
    }

    /// The operator's rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.services.operator.policy
    }

    /// The listed tools and their names on this server.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.services.names
    }

    /// Formats the calls that are possible here as "Next: …".
    #[must_use]
    pub fn next(&self, calls: &[(&str, impl Hole)]) -> Shown {
        self.names().next(calls)
    }

    /// Reads the address of a page for the user, if the reply contains one.
    pub async fn link(&self, kind: LinkKind, url: &Field<String>) -> Option<Address> {
        Some(Address::new(kind, url.text()?, self.services.app().await.as_ref()))
    }

    /// Describes the kind of token in use and its source.
    #[must_use]
    pub fn describe_token(&self) -> Shown {
        match &self.token {
            None => "no token".into(),
            Some(token) if self.services.sandbox => shown!("{} of the sandbox", token.kind()),
            Some(token) if self.names().access().is_remote() => {
                let whose =
                    if self.names().access() == Access::OwnToken { "of this request" } else { "of this server" };
                shown!("{} {}", token.kind(), whose)
            }
            Some(token) => shown!("{} from {}", token.kind(), Shown::from(&self.services.tokens.found_in())),
        }
    }

    /// The arguments without this server's secrets, for the record. A model may have put a token among them.
    #[must_use]
    pub fn masked_arguments(&self) -> Object {
        let mut text = Value::Object(self.arguments.clone()).to_string();
        hide_secrets(&mut text, self.services.secrets(self.token.as_ref()));
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Finds the first argument that contains a secret of this server. Such a call is refused, so that the secret
    /// cannot leave in a request.
    pub(super) fn secret_argument(&self) -> Option<InvalidArgument> {
        let secrets = self.services.secrets(self.token.as_ref());
        let holds_one = |value: &Value| {
            let text = value.to_string();
            secrets.iter().any(|secret| secret.stands_in(&text))
        };
        let (name, _) = self.arguments.iter().find(|(_, value)| holds_one(value))?;
        let message = wording!("{} contains the secret token of this server; take it out and call again", name.clone());
        Some(InvalidArgument::new(name.clone(), message))
    }
}

/// Converts a tool's result to the end of the write in the record.
fn write_result(result: &Result<Answer, ToolError>) -> WriteResult {
    match result {
        Ok(answer) => {
            let id_of = |noun: &str| answer.object.get(noun)?.get("id")?.as_str();
            let result = WriteResult::with(answer.outcome.unwrap_or(Outcome::Done));
            let trainer = answer.step.as_ref().and_then(|step| step.about.trainer.as_deref());
            result.milestone(id_of("milestone")).approval(id_of("approval")).trainer(trainer)
        }
        Err(error) => error.fault().map_or_else(|| WriteResult::with(Outcome::NotDone), WriteResult::failed),
    }
}
