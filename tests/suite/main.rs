//! The real binary, seen from outside: by a host over stdio, by an API that is not our sandbox, and in a shell.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::too_many_lines,
    missing_docs,
    reason = "tests say what is wrong by failing"
)]

mod harness;

mod approvals;
mod audit;
mod contracts;
mod creation;
mod errors;
mod faults;
mod limits;
mod once;
mod retries;
mod wire;
