//! What we make of the API: for each family the tools' table, what a model and a person read of each answer, and the
//! tools that are more than one call. This folder knows nothing of MCP's wire: `mcp` speaks what is told here.

pub mod account;
pub mod answer;
pub mod arguments;
pub mod contracts;
pub mod failure;
pub mod hints;
pub mod instructions;
pub mod milestones;
pub mod paging;
pub mod person;
pub mod schema;
pub mod text;

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::api::client::{Caller, Client};
use crate::api::error::{Error, InvalidArgument};
use crate::api::reply::{Read, Reply};
use crate::api::token::{Token, TokenSource};
use crate::api::{Effect, Gate, Operation};

use answer::{Answer, Link, LinkKind, Report};
use failure::Failure;
use hints::Situation;
use person::{After, HumanStep};
use schema::Object;

/// Hosts cut a call at 60 s: whatever happens, it is answered before.
pub const CALL_LIMIT: Duration = Duration::from_secs(48);

/// A tool. Its doc comment is the description that a model reads.
pub trait Tool: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What the output schema documents.
    type Output: JsonSchema;
    /// `snake_case` verb and noun.
    const NAME: &'static str;
    /// For people: a short title.
    const TITLE: &'static str;
    /// What a call does to the world.
    const EFFECT: Effect;
    /// What the API asks for.
    const GATE: Gate;
    /// Where its ids come from, for who used a wrong one.
    const IDS: &'static str;

    /// Performs a call.
    fn run(self, context: &Context<'_>) -> impl Future<Output = Result<Answer, Error>> + Send;
}

/// A tool that is one operation: what is read of its answer.
pub trait Told: Operation {
    /// For people: a short title.
    const TITLE: &'static str;
    /// Where its ids come from, for who used a wrong one.
    const IDS: &'static str = "";

    /// Puts the answer into words.
    fn tell(&self, read: Read<Self>, reply: &Reply, context: &Context<'_>) -> Answer
    where
        Self: Sized;

    /// Adds to a refusal what only a look at the API can tell.
    fn explain(&self, _: &Error, _: &Context<'_>) -> impl Future<Output = Option<String>> + Send {
        std::future::ready(None)
    }
}

impl<O: Told> Tool for O {
    type Output = O::Output;
    const NAME: &'static str = <O as Operation>::NAME;
    const TITLE: &'static str = <O as Told>::TITLE;
    const EFFECT: Effect = <O as Operation>::EFFECT;
    const GATE: Gate = <O as Operation>::GATE;
    const IDS: &'static str = <O as Told>::IDS;

    async fn run(self, context: &Context<'_>) -> Result<Answer, Error> {
        match context.send(&self).await {
            Ok(reply) => Ok(self.tell(reply.read::<O>()?, &reply, context)),
            Err(fault) => {
                context.remark(self.explain(&fault, context).await);
                Err(fault)
            }
        }
    }
}

/// A tool in the table, its type erased.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it does to the world.
    pub effect: Effect,
    /// What the API asks for.
    pub gate: Gate,
    /// Where its ids come from.
    pub ids: &'static str,
    input: fn() -> (Object, String),
    output: fn() -> Object,
    run: for<'a> fn(Object, &'a Context<'a>) -> BoxFuture<'a, Result<Answer, Error>>,
}

impl Entry {
    /// The row of `T`.
    #[must_use]
    pub const fn of<T: Tool>() -> Self {
        Self {
            name: T::NAME,
            title: T::TITLE,
            effect: T::EFFECT,
            gate: T::GATE,
            ids: T::IDS,
            input: schema::input::<T>,
            output: schema::output::<T::Output>,
            run: |arguments, context| run::<T>(arguments, context).boxed(),
        }
    }

    /// The output schema.
    #[must_use]
    pub fn output(&self) -> Object {
        (self.output)()
    }
}

async fn run<T: Tool>(arguments: Object, context: &Context<'_>) -> Result<Answer, Error> {
    let tool: T = serde_path_to_error::deserialize(Value::Object(arguments))
        .map_err(|fault| InvalidArgument::new(fault.path().to_string(), fault.inner().to_string()))?;
    tool.run(context).await
}

/// A family of tools, named as its file in `api` is.
pub struct Family {
    /// The name.
    pub name: &'static str,
    /// Its tools.
    pub tools: &'static [Entry],
}

/// Every family, in the order in which the tools are listed.
pub const FAMILIES: &[Family] = &[
    Family { name: "contracts", tools: contracts::TOOLS },
    Family { name: "milestones", tools: milestones::TOOLS },
    Family { name: "account", tools: account::TOOLS },
];

/// Every tool there is.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().flat_map(|family| family.tools)
}

/// A tool that is served, with what is made of its types once.
pub struct Served {
    /// The row.
    pub entry: &'static Entry,
    schema: OnceLock<(Object, String)>,
}

impl Served {
    /// Every tool there is.
    #[must_use]
    pub fn all() -> Vec<Self> {
        all().map(|entry| Self { entry, schema: OnceLock::new() }).collect()
    }

    /// The strict input schema.
    pub fn input(&self) -> &Object {
        &self.schema.get_or_init(self.entry.input).0
    }

    /// What a model reads of it.
    pub fn description(&self) -> &str {
        &self.schema.get_or_init(self.entry.input).1
    }
}

/// The tools that are served, and what they need to work. One for the process; nothing in it belongs to one call.
pub struct Toolbox {
    client: Client,
    tokens: Arc<dyn TokenSource>,
    served: Vec<Served>,
    /// Whether nothing is real.
    pub sandbox: bool,
    /// How long a call may wait for a person.
    pub human_wait: Duration,
}

