//! Formats parts that many answers share: ids, lists, long texts, links and unknown values.

use serde_json::{Number, Value};

use super::phrases::more_in_structure;
use super::sentence::{Names, Sentence};
use super::shown::{self, Hole, Joined, Shown, quoted_to};
use super::text::{count, number};
use crate::api::types::{Field, List};
use crate::shown;

/// The hint for ids of the account's own jobs.
pub(crate) const OWN_JOB_IDS: Sentence =
    Sentence::naming("jobId comes from {}; a contract or proposal id does not work here.", &["list_jobs"]);
/// The most items of a list in the text.
pub(crate) const SHOWN: usize = 50;
/// The most characters of a long part of a page.
pub(crate) const PART: usize = 2_000;
/// The most characters of a message.
pub(crate) const MESSAGE: usize = 600;
/// The most characters of an item within a page.
pub(crate) const ITEM: usize = 300;
/// The longest cursor of the API that the text repeats, in bytes.
const LONGEST_CURSOR: usize = 500;
/// The most words of an enumeration.
const WORDS: usize = 12;

/// An id or a status from the reply, or `otherwise` if it is missing.
pub(crate) fn text_or(field: &Field<String>, otherwise: &'static str) -> Shown {
    field.text().map_or_else(|| otherwise.into(), shown::id)
}

/// An id from the reply.
pub(crate) fn id_of(field: &Field<String>) -> Shown {
    text_or(field, "no id")
}

/// A number exactly as the API sent it.
pub(crate) fn figure(field: &Field<Number>) -> Option<Shown> {
    field.decimal().map(number)
}

/// A whole number as a count; 0 if it is missing.
pub(crate) fn count_or_zero(field: &Field<Number>) -> usize {
    field.get().and_then(Number::as_u64).and_then(|many| usize::try_from(many).ok()).unwrap_or_default()
}

/// Formats one line per item up to the limit, and notes how many items are left.
pub(crate) fn each<T>(items: &[T], line: impl Fn(&T) -> Shown) -> Vec<Shown> {
    let mut lines: Vec<Shown> = items.iter().take(SHOWN).map(line).collect();
    if items.len() > SHOWN {
        lines.push(more_in_structure(items.len() - SHOWN));
    }
    lines
}

/// Like `each`, for a tool with a `limit` parameter.
pub(crate) fn each_of_page<T>(items: &[T], line: impl Fn(&T) -> Shown) -> Vec<Shown> {
    let mut lines = each(items, line);
    if items.len() > SHOWN
        && let Some(rest) = lines.last_mut()
    {
        rest.push("; a smaller limit shows them all");
    }
    lines
}

/// Joins texts, each formatted by `show`, up to a limit; `None` if there are none.
pub(crate) fn join_texts(list: &List<Field<String>>, show: impl Fn(&str) -> Shown) -> Option<Shown> {
    join_bounded(list.items().iter().filter_map(Field::text).map(show).collect())
}

/// Joins formatted words up to a limit; `None` if there are none.
pub(crate) fn join_bounded(words: Vec<Shown>) -> Option<Shown> {
    let shown = words.iter().take(WORDS).joined(", ");
    match words.len() {
        0 => None,
        all if all > WORDS => Some(shown!("{} and {} more", shown, all - WORDS)),
        _ => Some(shown),
    }
}

/// Quotes a long text by others. A cut text says where the rest is.
pub(crate) fn long(text: &str, longest: usize) -> Shown {
    let shown = quoted_to(text, longest);
    if text.chars().nth(longest).is_some() { shown!("{} (cut; whole in structuredContent)", shown) } else { shown }
}

