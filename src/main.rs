//! The binary: parse, run, tell what went wrong.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use opentrain_mcp::cli::Cli;
use opentrain_mcp::config::{Environment, logs_json};

fn main() -> ExitCode {
    let as_json = logs_json(std::env::args_os(), &Environment::of_process());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(fault) if fault.use_stderr() && as_json => return fails(fault.to_string().trim_end(), true),
        Err(fault) => fault.exit(),
    };
    opentrain_mcp::run(cli).unwrap_or_else(|fault| {
        let causes = std::iter::successors(Some(&*fault as &dyn std::error::Error), |error| error.source());
        fails(&causes.map(ToString::to_string).collect::<Vec<_>>().join(": "), as_json)
    })
}

/// Tells on stderr what keeps the program from its work, in the form of the log.
fn fails(message: &str, as_json: bool) -> ExitCode {
    let line = if as_json {
        let fields = serde_json::json!({ "message": message });
        serde_json::json!({ "level": "ERROR", "fields": fields, "target": "opentrain_mcp" }).to_string()
    } else {
        format!("opentrain-mcp: {message}")
    };
    // There is no other place to tell that stderr is closed.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
    ExitCode::from(2)
}
