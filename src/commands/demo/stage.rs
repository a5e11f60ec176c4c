//! The demo's printing and counting.

use std::process::ExitCode;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use url::Url;

use crate::mcp::client::{Called, Client};
use crate::tools::schema::Object;

use super::super::{Fault, print};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const QUIET: Style = Style::new().dimmed();

/// What has been played so far.
pub(super) struct Stage {
    pub(super) agent: Client,
    began: Instant,
    scenes: usize,
    steps: usize,
    as_expected: usize,
    created: usize,
    doubled: usize,
}

impl Stage {
    pub(super) fn open(origin: &Url, agent: Client) -> Result<Self, Fault> {
        print(&format!(
            "{BOLD}opentrain-mcp demo{BOLD:#} · SANDBOX {origin} · nothing real, nothing leaves this machine"
        ))?;
        Ok(Self { agent, began: Instant::now(), scenes: 0, steps: 0, as_expected: 0, created: 0, doubled: 0 })
    }

    pub(super) fn scene(&mut self, title: &str) -> Result<(), Fault> {
        self.scenes += 1;
        print(&format!("\n{BOLD}{} {title}{BOLD:#}", self.scenes))
    }

    /// The agent calls a tool, as on the wire.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Called, Fault> {
        print(&format!("  agent   {tool} {QUIET}{arguments}{QUIET:#}"))?;
        let arguments = arguments.as_object().cloned().unwrap_or_else(Object::new);
        Ok(self.agent.call(tool, arguments).await?)
    }

    /// What the server answered, and whether it was as expected.
    pub(super) fn server(&mut self, as_expected: bool, text: &str) -> Result<(), Fault> {
        self.step("server", as_expected, text)
    }

    /// What the person saw or did, and whether it was as expected.
    pub(super) fn person(&mut self, as_expected: bool, text: &str) -> Result<(), Fault> {
        self.step("person", as_expected, text)
    }

    fn step(&mut self, who: &str, as_expected: bool, text: &str) -> Result<(), Fault> {
        self.steps += 1;
        self.as_expected += usize::from(as_expected);
        let (style, mark) = if as_expected { (GOOD, "✓") } else { (BAD, "✗ NOT AS EXPECTED:") };
        let text = text.replace("SANDBOX, nothing real. ", "").replace('\n', "\n            ");
        print(&format!("  {who}  {style}{mark}{style:#} {text}"))
    }

    /// What the contract shows in the end.
    pub(super) fn made(&mut self, created: usize, doubled: usize) {
        (self.created, self.doubled) = (created, doubled);
    }

    pub(super) fn close(self) -> Result<ExitCode, Fault> {
        let fine = self.as_expected == self.steps;
        let style = if fine { GOOD } else { BAD };
        print(&format!(
            "\n{style}{} of {} as expected{style:#} · {:.1} s · created {}, doubled {}",
            self.as_expected,
            self.steps,
            self.began.elapsed().as_secs_f64(),
            self.created,
            self.doubled
        ))?;
        Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// What somebody else does.
pub(super) fn aside(who: &str, text: &str) -> Result<(), Fault> {
    print(&format!("  {who:<7} {text}"))
}
