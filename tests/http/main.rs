//! MCP over HTTP: who may call, what each caller gets, and what no caller gets of another. A target of its own: it starts
//! servers that listen, and sends what no client of ours would send.
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

#[allow(dead_code, unused_imports, reason = "it serves other tests too")]
#[path = "../suite/harness/mod.rs"]
mod harness;
#[allow(dead_code, reason = "it serves other tests too")]
mod served;

mod callers;
mod calls;
mod door;
mod endings;
mod figures;
mod gate;
mod holes;
mod memory;
mod start;
mod tenants;

use serde_json::{Value, json};

use crate::harness::{Api, contract, launch};
use crate::served::HttpServer;

/// A server over an API with one contract.
async fn server() -> (Api, HttpServer) {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let server = launch().at(&api.upstream).over_http().await;
    (api, server)
}

/// The terms of a milestone.
fn terms(name: &str, amount: u32) -> Value {
    json!({ "contractId": "ctr_8Kq2", "description": "Label", "name": name, "amountUsd": amount })
}
