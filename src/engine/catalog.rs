//! The content that the engine serves: the families of tools, and the sentences of the instructions.

use crate::answer::Sentence;

use super::tool::Family;

/// The content of a server, passed to the engine so that the engine names no tool.
pub struct Catalog {
    /// All families of tools, in listing order.
    pub families: &'static [Family],
    /// All sentences that the instructions may contain, in order.
    pub instructions: &'static [Instruction],
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
