//! The proof for many servers with one ledger in PostgreSQL: what they know together, and what happens when one of them or
//! the database dies. It needs Debian's `postgresql` and `nginx`, so it runs only when it is asked for:
//! `REPLICAS=1 cargo test --test replicas -- --nocapture`. `REPLICAS_SIZE` says how many creates the campaign behind nginx
//! has (2,000), `REPLICAS_SEED` what happens to them.
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

#[cfg(feature = "http")]
mod campaign;
mod database;
#[cfg(feature = "http")]
mod fate;
#[cfg(feature = "http")]
mod figures;
#[allow(dead_code, unused_imports, reason = "it serves other tests too")]
#[path = "../suite/harness/mod.rs"]
mod harness;
mod ledger;
#[cfg(feature = "http")]
mod proxy;
#[cfg(feature = "http")]
mod replica;
#[cfg(feature = "http")]
#[allow(dead_code, reason = "it serves other tests too")]
#[path = "../http/served.rs"]
mod served;
#[cfg(feature = "http")]
mod states;

use std::io::Write;

/// True if these tests are asked for. Says on stderr, which the test's own output does not hide, what was left out.
pub(crate) fn asked_for() -> bool {
    let asked = std::env::var_os("REPLICAS").is_some();
    if !asked {
        let _ = writeln!(std::io::stderr(), "skipped: REPLICAS=1 runs it, with Debian's postgresql and nginx");
    }
    asked
}

/// A number from the environment.
#[cfg(feature = "http")]
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text}")))
}
