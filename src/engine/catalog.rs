//! The content that the engine serves: the families of tools, the sentences of the instructions, prompts and resources.

use std::collections::BTreeMap;

use crate::answer::{Sentence, Shown};
use crate::api::error::InvalidArgument;
use crate::guard::ledger::{Line, Recorded};

use super::tool::Family;

/// The content of a server, passed to the engine so that the engine names no tool.
pub struct Catalog {
    /// All families of tools, in listing order.
    pub families: &'static [Family],
    /// All sentences that the instructions may contain, in order.
    pub instructions: &'static [Instruction],
    /// All prompts, in listing order.
    pub prompts: &'static [Prompt],
    /// All resources, in listing order.
    pub resources: &'static [Resource],
}

/// The values of a prompt's arguments that were given, by name.
pub type Given<'a> = BTreeMap<&'a str, String>;

/// A prompt: a task that a user picks in the host, and that a model carries out with the tools.
pub struct Prompt {
    /// `snake_case`.
    pub name: &'static str,
    /// A short title for people.
    pub title: &'static str,
    /// What the task gives, for people.
    pub description: &'static str,
    /// The arguments.
    pub arguments: &'static [PromptArgument],
    /// The tool without which the prompt is not offered.
    pub needs: &'static str,
    /// The task. A sentence that names a tool which is not served is dropped.
    pub text: fn(&Given<'_>) -> Result<Vec<Sentence>, InvalidArgument>,
}

/// An argument of a prompt.
pub struct PromptArgument {
    /// `camelCase`, as the tools name it.
    pub name: &'static str,
    /// The meaning of the value.
    pub description: &'static str,
    /// True if the prompt cannot do without it.
    pub required: bool,
    /// Where values are listed, for completion.
    pub values: Option<&'static Values>,
}

/// A list of the account whose ids complete an argument.
pub struct Values {
    /// The tool that lists them.
    pub tool: &'static str,
    /// The key of the list in the tool's answer.
    pub list: &'static str,
    /// JSON pointers to the texts of an item that a typed text is compared with, besides the id.
    pub also: &'static [&'static str],
}

/// A resource: what a read tool or the record says, under a URI.
pub struct Resource {
    /// The URI. A resource with a `{parameter}` at its end is a template.
    pub uri: &'static str,
    /// `snake_case`.
    pub name: &'static str,
    /// A short title for people.
    pub title: &'static str,
    /// The content, for people.
    pub description: &'static str,
    /// Where the content comes from.
    pub source: Source,
    /// Where values of the parameter are listed, for completion.
    pub values: Option<&'static Values>,
}

/// Where the content of a resource comes from.
#[derive(Clone, Copy)]
pub enum Source {
    /// A tool with one parameter, named as in the URI.
    Tool(&'static str),
    /// The caller's writes of today on record, put into words.
    Today(fn(&Today) -> Vec<Shown>),
}

/// What a caller wrote today.
#[derive(Clone, Debug, Default)]
pub struct Today {
    /// The day (UTC), such as 2026-06-12.
    pub date: String,
    /// The writes in the order of their start.
    pub writes: Vec<Recorded>,
    /// Decisions of people that became known today.
    pub decisions: Vec<Line>,
    /// Writes that the operator's rules refused.
    pub refusals: Vec<Line>,
    /// How much of the day's limit is used, if there is one.
    pub used: Option<Shown>,
}

impl Resource {
    /// The part of the URI before the parameter, and the parameter's name.
    #[must_use]
    pub fn parts(&self) -> (&'static str, Option<&'static str>) {
        match self.uri.split_once('{') {
            Some((before, parameter)) => (before, Some(parameter.trim_end_matches('}'))),
            None => (self.uri, None),
        }
    }
}

/// A sentence of the instructions.
pub struct Instruction {
    /// The condition for the sentence.
    pub when: When,
    /// The sentence. It is dropped if it names a tool that is not served.
    pub sentence: Sentence,
}

/// The condition for a sentence of the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always part of the instructions.
    Always,
    /// Only if the server runs on the sandbox.
    InSandbox,
    /// Only if a served tool writes.
    ToolsWrite,
    /// Only if a served tool may need a person's decision.
    ToolsAsk,
}
