//! Sentences that name tools. The names are data: each is written as this server lists it, and a sentence is dropped if
//! one of its tools is not served.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::access::Access;

/// A sentence and the tools that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The text with `{}` in place of each tool name.
    text: Cow<'static, str>,
    tools: &'static [&'static str],
    /// True if it advises what only somebody with access to this server's settings can do.
    is_for_operator: bool,
}

/// Stands in place of advice about settings for a caller that cannot change them.
const ASK_THE_OPERATOR: &str = "Ask whoever runs this server.";

impl Sentence {
    /// A sentence that names no tool.
    #[must_use]
    pub const fn plain(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), tools: &[], is_for_operator: false }
    }

    /// A sentence that names `tools`, one for each `{}` in `text`.
    #[must_use]
    pub const fn naming(text: &'static str, tools: &'static [&'static str]) -> Self {
        Self { text: Cow::Borrowed(text), tools, is_for_operator: false }
    }

    /// Advice about settings of this server. A caller that cannot change them is told to ask whoever runs the server.
    #[must_use]
    pub fn for_operator(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), tools: &[], is_for_operator: true }
    }

    /// True if the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self { text: Cow::Owned(text), tools: &[], is_for_operator: false }
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
    prefix: String,
    listed: BTreeSet<&'static str>,
    access: Access,
}

impl Names {
    /// The names of `listed` tools with `prefix`.
    #[must_use]
    pub fn new(prefix: String, listed: impl IntoIterator<Item = &'static str>) -> Self {
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
    pub fn listed(&self, tool: &str) -> String {
        format!("{}{tool}", self.prefix)
    }

    /// The prefix of every name.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Formats the sentence; `None` if it names a tool that is not listed.
    #[must_use]
    pub fn say(&self, sentence: &Sentence) -> Option<String> {
        if sentence.is_empty() || !sentence.tools.iter().all(|tool| self.lists(tool)) {
            return None;
        }
        if sentence.is_for_operator && self.access.is_remote() {
            return Some(ASK_THE_OPERATOR.into());
        }
        if sentence.tools.is_empty() {
            return Some(sentence.text.clone().into_owned());
        }
        let mut tools = sentence.tools.iter();
        let mut parts = sentence.text.split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            text.push_str(&tools.next().map(|tool| self.listed(tool)).unwrap_or_default());
            text.push_str(part);
        }
        Some(text)
    }

    /// Formats several sentences, separated by spaces.
    #[must_use]
    pub fn say_all<'a>(&self, sentences: impl IntoIterator<Item = &'a Sentence>) -> String {
        sentences.into_iter().filter_map(|sentence| self.say(sentence)).fold(String::new(), |mut text, sentence| {
            if sentence == ASK_THE_OPERATOR && text.contains(ASK_THE_OPERATOR) {
                return text;
            }
            if !text.is_empty() && !text.ends_with('\n') && !sentence.starts_with('\n') {
                text.push(' ');
            }
            text.push_str(&sentence);
            text
        })
    }

    /// Formats the possible calls with their arguments, as "Next: …".
    #[must_use]
    pub fn next(&self, calls: &[(&str, &str)]) -> String {
        let listed = calls.iter().filter(|(tool, _)| self.lists(tool));
        let calls: Vec<String> =
            listed.map(|(tool, arguments)| format!("{}({arguments})", self.listed(tool))).collect();
        if calls.is_empty() { String::new() } else { format!("Next: {}.", calls.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_about_an_unlisted_tool_is_left_out() {
        let names = Names::new("ot_".into(), ["get_job"]);
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
        assert_eq!(names.say(&Sentence::from("«{}»".to_owned())).as_deref(), Some("«{}»"));
    }
}