/// What belongs to one call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    deadline: Instant,
    after_claim: bool,
}

impl Call {
    /// A call that is answered within `limit`.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self { deadline: Instant::now() + limit, after_claim: false }
    }

    /// The same, after a person was sent to claim the account.
    const fn after_claim(self) -> Self {
        Self { after_claim: true, ..self }
    }

    /// When the answer is due.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }
}

/// What a running tool works with.
pub struct Context<'a> {
    toolbox: &'a Toolbox,
    token: Option<Token>,
    call: Call,
    remark: OnceLock<String>,
}

impl Context<'_> {
    /// Performs one operation on behalf of the caller.
    ///
    /// # Errors
    /// See [`Client::send`].
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<Reply, Error> {
        let caller = Caller { token: self.token.as_ref(), deadline: self.call.deadline };
        self.toolbox.client.send(operation, caller).await
    }

    /// Which of these calls can be made here, as "Next: …".
    #[must_use]
    pub fn next(&self, calls: &[(&str, &str)]) -> String {
        let listed = calls.iter().filter(|(name, _)| self.toolbox.find(name).is_some());
        let calls: Vec<String> = listed.map(|(name, arguments)| format!("{name}({arguments})")).collect();
        if calls.is_empty() { String::new() } else { format!("Next: {}.", calls.join(", ")) }
    }

    /// What is odd about where the token comes from.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.toolbox.tokens.notices()
    }

    /// What kind of token is in use.
    #[must_use]
    pub fn token_kind(&self) -> &'static str {
        self.token.as_ref().map_or("no token", Token::kind)
    }

    /// Adds a sentence to the hint of the failure that follows.
    fn remark(&self, remark: Option<String>) {
        if let Some(remark) = remark {
            let _ = self.remark.set(remark);
        }
    }
}

impl Toolbox {
    /// Serves every tool.
    #[must_use]
    pub fn new(client: Client, tokens: Arc<dyn TokenSource>, human_wait: Duration, sandbox: bool) -> Self {
        Self { client, tokens, served: Served::all(), sandbox, human_wait }
    }

    /// The tools in the order in which they are listed.
    #[must_use]
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// The tool of that name, if it is served.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Served> {
        self.served.iter().find(|served| served.entry.name == name)
    }

    /// The token in use now.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.tokens.current()
    }

    /// Performs one call; the arguments are read against the tool's schema first. Dropping the future gives a read up,
    /// upstream too; a write that has begun goes on to its end, since what it does cannot be called back.
    pub async fn call(self: &Arc<Self>, served: &Served, arguments: Object, call: Call) -> Report {
        let entry = served.entry;
        let arguments = match arguments::fit(served.input(), arguments) {
            Ok(arguments) => arguments,
            Err(fault) => return self.report(entry, &fault.into(), None, None, call),
        };
        if entry.effect == Effect::Read {
            return self.run(entry, arguments, call).await;
        }
        let toolbox = Arc::clone(self);
        let write = tokio::spawn(async move { toolbox.run(entry, arguments, call).await });
        write.await.unwrap_or_else(|fault| {
            let broken = Error::Unreachable { what: format!("the call broke off ({fault})"), sent: true };
            self.report(entry, &broken, None, None, call)
        })
    }

    /// Performs a call with arguments that fit. A token that was refused is looked for once more: another process may
    /// have put a new one in its place, and a 401 has changed nothing.
    async fn run(&self, entry: &Entry, arguments: Object, call: Call) -> Report {
        let token = self.tokens.current();
        let report = self.run_with(entry, arguments.clone(), token.clone(), call).await;
        let refused = matches!(&report.result, Err(failure) if failure.status == Some(401));
        if refused
            && let Some(new) = self.tokens.reload()
            && token.as_ref() != Some(&new)
        {
            return self.run_with(entry, arguments, Some(new), call).await;
        }
        report
    }

    async fn run_with(&self, entry: &Entry, arguments: Object, token: Option<Token>, call: Call) -> Report {
        let context = Context { toolbox: self, token, call, remark: OnceLock::new() };
        match (entry.run)(arguments, &context).await {
            Ok(answer) => Report { result: Ok(answer), step: None },
            Err(fault) => {
                let app = self.client.origin().await.ok();
                self.report(entry, &fault, context.remark.into_inner(), app.as_ref(), call)
            }
        }
    }

    fn report(&self, entry: &Entry, fault: &Error, remark: Option<String>, app: Option<&Url>, call: Call) -> Report {
        let notices = self.tokens.notices();
        let situation = Situation {
            effect: entry.effect,
            gate: entry.gate,
            ids: entry.ids,
            app,
            notices: &notices,
            after_claim: call.after_claim,
        };
        let mut failure = Failure::new(fault, &situation);
        if let Some(remark) = remark {
            failure.hint = format!("{} {remark}", failure.hint);
        }
        let step = human_step(&failure);
        Report { result: Err(failure), step }
    }
}

/// The page that a person has to open before the refused call can go through.
fn human_step(failure: &Failure) -> Option<HumanStep> {
    if failure.reason.as_deref() != Some("account_claim_required") {
        return None;
    }
    let link: Link = failure.links().into_iter().find(|link| link.kind == LinkKind::Claim && link.verified)?;
    let ask =
        "An agent wants to act on an OpenTrain account that no person owns yet. Open this page to claim the account.";
    Some(HumanStep { link, ask: ask.into(), after: After::TryAgain })
}
