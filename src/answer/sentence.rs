//! Sentences that name tools. The names are data: each is written as this server lists it, and a sentence is dropped if
//! one of its tools is not served.

use std::collections::BTreeSet;

use super::access::Access;
use super::shown::{Hole, Joined, Shown, id};
use crate::shown;

/// A sentence and the tools that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    words: Words,
    /// True if it advises what only somebody with access to this server's settings can do.
    is_for_operator: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    /// A text that names no tool.
    Plain(Shown),
    /// A text with `{}` in place of each of these tools.
    Naming(&'static str, &'static [&'static str]),
}

/// Stands in place of advice about settings for a caller that cannot change them.
const ASK_THE_OPERATOR: &str = "Ask whoever runs this server.";

impl Sentence {
    /// A sentence that names no tool.
    #[must_use]
    pub const fn plain(text: &'static str) -> Self {
        Self { words: Words::Plain(Shown::ours(text)), is_for_operator: false }
    }

    /// A sentence that names `tools`, one for each `{}` in `text`.
    #[must_use]
    pub const fn naming(text: &'static str, tools: &'static [&'static str]) -> Self {
        Self { words: Words::Naming(text, tools), is_for_operator: false }
    }

    /// Advice about settings of this server. A caller that cannot change them is told to ask whoever runs the server.
    #[must_use]
    pub fn for_operator(text: impl Into<Shown>) -> Self {
        Self { words: Words::Plain(text.into()), is_for_operator: true }
    }

    /// True if the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.words, Words::Plain(text) if text.is_empty())
    }
}

impl From<Shown> for Sentence {
    fn from(text: Shown) -> Self {
        Self { words: Words::Plain(text), is_for_operator: false }
    }
}

impl From<&'static str> for Sentence {
    fn from(text: &'static str) -> Self {
        Self::plain(text)
    }
}

/// The tools that a server lists, and the prefix of their names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    prefix: Shown,
    listed: BTreeSet<&'static str>,
    access: Access,
}

impl Names {
    /// The names of `listed` tools with `prefix`.
    #[must_use]
    pub fn new(prefix: &str, listed: impl IntoIterator<Item = &'static str>) -> Self {
        let prefix = if prefix.is_empty() { Shown::default() } else { id(prefix) };
        Self { prefix, listed: listed.into_iter().collect(), access: Access::Local }
    }

    /// The same for callers that reach the server in this way.
    #[must_use]
    pub fn for_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// How the callers reach the server.
    #[must_use]
    pub const fn access(&self) -> Access {
        self.access
    }

    /// True if the tool is listed.
    #[must_use]
    pub fn lists(&self, tool: &str) -> bool {
        self.listed.contains(tool)
    }

    /// The name under which the tool is listed.
    #[must_use]
    pub fn listed(&self, tool: &str) -> Shown {
        shown!("{}{}", self.prefix, id(tool))
    }

    /// The prefix of every name.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Formats the sentence; `None` if it names a tool that is not listed.
    #[must_use]
    pub fn say(&self, sentence: &Sentence) -> Option<Shown> {
        if sentence.is_for_operator && self.access.is_remote() {
            return Some(ASK_THE_OPERATOR.into());
        }
        match &sentence.words {
            Words::Plain(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Words::Naming(text, tools) => {
                let names: Vec<Shown> = tools.iter().map(|tool| self.listed(tool)).collect();
                let holes: Vec<&dyn Hole> = names.iter().map(|name| name as &dyn Hole).collect();
                tools.iter().all(|tool| self.lists(tool)).then(|| Shown::filled(text, &holes))
            }
        }
    }

    /// Formats several sentences, separated by spaces.
    #[must_use]
    pub fn say_all<'a>(&self, sentences: impl IntoIterator<Item = &'a Sentence>) -> Shown {
        sentences.into_iter().filter_map(|sentence| self.say(sentence)).fold(Shown::default(), |mut text, sentence| {
            if sentence == ASK_THE_OPERATOR && text.contains(ASK_THE_OPERATOR) {
                return text;
            }
            if !text.is_empty() && !text.ends_with('\n') && !sentence.starts_with('\n') {
                text.push(" ");
            }
            text.push(sentence);
            text
        })
    }

    /// Formats the possible calls with their arguments, as "Next: …".
    #[must_use]
    pub fn next(&self, calls: &[(&str, impl Hole)]) -> Shown {
        let listed = calls.iter().filter(|(tool, _)| self.lists(tool));
        let calls = listed.map(|(tool, arguments)| shown!("{}({})", self.listed(tool), arguments)).joined(", ");
        if calls.is_empty() { calls } else { shown!("Next: {}.", calls) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::quoted;

    #[test]
    fn a_sentence_about_an_unlisted_tool_is_left_out() {
        let names = Names::new("ot_", ["get_job"]);
        let both = [
            Sentence::naming("{} shows it.", &["get_job"]),
            Sentence::naming("{} lists all.", &["list_jobs"]),
            Sentence::plain("Call again."),
        ];
        assert_eq!(names.say_all(&both), "ot_get_job shows it. Call again.");
        assert_eq!(names.next(&[("list_jobs", ""), ("get_job", "jobId")]), "Next: ot_get_job(jobId).");
    }

    #[test]
    fn a_remote_caller_is_sent_to_the_operator_once() {
        let advice = [Sentence::for_operator("Set A."), Sentence::plain("Wait."), Sentence::for_operator("Set B.")];
        assert_eq!(Names::default().say_all(&advice), "Set A. Wait. Set B.");
        assert_eq!(
            Names::default().for_access(Access::AgentKey).say_all(&advice),
            "Ask whoever runs this server. Wait."
        );
    }

    #[test]
    fn a_text_of_others_keeps_its_braces() {
        let names = Names::default();
        assert_eq!(names.say(&quoted("{}").into()).as_deref(), Some("«{}»"));
    }
}
