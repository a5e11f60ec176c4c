//! The served tools, and the path of a call through them. Start reading at `Toolbox::call`.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tracing::Instrument;

use crate::answer::{
    Answer, Cause, Denial, Failure, HumanStep, Names, Object, Sentence, Shown, ToolError, Unconfirmed, bound, hints,
    shown,
};
use crate::api::approvals::GetApproval;
use crate::api::error::{Error, Refusal};
use crate::api::token::{Token, TokenSource, hide_secrets};
use crate::api::wording::wording;
use crate::api::{Effect, Operation};
use crate::guard::policy::Policy;

use super::arguments;
use super::call::{CALL_LIMIT, Call};
use super::catalog::Catalog;
use super::context::Context;
use super::exchange::{Exchanged, exchange_in_time, notes_on_claim};
use super::facts::Facts;
use super::notice::Notice;
use super::open_steps::OpenSteps;
use super::origins;
use super::principal::Principal;
use super::recorded_approvals::{RecordedApprovals, look_up};
use super::schemas::Published;
use super::services::Services;
use super::tool::{Entry, Family};

/// The extra time after [`CALL_LIMIT`] that a write may take before the call is answered without its result.
const OVERTIME: Duration = Duration::from_secs(1);

/// A served tool.
pub struct Served {
    /// The tool's row in the table.
    pub entry: &'static Entry,
    published: OnceLock<Published>,
}

impl Served {
    /// The tool's description and schemas.
    pub fn published(&self) -> &Published {
        self.published.get_or_init(|| Published::of(self.entry.facts.name))
    }

    /// The tool's constants.
    #[must_use]
    pub const fn facts(&self) -> &'static Facts {
        &self.entry.facts
    }

    /// True if a call may need a person's decision: always, or when the answer contains an approval.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        match self.entry.facts.effect {
            Effect::CoSigned => true,
            Effect::Read => false,
            _ => self.published().answers_with("approval"),
        }
    }
}

/// The served tools and the services that they share.
pub struct Toolbox {
    /// Shared by all calls.
    pub services: Arc<Services>,
    catalog: &'static Catalog,
    served: Vec<Arc<Served>>,
}

