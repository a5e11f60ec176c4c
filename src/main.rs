//! The binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    opentrain_mcp::start(std::env::args_os().collect())
}
