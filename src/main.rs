//! The binary: parse, run, tell what went wrong.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use opentrain_mcp::cli::Cli;

fn main() -> ExitCode {
    match opentrain_mcp::run(Cli::parse()) {
        Ok(code) => code,
        Err(fault) => {
            let mut stderr = std::io::stderr().lock();
            let mut cause = Some(&*fault as &dyn std::error::Error);
            let mut lead = "opentrain-mcp: ";
            while let Some(error) = cause {
                let _ = write!(stderr, "{lead}{error}");
                (lead, cause) = (": ", error.source());
            }
            let _ = writeln!(stderr);
            ExitCode::from(2)
        }
    }
}
