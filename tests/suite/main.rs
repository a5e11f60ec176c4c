//! The real binary, seen from outside: by a host over stdio, by an API that is not our sandbox, and in a shell.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::match_bool,
    clippy::format_collect,
    missing_docs,
    reason = "tests say what is wrong by failing"
)]

mod harness;

mod account;
mod approvals;
mod architecture;
mod audit;
mod bounds;
mod bytes;
mod claim;
mod claim_stateless;
mod cli;
mod client;
mod completions;
mod confirmation;
mod contracts;
mod creation;
mod desk;
mod desk_record;
mod documents;
mod drafts;
mod drift;
mod dry_run;
mod errors;
mod evidence;
mod example;
mod faults;
mod generated;
mod install;
mod large;
mod limits;
mod login;
mod names;
mod origins;
mod overview;
mod packaging;
mod protocol;
mod registry;
mod retries;
mod sandbox;
mod settings;
mod story;
mod webhooks;
mod wire;
mod wording;

/// The folder of the crate.
fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
}
