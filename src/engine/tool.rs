//! What a tool is: two traits, and the row that every tool has in the table of its family.

use std::future::Future;

use futures::FutureExt;
use futures::future::{self, BoxFuture};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::schema::{self, Kind};
use crate::answer::{Answer, Object, Outcome, Sentence, ToolError};
use crate::api::error::{Error, InvalidArgument};
use crate::api::reply::{Read, Reply};
use crate::api::wire::{self, Encoded};
use crate::api::{Effect, Gate, Operation};
use crate::guard::ledger::Commitment;

use super::context::Context;
use super::facts::Facts;
use super::schemas::Published;

/// A tool that sends a single request. `render` turns the reply into an answer.
pub trait OneRequest: Operation {
    /// A short title for people.
    const TITLE: &'static str;
    /// Shown after a 404: which tool lists valid ids.
    const ID_HINT: Sentence = Sentence::plain("");
    /// Its name in OpenTrain's own MCP server, without the prefix `opentrain_`, where that is another one.
    const OFFICIAL: &'static str = Self::NAME;
    /// What it has done when it succeeds, for the first words of a failure.
    const DONE: &'static str = done(Self::EFFECT);

    /// The money that the request commits, where money is meant.
    fn commitment(&self) -> Option<Commitment> {
        None
    }

    /// Adds to a failure what is known about it here, or what a look shows.
    fn explain(&self, error: ToolError, _: &Context) -> impl Future<Output = ToolError> + Send {
        future::ready(error)
    }

    /// Puts the reply into words. A write names its `outcome`; without one it is `done`.
    fn render(&self, read: Read<Self>, reply: &Reply, context: &Context) -> impl Future<Output = Answer> + Send
    where
        Self: Sized;
}

/// A tool. Its doc comment is the description that a model reads. Most facts are those of the operation that it is about.
pub trait Tool: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The operation that it is about.
    type On: Operation;
    /// What the output schema documents.
    type Output: JsonSchema;
    /// `snake_case` verb and noun.
    const NAME: &'static str = <Self::On as Operation>::NAME;
    /// A short title for people.
    const TITLE: &'static str;
    /// What a call does to the world.
    const EFFECT: Effect = <Self::On as Operation>::EFFECT;
    /// What the API asks for.
    const GATE: Gate = <Self::On as Operation>::GATE;
    /// Shown after a 404: which tool lists valid ids.
    const ID_HINT: Sentence = Sentence::plain("");
    /// Its name in OpenTrain's own MCP server, without the prefix `opentrain_`, where that is another one.
    const OFFICIAL: &'static str = Self::NAME;
    /// What it has done when it succeeds, for the first words of a failure: "Not created".
    const DONE: &'static str = done(Self::EFFECT);
    /// Whether a call is a single request: OpenTrain pages such a list itself.
    const IS_ONE_REQUEST: bool = false;

    /// Performs a call.
    fn run(self, context: &Context) -> impl Future<Output = Result<Answer, ToolError>> + Send;
}

const fn done(effect: Effect) -> &'static str {
    if matches!(effect, Effect::Create) { "created" } else { "done" }
}

impl<O: OneRequest> Tool for O {
    type On = O;
    type Output = O::Output;
    const TITLE: &'static str = <O as OneRequest>::TITLE;
    const ID_HINT: Sentence = <O as OneRequest>::ID_HINT;
    const OFFICIAL: &'static str = <O as OneRequest>::OFFICIAL;
    const DONE: &'static str = <O as OneRequest>::DONE;
    const IS_ONE_REQUEST: bool = true;

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        request(&self, context).await
    }
}

/// A single request, its type erased: what is the same for all of them is compiled once.
trait Erased: Send + Sync {
    fn encoded(&self) -> Result<Encoded, Error>;
    fn explain<'a>(&'a self, error: ToolError, context: &'a Context) -> BoxFuture<'a, ToolError>;
    fn commitment(&self) -> Option<Commitment>;
    fn answer<'a>(&'a self, reply: &'a Reply, context: &'a Context) -> Result<BoxFuture<'a, Answer>, Error>;
}

impl<O: OneRequest> Erased for O {
    fn encoded(&self) -> Result<Encoded, Error> {
        wire::encode(self)
    }