/// The tools that the server lists under `policy`.
fn listed(policy: &Policy, families: &'static [Family]) -> impl Iterator<Item = &'static Entry> {
    let read_only = policy.read_only;
    chosen(policy, families).filter(move |entry| !read_only || entry.facts.effect == Effect::Read)
}

/// Tells the services which tools are listed, and under which names.
fn name_tools(services: &mut Services, served: &[Arc<Served>]) {
    let (prefix, access) = (services.operator.policy.prefix.clone(), services.principal.access);
    services.names = Names::new(&prefix, served.iter().map(|served| served.facts().name)).for_access(access);
    services.listed = served.iter().map(|served| served.facts()).collect();
}

/// The tools of the chosen families, including tools that read-only mode hides.
fn chosen(policy: &Policy, families: &'static [Family]) -> impl Iterator<Item = &'static Entry> {
    families
        .iter()
        .filter(|family| policy.toolsets.has(family.name, family.by_default))
        .flat_map(|family| family.tools)
        .filter(|entry| policy.serves(entry.facts.name))
}

impl Toolbox {
    /// Serves the tools of `catalog` that the operator's policy allows.
    #[must_use]
    pub fn new(mut services: Services, catalog: &'static Catalog) -> Self {
        let policy = &services.operator.policy;
        let served = listed(policy, catalog.families);
        let served: Vec<_> = served.map(|entry| Arc::new(Served { entry, published: OnceLock::new() })).collect();
        name_tools(&mut services, &served);
        Self { services: Arc::new(services), catalog, served }
    }

    /// The same tools for one principal over HTTP, as far as `policy` allows them. Tools that write files of the user who
    /// runs this server are left out. No answer and no token is shared: only the parsed schemas are.
    #[must_use]
    pub fn narrowed(&self, principal: Principal, policy: Policy, tokens: Arc<dyn TokenSource>) -> Self {
        let mut services = self.services.of(principal, policy, tokens);
        let allowed: BTreeSet<&str> =
            listed(&services.operator.policy, self.catalog.families).map(|entry| entry.facts.name).collect();
        let is_served = |served: &&Arc<Served>| !served.facts().is_local && allowed.contains(served.facts().name);
        let served: Vec<_> = self.served.iter().filter(is_served).cloned().collect();
        name_tools(&mut services, &served);
        Self { services: Arc::new(services), catalog: self.catalog, served }
    }

    /// The served tools in listing order.
    #[must_use]
    pub fn served(&self) -> &[Arc<Served>] {
        &self.served
    }

    /// All tools and instructions, whether served or not.
    #[must_use]
    pub const fn catalog(&self) -> &'static Catalog {
        self.catalog
    }

    /// The listed tools and their names on this server.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.services.names
    }

    /// Finds a served tool by its listed name or its official name (`opentrain_…`).
    #[must_use]
    pub fn find(&self, name: &str, arguments: &Object) -> Option<&Served> {
        self.served_as(self.entry_named(name, arguments)?.facts.name)
    }

    /// Finds a served tool by its name without a prefix.
    #[must_use]
    pub fn served_as(&self, name: &str) -> Option<&Served> {
        self.served.iter().map(AsRef::as_ref).find(|served| served.facts().name == name)
    }

    /// Finds a tool that need not be served: `resume` polls with it.
    pub(super) fn entry_of(&self, name: &str) -> Option<&'static Entry> {
        self.all().find(|entry| entry.facts.name == name)
    }

    fn all(&self) -> impl Iterator<Item = &'static Entry> + use<> {
        self.catalog.families.iter().flat_map(|family| family.tools)
    }

    /// Finds the tool that a caller means: by its listed name, or by its official name. Where one official tool matches
    /// two of ours, the arguments decide.
    fn entry_named(&self, name: &str, arguments: &Object) -> Option<&'static Entry> {
        if let Some(listed) = name.strip_prefix(self.names().prefix())
            && let Some(entry) = self.entry_of(listed)
        {
            return Some(entry);
        }
        let official = name.strip_prefix("opentrain_")?;
        let given =
            |field: &Value| field.as_str().and_then(|field| arguments.get(field)).is_some_and(|value| !value.is_null());
        let is_meant = |entry: &&'static Entry| {
            let required = Published::of(entry.facts.name).input_schema.shift_remove("required");
            required.as_ref().and_then(Value::as_array).is_some_and(|fields| fields.iter().all(given))
        };
        let mut same = self.all().filter(|entry| entry.facts.official == official);
        let first = same.next()?;
        Some(same.find(is_meant).unwrap_or(first))
    }

    /// The message of the stop switch while it is on.
    pub async fn frozen(&self) -> Option<Shown> {
        self.services.operator.ledger.check_switch().await.err().map(|denial| denial.message)
    }

    /// Finds a tool that only read-only mode hides.
    fn withheld(&self, name: &str) -> Option<&'static Entry> {
        let policy = &self.services.operator.policy;
        let is_it = |entry: &&Entry| entry.facts.name == name && entry.facts.effect != Effect::Read;
        chosen(policy, self.catalog.families).filter(|_| policy.read_only).find(is_it)
    }

    /// True if the tool belongs to a family that the operator does not serve.
    #[must_use]
    pub fn withholds(&self, name: &str) -> bool {
        let is_known = self.names().lists(name) || self.withheld(name).is_some();
        !is_known && self.entry_of(name).is_some()
    }

    /// Masks the secrets of this process, and every text that looks like an OpenTrain secret, in an outgoing text.
    pub fn mask(&self, text: &mut String) {
        hide_secrets(text, self.services.own_secrets());
    }

    /// The refusal of a tool that read-only mode hides; `None` if no such tool exists.
    pub async fn refusal(&self, name: &str, arguments: &Object, call: &Call) -> Option<Failure> {
        let entry = self.withheld(self.entry_named(name, arguments)?.facts.name)?;
        Some(self.denied(&entry.facts, Denial::read_only(), arguments, call).await)
    }

    /// The refusal of a call to which no person has said yes.
    pub async fn unconfirmed(&self, served: &Served, why: Unconfirmed, arguments: &Object, call: &Call) -> Failure {
        self.denied(served.facts(), Denial::unconfirmed(why), arguments, call).await
    }

    /// Puts a refusal by the operator's rules on record, and words it.
    async fn denied(&self, facts: &'static Facts, denial: Denial, arguments: &Object, call: &Call) -> Failure {
        let services = Arc::clone(&self.services);
        let token = services.tokens.current();
        Context::new(services, facts, arguments.clone(), token, call.clone()).refused(&denial).await;
        self.failed(facts, &Object::new(), &denial.into(), call).await
    }

    /// Repeats an earlier refusal without a request, because nothing has changed since.
    pub async fn repeat(&self, served: &Served, refused: &Refusal, call: &Call) -> Failure {
        let refused = Error::Refused(Box::new(refused.clone()));
        self.failure(served, &refused.into(), call).await
    }

    /// The failure of a call that never reached its tool.
    pub async fn failure(&self, served: &Served, error: &ToolError, call: &Call) -> Failure {
        self.failed(served.facts(), &Object::new(), error, call).await
    }

    /// Runs one call after checking its arguments. If the future is dropped, a read is cancelled; a write that has
    /// begun runs to its end, because it cannot be undone.
    ///
    /// # Errors
    /// The failure, ready to show.
    pub async fn call(self: &Arc<Self>, served: &Served, arguments: Object, call: &Call) -> Result<Answer, Failure> {
        let entry = served.entry;
        let arguments = match arguments::fit(&served.published().input_schema, arguments) {
            Ok(arguments) => arguments,
            Err(fault) => return Err(self.failed(&entry.facts, &Object::new(), &fault.into(), call).await),
        };
        if entry.facts.effect == Effect::Read {
            return self.run(entry, arguments, call.clone()).await;
        }
        let (toolbox, its_call) = (Arc::clone(self), call.clone());
        let running = self.services.running.begin();
        let write = async move {
            let result = toolbox.run(entry, arguments, its_call).await;
            drop(running);
            result
        };
        let write = tokio::spawn(Box::pin(write.in_current_span()));
        let broken = match tokio::time::timeout_at(call.deadline + OVERTIME, write).await {
            Ok(Ok(result)) => return result,
            Ok(Err(fault)) => {
                Error::Unreachable { what: wording!("the call broke off ({})", fault.to_string()), sent: true }
            }
            // OpenTrain's requests have their own limit, so something else is slow, such as the record. The write
            // continues.
            Err(_) => Error::TimedOut { waited: CALL_LIMIT + OVERTIME, sent: true },
        };
        Err(self.failed(&entry.facts, &Object::new(), &broken.into(), call).await)
    }

    /// Runs a call with checked arguments. After a 401 or a missing scope the token is loaded again and the call is
    /// retried once: another process may have replaced the token, and such a refusal has changed nothing.
    pub(super) async fn run(
        self: &Arc<Self>,
        entry: &'static Entry,
        arguments: Object,
        call: Call,
    ) -> Result<Answer, Failure> {
        self.services.save_again().await;
        let token = self.services.tokens.current();
        let mut result = self.run_with(entry, &arguments, token.clone(), &call).await;
        let mut notes = Vec::new();
        if let Err(error) = &result
            && error.wants_another_token()
        {
            let may_fetch = error.is_unauthorized();
            let (new, how) = self.replacement_token(token.as_ref(), may_fetch, &call).await;
            if let Some(new) = new {
                result = self.run_with(entry, &arguments, Some(new), &call).await;
                notes = how;
            }
        }
        let services = &self.services;
        let notices = services.take_notices();
        if services.principal.access.is_remote() {
            // They name files and variables of the user who runs this server.
            notices.for_each(|notice| tracing::warn!("{notice}"));
        } else {
            notes.extend(notices);
        }
        let ended = match result {
            Ok(mut answer) => {
                self.complete(&mut answer, entry);
                answer.warnings.extend(notes);
                self.notify(answer.step.as_ref());
                Ok(answer)
            }
            Err(error) => {
                let error = notes.into_iter().fold(error, ToolError::note);
                let failure = self.failed(&entry.facts, &arguments, &error, &call).await;
                self.notify(failure.step.as_ref());
                Err(failure)
            }
        };
        services.memory.of::<OpenSteps>().see(&entry.facts, services.caller(token.as_ref()), &ended);
        ended
    }

    /// Tells the operator of a step that waits for a person.
    fn notify(&self, step: Option<&HumanStep>) {
        if let (Some(step), Some(notifier)) = (step, &self.services.notifier) {
            notifier.notify(Notice::of(step, self.services.sandbox));
        }
    }

    /// Runs the tool once and ends the record of its write.
    async fn run_with(
        &self,
        entry: &'static Entry,
        arguments: &Object,
        token: Option<Token>,
        call: &Call,
    ) -> Result<Answer, ToolError> {
        let context = Context::new(Arc::clone(&self.services), &entry.facts, arguments.clone(), token, call.clone());
        let result = match context.secret_argument() {
            Some(argument) => Err(argument.into()),
            None => entry.confirmed(&context).await,
        };
        context.end(result).await
    }

    /// Adds the parts that answers of all tools share.
    fn complete(&self, answer: &mut Answer, entry: &'static Entry) {
        let served = self.served_as(entry.facts.name);
        let takes = |parameter| served.is_some_and(|served| served.published().takes(parameter));
        let name = self.names().listed(entry.facts.name);
        let access = self.names().access();
        let how = || bound::how_to_get_the_whole(entry.facts.effect, &name, takes("limit"), access);
        answer.origin = origins::of(entry.facts.name);
        answer.complete(entry.facts.is_one_request && takes("cursor"), how);
    }

    /// Finds a token that differs from the refused one: stored by another process, or (if `may_fetch`) fetched now after
    /// a claim. Also returns notes for the caller about the new token.
    async fn replacement_token(
        &self,
        refused: Option<&Token>,
        may_fetch: bool,
        call: &Call,
    ) -> (Option<Token>, Vec<Shown>) {
        let services = &self.services;
        let another = |token: Option<Token>| token.filter(|token| Some(token) != refused);
        let replaced = || {
            // The place is the business of the user who runs this server.
            if services.principal.access.is_remote() {
                return Vec::new();
            }
            let place = Shown::from(&services.tokens.found_in());
            vec![shown!("Note: another token was put in {}; it is in use now.", place)]
        };
        let found = another(self.reload_token(call).await);
        if found.is_some() {
            return (found, replaced());
        }
        if !may_fetch || services.tokens.overriding_variable().is_some() {
            return (None, Vec::new());
        }
        // Another call may be fetching the token at this moment, so the token in use afterwards counts.
        let notes = match exchange_in_time(services, call).await {
            Exchanged::Claimed { .. } if services.principal.access.is_remote() => Vec::new(),
            Exchanged::Claimed { unsaved, unrecorded, .. } => notes_on_claim(services, unsaved.as_deref(), unrecorded),
            _ => replaced(),
        };
        (another(services.tokens.current()), notes)
    }

    /// Looks up the newest `most` approvals that are open on record, with the context in which that was done. After a 401
    /// the token is loaded again. `None` if no tool reads approvals.
    pub async fn recorded_approvals(&self, most: usize, call: &Call) -> Option<(RecordedApprovals, Context)> {
        let facts = &self.entry_of(GetApproval::NAME)?.facts;
        let context = |token| Context::new(Arc::clone(&self.services), facts, Object::new(), token, call.clone());
        let first = context(self.services.tokens.current());
        let approvals = look_up(most, &first).await;
        if approvals.are_unauthorized() {
            let token = self.reload_token(call).await;
            if token.is_some() && token != first.token {
                let second = context(token);
                return Some((look_up(most, &second).await, second));
            }
        }
        Some((approvals, first))
    }

    /// Loads the token again on a thread that may block, so that a slow file delays no other call.
    pub(super) async fn reload_token(&self, call: &Call) -> Option<Token> {
        let tokens = Arc::clone(&self.services.tokens);
        let reading = tokio::task::spawn_blocking(move || tokens.reload());
        tokio::time::timeout_at(call.deadline, reading).await.ok()?.ok()?
    }

    /// Builds the failure from an error.
    pub(super) async fn failed(&self, facts: &Facts, arguments: &Object, error: &ToolError, call: &Call) -> Failure {
        let services = &self.services;
        let app = services.app().await;
        // They name files and variables of the user who runs this server.
        let is_remote = services.principal.access.is_remote();
        let notices = if is_remote { Vec::new() } else { services.notices() };
        // The hint about ids helps only a caller that gave one.
        let is_about_an_id = matches!(&error.cause, Cause::Api(Error::Invalid(fault)) if fault.field.ends_with("Id"));
        let gave_an_id = is_about_an_id || arguments.keys().any(|name| name.ends_with("Id"));
        let nothing = Sentence::plain("");
        hints::failure(
            error,
            &hints::CallFacts {
                names: self.names(),
                effect: facts.effect,
                done: facts.done,
                gate: facts.gate,
                id_hint: if gave_an_id { &facts.id_hint } else { &nothing },
                app: app.as_ref(),
                notices: &notices,
                after_claim: call.after_claim,
                can_claim: services.tokens.claim_token().is_some(),
                variable: services.tokens.overriding_variable(),
                sandbox: services.sandbox,
            },
        )
    }
}
