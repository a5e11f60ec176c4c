//! Defines a tool: two traits, and the row of a tool in the table of its family.

use std::future::Future;

use futures::FutureExt;
use futures::future::{self, BoxFuture};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::schema::{self, Kind};
use crate::answer::{
    Answer, Cause, Denial, Joined, Object, Outcome, Sentence, Shown, ToolError, Unconfirmed, id, quoted, shown,
};
use crate::api::error::{Error, InvalidArgument};
use crate::api::hex::sha256;
use crate::api::reply::{Read, Reply};
use crate::api::wire::{self, Encoded};
use crate::api::wording::wording;
use crate::api::{Effect, Gate, Operation};
use crate::guard::ledger::Commitment;

use super::context::Context;
use super::facts::{Facts, Money};
use super::schemas::Published;

/// The most characters of a question to a person.
const LONGEST_QUESTION: usize = 2_000;

/// A tool that sends a single request. `render` turns the reply into an answer.
pub trait OneRequest: Operation {
    /// A short title for people.
    const TITLE: &'static str;
    /// Shown after a 404: which tool lists valid ids.
    const ID_HINT: Sentence = Sentence::plain("");
    /// The tool's name in OpenTrain's own MCP server, without the prefix `opentrain_`, if it differs.
    const OFFICIAL: &'static str = Self::NAME;
    /// Past participle of the tool's action. A failure begins with it: "Not created".
    const DONE: &'static str = done(Self::EFFECT);
    /// How the operator's limits for money treat a call.
    const MONEY: Money = Money::None;
    /// True if a person has to say yes first, where the operator wants that.
    const CONFIRM: bool = is_final(Self::EFFECT);

    /// Says what the call will do, for the person who has to say yes to it.
    fn question(&self, context: &Context) -> impl Future<Output = Result<Shown, ToolError>> + Send {
        future::ready(Ok(of_arguments(context)))
    }

    /// The money that the request commits; `None` if no money is involved.
    fn commitment(&self) -> Option<Commitment> {
        None
    }

    /// Checks by reading what the arguments alone do not tell, before anything is written.
    fn prepare(&self, _: &Context) -> impl Future<Output = Result<(), ToolError>> + Send {
        future::ready(Ok(()))
    }

    /// Adds known or freshly read facts to an error.
    fn explain(&self, error: ToolError, _: &Context) -> impl Future<Output = ToolError> + Send {
        future::ready(error)
    }

    /// Turns the reply into an answer. The outcome of a write is `done` unless the answer sets another.
    fn render(&self, read: Read<Self>, reply: &Reply, context: &Context) -> impl Future<Output = Answer> + Send
    where
        Self: Sized;
}

/// A tool that may send several requests. Its doc comment is the description for the model. Most constants come from
/// the operation `On`.
pub trait Tool: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The tool's main operation.
    type On: Operation;
    /// The type that the output schema documents.
    type Output: JsonSchema;
    /// `snake_case` verb and noun.
    const NAME: &'static str = <Self::On as Operation>::NAME;
    /// A short title for people.
    const TITLE: &'static str;
    /// The effect of a call.
    const EFFECT: Effect = <Self::On as Operation>::EFFECT;
    /// The API's condition for a call.
    const GATE: Gate = <Self::On as Operation>::GATE;
    /// Shown after a 404: which tool lists valid ids.
    const ID_HINT: Sentence = Sentence::plain("");
    /// The tool's name in OpenTrain's own MCP server, without the prefix `opentrain_`, if it differs.
    const OFFICIAL: &'static str = Self::NAME;
    /// Past participle of the tool's action. A failure begins with it: "Not created".
    const DONE: &'static str = done(Self::EFFECT);
    /// How the operator's limits for money treat a call.
    const MONEY: Money = Money::None;
    /// True if a person has to say yes first, where the operator wants that.
    const CONFIRM: bool = is_final(Self::EFFECT);
    /// True if a call is a single request. OpenTrain pages such a list itself.
    const IS_ONE_REQUEST: bool = false;
    /// True if a call writes files of the user who runs this server. Such a tool is not served over HTTP.
    const IS_LOCAL: bool = false;

    /// Says what the call will do, for the person who has to say yes to it.
    fn question(&self, context: &Context) -> impl Future<Output = Result<Shown, ToolError>> + Send {
        future::ready(Ok(of_arguments(context)))
    }

    /// Runs a call.
    fn run(self, context: &Context) -> impl Future<Output = Result<Answer, ToolError>> + Send;
}

const fn done(effect: Effect) -> &'static str {
    if matches!(effect, Effect::Create) { "created" } else { "done" }
}

/// What a call will do, as far as its title and its arguments tell.
fn of_arguments(context: &Context) -> Shown {
    let arguments = context.arguments.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| quoted(&value.to_string()), quoted);
        shown!("{} {}", id(name), value)
    });
    shown!("{}: {}.", context.facts.title, arguments.joined(", "))
}

/// True if a call takes effect at once and cannot be taken back, with no page of OpenTrain in between.
const fn is_final(effect: Effect) -> bool {
    matches!(effect, Effect::Irreversible | Effect::Exposes)
}

impl<O: OneRequest> Tool for O {
    type On = O;
    type Output = O::Output;
    const TITLE: &'static str = <O as OneRequest>::TITLE;
    const ID_HINT: Sentence = <O as OneRequest>::ID_HINT;
    const OFFICIAL: &'static str = <O as OneRequest>::OFFICIAL;
    const DONE: &'static str = <O as OneRequest>::DONE;
    const MONEY: Money = <O as OneRequest>::MONEY;
    const CONFIRM: bool = <O as OneRequest>::CONFIRM;
    const IS_ONE_REQUEST: bool = true;

