//! What makes a test read as a sentence: an upstream that is not ours, and the real binary as a host sees it.

pub(crate) mod api;
pub(crate) mod host;
pub(crate) mod launch;
pub(crate) mod page;
pub(crate) mod record;
pub(crate) mod samples;
pub(crate) mod upstream;

use std::time::Duration;

pub(crate) use api::{Api, World};
pub(crate) use host::{Answer, Host};
pub(crate) use launch::{Launch, Ran, launch};
pub(crate) use page::{Page, press};
pub(crate) use record::{pairs, record, recorded};
pub(crate) use samples::{CLAIM_PATH, claim_required, contract, contracts, milestone};
pub(crate) use upstream::{Gate, Refusing, Reply, Upstream};

/// The token of the tests.
pub(crate) const TOKEN: &str = "ot_pat_c3f9aa01_s3cr3tpart99zz";
/// Its secret part.
pub(crate) const SECRET: &str = "s3cr3tpart99zz";
/// Revisions that begin with a handshake.
pub(crate) const HANDSHAKES: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The revision that needs none.
pub(crate) const STATELESS: &str = "2026-07-28";
/// How long anything may take before a test gives it up. Nothing waits so long unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Every place of a JSON value, the value itself first.
pub(crate) fn every(value: &serde_json::Value, visit: &mut impl FnMut(&serde_json::Value)) {
    visit(value);
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| every(item, visit)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| every(field, visit)),
        _ => {}
    }
}