/// Formats a value of any shape in a line: its text, its message, or its JSON.
pub(crate) fn plain(value: &Value) -> String {
    let message = value.get("message").or_else(|| value.get("label")).and_then(Value::as_str);
    match message.or_else(|| value.as_str()) {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

/// Which part of a list an answer contains.
#[derive(Clone, Copy)]
pub(crate) struct PageRange {
    /// True if other pages come before this one.
    pub has_previous: bool,
    /// True if more items follow.
    pub has_next: bool,
}

impl PageRange {
    /// Derives the position from the given cursor and the next one.
    pub(crate) fn new(given: Option<&String>, next: &Field<String>) -> Self {
        Self { has_previous: given.is_some(), has_next: next.text().is_some_and(|cursor| !cursor.is_empty()) }
    }

    /// Formats the count: `3 jobs`, or `The first 3 jobs; more follow`.
    pub(crate) fn describe(self, many: usize, what: &'static str, about: impl Hole) -> Shown {
        let one = shown!("{}{}", what, about);
        self.with(many, shown!("{}{}", count(many, what), about), &one)
    }

    /// Says which part of the list the counted items are. `one` names a single item without its number.
    pub(crate) fn with(self, many: usize, counted: Shown, one: &Shown) -> Shown {
        match (self.has_previous, self.has_next) {
            (false, false) => counted,
            (has_previous, has_next) => {
                let place = if has_previous { if has_next { "next" } else { "last" } } else { "first" };
                let more = if has_next { "; more follow" } else { "" };
                shown!("The {} {}{}", place, if many == 1 { one } else { &counted }, more)
            }
        }
    }

    /// Formats an empty page: `No jobs`, unless other pages have some.
    pub(crate) fn describe_none(self, what: impl Hole) -> Shown {
        match (self.has_previous, self.has_next) {
            (_, true) => shown!("No {} on this page; more follow", what),
            (true, false) => shown!("No more {}", what),
            (false, false) => shown!("No {}", what),
        }
    }
}

/// Formats the call for the next page of `tool`, if any, and other possible calls.
pub(crate) fn next_page(
    tool: &str,
    others: impl Hole,
    cursor: &Field<String>,
    calls: &[(&str, impl Hole)],
    names: &Names,
) -> Shown {
    let Some(cursor) = cursor.text() else { return names.next(calls) };
    let mut all = vec![(tool, shown!("{}{}, the same filters", others, cursor_argument(cursor)))];
    all.extend(calls.iter().map(|(tool, arguments)| (*tool, shown!("{}", arguments))));
    shown!("More follow. {}", names.next(&all))
}

/// `cursor "abc"`. A cursor of the API that is too long for a text is named by its place.
pub(crate) fn cursor_argument(cursor: &str) -> Shown {
    match shown::id(cursor) {
        plain if *plain == *cursor => shown!("cursor \"{}\"", plain),
        _ if cursor.len() <= LONGEST_CURSOR => shown!("cursor {}", quoted_to(cursor, LONGEST_CURSOR)),
        _ => "cursor: the nextCursor of structuredContent".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_texts_end_and_say_so() {
        let lines = each(&[0_usize; 60], |number| shown!("{}", number));
        assert_eq!(lines.len(), SHOWN + 1);
        assert!(lines.last().unwrap().starts_with("… and 10 more"), "{lines:?}");
        assert_eq!(each(&[1_usize, 2], |number| shown!("{}", number)), ["1", "2"]);
        assert_eq!(long("abcdef", 3), "«abc…» (cut; whole in structuredContent)");
        assert_eq!(long("abc", 3), "«abc»");
        assert_eq!(join_bounded(vec!["a".into(); 15]).unwrap(), format!("{}a and 3 more", "a, ".repeat(11)));
        assert_eq!(join_bounded(Vec::new()), None);
    }

    #[test]
    fn a_page_is_never_called_the_whole() {
        let range = |has_previous, has_next| PageRange { has_previous, has_next };
        assert_eq!(range(false, false).describe(2, "job", ""), "2 jobs");
        assert_eq!(range(false, true).describe(2, "job", ""), "The first 2 jobs; more follow");
        assert_eq!(range(true, false).describe(1, "job", " of yours"), "The last job of yours");
        assert_eq!(range(false, false).describe_none("jobs"), "No jobs");
        assert_eq!(range(true, false).describe_none("jobs"), "No more jobs");
        assert_eq!(range(false, true).describe_none("jobs"), "No jobs on this page; more follow");
    }

    #[test]
    fn a_value_of_any_shape_is_a_line() {
        assert_eq!(plain(&json!("a")), "a");
        assert_eq!(plain(&json!({ "code": "x", "message": "Too short" })), "Too short");
        assert_eq!(plain(&json!([1, null])), "[1,null]");
    }
}