    async fn question(&self, context: &Context) -> Result<Shown, ToolError> {
        OneRequest::question(self, context).await
    }

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        request(&self, context).await
    }
}

/// A single request without its type, so that the common code is compiled once.
trait Erased: Send + Sync {
    fn encoded(&self) -> Result<Encoded, Error>;
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<(), ToolError>>;
    fn explain<'a>(&'a self, error: ToolError, context: &'a Context) -> BoxFuture<'a, ToolError>;
    fn commitment(&self) -> Option<Commitment>;
    fn answer<'a>(&'a self, reply: &'a Reply, context: &'a Context) -> Result<BoxFuture<'a, Answer>, Error>;
}

impl<O: OneRequest> Erased for O {
    fn encoded(&self) -> Result<Encoded, Error> {
        wire::encode(self)
    }

    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<(), ToolError>> {
        OneRequest::prepare(self, context).boxed()
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
            operation.prepare(context).await?;
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
        money: T::MONEY,
        confirm: T::CONFIRM,
        gate: T::GATE,
        id_hint: T::ID_HINT,
        official: T::OFFICIAL,
        is_one_request: T::IS_ONE_REQUEST,
        done: T::DONE,
        is_local: T::IS_LOCAL,
    }
}

/// A row of the table: a tool without its type.
pub struct Entry {
    /// The tool's constants.
    pub facts: Facts,
    pub(super) run: for<'a> fn(Object, &'a Context) -> BoxFuture<'a, Result<Answer, ToolError>>,
    /// Says what the call will do, if a person may have to say yes to it.
    pub(super) question: Option<Asks>,
}

/// Says what a call with these arguments will do.
type Asks = for<'a> fn(Object, &'a Context) -> BoxFuture<'a, Result<Shown, ToolError>>;

impl Entry {
    /// Builds the row of `T`.
    #[must_use]
    pub const fn of<T: Tool>() -> Self {
        Self {
            facts: facts::<T>(),
            run: |arguments, context| match read::<T>(arguments) {
                Ok(tool) => tool.run(context).boxed(),
                Err(error) => future::ready(Err(error)).boxed(),
            },
            question: if T::CONFIRM {
                Some(|arguments, context| async move { read::<T>(arguments)?.question(context).await }.boxed())
            } else {
                None
            },
        }
    }
}

impl Entry {
    /// Runs a call as far as a person has said yes to it, and adds the question if nobody was asked so far.
    pub(super) async fn confirmed(&self, context: &Context) -> Result<Answer, ToolError> {
        if let (Some(confirmed), true) = (&context.call.confirmed, context.wants_a_yes())
            && mark(&self.asks(context).await?) != *confirmed
        {
            return Err(Denial::unconfirmed(Unconfirmed::Changed).into());
        }
        match (self.run)(context.arguments.clone(), context).await {
            Err(ToolError { cause: Cause::Unconfirmed(None), notes }) => {
                let question = self.asks(context).await?;
                Err(ToolError { cause: Cause::Unconfirmed(Some(question)), notes })
            }
            result => result,
        }
    }

    async fn asks(&self, context: &Context) -> Result<Shown, ToolError> {
        let question = match self.question {
            Some(asks) => asks(context.arguments.clone(), context).await?,
            None => of_arguments(context),
        };
        let sandbox = context.services.sandbox.then_some("Sandbox, nothing is real. ");
        Ok(shown!("{}{}", sandbox, question.cut(LONGEST_QUESTION)))
    }
}

/// Names a question in a call that is made again after the answer. Short, however long the question is.
#[must_use]
pub fn mark(question: &Shown) -> String {
    sha256(question.as_bytes(), 64)
}

/// Generates the schemas of a tool from its types. Only `docs` uses it, to write the files in `schemas/`; the server
/// embeds those files, so the release binary does not contain this code.
pub struct SchemaMaker {
    /// The tool's constants.
    pub facts: Facts,
    /// Generates the content of the tool's file.
    pub make: fn() -> Published,
    /// Generates the schema that the server enforces. It is stricter than the published one.
    pub strict: fn() -> Object,
}

impl SchemaMaker {
    /// Builds the generator for `T`.
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

/// Declares the table of a family: its tools and their schema generators.
macro_rules! tools {
    ($($tool:ty),+ $(,)?) => {
        /// The tools of this family.
        pub const TOOLS: &[$crate::engine::Entry] = &[$($crate::engine::Entry::of::<$tool>()),+];
        /// The schema generators of this family.
        pub const SCHEMAS: &[$crate::engine::SchemaMaker] = &[$($crate::engine::SchemaMaker::of::<$tool>()),+];
    };
}
pub(crate) use tools;

/// Reads the arguments, which already match the schema of the same type. A remaining error names its field.
fn read<T: Tool>(arguments: Object) -> Result<T, ToolError> {
    let wrong = |fault: serde_json::Error| InvalidArgument::new("arguments", wording!("{}", fault.to_string()));
    Ok(serde_json::from_value(Value::Object(arguments)).map_err(wrong)?)
}

/// A family of tools. It has the name of its file in `api`.
pub struct Family {
    /// The name that the setting `toolsets` uses.
    pub name: &'static str,
    /// True if the family is served without being named in the setting.
    pub by_default: bool,
    /// The tools of the family.
    pub tools: &'static [Entry],
}

impl Family {
    /// A family that is served by default.
    #[must_use]
    pub const fn new(name: &'static str, tools: &'static [Entry]) -> Self {
        Self { name, by_default: true, tools }
    }

    /// Makes a family opt-in. Used for tools that reach outside the account without human approval.
    #[must_use]
    pub const fn on_request(self) -> Self {
        Self { by_default: false, ..self }
    }
}
