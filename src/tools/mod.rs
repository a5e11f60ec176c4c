//! What we make of the API: for each family the tools' table, what a model and a person read of each answer, and the
//! tools that are more than one call. This folder knows nothing of MCP's wire: `mcp` speaks what is told here.
//!
//! | file | what it holds |
//! |---|---|
//! | `contracts`, `milestones`, … | a family: its table of tools, and what is read of their answers |
//! | `creation` | a milestone is created once, whatever happens on the way |
//! | `toolbox`, `context` | the tools that are served; what a running one works with |
//! | `policy`, `audit`, `freeze` | what the operator allows; the record of every write; the stop switch |
//! | `person`, `claim` | steps that only a person can take; the token of a claimed account |
//! | `answer`, `failure`, `hints`, `text`, `instructions` | the words |
//! | `parts`, `drafts`, `candidates` | what several families say: lists that end, what a draft lacks, who applied |
//! | `schema`, `arguments`, `paging`, `bound` | what goes in, and how much comes out |

pub mod account;
pub mod agent;
pub mod answer;
pub mod approvals;
pub mod arguments;
pub mod audit;
pub mod bound;
mod candidates;
mod claim;
pub mod context;
pub mod contracts;
pub mod creation;
pub mod credits;
mod drafts;
pub mod failure;
pub mod freelancers;
pub mod freeze;
pub mod hints;
pub mod instructions;
pub mod jobs;
pub mod marketplace;
mod mentions;
pub mod messages;
pub mod milestones;
mod oddities;
mod operator;
pub mod paging;
mod parts;
pub mod person;
pub mod policy;
pub mod proposals;
pub mod schema;
pub mod team;
pub mod text;
pub mod tokens;
pub mod toolbox;
pub mod updates;
pub mod webhooks;

use std::future::Future;

use futures::FutureExt;
use futures::future::{self, BoxFuture};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::error::{Error, InvalidArgument};
use crate::api::reply::{Read, Reply};
use crate::api::wire::{self, Encoded};
use crate::api::{Effect, Gate, Operation};

use answer::{Answer, Outcome};
use audit::Settled;
pub use context::{Call, Context};
use failure::Trouble;
pub use operator::Operator;
use schema::Object;
pub use toolbox::{CALL_LIMIT, Served, Toolbox};

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
    /// Its name in OpenTrain's own MCP server, without the prefix `opentrain_`, where that is another one.
    const OFFICIAL: &'static str = Self::NAME;
    /// What it has done when it succeeds, for the first words of a failure: "Not created".
    const DONE: &'static str = if matches!(Self::EFFECT, Effect::Create) { "created" } else { "done" };

    /// Performs a call.
    fn run(self, context: &Context) -> impl Future<Output = Result<Answer, Trouble>> + Send;
}

/// A tool that is one operation: what is read of its answer.
pub trait Told: Operation {
    /// For people: a short title.
    const TITLE: &'static str;
    /// Where its ids come from, for who used a wrong one.
    const IDS: &'static str = "";
    /// Its name in OpenTrain's own MCP server, without the prefix `opentrain_`, where that is another one.
    const OFFICIAL: &'static str = Self::NAME;

    /// Puts the answer into words. A write names its `outcome`.
    fn tell(&self, read: Read<Self>, reply: &Reply, context: &Context) -> Answer
    where
        Self: Sized;
}

impl<O: Told> Tool for O {
    type Output = O::Output;
    const NAME: &'static str = <O as Operation>::NAME;
    const TITLE: &'static str = <O as Told>::TITLE;
    const EFFECT: Effect = <O as Operation>::EFFECT;
    const GATE: Gate = <O as Operation>::GATE;
    const IDS: &'static str = <O as Told>::IDS;

    const OFFICIAL: &'static str = <O as Told>::OFFICIAL;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        told(&self, context).await
    }
}

/// A told operation, its type erased: what is the same for all of them is compiled once.
trait Erased: Send + Sync {
    fn encoded(&self) -> Result<Encoded, Error>;
    fn answer(&self, reply: &Reply, context: &Context) -> Result<Answer, Error>;
}

impl<O: Told> Erased for O {
    fn encoded(&self) -> Result<Encoded, Error> {
        wire::encode(self)
    }

