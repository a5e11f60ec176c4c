//! Calls every tool that reads once, with ids from the answers of the others, and keeps the shapes of the answers. It calls
//! no tool that writes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::answer::schema::is_ours;
use crate::answer::{Joined, Object, Shown, id, shown};
use crate::api::Effect;
use crate::drift::Shape;
use crate::engine::Facts;
use crate::engine::schemas::Published;
use crate::mcp::client::Client;

use super::super::Fault;

/// What became of a tool.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// Its answer has this shape.
    Answer(Shape),
    /// OpenTrain, or the way there, refused it.
    Failure(Shown),
    /// It was not called.
    NotTried(Shown),
}

/// Where an id for a parameter is found: in the answer of a tool, at this path. `*` stands for any element of a list.
struct Source {
    /// The parameter, and the tool that wants it from elsewhere than the others.
    parameter: (&'static str, Option<&'static str>),
    tool: &'static str,
    path: &'static str,
}

const fn source(parameter: &'static str, tool: &'static str, path: &'static str) -> Source {
    Source { parameter: (parameter, None), tool, path }
}

/// The first source that has an id counts.
const SOURCES: &[Source] = &[
    Source { parameter: ("jobId", Some("get_job")), tool: "search_jobs", path: "jobs/*/id" },
    source("jobId", "list_contracts", "contracts/*/jobId"),
    source("jobId", "list_jobs", "jobs/*/id"),
    source("contractId", "list_contracts", "contracts/*/id"),
    source("proposalId", "list_contracts", "contracts/*/proposalId"),
    source("proposalId", "list_proposals", "proposals/*/id"),
    source("freelancerId", "list_contracts", "contracts/*/freelancer/userId"),
    source("conversationId", "list_conversations", "conversations/*/id"),
    source("webhookId", "list_webhooks", "webhooks/*/id"),
];

/// The tools that read, what became of each, and the answers while it lasts.
pub(super) struct Survey<'a> {
    client: &'a Client,
    /// Why the token does not allow a tool.
    refusal: &'a dyn Fn(&Facts) -> Option<Shown>,
    answers: BTreeMap<&'static str, Value>,
    seen: BTreeMap<&'static str, Seen>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(client: &'a Client, refusal: &'a dyn Fn(&Facts) -> Option<Shown>) -> Self {
        Self { client, refusal, answers: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// Calls each tool as soon as the ids that it needs are known.
    pub(super) async fn of(mut self, tools: &[&'static Facts]) -> Result<BTreeMap<&'static str, Seen>, Fault> {
        let mut open: Vec<&'static Facts> =
            tools.iter().copied().filter(|facts| facts.effect == Effect::Read).collect();
        loop {
            let before = open.len();
            let mut later = Vec::new();
            for facts in open {
                if let Some(why) = (self.refusal)(facts) {
                    self.seen.insert(facts.name, Seen::NotTried(why));
                } else if let Ok(arguments) = self.arguments(facts.name) {
                    self.call(facts.name, arguments).await?;
                } else {
                    later.push(facts);
                }
            }
            open = later;
            if open.len() == before {
                break;
            }
        }
        for facts in open {
            let missing = self.arguments(facts.name).err().unwrap_or_default();
            self.seen.insert(facts.name, Seen::NotTried(shown!("no answer has a value for {}", id(&missing))));
        }
        Ok(self.seen)
    }

    /// The arguments of a tool, or the name of the parameter for which there is no value yet.
    fn arguments(&self, tool: &str) -> Result<Object, String> {
        let schema = Published::of(tool).input_schema;
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut arguments = Object::new();
        for name in required {
            let value = match name {
                "since" => Some(json!((Timestamp::now() - SignedDuration::from_hours(24)).to_string())),
                name => self.id(name, tool),
            };
            arguments.insert(name.to_owned(), value.ok_or_else(|| name.to_owned())?);
        }
        if schema.get("properties").is_some_and(|properties| properties.get("timeoutSeconds").is_some()) {
            // One look, without a wait.
            arguments.insert("timeoutSeconds".into(), json!(0));
        }
        Ok(arguments)
    }

    fn id(&self, parameter: &str, tool: &str) -> Option<Value> {
        let special = SOURCES.iter().filter(|source| source.parameter == (parameter, Some(tool)));
        let usual = SOURCES.iter().filter(|source| source.parameter == (parameter, None));
        let has_special = special.clone().next().is_some();
        let of_table = special.chain(usual.filter(|_| !has_special));
        of_table
            .filter_map(|source| first(self.answers.get(source.tool)?, source.path))
            .chain(self.answers.values().filter(|_| !has_special).filter_map(|answer| named(answer, parameter)))
            .next()
            .cloned()
    }

    async fn call(&mut self, tool: &'static str, arguments: Object) -> Result<(), Fault> {
        let called = self.client.call(tool, arguments).await?;
        let seen = if called.is_error {
            Seen::Failure(failure(&called.structured))
        } else {
            let mut fields = match &called.structured {
                Value::Object(fields) => fields.clone(),
                _ => Object::new(),
            };
            fields.retain(|name, _| !is_ours(name));
            self.answers.insert(tool, called.structured);
            Seen::Answer(Shape::of(&fields))
        };
        self.seen.insert(tool, seen);
        Ok(())
    }
}

/// The first text or number at a path.
fn first<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let Some((name, rest)) = path.split_once('/') else { return value.get(path).filter(|id| is_id(id)) };
    let inner = value.get(name)?;
    match rest.strip_prefix("*/") {
        Some(rest) => inner.as_array()?.iter().find_map(|item| first(item, rest)),
        None => first(inner, rest),
    }
}

/// The first id that stands anywhere under this name.
fn named<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => {
            let own = fields.get(name).filter(|id| is_id(id));
            own.or_else(|| fields.values().find_map(|field| named(field, name)))
        }
        Value::Array(items) => items.iter().find_map(|item| named(item, name)),
        _ => None,
    }
}

fn is_id(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| !text.is_empty())
}

/// Status, code and reason of a failure. Its message could hold a value.
fn failure(structured: &Value) -> Shown {
    let error = structured.get("error").unwrap_or(&Value::Null);
    let status = error.get("status").and_then(Value::as_u64).map(|status| shown!("HTTP {}", status));
    let words = ["code", "reason"].map(|name| error.get(name).and_then(Value::as_str));
    let is_word =
        |word: &&str| word.len() <= 60 && word.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '_');
    let words = words.into_iter().flatten().filter(is_word).map(id);
    status.into_iter().chain(words).joined(" ")
}
