//! Everything that commands write to stdout. Secrets are masked, and nothing steers the terminal. For a person at a
//! terminal, lines are wrapped between words and have colours; into a pipe they are whole and plain.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anstyle::{AnsiColor, Style};
use terminal_size::Width;
use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter};

use super::fault::Fault;
use crate::answer::visible::{visible, visible_json};
use crate::answer::{Hole, Shown, quoted_to, shown};
use crate::api::token::{TokenSource, hide_secrets};

/// Longer lines are hard to read, however wide the window is.
const WIDEST: usize = 100;
/// The most characters of a path.
const LONGEST_PATH: usize = 400;
/// The last column of a table starts before this column; two blanks further right are prose.
const LAST_COLUMN: usize = 44;

/// A style, and the character that stands for it until a text is written. Unicode has no letters there, and others'
/// text that holds such a character gets nothing but a colour.
#[derive(Clone, Copy)]
pub(super) struct Look(&'static str, Style);

pub(super) const GOOD: Look = Look("\u{fdd0}", AnsiColor::Green.on_default().bold());
pub(super) const HEADING: Look = Look("\u{fdd1}", Style::new().bold());
pub(super) const BAD: Look = Look("\u{fdd2}", AnsiColor::Red.on_default().bold());
pub(super) const REFUSED: Look = Look("\u{fdd3}", AnsiColor::Yellow.on_default());
pub(super) const QUIET: Look = Look("\u{fdd4}", Style::new().dimmed());
const PLAIN: &str = "\u{fdd5}";

/// The secrets of this process.
static SECRETS: OnceLock<Arc<dyn TokenSource>> = OnceLock::new();

/// From now on, the secrets of `source` are masked.
pub(super) fn mask(source: Arc<dyn TokenSource>) {
    // A process reads its settings once.
    let _ = SECRETS.set(source);
}

/// The text without the secrets of this process and without everything that looks like one.
pub(super) fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    hide_secrets(&mut text, SECRETS.get().map(|source| source.secrets()).unwrap_or_default());
    text
}

/// Applies a style to `text`. stdout drops the style if it supports none.
pub(super) fn styled(Look(mark, _): Look, text: impl Hole) -> Shown {
    shown!("{}{}{}", mark, text, PLAIN)
}

/// The text with blanks behind it, so that it fills `width` columns.
pub(super) fn padded(text: impl Hole, width: usize) -> Shown {
    let mut padded = shown!("{}", text);
    (display_width(&padded)..width).for_each(|_| padded.push(" "));
    padded
}

/// The path of a file.
pub(super) fn path_of(path: &Path) -> Shown {
    quoted_to(&path.display().to_string(), LONGEST_PATH)
}

/// Prints for a person, wrapped to the terminal. Raw text does not compile here.
pub(super) fn print(text: impl Hole) -> Result<(), Fault> {
    print_secret(&masked(&shown!("{}", text)))
}

/// Like `print`, for a secret that the person has just asked for.
pub(super) fn print_secret(text: &str) -> Result<(), Fault> {
    let text = painted(text);
    match width() {
        Some(width) => write(&wrapped(&text, width)),
        None => write(&text),
    }
}

/// Prints for programs, without wrapping lines. Only at a terminal, what would steer it is escaped as JSON does.
pub(super) fn print_whole(text: &str) -> Result<(), Fault> {
    let text = masked(text);
    if std::io::stdout().is_terminal() { write(&visible_json(&text)) } else { write(&text) }
}

/// A way to ask the person at the terminal, if there is one.
pub(super) fn asker() -> Option<fn(&str) -> bool> {
    let is_there = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    is_there.then_some(|question| {
        // Not on stdout, where a script takes the answer from.
        let _ = write!(anstream::stderr(), "{}\nType yes to do this: ", visible(&masked(question)));
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).is_ok() && line.trim().eq_ignore_ascii_case("yes")
    })
}

/// The text with our own styles, and with everything else that would steer a terminal made visible.
fn painted(text: &str) -> String {
    let looks = [GOOD, HEADING, BAD, REFUSED, QUIET];
    let is_mark = |letter: char| PLAIN.contains(letter) || looks.iter().any(|Look(mark, _)| mark.contains(letter));
    let (mut painted, mut style) = (String::with_capacity(text.len()), Style::new());
    for part in text.split_inclusive(is_mark) {
        let words = part.trim_end_matches(is_mark);
        painted.push_str(&visible(words));
        if let Some(mark) = part.get(words.len()..).and_then(|mark| mark.chars().next()) {
            painted.push_str(&style.render_reset().to_string());
            style = looks
                .iter()
                .find(|Look(known, _)| known.contains(mark))
                .map_or_else(Style::new, |Look(_, style)| *style);
            painted.push_str(&style.render().to_string());
        }
    }
    painted
}

/// A closed pipe is no error.
fn write(text: &str) -> Result<(), Fault> {
    match writeln!(anstream::stdout().lock(), "{text}") {
        Err(fault) if fault.kind() != std::io::ErrorKind::BrokenPipe => Err(fault.into()),
        _ => Ok(()),
    }
}

/// The width to wrap to, if stdout is a terminal.
fn width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let (Width(width), _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width).min(WIDEST)).filter(|width| *width > LAST_COLUMN / 2)
}

fn wrapped(text: &str, width: usize) -> String {
    let lines = text.lines().map(|line| {
        let hanging = " ".repeat(hanging(line, width));
        let options = Options::new(width)
            .subsequent_indent(&hanging)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::fill(line, options)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The indent of a wrapped line: the last column of a table, or slightly right of the line's start.
fn hanging(line: &str, width: usize) -> usize {
    let last_column = line.match_indices("  ").map(|(gap, _)| gap + 2).filter(|place| {
        let follows = line.get(*place..).is_some_and(|rest| !rest.is_empty() && !rest.starts_with(' '));
        follows && !line.get(..*place).is_none_or(|before| before.trim().is_empty())
    });
    let columns = last_column.filter_map(|place| Some(display_width(line.get(..place)?)));
    let bound = LAST_COLUMN.min(width / 2);
    let begins = line.len() - line.trim_start().len();
    columns.filter(|column| *column <= bound).last().unwrap_or_else(|| (begins + 2).min(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_go_on_in_their_column() {
        let row = "max-day-usd  no limit for anything that is made here  (default)";
        assert_eq!(wrapped(row, 40), "max-day-usd  no limit for anything that\n             is made here  (default)");
        let prose = "Scopes: jobs:read, jobs:write, proposals:read, payments:write";
        for line in wrapped(prose, 40).lines() {
            assert!(line.len() <= 40 && !line.ends_with("jobs:"), "{line}");
        }
    }

    #[test]
    fn only_our_own_styles_reach_a_terminal() {
        let text = format!("{} a\u{1b}[31mb\u{9b}0m\u{202e}\n\tc", styled(BAD, "no\u{7}").as_str());
        let Look(_, style) = BAD;
        let shown = format!("{style}no\\u{{7}}{style:#} a\\u{{1b}}[31mb\\u{{9b}}0m\\u{{202e}}\n\tc");
        assert_eq!(painted(&text), shown);
    }

    #[test]
    fn an_address_is_never_broken() {
        let address = format!("https://app.opentrain.ai/{}", "approvals".repeat(10));
        assert!(wrapped(&format!("Open {address} now"), 60).contains(&address));
    }
}
