//! Prints the demo and counts its results.

use std::process::ExitCode;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use rust_decimal::Decimal;
use serde_json::Value;
use url::Url;

use crate::answer::Object;
use crate::answer::text::usd;
use crate::mcp::client::{Called, Client};

use super::super::{Fault, print};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const REFUSED: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const QUIET: Style = Style::new().dimmed();

/// The state of the demo.
pub(super) struct Stage {
    pub(super) agent: Client,
    began: Instant,
    scenes: usize,
    steps: usize,
    as_expected: usize,
    made: FinalContract,
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
    pub(super) fn open(origin: &Url, agent: Client) -> Result<Self, Fault> {
        print(&format!(
            "{BOLD}opentrain-mcp demo{BOLD:#} · SANDBOX {origin} · nothing real, nothing leaves this machine"
        ))?;
        Ok(Self { agent, began: Instant::now(), scenes: 0, steps: 0, as_expected: 0, made: FinalContract::default() })
    }

    pub(super) fn scene(&mut self, title: &str) -> Result<(), Fault> {
        self.scenes += 1;
        print(&format!("\n{BOLD}{} {title}{BOLD:#}", self.scenes))
    }

    /// The agent calls a tool over MCP.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Called, Fault> {
        print(&format!("  agent   {tool} {QUIET}{arguments}{QUIET:#}"))?;
        let arguments = arguments.as_object().cloned().unwrap_or_else(Object::new);
        Ok(self.agent.call(tool, arguments).await?)
    }

    /// Prints the server's answer, and notes whether it was as expected.
    pub(super) fn server(&mut self, as_expected: bool, answer: &Called) -> Result<(), Fault> {
        let mark = if answer.is_error { (REFUSED, "✗") } else { (GOOD, "✓") };
        self.step("server", as_expected, mark, &answer.text)
    }

    /// Prints what the person saw or did, and notes whether it was as expected.
    pub(super) fn person(&mut self, as_expected: bool, text: &str) -> Result<(), Fault> {
        self.step("person", as_expected, (GOOD, "✓"), text)
    }

    fn step(&mut self, who: &str, as_expected: bool, mark: (Style, &str), text: &str) -> Result<(), Fault> {
        self.steps += 1;
        self.as_expected += usize::from(as_expected);
        let (style, mark) = if as_expected { mark } else { (BAD, "✗ NOT AS EXPECTED:") };
        let text = text.replace("SANDBOX, nothing real. ", "").replace('\n', "\n            ");
        print(&format!("  {who}  {style}{mark}{style:#} {text}"))
    }

    pub(super) fn made(&mut self, made: FinalContract) {
        self.made = made;
    }

    pub(super) fn close(self) -> Result<ExitCode, Fault> {
        let fine = self.as_expected == self.steps;
        let style = if fine { GOOD } else { BAD };
        print(&format!(
            "\n{style}{} of {} as expected{style:#} · {:.1} s · created {}, doubled {}, funded {} by a person",
            self.as_expected,
            self.steps,
            self.began.elapsed().as_secs_f64(),
            self.made.created,
            self.made.doubled,
            usd(self.made.funded)
        ))?;
        print("Press the buttons yourself: opentrain-mcp sandbox")?;
        Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Prints another party's action.
pub(super) fn aside(who: &str, text: &str) -> Result<(), Fault> {
    print(&format!("  {who:<7} {text}"))
}
