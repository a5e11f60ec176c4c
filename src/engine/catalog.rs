//! What the engine serves: the families of tools, and the sentences of the instructions.

use crate::answer::Sentence;

use super::tool::Family;

/// What a server is made over.
pub struct Catalog {
    /// Every family of tools, in the order in which the tools are listed.
    pub families: &'static [Family],
    /// Every sentence that the instructions may contain, in order.
    pub instructions: &'static [Instruction],
}

/// A sentence of the instructions.
pub struct Instruction {
    /// When it is said.
    pub when: When,
    /// The sentence. One that names a tool is left out where the tool is not served.
    pub sentence: Sentence,
}

/// When a sentence of the instructions is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// To everybody.
    Always,
    /// Where the server runs on the sandbox.
    InSandbox,
    /// Where a served tool writes.
    ToolsWrite,
    /// Where a served tool may ask a person to decide.
    ToolsAsk,
}
