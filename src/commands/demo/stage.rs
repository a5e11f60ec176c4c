//! Prints the demo and counts its results.

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use rust_decimal::Decimal;
use serde_json::Value;
use url::Url;

use crate::answer::text::usd;
use crate::answer::{Object, Page, Shown, quoted_to, shown};
use crate::mcp::client::{Called, Client};

use super::super::terminal::{BAD, GOOD, HEADING, Look, QUIET, REFUSED, padded, styled};
use super::super::{Fault, print};

/// The width of the output.
const COLUMNS: usize = 100;

/// The state of the demo. What happens is printed at the end, below the verdict.
pub(super) struct Stage {
    pub(super) agent: Client,
    origin: Url,
    began: Instant,
    scenes: usize,
    steps: usize,
    as_expected: usize,
    made: FinalContract,
    lines: Mutex<Vec<Shown>>,
}

/// The contract's final state.
#[derive(Default)]
pub(super) struct FinalContract {
    pub(super) created: usize,
    pub(super) doubled: usize,
    /// The funded amount in USD.
    pub(super) funded: Decimal,
}

impl Stage {
    pub(super) fn open(origin: &Url, agent: Client) -> Self {
        let (began, made, lines) = (Instant::now(), FinalContract::default(), Mutex::default());
        Self { agent, origin: origin.clone(), began, scenes: 0, steps: 0, as_expected: 0, made, lines }
    }

    fn line(&self, line: Shown) {
        if let Ok(mut lines) = self.lines.lock() {
            lines.push(line);
        }
    }

    /// Adds a line of one row: `who`, a mark, and as much of the text as fits.
    fn row(&self, who: &'static str, (look, mark): (Look, &'static str), text: &Shown) {
        let lead = shown!("  {}", padded(who, 9));
        let room = COLUMNS - lead.chars().count() - mark.chars().count() - 1;
        self.line(shown!("{}{} {}", lead, styled(look, mark), one_row(text, room)));
    }

    pub(super) fn scene(&mut self, title: &'static str) {
        self.scenes += 1;
        self.line(styled(HEADING, shown!("{} {}", self.scenes, title)));
    }

    /// The agent calls a tool over MCP.
    pub(super) async fn call(&self, tool: &'static str, arguments: Value) -> Result<Called, Fault> {
        self.row("agent", (QUIET, "›"), &shown!("{} {}", tool, quoted_to(&arguments.to_string(), COLUMNS)));
        let arguments = arguments.as_object().cloned().unwrap_or_else(Object::new);
        Ok(self.agent.call(tool, arguments).await?)
    }

    /// Notes the server's answer, and whether it was as expected.
    pub(super) fn server(&mut self, as_expected: bool, answer: &Called) {
        let mark = if answer.is_error { (REFUSED, "✗") } else { (GOOD, "✓") };
        self.step("server", as_expected, mark, &answer.text.without("SANDBOX, nothing real. "));
    }

    /// Like `server`, and shows the line of the answer that names `part`.
    pub(super) fn server_line(&mut self, as_expected: bool, answer: &Called, part: &str) {
        let line = answer.text.each_line().find(|line| line.contains(part));
        self.step("server", as_expected, (GOOD, "✓"), line.as_ref().unwrap_or(&answer.text));
    }

    /// Notes what the operator found, and whether it was as expected.
    pub(super) fn operator(&mut self, as_expected: bool, text: &Shown) {
        self.step("operator", as_expected, (GOOD, "✓"), text);
    }

    /// Notes what the person did and saw, and whether it was as expected.
    pub(super) fn person(&mut self, as_expected: bool, text: &Shown) {
        self.step("person", as_expected, (GOOD, "✓"), text);
    }

    /// Notes whether the person found what was expected. Only a surprise gets a row.
    pub(super) fn finds(&mut self, as_expected: bool, text: &Shown) {
        if as_expected {
            self.steps += 1;
            self.as_expected += 1;
        } else {
            self.person(false, text);
        }
    }

    /// Notes the action of another party.
    pub(super) fn aside(&self, who: &'static str, text: impl Into<Shown>) {
        self.row(who, (QUIET, "·"), &text.into());
    }

    fn step(&mut self, who: &'static str, as_expected: bool, mark: (Look, &'static str), text: &Shown) {
        self.steps += 1;
        self.as_expected += usize::from(as_expected);
        self.row(who, if as_expected { mark } else { (BAD, "✗ NOT AS EXPECTED:") }, text);
    }

    pub(super) fn made(&mut self, made: FinalContract) {
        self.made = made;
    }

    /// Prints the verdict, and below it what happened.
    pub(super) fn close(self, played: Result<(), Fault>) -> Result<ExitCode, Fault> {
        let fine = played.is_ok() && self.as_expected == self.steps;
        let (look, verdict) = if fine { (GOOD, "WORKS") } else { (BAD, "DOES NOT WORK") };
        let seconds = (self.began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        print(shown!(
            "{}, {} s. Created {}, doubled {}, funded {} by a person.",
            styled(look, shown!("{}: {} of {} steps as expected", verdict, self.as_expected, self.steps)),
            seconds,
            self.made.created,
            self.made.doubled,
            usd(self.made.funded)
        ))?;
        let origin = Page::parse(self.origin.as_str());
        let where_it_ran = shown!("opentrain-mcp demo on a SANDBOX at {}: nothing real, all on this machine.", origin);
        print(styled(QUIET, where_it_ran))?;
        self.lines.into_inner().unwrap_or_default().iter().try_for_each(print)?;
        print(shown!(
            "{} run `opentrain-mcp sandbox` and open the address that it prints;",
            styled(HEADING, "Press the buttons yourself:")
        ))?;
        print("give your host the settings that it shows, and ask your assistant what needs attention.")?;
        played?;
        Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// As much of a text as fits in one row, cut after a whole word.
fn one_row(text: &Shown, room: usize) -> Shown {
    let text = text.in_one_line();
    if text.chars().count() <= room {
        return text;
    }
    let cut: String = text.chars().take(room.saturating_sub(1)).collect();
    let whole = cut.rfind(' ').filter(|place| *place > room / 2).and_then(|place| cut.get(..place)).unwrap_or(&cut);
    let longest = whole.chars().count();
    text.cut(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_after_a_whole_word() {
        assert_eq!(one_row(&"Created,\nNOT funded.".into(), 40).as_str(), "Created, NOT funded.");
        assert_eq!(one_row(&"Created, NOT funded. No money has moved.".into(), 24).as_str(), "Created, NOT funded.…");
    }
}