    fn explain<'a>(&'a self, error: ToolError, context: &'a Context) -> BoxFuture<'a, ToolError> {
        OneRequest::explain(self, error, context).boxed()
    }

    fn commitment(&self) -> Option<Commitment> {
        OneRequest::commitment(self)
    }

    fn answer<'a>(&'a self, reply: &'a Reply, context: &'a Context) -> Result<BoxFuture<'a, Answer>, Error> {
        Ok(self.render(context.read_reply(reply)?, reply, context).boxed())
    }
}

async fn request(operation: &dyn Erased, context: &Context) -> Result<Answer, ToolError> {
    let encoded = operation.encoded()?;
    let is_read = encoded.facts.effect == Effect::Read;
    let sent = async {
        let deadline = context.call.deadline;
        let reply = if is_read {
            context.perform(encoded, deadline).await?
        } else {
            context.perform_write(encoded, operation.commitment(), deadline).await?
        };
        let mut answer = operation.answer(&reply, context)?.await;
        if !is_read {
            answer.outcome.get_or_insert(Outcome::Done);
        }
        Ok(answer)
    };
    match sent.await {
        Ok(answer) => Ok(answer),
        Err(error) => Err(operation.explain(error, context).await),
    }
}

const fn facts<T: Tool>() -> Facts {
    Facts {
        name: T::NAME,
        title: T::TITLE,
        effect: T::EFFECT,
        gate: T::GATE,
        id_hint: T::ID_HINT,
        official: T::OFFICIAL,
        is_one_request: T::IS_ONE_REQUEST,
        done: T::DONE,
    }
}

/// A tool in the table, its type erased.
pub struct Entry {
    /// Its facts.
    pub facts: Facts,
    pub(super) run: for<'a> fn(Object, &'a Context) -> BoxFuture<'a, Result<Answer, ToolError>>,
}

impl Entry {
    /// The row of `T`.
    #[must_use]
    pub const fn of<T: Tool>() -> Self {
        Self {
            facts: facts::<T>(),
            run: |arguments, context| match read::<T>(arguments) {
                Ok(tool) => tool.run(context).boxed(),
                Err(error) => future::ready(Err(error)).boxed(),
            },
        }
    }
}

/// How the schemas of a tool are made from its types. Only `docs` uses it, for the files in `schemas/`: the server embeds
/// those, so that nothing of this is in the binary.
pub struct SchemaMaker {
    /// The tool.
    pub facts: Facts,
    /// Makes what the tool's file holds.
    pub make: fn() -> Published,
    /// Makes the schema that is enforced: stricter than the published one.
    pub strict: fn() -> Object,
}

impl SchemaMaker {
    /// The maker of `T`'s schemas.
    #[must_use]
    pub const fn of<T: Tool>() -> Self {
        Self {
            facts: facts::<T>(),
            make: || {
                let (strict, description) = schema::input::<T>();
                let is_paged = strict.get("properties").is_some_and(|fields| fields.get("cursor").is_some());
                let kind = Kind { is_write: !matches!(T::EFFECT, Effect::Read), is_paged };
                Published {
                    description,
                    input_schema: schema::published(strict),
                    output_schema: schema::output::<T::Output>(kind),
                }
            },
            strict: || schema::input::<T>().0,
        }
    }
}

/// The table of a family: its tools, and how their schemas are made.
macro_rules! tools {
    ($($tool:ty),+ $(,)?) => {
        /// The tools of this family.
        pub const TOOLS: &[$crate::engine::Entry] = &[$($crate::engine::Entry::of::<$tool>()),+];
        /// How their schemas are made.
        pub const SCHEMAS: &[$crate::engine::SchemaMaker] = &[$($crate::engine::SchemaMaker::of::<$tool>()),+];
    };
}
pub(crate) use tools;

/// The arguments fit the schema already, which is made of the same type: what is left to go wrong names its field.
fn read<T: Tool>(arguments: Object) -> Result<T, ToolError> {
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
    /// A family that is served by default.
    #[must_use]
    pub const fn new(name: &'static str, tools: &'static [Entry]) -> Self {
        Self { name, by_default: true, tools }
    }

    /// A family that reaches outside the account with nobody co-signing: served only when the operator names it.
    #[must_use]
    pub const fn on_request(self) -> Self {
        Self { by_default: false, ..self }
    }
}
