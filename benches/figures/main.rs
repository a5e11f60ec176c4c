//! The figures: what a host pays for this server, beside the least it could pay.
//!
//! ```sh
//! cargo bench --bench figures
//! ```
//!
//! Everything is measured in one run, in turns, over raw lines of JSON-RPC and against an HTTP server in this process
//! (`upstream.rs`) that answers at once:
//!
//! - **opentrain-mcp**: the release binary, as hosts start it;
//! - **bare rmcp**: a server of a few lines (`bare.rs`) that sends the same request and passes the JSON on as it is: no
//!   checks, no paging, no text, nothing masked. It is this executable, started once more;
//! - **bare HTTP**: the same request by reqwest alone, on the runtime that both servers run on, its body read and not
//!   looked at.
//!
//! Times are medians. Another program that is busy meanwhile moves all three, so the ratios are what to read; run it
//! twice before believing a small difference. The last column is the goal. Missing one does not fail the run: only what
//! breaks does. Without `--bench`, as under `cargo test --benches`, each thing is done a few times, to see that it works.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a report is what this is for")]

mod bare;
mod figures;
mod host;
mod table;
mod upstream;
mod web;

use std::process::ExitCode;
use std::time::Duration;

/// Longer than this, something hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// What makes the run fail.
type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let is_given = |flag: &str| std::env::args().any(|argument| argument == flag);
    let done = if is_given(bare::OVER_HTTP) {
        bare::serve_over_http()
    } else if is_given(bare::FLAG) {
        bare::serve()
    } else {
        let effort = if is_given("--bench") { figures::Effort::FULL } else { figures::Effort::QUICK };
        std::thread::spawn(give_up_in_time);
        figures::report(&effort)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("figures: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn give_up_in_time() {
    std::thread::sleep(PATIENCE);
    eprintln!("figures: not done after {} s: something hangs", PATIENCE.as_secs());
    std::process::exit(1);
}
