//! The proof for many servers with one ledger in PostgreSQL: what they know together, and what happens when one of them or
//! the database dies. It needs Debian's `postgresql`, so it runs only when it is asked for:
//! `REPLICAS=1 cargo test --test replicas -- --nocapture`.
#![cfg(all(unix, feature = "postgres"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "tests say what is wrong by failing"
)]

mod database;
#[allow(dead_code, unused_imports, reason = "it serves other tests too")]
#[path = "../suite/harness/mod.rs"]
mod harness;
mod ledger;

use std::io::Write;

/// True if these tests are asked for. Says on stderr, which the test's own output does not hide, what was left out.
pub(crate) fn asked_for() -> bool {
    let asked = std::env::var_os("REPLICAS").is_some();
    if !asked {
        let _ = writeln!(std::io::stderr(), "skipped: REPLICAS=1 runs it, with Debian's postgresql");
    }
    asked
}