    fn answer(&self, reply: &Reply, context: &Context) -> Result<Answer, Error> {
        Ok(self.tell(context.read_reply(reply)?, reply, context))
    }
}

async fn told(operation: &dyn Erased, context: &Context) -> Result<Answer, Trouble> {
    let encoded = operation.encoded()?;
    if encoded.facts.effect == Effect::Read {
        let reply = context.perform(encoded, context.call.deadline).await?;
        return Ok(operation.answer(&reply, context)?);
    }
    let (reply, writing) = context.perform_write(encoded, None).await?;
    let mut answer = match operation.answer(&reply, context) {
        Ok(answer) => answer,
        Err(fault) => return Err(context.end_failed(writing, fault).await),
    };
    let outcome = *answer.outcome.get_or_insert(Outcome::Done);
    answer.warnings.extend(writing.end(Settled::with(outcome)).await);
    Ok(answer)
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
    /// Its name in OpenTrain's own MCP server, without the prefix `opentrain_`.
    pub official: &'static str,
    /// What it has done when it succeeds.
    pub done: &'static str,
    input: fn() -> (Object, String),
    output: fn() -> Object,
    documented: fn() -> Object,
    run: for<'a> fn(Object, &'a Context) -> BoxFuture<'a, Result<Answer, Trouble>>,
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
            official: T::OFFICIAL,
            done: T::DONE,
            input: schema::input::<T>,
            output: schema::output::<T::Output>,
            documented: schema::documented::<T::Output>,
            run: |arguments, context| match read::<T>(arguments) {
                Ok(tool) => tool.run(context).boxed(),
                Err(trouble) => future::ready(Err(trouble)).boxed(),
            },
        }
    }

    /// Whether the API documents an answer of this tool with a key of that name.
    #[must_use]
    pub fn documents(&self, key: &str) -> bool {
        (self.documented)().contains_key(key)
    }

    /// Whether a person may have to decide: always, or when the answer is an approval.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        let may_answer = |name| self.output().get("properties").is_some_and(|answer| answer.get(name).is_some());
        self.effect == Effect::CoSigned || (self.effect != Effect::Read && may_answer("approval"))
    }

    /// The output schema.
    #[must_use]
    pub fn output(&self) -> Object {
        (self.output)()
    }
}

/// The arguments fit the schema already, which is made of the same type: what is left to go wrong names its field.
fn read<T: Tool>(arguments: Object) -> Result<T, Trouble> {
    let wrong = |fault: serde_json::Error| InvalidArgument::new("arguments", fault.to_string());
    Ok(serde_json::from_value(Value::Object(arguments)).map_err(wrong)?)
}

/// A family of tools, named as its file in `api` is.
pub struct Family {
    /// The name.
    pub name: &'static str,
    /// Whether it is served when the operator names no toolsets.
    pub by_default: bool,
    /// Its tools.
    pub tools: &'static [Entry],
}

impl Family {
    const fn new(name: &'static str, tools: &'static [Entry]) -> Self {
        Self { name, by_default: true, tools }
    }

    /// A family that reaches outside the account with nobody co-signing: served only when the operator names it.
    const fn on_request(self) -> Self {
        Self { by_default: false, ..self }
    }
}

/// Every family, in the order in which the tools are listed.
pub const FAMILIES: &[Family] = &[
    Family::new("contracts", contracts::TOOLS),
    Family::new("milestones", milestones::TOOLS),
    Family::new("approvals", approvals::TOOLS),
    Family::new("jobs", jobs::TOOLS),
    Family::new("proposals", proposals::TOOLS),
    Family::new("freelancers", freelancers::TOOLS),
    Family::new("messages", messages::TOOLS),
    Family::new("credits", credits::TOOLS),
    Family::new("updates", updates::TOOLS),
    Family::new("marketplace", marketplace::TOOLS),
    Family::new("account", account::TOOLS),
    Family::new("agent", agent::TOOLS),
    Family::new("webhooks", webhooks::TOOLS).on_request(),
    Family::new("tokens", tokens::TOOLS).on_request(),
    Family::new("team", team::TOOLS).on_request(),
];

/// Every tool there is.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().flat_map(|family| family.tools)
}
