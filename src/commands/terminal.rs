//! Output for a person at a terminal: lines wrapped between words, and colours. Into a pipe, lines are whole and plain.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use terminal_size::Width;
use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter};

use super::fault::Fault;

/// Longer lines are hard to read, however wide the window is.
const WIDEST: usize = 100;
/// The last column of a table starts before this column; two blanks further right are prose.
const LAST_COLUMN: usize = 44;

pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const HEADING: Style = Style::new().bold();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Applies a style to `text`. stdout drops the style if it supports none.
pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Prints for a person, wrapped to the terminal.
pub(super) fn print(text: &str) -> Result<(), Fault> {
    match width() {
        Some(width) => print_whole(&wrapped(text, width)),
        None => print_whole(text),
    }
}

/// Prints for programs, without wrapping lines. A closed pipe is no error.
pub(super) fn print_whole(text: &str) -> Result<(), Fault> {
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
    fn an_address_is_never_broken() {
        let address = format!("https://app.opentrain.ai/{}", "approvals".repeat(10));
        assert!(wrapped(&format!("Open {address} now"), 60).contains(&address));
    }
}
